//! [`scimstack_store::Op::Replace`].

use super::create::New;
use super::index::{Indexed, digest};
use super::{Entry, Pace, Work, conflict_path, done};
use crate::fault::{Fault, all_of, both_of, is_taken};
use crate::outdated::declared;
use crate::refs::{Moves, own_names, packed};
use crate::sql;
use crate::text::Packed;
use scimstack_store::{ChangeKind, Expect, Key, OpReceipt, Record, StoreError};

impl Work<'_> {
    pub(super) async fn replace(
        &self,
        op: usize,
        key: &Key,
        expect: Expect,
        record: &Record,
    ) -> Result<OpReceipt, Fault> {
        // A failed statement ends a transaction, so who has the name is asked first.
        let (mut before, holder) = both_of(tokio::join!(
            self.expect(op, key, expect),
            self.holder_of_name(key, record.core.unique.as_deref()),
        ))?;
        if holder.is_some() {
            return Err(taken(op, key, holder).into());
        }
        let version = before.version + 1;
        let mut entry = Entry::new(ChangeKind::Replaced, Some(key), Some(version));
        entry.before = Some(std::mem::take(&mut before.doc).into());
        self.log(entry);
        let digest = digest(record);
        let mut was = own_names(key, before.unique.as_deref(), before.external_id.as_deref());
        if before.indexed.as_ref() == Some(&digest) {
            self.overwrite(op, key, record, &digest).await?;
            was.extend(Indexed::of(record).names);
        } else {
            let (_, indexed, links) =
                all_of(tokio::join!(self.overwrite(op, key, record, &digest), self.indexed(key), self.own_links(key)))?;
            if indexed != Indexed::of(record) {
                self.unindex(key).await?;
                self.index_all(&[New { key, record }], Pace::Apart, op).await?;
            }
            self.alter(key, &before, Some(&record.index)).await?;
            self.set_references(key, links, &record.references).await?;
            was.extend(indexed.names);
        }
        let mut moves = Moves::default();
        self.retry_pending(key, &was, &Self::names(key, record), &mut moves).await?;
        self.touch(Some(key), &[moves]).await?;
        Ok(done(Some(version)))
    }

    /// Writes the row. With the scope locked, nobody can have taken the name but a writer that does not lock, and that is
    /// a conflict too.
    async fn overwrite(&self, op: usize, key: &Key, record: &Record, digest: &[u8]) -> Result<(), Fault> {
        let core = &record.core;
        let (kind, id) = packed(key);
        let written = sql::run(
            self.tx,
            "UPDATE resource SET version = version + 1, uniq = $4, uniq_key = $5, external_id = $6, external_key = $7, \
             sort_name = $8, display = $9, active = $10, modified = $11, private = $12, doc = $13, declared = $14, \
             indexed = $15 \
             WHERE scope = $1 AND kind = $2 AND id = $3",
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
                &core.modified.as_micros(),
                &&record.private[..],
                &&record.doc[..],
                &declared(&record.index.declaration),
                &digest,
            ],
        )
        .await;
        match written {
            Err(error) if is_taken(&error) => Err(taken(op, key, None).into()),
            written => Ok(written.map(|_| ())?),
        }
    }
}

/// The name of a record is somebody else's.
fn taken(op: usize, key: &Key, holder: Option<Key>) -> StoreError {
    StoreError::Conflict { op, path: conflict_path(&key.kind).to_owned(), holder }
}
