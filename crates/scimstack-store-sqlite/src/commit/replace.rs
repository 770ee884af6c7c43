//! [`scimstack_store::Op::Replace`].

use super::{Current, Entry, Work, done};
use crate::dict::Num;
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
        let encoded = entries.encode();
        let is_indexed_alike = encoded == before.encoded;
        self.overwrite(op, kind, &before, record, (!is_indexed_alike).then_some(encoded))?;
        let version = before.version + 1;
        let mut entry = Entry::new(ChangeKind::Replaced, Some(key), Some(version));
        entry.before = Some(&before.doc);
        self.log(&entry)?;
        let core = &record.core;
        // Most replacements leave names and index as they are.
        if !is_indexed_alike || core.unique != before.uniq || core.external_id != before.external_id {
            let entries_before = before.entries()?;
            self.index(op, kind, before.rid, Some(&entries_before), Some(&entries))?;
            self.set_references(key, &entries_before.references, &entries.references)?;
            let was = Self::names(key, before.uniq.as_deref(), before.external_id.as_deref(), &entries_before);
            let is = Self::names(key, core.unique.as_deref(), core.external_id.as_deref(), &entries);
            let mut moves = Moves::default();
            self.retry_pending(key, &was, &is, &mut moves)?;
            self.touch(Some(key), &[moves])?;
        }
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
        entries: Option<Vec<u8>>,
    ) -> Result<(), Fault> {
        let core = &record.core;
        let mut sql = Sql::default();
        sql.push("UPDATE resource SET version = version + 1, display = ").bind(core.display.clone());
        sql.push(", active = ").bind(core.active);
        sql.push(", modified = ").bind(core.modified.as_micros());
        sql.push(", private = ").bind(record.private.to_vec());
        sql.push(", doc = ").bind(record.doc.to_vec());
        if let Some(entries) = entries {
            sql.push(", entries = ").bind(entries);
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
