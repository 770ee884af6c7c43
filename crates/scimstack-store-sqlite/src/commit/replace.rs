//! [`scimstack_store::Op::Replace`].

use super::{Current, Entry, Work, done};
use crate::dict::Num;
use crate::entries::Entries;
use crate::fault::{Fault, is_taken};
use crate::refs::Moves;
use crate::sql::Sql;
use scimstack_store::{ChangeKind, Expect, Key, OpReceipt, Record};

impl Work<'_> {
    pub(super) fn replace(
        &mut self,
        op: usize,
        key: &Key,
        expect: Expect,
        record: &Record,
    ) -> Result<OpReceipt, Fault> {
        let (kind, before) = self.expect(op, key, expect)?;
        let entries = self.entries(record)?;
        self.overwrite(op, kind, &before, record, &entries)?;
        self.index(op, kind, before.rid, Some(&before.entries), Some(&entries))?;
        let version = before.version + 1;
        let mut entry = Entry::new(ChangeKind::Replaced, Some(key), Some(version));
        entry.before = Some(&before.doc);
        self.log(&entry)?;
        self.set_references(key, &before.entries.references, &entries.references)?;
        let was = Self::names(key, before.uniq.as_deref(), before.external_id.as_deref(), &before.entries);
        let core = &record.core;
        let is = Self::names(key, core.unique.as_deref(), core.external_id.as_deref(), &entries);
        let mut moves = Moves::default();
        self.retry_pending(key, &was, &is, &mut moves)?;
        self.touch(Some(key), &[moves])?;
        Ok(done(Some(version)))
    }

    /// Writes the row. Columns that are indexed are named only when they change, because SQLite rewrites the indexes of
    /// every column that is named.
    fn overwrite(
        &mut self,
        op: usize,
        kind: Num,
        before: &Current,
        record: &Record,
        entries: &Entries,
    ) -> Result<(), Fault> {
        let core = &record.core;
        let mut sql = Sql::default();
        sql.push("UPDATE resource SET version = version + 1, display = ").bind(core.display.clone());
        sql.push(", active = ").bind(core.active);
        sql.push(", modified = ").bind(core.modified.as_micros());
        sql.push(", private = ").bind(record.private.to_vec());
        sql.push(", doc = ").bind(record.doc.to_vec());
        if *entries != before.entries {
            sql.push(", entries = ").bind(entries.encode());
        }
        if core.unique != before.uniq {
            sql.push(", uniq = ").bind(core.unique.clone());
        }
        if core.external_id != before.external_id {
            sql.push(", external_id = ").bind(core.external_id.clone());
        }
        if core.sort_name != before.sort_name {
            sql.push(", sort_name = ").bind(core.sort_name.clone());
        }
        sql.push(" WHERE rid = ").bind(before.rid);
        match sql.run(self.connection) {
            Err(error) if is_taken(&error) => Err(self.name_conflict(op, kind, core.unique.as_deref())?),
            written => Ok(written.map(|_| ())?),
        }
    }
}
