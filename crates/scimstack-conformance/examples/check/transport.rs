//! The command's transport: HTTP/1.1 over TCP or TLS, one connection kept open and made again when it has ended. TLS is
//! rustls with the system's certificates. No proxies, no redirects, no HTTP/2.

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use scimstack_conformance::{Transport, TransportError};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, pki_types::ServerName};

/// The longest answer, in bytes.
const MOST: usize = 64 * 1024 * 1024;

/// A server, and the connection to it.
pub(crate) struct Http {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Duration,
    open: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Http {
    /// A transport to the server of this URL.
    pub(crate) fn new(url: &str, timeout: Duration) -> Result<Self, String> {
        let uri: http::Uri = url.parse().map_err(|e| format!("{url} is no URL: {e}"))?;
        let host = uri.host().ok_or_else(|| format!("{url} names no host"))?.to_owned();
        let (tls, port) = match uri.scheme_str() {
            Some("http") => (None, 80),
            Some("https") => {
                let name = ServerName::try_from(host.clone()).map_err(|e| format!("{host}: {e}"))?;
                (Some((connector()?, name)), 443)
            }
            _ => return Err(format!("{url} begins with neither http:// nor https://")),
        };
        Ok(Self { port: uri.port_u16().unwrap_or(port), host, tls, timeout, open: Mutex::default() })
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let tcp =
            TcpStream::connect((host, self.port)).await.map_err(|e| format!("{}:{}: {e}", self.host, self.port))?;
        match &self.tls {
            None => started(handshake(TokioIo::new(tcp)).await),
            Some((connector, name)) => {
                let tls = connector.connect(name.clone(), tcp).await.map_err(|e| format!("TLS: {e}"))?;
                started(handshake(TokioIo::new(tls)).await)
            }
        }
    }

    async fn exchange(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String> {
        let mut open = self.open.lock().await;
        let mut sender = match open.take() {
            Some(mut kept) => match kept.ready().await {
                Ok(()) => kept,
                Err(_) => self.connect().await?,
            },
            None => self.connect().await?,
        };
        let (mut parts, body) = request.into_parts();
        let authority = parts.uri.authority().map(ToString::to_string).unwrap_or_default();
        parts.headers.insert("host", authority.parse().map_err(|_| "the host is no header value".to_owned())?);
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = path.parse().map_err(|e| format!("{path}: {e}"))?;
        let answer = sender.send_request(http::Request::from_parts(parts, Full::new(body))).await;
        let (parts, body) = answer.map_err(|e| e.to_string())?.into_parts();
        let body = Limited::new(body, MOST).collect().await.map_err(|e| e.to_string())?.to_bytes();
        *open = Some(sender);
        Ok(http::Response::from_parts(parts, body))
    }
}

/// rustls with the certificates that the system trusts.
fn connector() -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err("the system has no certificates to trust".to_owned());
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Lets a connection run beside the requests on it.
fn started<C>(made: hyper::Result<(SendRequest<Full<Bytes>>, C)>) -> Result<SendRequest<Full<Bytes>>, String>
where
    C: Future<Output = hyper::Result<()>> + Send + 'static,
{
    let (sender, connection) = made.map_err(|e| e.to_string())?;
    // How a connection ends is seen by the request that is on it.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

#[async_trait]
impl Transport for Http {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let answer = tokio::time::timeout(self.timeout, self.exchange(request)).await;
        match answer {
            Ok(answer) => answer.map_err(TransportError),
            Err(_) => Err(TransportError(format!("no answer within {} seconds", self.timeout.as_secs()))),
        }
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
