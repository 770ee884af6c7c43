//! Where the keys of trusted issuers come from: an https URL, or a file that is read again when it is due. URLs are entered
//! by administrators of a workspace and fetched by the server: unless whoever runs it says otherwise, they lead to the public
//! internet only, whatever a name stands for at that moment, and redirects are not followed.
//! Left out: how long they are kept, and what they verify (`scimstack_server::jwt`); which addresses are public
//! ([`scimstack_client::address`]).

use crate::error::chain;
use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use scimstack_client::address::is_public;
use scimstack_client::{ReqwestTransport, Transport};
use scimstack_server::jwt::KeySource;
use std::error::Error;
use std::time::Duration;
use url::{Host, Url};

/// How long a fetch may take: who comes with a token waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a key set, at most.
const LONGEST: usize = 1024 * 1024;
/// Variables that name the proxies requests go through.
const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Where the keys of issuers may be fetched from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Networks {
    /// The public internet.
    #[default]
    Public,
    /// Also this machine and the networks it is in.
    PrivateToo,
}

/// The web and the disk.
pub(crate) struct WebAndDisk {
    transport: ReqwestTransport,
    networks: Networks,
    /// The names of proxies. They are in private networks, and are no place of keys.
    proxies: Vec<String>,
}

impl WebAndDisk {
    pub(crate) fn new(networks: Networks) -> Result<Self, crate::error::Error> {
        let proxies: Vec<String> = PROXIES.iter().filter_map(|name| proxy_host(&std::env::var(name).ok()?)).collect();
        let mut transport = ReqwestTransport::builder()
            .with_timeout(PATIENCE)
            .with_connect_timeout(PATIENCE)
            .with_max_body(LONGEST)
            .with_environment_proxies();
        if networks == Networks::Public {
            let known = proxies.clone();
            transport = transport.with_addresses(move |host, address| {
                is_public(address) || known.iter().any(|proxy| proxy.eq_ignore_ascii_case(host))
            });
        }
        let transport = transport.build().map_err(|error| crate::error::Error::new(error.to_string()))?;
        Ok(Self { transport, networks, proxies })
    }
}

/// The name of the machine in the address of a proxy.
fn proxy_host(address: &str) -> Option<String> {
    let url = if address.contains("://") { Url::parse(address) } else { Url::parse(&format!("http://{address}")) };
    url.ok()?.host_str().map(str::to_owned)
}

/// Whether keys may be kept at this place: a URL, a file, or a key set written out.
///
/// # Errors
/// For an address that anyone in between could answer for, and one that is not of the public internet, unless private
/// networks are allowed.
pub(crate) fn check(place: &str, networks: Networks) -> Result<(), String> {
    match web(place) {
        Some(place) => address(place, networks).map(drop),
        None => Ok(()),
    }
}

/// The place, when it is an address on the web.
pub(crate) fn web(place: &str) -> Option<&str> {
    let place = place.trim();
    (place.contains("://") && !place.starts_with('{')).then_some(place)
}

/// An address that keys may be fetched from.
fn address(place: &str, networks: Networks) -> Result<Url, String> {
    let url = Url::parse(place).map_err(|error| format!("{place} is no address of the web: {error}"))?;
    let host = url.host().ok_or_else(|| format!("{place} names no server"))?;
    let (is_here, is_public) = match &host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            // Names of the machine itself, wherever they are looked up.
            let is_here = name == "localhost" || name.ends_with(".localhost");
            (is_here, !is_here)
        }
        Host::Ipv4(address) => (address.is_loopback(), is_public((*address).into())),
        Host::Ipv6(address) => (address.is_loopback(), is_public((*address).into())),
    };
    if networks == Networks::Public && !is_public {
        return Err(format!(
            "keys are not fetched from {host}, which is this machine or in a private network; a server whose issuers are \
             there has to be started with --issuers-on-private-networks"
        ));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here => Ok(url),
        "http" => Err(format!("keys have to come over https: {place} could be answered by anyone in between")),
        _ => Err("keys are fetched from an https address".to_owned()),
    }
}

