//! Where the keys of trusted issuers come from: an https URL, or a file that is read again when it is due.
//! Left out: how long they are kept, and what they verify (`scimstack_server::jwt`).

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use scimstack_client::{ReqwestTransport, Transport};
use scimstack_server::jwt::KeySource;
use std::error::Error;
use std::time::Duration;

/// How long a fetch may take: who comes with a token waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a key set, at most.
const LONGEST: usize = 1024 * 1024;

/// The web and the disk.
pub(crate) struct WebAndDisk(ReqwestTransport);

impl WebAndDisk {
    pub(crate) fn new() -> Result<Self, crate::error::Error> {
        let transport = ReqwestTransport::builder()
            .with_timeout(PATIENCE)
            .with_connect_timeout(PATIENCE)
            .with_max_body(LONGEST)
            .with_environment_proxies();
        transport.build().map(Self).map_err(|error| crate::error::Error::new(error.to_string()))
    }
}

/// Whether keys may be kept at this place.
///
/// # Errors
/// For an address that anyone in between could answer for.
pub(crate) fn check(place: &str) -> Result<(), String> {
    let Some(rest) = place.strip_prefix("http://") else { return Ok(()) };
    let authority = rest.split('/').next().unwrap_or_default();
    if ["localhost", "127.0.0.1"].contains(&authority.split(':').next().unwrap_or_default()) {
        return Ok(());
    }
    Err(format!("keys have to come over https: {place} could be answered by anyone in between"))
}

#[async_trait]
impl KeySource for WebAndDisk {
    async fn fetch(&self, place: &str) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        check(place)?;
        if !place.starts_with("https://") && !place.starts_with("http://") {
            return Ok(tokio::fs::read(place).await?.into());
        }
        let request = Request::get(place).header("accept", "application/json").body(Bytes::new())?;
        let answer = self.0.send(request).await?;
        match answer.status().as_u16() {
            200 => Ok(answer.into_body()),
            status => Err(format!("{place} answered {status}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn keys_do_not_come_over_what_anyone_can_change() {
        for (place, good) in [
            ("https://login.test/keys", true),
            ("http://localhost:8080/keys", true),
            ("http://127.0.0.1/keys", true),
            ("/etc/haystack/keys.json", true),
            ("http://login.test/keys", false),
            ("http://localhost.evil.test/keys", false),
            ("http://127.0.0.1.evil.test/keys", false),
            ("http://localhost@evil.test/keys", false),
        ] {
            assert_eq!(check(place).is_ok(), good, "{place}");
        }
    }
}
