//! stub
use crate::bare::{Found, New, Rows, Written};
pub(crate) struct Postgres;
impl Postgres { pub(crate) async fn connect(_: &str) -> Self { Self } }
impl Rows for Postgres {
    async fn user(&self, _: &str) -> Option<Found> { None }
    async fn group(&self, _: &str) -> Option<Found> { None }
    async fn by_name(&self, _: &str) -> Option<Found> { None }
    async fn page(&self, _: i64, _: i64) -> (Vec<Found>, i64) { (Vec::new(), 0) }
    async fn create(&self, _: New) {}
    async fn patch(&self, _: &str, _: &str, _: Written) -> Option<Found> { None }
    async fn add_member(&self, _: &str, _: &str, _: Written) -> Option<i64> { None }
}
