//! From a request's address to the tenant it names, the base URL its answers name, and what is asked for below it
//! (RFC 7644 §3.2, §3.13, §6). What acts before a connection is known is normalised here: slashes, and a flag some
//! administrators append to the base URL.

use http::header::{HOST, HeaderName};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use scimstack_protocol::{ScimError, ScimType};
use std::borrow::Cow;
use std::net::IpAddr;

/// Flags that Microsoft Entra ID has administrators append to the base URL.
const FLAGS: [&str; 2] = ["aadOptscim062020", "AzureAdScimPatch2017"];

/// The scheme that the client used, as a proxy says.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route<'a> {
    /// The tenant's name, in lower case.
    pub(crate) tenant: Cow<'a, str>,
    /// The path of the base URL, with the version and without a trailing slash.
    pub(crate) base_path: Cow<'a, str>,
    /// Whether the tenant was named by the host.
    pub(crate) by_host: bool,
    /// What is below the base URL, decoded.
    pub(crate) segments: Vec<Cow<'a, str>>,
    /// The query, decoded.
    pub(crate) query: Vec<Parameter<'a>>,
    /// What was read leniently: one of [`FLAGS`] was cut off, slashes too many were passed over.
    pub(crate) leniencies: Vec<&'static str>,
}

/// A parameter of a query: its name and its value.
pub(crate) type Parameter<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Reads the address of a request.
///
/// # Errors
/// 404 where no tenant and no SCIM endpoint is named; 400 `invalidVers`; 400 for a query that is no text.
pub(crate) fn route(parts: &Parts) -> Result<Route<'_>, ScimError> {
    let (path, query, stray_flag) = without_flags(parts.uri.path(), parts.uri.query().unwrap_or_default());
    match (&path, &query) {
        (Cow::Borrowed(path), Cow::Borrowed(query)) => read(parts, path, query, stray_flag),
        _ => read(parts, &path, &query, stray_flag).map(Route::into_owned),
    }
}

/// Reads the address of a request from a path and a query without flags.
fn read<'a>(parts: &'a Parts, path: &'a str, query: &'a str, stray_flag: bool) -> Result<Route<'a>, ScimError> {
    // Deeper than any address.
    let mut raw: Vec<&str> = Vec::with_capacity(16);
    raw.extend(pieces(path, b'/'));
    let found = by_path(&raw).or_else(|| by_host(&raw, host(parts)?));
    let Some((tenant, end, by_host)) = found else {
        return Err(ScimError::not_found(
            "There is no SCIM service at this address. The base URL ends in /t/{tenant}/api/scim/v2, or is \
             /api/scim/v2 on the tenant's own host; copy it from the administration console.",
        ));
    };
    let (base, below) = raw.split_at_checked(end).unwrap_or((&raw, &[]));
    // A base URL without a version asks for the latest.
    let (names_version, below) = match below.split_first() {
        Some((&"v2", below)) => (true, below),
        Some((version, _)) if is_version(version) => {
            return Err(ScimError::of(
                ScimType::InvalidVers,
                format!("The base URL asks for version {version} of SCIM; this server speaks v2."),
            ));
        }
        _ => (false, below),
    };
    let mut leniencies = Vec::new();
    if stray_flag {
        leniencies.push("stray-flag");
    }
    // The base URL itself may end in a slash.
    let mut bytes = path.as_bytes().windows(2);
    let is_doubled = bytes.any(|pair| pair == b"//");
    if is_doubled || path.ends_with('/') && !below.is_empty() {
        leniencies.push("extra-slashes");
    }
    let decode = |text: &'a str| match text.as_bytes().contains(&b'%') {
        true => Cow::Owned(percent_decode_str(text).decode_utf8_lossy().into_owned()),
        false => Cow::Borrowed(text),
    };
    let length = base.iter().map(|segment| segment.len() + 1).sum::<usize>() + "/v2".len();
    let base_path = match path.get(..length) {
        Some(base_path) if names_version && !is_doubled => Cow::Borrowed(base_path),
        _ => Cow::Owned(base.iter().chain(&["v2"]).flat_map(|segment| ["/", segment]).collect()),
    };
    let mut tenant = decode(tenant);
    if tenant.bytes().any(|byte| byte.is_ascii_uppercase()) {
        tenant.to_mut().make_ascii_lowercase();
    }
    let segments = below.iter().map(|segment| decode(segment)).collect();
    Ok(Route { tenant, base_path, by_host, segments, query: pairs(query)?, leniencies })
}

/// What stands between separators, without what is empty.
fn pieces(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.bytes().position(|byte| byte == separator);
        let (piece, tail) = end.and_then(|end| text.split_at_checked(end)).unwrap_or((text, ""));
        rest = tail.get(1..);
        Some(piece)
    })
    .filter(|piece| !piece.is_empty())
}

