//! [`scimstack_store::Op::Delete`].

use super::{Entry, Work, done};
use crate::fault::Fault;
use crate::refs::{Moves, packed};
use crate::sql;
use scimstack_store::{ChangeKind, Expect, Key, OpReceipt};
use std::collections::BTreeSet;

impl Work<'_> {
    pub(super) async fn delete(&self, op: usize, key: &Key, expect: Expect) -> Result<OpReceipt, Fault> {
        let before = self.expect(op, key, expect).await?;
        let names = self.names_before(key, before.unique.as_deref(), before.external_id.as_deref()).await?;
        self.unindex(key).await?;
        let (kind, id) = packed(key);
        let statement = "DELETE FROM resource WHERE scope = $1 AND kind = $2 AND id = $3";
        sql::run(self.tx, statement, &[&self.scope, &kind, &id]).await?;
        self.alter(key, &before, None).await?;
        let mut entry = Entry::new(ChangeKind::Deleted, Some(key), None);
        entry.before = Some(before.doc.into());
        self.log(entry);
        let mut unlinked = Moves::default();
        self.unlink(key, &mut unlinked).await?;
        // Who shared a name with it may be the only one now.
        let mut retried = Moves::default();
        self.retry_pending(key, &names, &BTreeSet::new(), &mut retried).await?;
        self.touch(None, &[unlinked, retried]).await?;
        Ok(done(None))
    }
}
