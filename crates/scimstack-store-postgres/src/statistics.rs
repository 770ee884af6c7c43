//! Statistics for PostgreSQL's planner, after many rows were written: autovacuum comes once a minute, and until then plans
//! that were made for small tables are used on large ones. New statistics make every connection plan anew.

use deadpool_postgres::Pool;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many rows are written before the first time; then twice as many each time.
const FIRST: u64 = 10_000;

const ANALYZE: &str = "ANALYZE resource, kind_count, av, uniq_val, name, part, edge, waiting, change";

/// How many rows this process has written, and at how many it looks at the tables again.
#[derive(Debug)]
pub(crate) struct Statistics {
    written: AtomicU64,
    next: AtomicU64,
}

impl Default for Statistics {
    fn default() -> Self {
        Self { written: AtomicU64::new(0), next: AtomicU64::new(FIRST) }
    }
}

impl Statistics {
    /// Notes rows that were written. True for the one who is to call [`analyze`].
    pub(crate) fn note(&self, rows: u64) -> bool {
        let written = self.written.fetch_add(rows, Ordering::Relaxed) + rows;
        let next = self.next.load(Ordering::Relaxed);
        let later = written.saturating_mul(2).saturating_add(FIRST);
        written >= next && self.next.compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Looks at the tables. Without it, autovacuum will: so an error is nobody's.
pub(crate) async fn analyze(pool: &Pool) {
    if let Ok(client) = pool.get().await {
        let _ = client.batch_execute(ANALYZE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_looked_at_again_when_they_may_have_tripled() {
        let statistics = Statistics::default();
        let times: Vec<u64> = (1..=100_000).filter(|_| statistics.note(1)).collect();
        assert_eq!(times, [10_000, 30_000, 70_000]);
    }
}
