//! What a database URL says beyond what the driver understands: `sslmode` and `sslrootcert`, with libpq's meanings, and
//! `pool_size`, `pool_timeout` and `long_reads`; and what is meant where it says nothing.

use crate::OpenError;
use percent_encoding::percent_decode_str;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// How long a call waits for the server to answer a connection attempt, unless the URL says something else.
const CONNECT: Duration = Duration::from_secs(5);

/// How many connections a process has at most.
const POOL_SIZE: usize = 16;

/// How long a call waits for a connection of the pool.
const POOL_TIMEOUT: Duration = Duration::from_secs(30);

/// How long what was sent may stay unacknowledged, and a connection silent before the other end is asked for a sign of
/// life. A host that is gone says nothing; without these, a call would wait for it for hours.
const SILENCE: Duration = Duration::from_secs(10);

/// What the driver has for the latter.
const DRIVER_SILENCE: Duration = Duration::from_secs(2 * 60 * 60);

/// How far a server is trusted over an encrypted connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Whoever answers: nobody can listen, but the server may be anyone.
    #[default]
    Anyone,
    /// A server with a certificate of one of these authorities, whatever its name.
    Authority(Roots),
    /// That, and the name is the one connected to.
    Name(Roots),
}

/// Which authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those of the operating system.
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

/// A database URL, taken apart.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) trust: Trust,
    pub(crate) pool_size: usize,
    pub(crate) pool_timeout: Duration,
    /// How many reads that take long may be under way at once.
    pub(crate) long_reads: usize,
}

/// Reads a URL, or key-value text.
pub(crate) fn parse(url: &str) -> Result<Settings, OpenError> {
    let (rest, own) = match url.starts_with("postgres://") || url.starts_with("postgresql://") {
        true => of_url(url),
        false => of_pairs(url),
    };
    let last = |name: &str| own.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
    let mut config: Config = rest.parse().map_err(OpenError::Url)?;
    let roots = match last("sslrootcert") {
        None => None,
        Some("system") => Some(Roots::System),
        Some(path) => Some(Roots::File(path.into())),
    };
    let (mode, trust) = match (last("sslmode"), roots) {
        (Some("disable"), _) => (SslMode::Disable, Trust::Anyone),
        (None | Some("prefer"), None) => (SslMode::Prefer, Trust::Anyone),
        (Some("require"), None) => (SslMode::Require, Trust::Anyone),
        // Who names authorities wants them asked.
        (None | Some("prefer" | "require"), Some(roots @ Roots::File(_))) => {
            (SslMode::Require, Trust::Authority(roots))
        }
        // The system's authorities vouch for anybody's name: without the name they say nothing.
        (None | Some("verify-full"), Some(Roots::System)) => (SslMode::Require, Trust::Name(Roots::System)),
        (Some(mode), Some(Roots::System)) => {
            return Err(OpenError::Tls(format!("sslmode={mode} with sslrootcert=system; use sslmode=verify-full")));
        }
        (Some("verify-full"), roots) => (SslMode::Require, Trust::Name(roots.unwrap_or(Roots::System))),
        (Some("verify-ca"), Some(roots)) => (SslMode::Require, Trust::Authority(roots)),
        (Some("verify-ca"), None) => {
            return Err(OpenError::Tls("sslmode=verify-ca needs sslrootcert=FILE, the authority to ask".to_owned()));
        }
        (Some(other), _) => {
            return Err(OpenError::Tls(format!(
                "sslmode={other} is not known; one of disable, prefer, require, verify-ca, verify-full"
            )));
        }
    };
    // As in libpq: nobody is between the two ends of a socket in the file system, and servers refuse to encrypt there.
    let is_local = config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)));
    config.ssl_mode(if is_local && config.get_hostaddrs().is_empty() { SslMode::Disable } else { mode });
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_application_name().is_none() {
        config.application_name("scimstack");
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    if config.get_keepalives_idle() == DRIVER_SILENCE {
        config.keepalives_idle(SILENCE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(SILENCE / 2);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(3);
    }
    let pool_size = match last("pool_size") {
        None => POOL_SIZE,
        Some(size) => (size.parse().ok().filter(|size| (1..=10_000).contains(size)))
            .ok_or(OpenError::Parameter { name: "pool_size", expected: "a number of connections, from 1 to 10000" })?,
    };
    let pool_timeout = match last("pool_timeout") {
        None => POOL_TIMEOUT,
        Some(seconds) => {
            (seconds.parse().ok().filter(|seconds| (1..=86_400).contains(seconds)).map(Duration::from_secs)).ok_or(
                OpenError::Parameter { name: "pool_timeout", expected: "a number of seconds, from 1 to 86400" },
            )?
        }
    };
    let long_reads = match last("long_reads") {
        None => (pool_size / 8).max(1),
        Some(number) => (number.parse().ok().filter(|number| (1..=10_000).contains(number)))
            .ok_or(OpenError::Parameter { name: "long_reads", expected: "a number of connections, from 1 to 10000" })?,
    };
    Ok(Settings { config, trust, pool_size, pool_timeout, long_reads })
}

/// The parameters that are read here.
fn is_own(key: &str) -> bool {
    ["sslmode", "sslrootcert", "pool_size", "pool_timeout", "long_reads"].contains(&key)
}

type Pairs = Vec<(String, String)>;

/// A URL without our parameters, and those.
fn of_url(url: &str) -> (String, Pairs) {
    let Some((base, query)) = url.split_once('?') else { return (url.to_owned(), Vec::new()) };
    let mut own = Vec::new();
    let mut rest = Vec::new();
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        match plain(key) {
            key if is_own(&key) => own.push((key, plain(value))),
            _ => rest.push(pair),
        }
    }
    let mark = if rest.is_empty() { "" } else { "?" };
    (format!("{base}{mark}{}", rest.join("&")), own)
}

