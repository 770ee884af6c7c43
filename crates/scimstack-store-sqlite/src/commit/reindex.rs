//! [`scimstack_store::Op::Reindex`].

use super::Work;
use crate::dict::Class;
use crate::entries::Entries;
use crate::fault::Fault;
use crate::sql;
use rusqlite::params;
use scimstack_store::{Expect, Index, Key, OpReceipt, StoreError, Version};

impl Work<'_> {
    pub(super) fn reindex(&mut self, key: &Key, version: Version, index: &Index) -> Result<OpReceipt, Fault> {
        let unchanged = OpReceipt { version: None, changed: false };
        if self.dict.known(Class::Kind, key.kind.as_str()).is_none() {
            return Ok(unchanged);
        }
        let (kind, before) = match self.expect(0, key, Expect::Version(version)) {
            Ok(found) => found,
            Err(Fault::Refused(StoreError::NotFound { .. } | StoreError::VersionMismatch { .. })) => {
                return Ok(unchanged);
            }
            Err(fault) => return Err(fault),
        };
        let entries = before.entries()?;
        let Entries { declared, index, texts, .. } = self.indexed(index)?;
        let mut after = Entries { declared, index, texts, ..entries.clone() };
        after.sort();
        self.index(0, kind, before.rid, Some(&entries), Some(&after))?;
        sql::run(
            self.connection,
            "UPDATE resource SET entries = ?2 WHERE rid = ?1",
            params![before.rid, after.encode()],
        )?;
        Ok(OpReceipt { version: Some(version), changed: true })
    }
}
