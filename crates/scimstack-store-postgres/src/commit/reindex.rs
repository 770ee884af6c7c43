//! [`scimstack_store::Op::Reindex`].

use super::Work;
use crate::fault::Fault;
use crate::outdated::declared;
use crate::refs::packed;
use crate::sql;
use scimstack_store::{Expect, Index, Key, OpReceipt, StoreError, Version};

impl Work<'_> {
    pub(super) async fn reindex(&self, key: &Key, version: Version, index: &Index) -> Result<OpReceipt, Fault> {
        let before = match self.expect(0, key, Expect::Version(version)).await {
            Ok(before) => before,
            Err(Fault::Refused(StoreError::NotFound { .. } | StoreError::VersionMismatch { .. })) => {
                return Ok(OpReceipt { version: None, changed: false });
            }
            Err(fault) => return Err(fault),
        };
        self.alter(key, &before, Some(index)).await?;
        let (kind, id) = packed(key);
        let statement = "DELETE FROM av WHERE scope = $1 AND kind = $2 AND id = $3";
        sql::run(self.tx, statement, &[&self.scope, &kind, &id]).await?;
        self.index_values(&[(key, index)]).await?;
        let statement = "UPDATE resource SET declared = $4, indexed = NULL WHERE scope = $1 AND kind = $2 AND id = $3";
        sql::run(self.tx, statement, &[&self.scope, &kind, &id, &declared(&index.declaration)]).await?;
        Ok(OpReceipt { version: Some(version), changed: true })
    }
}