/// The host the request was sent to, when it looks like one.
pub(crate) fn host(parts: &Parts) -> Option<&str> {
    let named = parts.headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = named.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str))?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    (!host.is_empty() && host.bytes().all(plain)).then_some(host)
}

/// `…/t/{tenant}/api/scim`: the tenant, and where what follows begins.
fn by_path<'a>(raw: &[&'a str]) -> Option<(&'a str, usize, bool)> {
    let at = raw.windows(4).position(|window| matches!(window, ["t", _, "api", "scim"]))?;
    Some((raw.get(at + 1)?, at + 4, false))
}

/// `…/api/scim` on `{tenant}.…`.
fn by_host<'a>(raw: &[&'a str], host: &'a str) -> Option<(&'a str, usize, bool)> {
    let at = raw.windows(2).position(|window| window == ["api", "scim"])?;
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    if name.starts_with('[') || name.parse::<IpAddr>().is_ok() {
        return None;
    }
    let (tenant, _) = name.split_once('.').filter(|(tenant, rest)| !tenant.is_empty() && !rest.is_empty())?;
    Some((tenant, at + 2, true))
}

fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix('v').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Path and query without [`FLAGS`] where they hinder: `…/v2?flag/Users?count=1`, `/Users&flag`, `?count=1?flag`.
fn without_flags<'a>(path: &'a str, query: &'a str) -> (Cow<'a, str>, Cow<'a, str>, bool) {
    let (mut path, mut query, mut found) = (Cow::Borrowed(path), Cow::Borrowed(query), false);
    for flag in FLAGS {
        // The flag was appended to the base URL, and the rest of the address to the flag.
        if let Some(rest) = strip_prefix_without_case(&query, flag)
            && let Some(below) = rest.strip_prefix('/')
        {
            let (below, tail) = below.split_once('?').unwrap_or((below, ""));
            (path, query, found) = (format!("{path}/{below}").into(), tail.to_owned().into(), true);
        }
        // Rare, and asked of every request: looked at before anything is put together.
        if strip_suffix_without_case(&path, flag).is_none() && strip_suffix_without_case(&query, flag).is_none() {
            continue;
        }
        for separator in ["&", "?", "%3F", "%26"] {
            let tail = format!("{separator}{flag}");
            if let Some(rest) = strip_suffix_without_case(&path, &tail) {
                (path, found) = (rest.to_owned().into(), true);
            }
            if let Some(rest) = strip_suffix_without_case(&query, &tail) {
                (query, found) = (rest.to_owned().into(), true);
            }
        }
    }
    (path, query, found)
}

fn strip_prefix_without_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn strip_suffix_without_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (rest, tail) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    tail.eq_ignore_ascii_case(suffix).then_some(rest)
}

/// The parameters of a query, decoded once (RFC 7644 §1.2); `+` is a space.
fn pairs(query: &str) -> Result<Vec<Parameter<'_>>, ScimError> {
    pieces(query, b'&')
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect()
}

fn decoded(text: &str) -> Result<Cow<'_, str>, ScimError> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(Cow::Borrowed(text));
    }
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().map(|text| Cow::Owned(text.into_owned())).map_err(|_| {
        ScimError::invalid_value("The query of the URL is not UTF-8; percent-encode the UTF-8 bytes of its text.")
    })
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

