//! [`scimstack_store::Op::Prune`]: the oldest changes of a scope, by primary key, and old idempotency keys.

use super::Work;
use crate::fault::Fault;
use crate::feed::sequence;
use crate::sql::{self, signed};
use rusqlite::params;
use scimstack_store::{OpReceipt, Prune};

impl Work<'_> {
    pub(super) fn prune(&mut self, prune: &Prune) -> Result<OpReceipt, Fault> {
        let limit = signed(prune.limit as u64);
        let oldest = sql::all(
            self.connection,
            "SELECT seq, at FROM change WHERE scope = ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
            params![self.scope, prune.up_to.map_or(i64::MAX, sequence), limit],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )?;
        let before = prune.changes_before.as_micros();
        let last = oldest.iter().take_while(|(_, at)| *at < before).last().map(|(seq, _)| *seq);
        if let Some(last) = last {
            sql::run(self.connection, "DELETE FROM change WHERE scope = ?1 AND seq <= ?2", params![self.scope, last])?;
            sql::run(
                self.connection,
                "INSERT INTO feed_pruned(scope, seq) VALUES(?1, ?2) ON CONFLICT(scope) DO UPDATE SET seq = excluded.seq",
                params![self.scope, last],
            )?;
        }
        let keys = sql::run(
            self.connection,
            "DELETE FROM idem WHERE scope = ?1 AND key IN \
             (SELECT key FROM idem WHERE scope = ?1 AND at < ?2 ORDER BY at LIMIT ?3)",
            params![self.scope, prune.keys_before.as_micros(), limit],
        )?;
        Ok(OpReceipt { version: None, changed: last.is_some() || keys > 0 })
    }
}
