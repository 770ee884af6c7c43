//! [`scimstack_store::Op::Create`].

use super::{Entry, Work, conflict_path, done};
use crate::fault::{Fault, all_of};
use crate::outdated::declared;
use crate::refs::{Moves, packed};
use crate::sql;
use crate::text::Packed;
use scimstack_store::{ChangeKind, Key, OpReceipt, Record, StoreError};
use std::collections::BTreeSet;

impl Work<'_> {
    pub(super) async fn create(&self, op: usize, key: &Key, record: &Record) -> Result<OpReceipt, Fault> {
        let core = &record.core;
        let (kind, id) = packed(key);
        let inserted = sql::run(
            self.tx,
            "INSERT INTO resource(scope, kind, id, version, uniq, uniq_key, external_id, external_key, sort_name, display, \
             active, created, modified, edge_count, private, doc, declared) \
             VALUES($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $15) ON CONFLICT DO NOTHING",
            &[
                &self.scope,
                &kind,
                &id,
                &core.unique.as_deref().map(Packed::of),
                &core.unique.as_deref().map(Packed::key),
                &core.external_id.as_deref().map(Packed::of),
                &core.external_id.as_deref().map(Packed::key),
                &core.sort_name.as_deref().map(Packed::key),
                &core.display.as_deref().map(Packed::of),
                &core.active,
                &core.created.as_micros(),
                &core.modified.as_micros(),
                &&record.private[..],
                &&record.doc[..],
                &declared(&record.index.declaration),
            ],
        )
        .await?;
        if inserted == 0 {
            if self.version(key).await?.is_some() {
                return Err(StoreError::Exists { op }.into());
            }
            let holder = self.holder_of_name(key, core.unique.as_deref()).await?;
            return Err(StoreError::Conflict { op, path: conflict_path(&key.kind).to_owned(), holder }.into());
        }
        let entry = Entry::new(ChangeKind::Created, Some(key), Some(1));
        all_of(tokio::join!(self.index(op, key, record), self.enter(key, &record.index), self.log(&entry)))?;
        self.set_references(key, Vec::new(), &record.references).await?;
        let mut moves = Moves::default();
        self.retry_pending(key, &BTreeSet::new(), &Self::names(key, record), &mut moves).await?;
        self.touch(None, &[moves]).await?;
        Ok(done(Some(1)))
    }
}