impl Route<'_> {
    fn into_owned(self) -> Route<'static> {
        Route {
            tenant: owned(self.tenant),
            base_path: owned(self.base_path),
            by_host: self.by_host,
            segments: self.segments.into_iter().map(owned).collect(),
            query: self.query.into_iter().map(|(name, value)| (owned(name), owned(value))).collect(),
            leniencies: self.leniencies,
        }
    }

    /// The base URL that answers name, without a trailing slash.
    pub(crate) fn base_url(&self, parts: &Parts, public_url: Option<&str>) -> String {
        // A base URL has no query (RFC 7644 §1.3), and no fragment either.
        let public = public_url.map(|url| url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/'));
        if let (Some(public), false) = (public, self.by_host) {
            return [public, &self.base_path].concat();
        }
        let forwarded = parts.headers.get(FORWARDED_PROTO).and_then(|value| value.to_str().ok());
        let scheme = public
            .and_then(|url| url.split_once("://"))
            .map(|(scheme, _)| scheme)
            .or_else(|| forwarded.filter(|scheme| matches!(*scheme, "http" | "https")))
            .or_else(|| parts.uri.scheme_str())
            .unwrap_or("http");
        [scheme, "://", host(parts).unwrap_or("localhost"), &self.base_path].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn parts(uri: &str, host: &str) -> Parts {
        Request::builder().uri(uri).header(HOST, host).body(()).unwrap().into_parts().0
    }

    fn at(uri: &str, host: &str) -> Result<Route<'static>, u16> {
        route(&parts(uri, host)).map(Route::into_owned).map_err(|error| error.status)
    }

    #[test]
    fn the_tenant_is_named_by_path_or_by_host() {
        for (uri, host, tenant, base, below) in [
            ("/t/acme/api/scim/v2/Users", "x.test", "acme", "/t/acme/api/scim/v2", vec!["Users"]),
            ("/t/ACME/api/scim/v2/Users/1/", "x.test", "acme", "/t/ACME/api/scim/v2", vec!["Users", "1"]),
            ("//idm//t/acme/api/scim/v2//Users", "x", "acme", "/idm/t/acme/api/scim/v2", vec!["Users"]),
            ("/api/scim/v2", "acme.x.test:8443", "acme", "/api/scim/v2", vec![]),
            ("/t/acme/api/scim/Users/v2", "x.test", "acme", "/t/acme/api/scim/v2", vec!["Users", "v2"]),
            ("/t/acme/api/scim", "x.test", "acme", "/t/acme/api/scim/v2", vec![]),
            ("/api/scim/Users", "acme.x.test", "acme", "/api/scim/v2", vec!["Users"]),
            ("/api/scim/v2/Users/a%2Fb%20c", "Acme.localhost", "acme", "/api/scim/v2", vec!["Users", "a/b c"]),
        ] {
            let route = at(uri, host).unwrap();
            assert_eq!(
                (&*route.tenant, &*route.base_path, route.segments),
                (tenant, base, below.into_iter().map(Cow::Borrowed).collect()),
                "{uri}"
            );
        }
    }

    #[test]
    fn what_names_no_tenant_is_not_found() {
        for (uri, host) in [
            ("/", "acme.x.test"),
            ("/api/scim/v2/Users", "localhost:8080"),
            ("/api/scim/v2/Users", "10.0.0.1:8080"),
            ("/api/scim/v2/Users", "[::1]:8080"),
            ("/api/scim/v2/Users", ".x.test"),
            ("/t/acme/scim/v2/Users", "localhost"),
            ("/t/acme/api", "localhost"),
        ] {
            assert_eq!(at(uri, host), Err(404), "{uri} {host}");
        }
        assert_eq!(at("/t/acme/api/scim/v1.1/Users", "x"), Err(400));
    }

    #[test]
    fn stray_flags_are_cut_off_wherever_they_stand() {
        let users = |query: &[(&'static str, &'static str)]| -> (Vec<Cow<'static, str>>, Vec<Parameter<'static>>) {
            (vec!["Users".into()], query.iter().map(|&(n, v)| (n.into(), v.into())).collect())
        };
        for (uri, expected) in [
            ("/Users?count=1&aadOptscim062020", users(&[("count", "1")])),
            ("/Users?count=1?aadoptscim062020", users(&[("count", "1")])),
            ("/Users&aadOptscim062020", users(&[])),
            ("/Users%3FaadOptscim062020", users(&[])),
            ("?aadOptscim062020/Users", users(&[])),
            ("?aadOptscim062020/Users?count=1", users(&[("count", "1")])),
            ("/Users?aadOptscim062020&count=1", users(&[("aadOptscim062020", ""), ("count", "1")])),
        ] {
            let route = at(&format!("/t/acme/api/scim/v2{uri}"), "x").unwrap();
            assert_eq!((route.segments, route.query), expected, "{uri}");
        }
    }

    #[test]
    fn queries_are_decoded_once() {
        let route = at("/t/a/api/scim/v2/Users?filter=userName+eq+%22a%2Bb%40x%2520%22&x", "x").unwrap();
        assert_eq!(route.query, [("filter".into(), "userName eq \"a+b@x%20\"".into()), ("x".into(), "".into())]);
        assert_eq!(at("/t/a/api/scim/v2/Users?filter=%ff", "x"), Err(400));
    }

    #[test]
    fn the_base_url_is_the_one_the_client_used() {
        let base = |uri: &str, host: &str, public: Option<&str>| {
            let parts = parts(uri, host);
            route(&parts).unwrap().base_url(&parts, public)
        };
        let by_path = "/t/acme/api/scim/v2/Users";
        assert_eq!(base(by_path, "x.test:81", None), "http://x.test:81/t/acme/api/scim/v2");
        assert_eq!(base(by_path, "x.test", Some("https://id.test/")), "https://id.test/t/acme/api/scim/v2");
        for public in ["https://id.test/scim/?x=1", "https://id.test/scim#x", "https://id.test/scim/"] {
            let found = base(&format!("{by_path}?count=1"), "x.test", Some(public));
            assert_eq!(found, "https://id.test/scim/t/acme/api/scim/v2", "{public}");
        }
        assert_eq!(base("/api/scim/v2", "acme.id.test", Some("https://id.test")), "https://acme.id.test/api/scim/v2");
        assert_eq!(base(by_path, "evil\"host", None), "http://localhost/t/acme/api/scim/v2");
    }
}