#[async_trait]
impl KeySource for WebAndDisk {
    async fn fetch(&self, place: &str) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let Some(place) = web(place) else {
            return Ok(tokio::fs::read(place).await?.into());
        };
        // It may have been entered when more was allowed.
        let url = address(place, self.networks)?;
        if self.networks == Networks::Public && self.proxies.iter().any(|proxy| url.host_str() == Some(proxy)) {
            return Err(format!("keys are not fetched from {place}: it is a proxy").into());
        }
        let request = Request::get(url.as_str()).header("accept", "application/json").body(Bytes::new())?;
        let answer = match self.transport.send(request).await {
            Ok(answer) => answer,
            Err(error) => return Err(format!("{place} did not answer: {}", chain(&*error)).into()),
        };
        match answer.status().as_u16() {
            200 => Ok(answer.into_body()),
            status @ 300..=399 => Err(format!("{place} answered {status}, and redirects are not followed").into()),
            status => Err(format!("{place} answered {status}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Networks::{PrivateToo, Public};
    use super::{Networks, WebAndDisk, chain, check, proxy_host};
    use bytes::Bytes;
    use http::Request;
    use scimstack_client::Transport;
    use scimstack_server::jwt::KeySource;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[test]
    fn keys_do_not_come_over_what_anyone_can_change() {
        for (place, good) in [
            ("https://login.test/keys", true),
            ("HTTPS://login.test/keys", true),
            ("http://localhost:8080/keys", true),
            ("http://127.0.0.1/keys", true),
            ("http://[::1]/keys", true),
            ("/etc/haystack/keys.json", true),
            (r#"{"keys":[{"x5u":"http://login.test"}]}"#, true),
            ("http://login.test/keys", false),
            ("http://10.0.0.1/keys", false),
            ("http://localhost.evil.test/keys", false),
            ("http://127.0.0.1.evil.test/keys", false),
            ("http://localhost@evil.test/keys", false),
            ("ftp://login.test/keys", false),
            ("file:///etc/passwd", false),
            ("https://", false),
        ] {
            assert_eq!(check(place, PrivateToo).is_ok(), good, "{place}");
        }
    }

    #[test]
    fn keys_are_on_the_public_internet_unless_private_networks_are_allowed() {
        for place in [
            "http://127.0.0.1:8080/keys",
            "https://localhost/keys",
            "https://LOCALHOST./keys",
            "https://idp.localhost/keys",
            "https://127.1/keys",
            "https://2130706433/keys",
            "https://0x7f.0.0.1/keys",
            "https://0/keys",
            "https://10.1.2.3/keys",
            "https://169.254.169.254/latest/meta-data",
            "https://user@192.168.1.1/keys",
            "https://[::1]/keys",
            "https://[fd00:ec2::254]/keys",
            "https://[fe80::1]/keys",
            "https://[::ffff:10.0.0.1]/keys",
        ] {
            let why = check(place, Public).unwrap_err();
            assert!(why.contains("--issuers-on-private-networks"), "{place}: {why}");
            assert!(place.starts_with("http:") || check(place, PrivateToo).is_ok(), "{place}");
        }
        for place in ["https://93.184.215.14/keys", "https://[2606:2800::1]/keys", "https://login.test/keys"] {
            assert_eq!(check(place, Public), Ok(()), "{place}");
        }
    }

    #[test]
    fn the_machine_in_the_address_of_a_proxy_is_known() {
        for (address, host) in [
            ("http://proxy.inner.test:3128", Some("proxy.inner.test")),
            ("Proxy.inner.test:3128", Some("proxy.inner.test")),
            ("socks5://user:secret@proxy", Some("proxy")),
            ("", None),
        ] {
            assert_eq!(proxy_host(address).as_deref(), host, "{address}");
        }
    }

    /// What a server that answers so gives, or why not; and whether anyone came to it.
    async fn fetched(networks: Networks, place: &str, answer: &'static str) -> (Result<String, String>, bool) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = place.replace("PORT", &listener.local_addr().unwrap().port().to_string());
        let serve = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            assert!(socket.read(&mut [0; 4096]).await.unwrap() > 0);
            socket.write_all(answer.as_bytes()).await.unwrap();
            drop(socket);
            std::future::pending::<()>().await;
        };
        let source = WebAndDisk::new(networks).unwrap();
        let fetched = tokio::select! {
            () = serve => unreachable!("it is served until the keys are there"),
            fetched = source.fetch(&place) => fetched,
        };
        let came = listener.into_std().unwrap().accept().is_ok();
        (fetched.map(|keys| String::from_utf8_lossy(&keys).into_owned()).map_err(|error| error.to_string()), came)
    }

    #[tokio::test]
    async fn a_name_that_leads_into_a_private_network_is_not_followed_there() {
        let keys = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"keys\":[]}";
        for place in ["http://localhost:PORT/keys", "http://127.0.0.1:PORT/keys"] {
            assert_eq!(fetched(PrivateToo, place, keys).await, (Ok("{\"keys\":[]}".to_owned()), false), "{place}");
            let (refused, came) = fetched(Public, place, keys).await;
            assert!(refused.unwrap_err().contains("--issuers-on-private-networks"), "{place}");
            assert!(!came, "{place}");
        }
    }

    #[tokio::test]
    async fn what_a_name_is_looked_up_to_counts_and_not_what_it_is_called() {
        // The transport alone, since this name is refused for what it says already.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = format!("http://localhost:{}/keys", listener.local_addr().unwrap().port());
        let source = WebAndDisk::new(Networks::Public).unwrap();
        let refused = source.transport.send(Request::get(place).body(Bytes::new()).unwrap()).await.unwrap_err();
        assert!(chain(&*refused).contains("at no address to which connections are allowed"), "{refused:?}");
        assert!(listener.into_std().unwrap().accept().is_err(), "someone came");
    }

    #[tokio::test]
    async fn redirects_are_not_followed() {
        let answer = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
        let (refused, came) = fetched(PrivateToo, "http://127.0.0.1:PORT/keys", answer).await;
        assert!(refused.unwrap_err().contains("redirects are not followed"));
        assert!(!came, "it was followed");
    }
}
