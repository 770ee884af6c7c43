//! [`scimstack_store::Op::Emit`].

use super::{Entry, Work};
use crate::dict::Class;
use crate::fault::Fault;
use scimstack_store::{ChangeKind, Key, OpReceipt};

impl Work<'_> {
    pub(super) fn emit(
        &mut self,
        topic: &str,
        id: &str,
        key: Option<&Key>,
        payload: &[u8],
    ) -> Result<OpReceipt, Fault> {
        let topic = self.intern(Class::Topic, topic)?;
        let mut entry = Entry::new(ChangeKind::Emitted, key, None);
        entry.topic = Some(topic);
        entry.event_id = Some(id);
        entry.payload = payload;
        let changed = self.log(&entry)?;
        Ok(OpReceipt { version: None, changed })
    }
}
