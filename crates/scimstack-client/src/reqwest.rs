//! The ready transport, over reqwest with rustls, and the clock of tokio beside it. Here, and nowhere else in this crate,
//! is a runtime, a clock and a source of chance.

use crate::client::Client;
use crate::error::Error;
use crate::retry::Retry;
use crate::secret::Secret;
use crate::timer::Timer;
use crate::transport::{BoxError, NotSent, Transport};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A transport over reqwest: HTTP/1.1, plain or with TLS by rustls, which trusts what the system trusts. Connections are
/// kept and used again; it runs within tokio. Redirects are answers: a token goes to no other server than its own.
///
/// # Limits
/// A minute for a request with its answer, ten seconds to connect, 64 MiB for an answer's body; see [`ReqwestBuilder`].
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    max_body: usize,
    addresses: Option<Addresses>,
}

/// Settings of a [`ReqwestTransport`].
///
/// ```
/// use scimstack_client::ReqwestTransport;
/// use std::time::Duration;
///
/// let transport = ReqwestTransport::builder().with_timeout(Duration::from_secs(20)).build().unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct ReqwestBuilder {
    timeout: Duration,
    connect_timeout: Duration,
    max_body: usize,
    certificates: Vec<Vec<u8>>,
    proxies: bool,
    addresses: Option<Addresses>,
}

/// To which addresses there may be connections.
#[derive(Clone)]
struct Addresses(Arc<Allowed>);

type Allowed = dyn Fn(&str, IpAddr) -> bool + Send + Sync;

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Addresses(…)")
    }
}

impl Addresses {
    /// Refuses a URL that names an address by itself, however it is written; of names it is asked when they are looked up.
    fn check(&self, url: &reqwest::Url) -> Result<(), BoxError> {
        let host = url.host_str().unwrap_or_default();
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match literal.parse() {
            Ok(address) if !(self.0)(literal, address) => Err(not_allowed(literal)),
            _ => Ok(()),
        }
    }
}

fn not_allowed(host: &str) -> BoxError {
    format!("{host} is at no address to which connections are allowed").into()
}

impl Resolve for Addresses {
    /// What is looked up is what is connected to: nothing changes in between.
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let mut good = found.filter(|it| allowed(name.as_str(), it.ip())).peekable();
            if good.peek().is_none() {
                return Err(not_allowed(name.as_str()));
            }
            let good: Vec<_> = good.collect();
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport").field("max_body", &self.max_body).finish_non_exhaustive()
    }
}

impl Default for ReqwestBuilder {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            max_body: 64 * 1024 * 1024,
            certificates: Vec::new(),
            proxies: false,
            addresses: None,
        }
    }
}

impl ReqwestBuilder {
    /// The time for a request with its answer.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The time until there is a connection.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The longest body of an answer, in bytes.
    #[must_use]
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Trusts the certificates of this PEM file, too: those of an authority of one's own.
    #[must_use]
    pub fn with_root_certificates(mut self, pem: &[u8]) -> Self {
        self.certificates.push(pem.to_owned());
        self
    }

    /// Goes through the proxies that the environment names (`HTTPS_PROXY`, `NO_PROXY`); without this, through none.
    #[must_use]
    pub fn with_environment_proxies(mut self) -> Self {
        self.proxies = true;
        self
    }

    /// Connects only to addresses for which this holds, of a host of this name: for URLs that somebody else has named
    /// ([`is_public`](crate::address::is_public)). It is asked of what a name was looked up to just before it is connected
    /// to, so that a name which changes in between leads nowhere else; and of an address that stands in the URL itself, in
    /// whatever notation.
    ///
    /// Through a proxy ([`ReqwestBuilder::with_environment_proxies`]) it is asked of the proxy's name instead, and the proxy
    /// looks up where the request goes; of an address in the URL it is asked all the same.
    ///
    /// ```
    /// use scimstack_client::{ReqwestTransport, address::is_public};
    ///
    /// let transport = ReqwestTransport::builder().with_addresses(|_, address| is_public(address)).build().unwrap();
    /// ```
    #[must_use]
    pub fn with_addresses(mut self, allowed: impl Fn(&str, IpAddr) -> bool + Send + Sync + 'static) -> Self {
        self.addresses = Some(Addresses(Arc::new(allowed)));
        self
    }

