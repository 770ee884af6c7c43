//! What people wait for is done when it is due, such as the welcome of somebody who starts today: while the server runs,
//! once a minute. Left out: what that is ([`Engine::do_what_is_due`]).

use scimstack_server::Engine;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);

/// Looks now and then until the server stops.
pub(crate) async fn keep_done(engine: Arc<Engine>, stop: watch::Receiver<bool>) {
    let mut stop = stop;
    loop {
        look(&engine).await;
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            stopped = stop.wait_for(|stop| *stop) => {
                drop(stopped);
                return;
            }
        }
    }
}

async fn look(engine: &Engine) {
    let tenants = match engine.admin().tenants().await {
        Ok(tenants) => tenants,
        Err(error) => return tracing::warn!(%error, "it could not be asked what is due; it will be in a minute"),
    };
    for tenant in tenants {
        match engine.do_what_is_due(&tenant.name).await {
            Ok(0) => {}
            Ok(done) => tracing::info!(tenant = tenant.name, done, "what was due is done"),
            Err(error) => tracing::warn!(tenant = tenant.name, %error, "what is due could not be done; it will be"),
        }
    }
}
