//! The scimstack facade: re-exports of the workspace's crates by feature