    /// The transport.
    ///
    /// # Errors
    /// [`Error::Setup`]: certificates that are none, or TLS that cannot be set up.
    pub fn build(self) -> Result<ReqwestTransport, Error> {
        let wrong = |error: &dyn fmt::Display| Error::Setup(format!("the transport cannot be set up: {error}"));
        let mut roots = RootCertStore::empty();
        // A machine without certificates can speak plain http all the same; a TLS handshake there says what is missing.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for pem in &self.certificates {
            let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            let found = found.map_err(|error| wrong(&error))?;
            if found.is_empty() {
                return Err(Error::Setup("the file of root certificates has no certificate in it".to_owned()));
            }
            for certificate in found {
                roots.add(certificate).map_err(|error| wrong(&error))?;
            }
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .timeout(self.timeout)
            .connect_timeout(self.connect_timeout);
        if !self.proxies {
            client = client.no_proxy();
        }
        if let Some(addresses) = &self.addresses {
            client = client.dns_resolver(addresses.clone());
        }
        let client = client.build().map_err(|error| wrong(&error))?;
        Ok(ReqwestTransport { client, max_body: self.max_body, addresses: self.addresses })
    }
}

impl ReqwestTransport {
    /// A transport with the limits above.
    ///
    /// # Errors
    /// [`Error::Setup`]: TLS cannot be set up.
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Settings, to change.
    #[must_use]
    pub fn builder() -> ReqwestBuilder {
        ReqwestBuilder::default()
    }

    async fn exchange(&self, request: reqwest::Request) -> Result<Response<Bytes>, BoxError> {
        let mut response = self.client.execute(request).await.map_err(cause)?;
        let mut answer = Response::new(());
        *answer.status_mut() = response.status();
        std::mem::swap(answer.headers_mut(), response.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(cause)? {
            if body.len().saturating_add(chunk.len()) > self.max_body {
                return Err(format!("the answer has more than {} bytes", self.max_body).into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(answer.map(|()| body.freeze()))
    }
}

/// The error without its URL, which says nothing new and may be long; told apart is what never left.
fn cause(error: reqwest::Error) -> BoxError {
    let error = error.without_url();
    if error.is_connect() {
        return Box::new(NotSent(Box::new(error)));
    }
    if error.is_timeout() {
        return "the time for an answer is over".into();
    }
    Box::new(error)
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        let request: reqwest::Request =
            request.try_into().map_err(|error: reqwest::Error| NotSent(Box::new(error.without_url())))?;
        if let Some(addresses) = &self.addresses {
            addresses.check(request.url()).map_err(NotSent)?;
        }
        self.exchange(request).await
    }
}

/// The clock of tokio and the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTimer;

#[async_trait]
impl Timer for TokioTimer {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn chance(&self) -> f64 {
        // Keys of the standard library's hasher are random; 53 bits are what a float holds.
        let bits = RandomState::new().hash_one(()) >> 11;
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
        let chance = bits as f64 / (1_u64 << 53) as f64;
        chance
    }
}

impl Client {
    /// A client with the ready transport and patience: [`ReqwestTransport::new`], [`Retry::default`].
    ///
    /// # Errors
    /// [`Error::Setup`], as [`Client::new`].
    pub fn connect(base_url: &str, token: impl Into<Secret>) -> Result<Self, Error> {
        Ok(Self::new(ReqwestTransport::new()?, base_url, token)?.with_retry(Retry::default(), TokioTimer))
    }
}
