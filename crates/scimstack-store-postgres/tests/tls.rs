//! Encrypted connections, to a server with a certificate of an authority of the tests' own.

#![cfg(feature = "tls")]
#![expect(clippy::unwrap_used, reason = "these are tests")]

mod cluster;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cluster::Cluster;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use scimstack_store_postgres::{OpenError, PostgresStore};
use tokio_postgres::NoTls;

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for a host, and its key.
    fn certificate(&self, host: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (pem("CERTIFICATE", certificate.der()), pem("PRIVATE KEY", key.serialized_der()))
    }
}

struct Server {
    cluster: Cluster,
    port: u16,
    /// Files with the certificates of authorities: the server's, and one that has nothing to do with it.
    authority: String,
    stranger: String,
    /// And one that has only its name.
    namesake: String,
}

impl Server {
    fn start() -> Self {
        let cluster = Cluster::start();
        let authority = Authority::new("ours");
        let (certificate, key) = authority.certificate("db.test");
        let certificate = cluster.file("server.pem", &certificate);
        let key = cluster.file("server.key", &key);
        let file = |name: &str, authority: &Authority| {
            cluster.file(name, &pem("CERTIFICATE", authority.0.der())).display().to_string()
        };
        let authority = file("authority.pem", &authority);
        let stranger = file("stranger.pem", &Authority::new("another"));
        let namesake = file("namesake.pem", &Authority::new("ours"));
        cluster.down();
        let (certificate, key) = (certificate.display(), key.display());
        let port = cluster.up_with_port(&format!("-c ssl=on -c ssl_cert_file={certificate} -c ssl_key_file={key}"));
        Self { cluster, port, authority, stranger, namesake }
    }

    fn url(&self, name: &str, further: &str) -> String {
        format!("host={name} hostaddr=127.0.0.1 port={} user=postgres dbname=postgres {further}", self.port)
    }

    async fn connect(&self, name: &str, further: &str) -> Result<PostgresStore, OpenError> {
        PostgresStore::connect(&self.url(name, further)).await
    }

    /// Whether the connections of the store are encrypted.
    async fn is_encrypted(&self) -> bool {
        let (client, connection) = tokio_postgres::connect(&self.url("x", "sslmode=disable"), NoTls).await.unwrap();
        tokio::spawn(connection);
        let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING(pid) \
                   WHERE application_name = 'scimstack'";
        client.query_one(sql, &[]).await.unwrap().get(0)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_encrypted_when_the_url_or_the_server_says_so() {
    let server = Server::start();
    let (authority, stranger) = (&server.authority, &server.stranger);
    for (name, further, encrypted) in [
        ("db.test", "sslmode=disable".to_owned(), false),
        ("db.test", format!("sslmode=disable sslrootcert={stranger}"), false),
        ("db.test", String::new(), true),
        ("db.test", "sslmode=prefer".to_owned(), true),
        ("other.test", "sslmode=require".to_owned(), true),
        ("other.test", format!("sslmode=require sslrootcert={authority}"), true),
        ("other.test", format!("sslmode=verify-ca sslrootcert='{authority}'"), true),
        ("db.test", format!("sslmode=verify-full sslrootcert={authority}"), true),
    ] {
        let store = server.connect(name, &further).await;
        let store = store.unwrap_or_else(|error| panic!("{name} {further}: {error:?}"));
        assert_eq!(server.is_encrypted().await, encrypted, "{name} {further}");
        drop(store);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_the_one_is_refused_with_what_is_wrong() {
    let server = Server::start();
    let (authority, stranger, namesake) = (&server.authority, &server.stranger, &server.namesake);
    for (name, further, words) in [
        ("db.test", format!("sslmode=require sslrootcert={namesake}"), "no authority that is trusted has signed it"),
        ("db.test", format!("sslmode=require sslrootcert={stranger}"), "no authority that is trusted has signed it"),
        ("db.test", format!("sslmode=verify-ca sslrootcert={stranger}"), "no authority that is trusted has signed it"),
        (
            "db.test",
            format!("sslmode=verify-full sslrootcert={stranger}"),
            "no authority that is trusted has signed it",
        ),
        ("other.test", format!("sslmode=verify-full sslrootcert={authority}"), "it is for another host"),
        ("127.0.0.1", format!("sslmode=verify-full sslrootcert={authority}"), "it is for another host"),
    ] {
        let answer = server.connect(name, &further).await;
        let Err(error @ OpenError::Untrusted(_)) = &answer else { panic!("{name} {further}: {answer:?}") };
        assert!(error.to_string().contains(words), "{name} {further}: {error}");
    }
    for (further, words) in [
        ("sslrootcert=/nowhere/ca.pem".to_owned(), "/nowhere/ca.pem"),
        (format!("sslrootcert={}", server.cluster.file("empty.pem", "").display()), "no certificate in the file"),
    ] {
        let answer = server.connect("db.test", &format!("sslmode=verify-full {further}")).await;
        let Err(error @ OpenError::Tls(_)) = &answer else { panic!("{further}: {answer:?}") };
        assert!(error.to_string().contains(words), "{further}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_encrypt_is_used_only_by_who_does_not_ask_for_it() {
    let cluster = Cluster::start();
    cluster.down();
    let port = cluster.up_with_port("");
    let url = |mode: &str| format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode={mode}");
    PostgresStore::connect(&url("prefer")).await.unwrap();
    PostgresStore::connect(&url("disable")).await.unwrap();
    let answer = PostgresStore::connect(&url("require")).await;
    assert!(matches!(answer, Err(OpenError::Unavailable(_))), "{answer:?}");
}
