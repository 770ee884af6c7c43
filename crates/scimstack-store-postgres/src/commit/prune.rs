//! [`scimstack_store::Op::Prune`]: the oldest changes of a scope, by primary key, and old idempotency keys.

use super::Work;
use crate::fault::{Damaged, Fault};
use crate::sql::{self, signed};
use scimstack_store::{OpReceipt, Position, Prune};

impl Work<'_> {
    pub(super) async fn prune(&self, prune: &Prune) -> Result<OpReceipt, Fault> {
        self.log.write(self.tx, self.scope).await?;
        let limit = signed(prune.limit as u64);
        let up_to = prune.up_to.unwrap_or(Position { transaction: i64::MAX as u64, sequence: i64::MAX as u64 });
        let oldest = sql::all(
            self.tx,
            "SELECT xid::text AS digits, seq, at FROM change WHERE scope = $1 AND (xid, seq) <= ($2::text::xid8, $3) \
             ORDER BY xid, seq LIMIT $4",
            &[&self.scope, &up_to.transaction.to_string(), &signed(up_to.sequence), &limit],
        )
        .await?;
        let mut last = None;
        for row in &oldest {
            if row.try_get::<_, i64>(2)? >= prune.changes_before.as_micros() {
                break;
            }
            last = Some((row.try_get::<_, &str>(0)?, row.try_get::<_, i64>(1)?));
        }
        if let Some((transaction, sequence)) = last {
            let deleted = sql::run(
                self.tx,
                "DELETE FROM change WHERE scope = $1 AND (xid, seq) <= ($2::text::xid8, $3)",
                &[&self.scope, &transaction, &sequence],
            )
            .await?;
            if deleted > prune.limit as u64 {
                return Err(Damaged("changes in an order that is not theirs").into());
            }
            sql::run(
                self.tx,
                "INSERT INTO feed_pruned(scope, xid, seq) VALUES($1, $2::text::xid8, $3) \
                 ON CONFLICT(scope) DO UPDATE SET xid = excluded.xid, seq = excluded.seq",
                &[&self.scope, &transaction, &sequence],
            )
            .await?;
        }
        let keys = sql::run(
            self.tx,
            "DELETE FROM idem WHERE scope = $1 AND idem_key IN \
             (SELECT idem_key FROM idem WHERE scope = $1 AND at < $2 ORDER BY at LIMIT $3)",
            &[&self.scope, &prune.keys_before.as_micros(), &limit],
        )
        .await?;
        Ok(OpReceipt { version: None, changed: last.is_some() || keys > 0 })
    }
}
