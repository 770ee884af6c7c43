//! [`scimstack_store::Op::Emit`].

use super::{Entry, Work};
use crate::fault::Fault;
use scimstack_store::{ChangeKind, Key, OpReceipt};

impl Work<'_> {
    pub(super) async fn emit(
        &self,
        topic: &str,
        id: &str,
        key: Option<&Key>,
        payload: &[u8],
    ) -> Result<OpReceipt, Fault> {
        let mut entry = Entry::new(ChangeKind::Emitted, key, None);
        entry.event = Some((topic, id));
        entry.payload = payload;
        let changed = self.log(&entry).await?;
        Ok(OpReceipt { version: None, changed })
    }
}
