//! `/metrics` in the text format of Prometheus, on an address of its own: what tenants there are and how much they do is not
//! for whoever reaches the SCIM endpoints.
//! Left out: what is measured (`scimstack_server::describe_metrics`).

use crate::error::Error;
use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::Service as _;

/// Bounds of the buckets of a request's time, in seconds: from a look-up in memory to the time limit.
const SECONDS: [f64; 12] = [0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0, 30.0];
/// Bounds of the buckets of resources that a query looked at.
const LOOKED_AT: [f64; 6] = [0.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0];
/// How often what was measured is put into its buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Begins to measure, and answers on `listen`; the address.
///
/// # Errors
/// An address that cannot be listened on; a process that measures already.
pub(crate) async fn serve(listen: &str, stop: watch::Receiver<bool>) -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Error::new(format!("cannot listen on {listen} for metrics: {error}. Choose another address with --metrics."))
    })?;
    let address = listener.local_addr()?;
    let handle = install().map_err(|error| Error::new(format!("metrics cannot be kept: {error}")))?;
    scimstack_server::describe_metrics();
    tokio::spawn(keep_up(handle.clone(), stop.clone()));
    let render = move || {
        let text = handle.render();
        async move { ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text) }
    };
    let router = Router::new().route("/metrics", get(render));
    let answer = move |_, request: hyper::Request<hyper::body::Incoming>| router.clone().call(request.map(Body::new));
    tokio::spawn(crate::http::serve(listener, answer, stop));
    Ok(address)
}

fn install() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("scim_request_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Full("scim_query_looked_at".to_owned()), &LOOKED_AT)?
        .install_recorder()
}

async fn keep_up(handle: PrometheusHandle, mut stop: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tokio::select! {
            _ = tick.tick() => handle.run_upkeep(),
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}
