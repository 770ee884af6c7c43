//! [`scimstack_store::Op::Create`].

use super::{Entry, Work, done};
use crate::dict::Class;
use crate::fault::{Fault, is_taken};
use crate::refs::Moves;
use crate::sql;
use rusqlite::params;
use scimstack_store::{ChangeKind, Key, OpReceipt, Record, StoreError};

impl Work<'_> {
    pub(super) fn create(&mut self, op: usize, key: &Key, record: &Record) -> Result<OpReceipt, Fault> {
        let kind = self.intern(Class::Kind, key.kind.as_str())?;
        let entries = self.entries(record)?;
        let core = &record.core;
        let inserted = sql::run(
            self.connection,
            "INSERT INTO resource(scope, kind, id, version, uniq, external_id, sort_name, display, active, created, \
             modified, edge_count, entries, private, doc) VALUES(?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, ?12, ?13)",
            params![
                self.scope,
                kind,
                key.id.as_str(),
                core.unique,
                core.external_id,
                core.sort_name,
                core.display,
                core.active,
                core.created.as_micros(),
                core.modified.as_micros(),
                entries.encode(),
                &record.private[..],
                &record.doc[..],
            ],
        );
        match inserted {
            Err(error) if is_taken(&error) => {
                if self.version(key)?.is_some() {
                    return Err(StoreError::Exists { op }.into());
                }
                return Err(self.name_conflict(op, kind, core.unique.as_deref())?);
            }
            inserted => inserted?,
        };
        let rid = self.connection.last_insert_rowid();
        self.index(op, kind, rid, None, Some(&entries))?;
        self.log(&Entry::new(ChangeKind::Created, Some(key), Some(1)))?;
        self.set_references(key, &[], &entries.references)?;
        let names = Self::names(key, core.unique.as_deref(), core.external_id.as_deref(), &entries);
        let mut moves = Moves::default();
        self.retry_pending(key, &[], &names, &mut moves)?;
        self.touch(None, &[moves])?;
        Ok(done(Some(1)))
    }
}
