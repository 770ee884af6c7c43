//! [`scimstack_store::Op::Delete`].

use super::{Entry, Work, done};
use crate::fault::Fault;
use crate::refs::Moves;
use crate::sql;
use scimstack_store::{ChangeKind, Expect, Key, OpReceipt};

impl Work<'_> {
    pub(super) fn delete(&mut self, op: usize, key: &Key, expect: Expect) -> Result<OpReceipt, Fault> {
        let (kind, before) = self.expect(op, key, expect)?;
        let entries = before.entries()?;
        self.index(op, kind, before.rid, Some(&entries), None)?;
        sql::run(self.connection, "DELETE FROM resource WHERE rid = ?1", [before.rid])?;
        let mut entry = Entry::new(ChangeKind::Deleted, Some(key), None);
        entry.before = Some(&before.doc);
        self.log(&entry)?;
        let mut unlinked = Moves::default();
        self.unlink(key, &mut unlinked)?;
        // Who shared a name with it may be the only one now.
        let names = Self::names(key, before.uniq.as_deref(), before.external_id.as_deref(), &entries);
        let mut retried = Moves::default();
        self.retry_pending(key, &names, &[], &mut retried)?;
        self.touch(None, &[unlinked, retried])?;
        Ok(done(None))
    }
}