/// Key-value text without our keys, and those. What cannot be read is left to the driver, which says so.
fn of_pairs(text: &str) -> (String, Pairs) {
    let mut own = Vec::new();
    let mut kept = String::new();
    let mut rest = text.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let (value, length) = value(after.trim_start());
        let used = rest.len() - after.trim_start().len() + length;
        let (pair, next) = rest.split_at_checked(used).unwrap_or((rest, ""));
        match key.trim() {
            key if is_own(key) => own.push((key.to_owned(), value)),
            _ => kept.extend([pair, " "]),
        }
        rest = next.trim_start();
    }
    (kept + rest, own)
}

/// The value that a text begins with, in quotes or to the next space, and how many bytes it takes.
fn value(text: &str) -> (String, usize) {
    let mut value = String::new();
    let is_quoted = text.starts_with('\'');
    let mut characters = text.char_indices().skip(usize::from(is_quoted));
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' if is_quoted => return (value, at + 1),
            ' ' | '\t' | '\n' | '\r' if !is_quoted => return (value, at),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Roots {
        Roots::File("/a b/ca.pem".into())
    }

    #[test]
    fn how_far_a_server_is_trusted_is_what_libpq_would_say() {
        use SslMode::{Disable, Prefer, Require};
        for (query, mode, trust) in [
            ("", Prefer, Trust::Anyone),
            ("sslmode=disable", Disable, Trust::Anyone),
            ("sslmode=prefer", Prefer, Trust::Anyone),
            ("sslmode=require", Require, Trust::Anyone),
            ("sslmode=require&sslrootcert=/a%20b/ca.pem", Require, Trust::Authority(file())),
            ("sslrootcert=/a%20b/ca.pem&sslmode=verify-ca", Require, Trust::Authority(file())),
            ("sslmode=verify-full&connect_timeout=3&sslrootcert=/a b/ca.pem", Require, Trust::Name(file())),
            ("sslmode=verify-full", Require, Trust::Name(Roots::System)),
            ("sslrootcert=system", Require, Trust::Name(Roots::System)),
        ] {
            let settings = parse(&format!("postgres://u:p%3F@db.test/d?{query}")).unwrap();
            assert_eq!((settings.config.get_ssl_mode(), &settings.trust), (mode, &trust), "{query}");
            assert_eq!(settings.config.get_password(), Some(&b"p?"[..]));
            let pairs = query.replace('&', " ").replace("/a%20b/ca.pem", "'/a b/ca.pem'").replace("=/a b", "=/a\\ b");
            let settings = parse(&format!("host=db.test {pairs} options='-c a=b\\'s' user=u")).unwrap();
            assert_eq!((settings.config.get_ssl_mode(), settings.trust), (mode, trust), "{pairs}");
            assert_eq!(settings.config.get_options(), Some("-c a=b's"));
            assert_eq!(settings.config.get_user(), Some("u"));
        }
    }

    #[test]
    fn a_socket_in_the_file_system_is_never_encrypted() {
        let settings = parse("host=/run/postgresql sslmode=require").unwrap();
        assert_eq!(settings.config.get_ssl_mode(), SslMode::Disable);
    }

    #[test]
    fn the_pool_is_as_large_and_patient_as_the_url_says() {
        let of = |text: &str| parse(text).map(|settings| (settings.pool_size, settings.pool_timeout.as_secs()));
        assert_eq!(of("postgres://h/d").unwrap(), (16, 30));
        assert_eq!(of("postgres://h/d?pool_size=3&connect_timeout=2&pool_timeout=7").unwrap(), (3, 7));
        assert_eq!(of("host=h pool_size=3 pool_timeout='7'").unwrap(), (3, 7));
        let long_reads = |text: &str| parse(text).unwrap().long_reads;
        assert_eq!(long_reads("postgres://h/d?long_reads=5"), 5);
        assert_eq!(long_reads("postgres://h/d?pool_size=32"), 4);
        assert_eq!(long_reads("postgres://h/d?pool_size=3"), 1);
        for (parameter, bad) in [
            ("pool_size", ["0", "-1", "x", "10001", ""]),
            ("long_reads", ["0", "-1", "x", "10001", ""]),
            ("pool_timeout", ["0", "1.5", "30s", "86401", ""]),
        ] {
            for value in bad {
                let answer = of(&format!("postgres://h/d?{parameter}={value}"));
                let is_named = matches!(&answer, Err(OpenError::Parameter { name, .. }) if *name == parameter);
                assert!(is_named, "{parameter}={value}: {answer:?}");
            }
        }
    }

    #[test]
    fn a_host_that_is_gone_is_noticed_in_seconds_unless_the_url_says_when() {
        let silence = |url: &str| {
            let config = parse(url).unwrap().config;
            (config.get_tcp_user_timeout().copied(), config.get_keepalives_idle())
        };
        assert_eq!(silence("postgres://h/d"), (Some(SILENCE), SILENCE));
        let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(silence("postgres://h/d?tcp_user_timeout=1&keepalives_idle=2"), (Some(one), two));
    }

    #[test]
    fn what_says_less_than_it_seems_to_is_refused() {
        for query in [
            "sslmode=verify-ca",
            "sslmode=on",
            "sslmode=verify-ca&sslrootcert=system",
            "sslmode=require&sslrootcert=system",
        ] {
            let answer = parse(&format!("postgres://h/d?{query}"));
            assert!(matches!(answer, Err(OpenError::Tls(_))), "{query}: {answer:?}");
        }
        for text in ["postgres://[", "user", "user='x", "host=h sslkey=x", "host=h port=x"] {
            assert!(matches!(parse(text), Err(OpenError::Url(_))), "{text}");
        }
    }
}
