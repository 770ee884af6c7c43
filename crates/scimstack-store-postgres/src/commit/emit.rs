//! [`scimstack_store::Op::Emit`].

use super::{Entry, Work};
use bytes::Bytes;
use scimstack_store::{ChangeKind, Key, OpReceipt};

impl Work<'_> {
    /// `step` is the operation's number, by which its receipt is corrected if the event turns out to be there.
    pub(super) fn emit(&self, step: usize, topic: &str, id: &str, key: Option<&Key>, payload: &Bytes) -> OpReceipt {
        let mut entry = Entry::new(ChangeKind::Emitted, key, None);
        entry.event = Some((topic, id));
        entry.payload = payload.clone();
        self.log.push(self, Some(step), entry);
        OpReceipt { version: None, changed: true }
    }
}
