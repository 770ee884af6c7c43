//! Benchmarks live in `benches/`; this package has no library code. Run them with `cargo bench -p scimstack-benches`.
