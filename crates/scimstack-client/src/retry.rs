//! Sending again: when the server says that it is busy (429, 503 with `Retry-After`: RFC 6585 §4, RFC 9110 §10.2.3), when
//! an answer is lost, and never so that something could be done twice.
//!
//! What is sent again:
//!
//! | answer | requests |
//! |---|---|
//! | 429, or 503 with `Retry-After` | all: the server has done nothing |
//! | the request never left ([`NotSent`]) | all |
//! | 408, 502, 503, 504, or none at all | GET, HEAD, `.search`, and PUT and DELETE without `If-Match` |
//!
//! A request with `If-Match` whose answer was lost may have been done: sent again it would be refused for its own change.

use crate::error::Error;
use crate::timer::Timer;
use crate::transport::{BoxError, NotSent, Transport};
use bytes::Bytes;
use http::header::{DATE, IF_MATCH, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How often, how soon and how long. The default: four attempts, half a second and then twice as long each time, no wait
/// longer than a minute, five minutes in all.
///
/// ```
/// use scimstack_client::Retry;
/// use std::time::Duration;
///
/// let patient = Retry::default().with_attempts(10).with_max_wait(Duration::from_secs(300));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    attempts: u32,
    base: Duration,
    max_wait: Duration,
    max_total: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(500),
            max_wait: Duration::from_secs(60),
            max_total: Duration::from_secs(300),
        }
    }
}

impl Retry {
    /// At most so many attempts, the first one counted.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The first wait, when the server names none.
    #[must_use]
    pub fn with_base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// The longest wait. A server that asks for more is not asked again: its answer is the result.
    #[must_use]
    pub fn with_max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// No attempt begins later than this after the first one.
    #[must_use]
    pub fn with_max_total(mut self, total: Duration) -> Self {
        self.max_total = total;
        self
    }

    /// How long to wait after attempt `tried`, from 1: what the server asked for and a little more, else the back-off,
    /// between half of it and all.
    fn wait(&self, tried: u32, asked: Option<Duration>, chance: f64) -> Option<Duration> {
        let chance = if chance.is_finite() { chance.clamp(0.0, 1.0) } else { 1.0 };
        let wait = match asked {
            Some(asked) if asked > self.max_wait => return None,
            Some(asked) => asked.saturating_add(self.base.mul_f64(chance)),
            None => {
                let full = self.base.saturating_mul(2_u32.saturating_pow(tried.saturating_sub(1)));
                full.min(self.max_wait).mul_f64(0.5 + chance / 2.0)
            }
        };
        Some(wait)
    }
}

/// Whether a request may be sent a second time when nobody knows what became of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It does the same once and twice.
    Safe,
    /// It could be done twice.
    Unsafe,
}

impl Repeat {
    /// Of a request as it is sent (RFC 9110 §9.2.2, RFC 7644 §3.4.3).
    pub(crate) fn of(request: &Request<Bytes>) -> Self {
        let conditional = request.headers().contains_key(IF_MATCH);
        match *request.method() {
            Method::GET | Method::HEAD => Self::Safe,
            Method::PUT | Method::DELETE if !conditional => Self::Safe,
            Method::POST if request.uri().path().ends_with("/.search") => Self::Safe,
            _ => Self::Unsafe,
        }
    }
}

/// An answer, and whether an earlier attempt was lost on the way: what it was to do may have been done by that one.
pub(crate) struct Sent {
    pub(crate) response: Response<Bytes>,
    pub(crate) after_loss: bool,
}

/// What an attempt means for the next one.
enum Judged {
    /// This is the result.
    Final,
    /// Nothing was done; perhaps the server says when to come back.
    Undone(Option<Duration>),
    /// It may have been done.
    Lost(Option<Duration>),
}

/// Sends until there is a result, or patience ends.
pub(crate) async fn send(
    transport: &dyn Transport,
    request: Request<Bytes>,
    repeat: Repeat,
    retry: Option<(&Retry, &dyn Timer)>,
) -> Result<Sent, Error> {
    let Some((policy, timer)) = retry else {
        let response = transport.send(request).await.map_err(Error::Transport)?;
        return Ok(Sent { response, after_loss: false });
    };
    let started = timer.now();
    let (mut tried, mut after_loss) = (0, false);
    loop {
        let outcome = transport.send(request.clone()).await;
        tried += 1;
        let (again, asked) = match judge(&outcome, timer.now()) {
            Judged::Final => (false, None),
            Judged::Undone(asked) => (true, asked),
            Judged::Lost(asked) => (repeat == Repeat::Safe, asked),
        };
        let wait = if again { policy.wait(tried, asked, timer.chance()) } else { None };
        let spent = timer.now().duration_since(started).unwrap_or_default();
        match wait.filter(|wait| tried < policy.attempts && spent.saturating_add(*wait) <= policy.max_total) {
            Some(wait) => {
                after_loss |= matches!(judge(&outcome, started), Judged::Lost(_));
                timer.sleep(wait).await;
            }
            None => return Ok(Sent { response: outcome.map_err(Error::Transport)?, after_loss }),
        }
    }
}

fn judge(outcome: &Result<Response<Bytes>, BoxError>, now: SystemTime) -> Judged {
    match outcome {
        Err(error) if error.is::<NotSent>() => Judged::Undone(None),
        Err(_) => Judged::Lost(None),
        Ok(response) => {
            let asked = retry_after(response.headers(), Some(now));
            match (response.status().as_u16(), asked) {
                (429, asked) => Judged::Undone(asked),
                (503, Some(asked)) => Judged::Undone(Some(asked)),
                (408 | 502 | 503 | 504, asked) => Judged::Lost(asked),
                _ => Judged::Final,
            }
        }
    }
}

/// `Retry-After` as a time from now (RFC 9110 §10.2.3). A date is compared with the server's own `Date`, whose clock it
/// was made with; without one, with `now`.
pub(crate) fn retry_after(headers: &HeaderMap, now: Option<SystemTime>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let then = date(text)?;
    let now = headers.get(DATE).and_then(|value| date(value.to_str().ok()?)).or(now)?;
    Some(then.duration_since(now).unwrap_or_default())
}

/// An HTTP date in its preferred form (RFC 9110 §5.6.7).
fn date(text: &str) -> Option<SystemTime> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(at.as_second()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let at = UNIX_EPOCH + Duration::from_secs(1_792_567_650);
        let then = "Wed, 21 Oct 2026 07:28:00 GMT";
        for (pairs, now, seconds) in [
            (&[("retry-after", "120")] as &[_], None, Some(120)),
            (&[("retry-after", " 0 ")], None, Some(0)),
            (&[("retry-after", "-1")], None, None),
            (&[("retry-after", "soon")], None, None),
            (&[("retry-after", "")], None, None),
            (&[], None, None),
            (&[("retry-after", "99999999999999999999999")], None, Some(u64::MAX)),
            (&[("retry-after", then)], None, None),
            (&[("retry-after", then)], Some(at), Some(30)),
            (&[("retry-after", then), ("date", "Wed, 21 Oct 2026 07:27:00 GMT")], Some(at), Some(60)),
            (&[("retry-after", then), ("date", "Wed, 21 Oct 2026 07:29:00 GMT")], None, Some(0)),
        ] {
            assert_eq!(retry_after(&headers(pairs), now).map(|wait| wait.as_secs()), seconds, "{pairs:?}");
        }
    }

    #[test]
    fn waits_grow_and_stay_within_their_bounds() {
        let policy = Retry::default().with_base(Duration::from_secs(1)).with_max_wait(Duration::from_secs(10));
        let seconds = |tried, asked: Option<u64>, chance| {
            policy.wait(tried, asked.map(Duration::from_secs), chance).map(|wait| wait.as_secs_f64())
        };
        assert_eq!(seconds(1, None, 0.0), Some(0.5));
        assert_eq!(seconds(1, None, 1.0), Some(1.0));
        assert_eq!(seconds(3, None, 1.0), Some(4.0));
        assert_eq!(seconds(60, None, 1.0), Some(10.0), "and no longer than that");
        assert_eq!(seconds(1, Some(10), 0.0), Some(10.0));
        assert_eq!(seconds(1, Some(10), 1.0), Some(11.0), "never sooner than asked");
        assert_eq!(seconds(1, Some(11), 0.0), None);
        assert_eq!(seconds(1, None, f64::NAN), Some(1.0));
    }

    #[test]
    fn only_what_does_the_same_twice_is_safe_to_repeat() {
        let of = |method: &str, path: &str, conditional: bool| {
            let mut request = Request::builder().method(method).uri(path);
            if conditional {
                request = request.header("if-match", "W/\"1\"");
            }
            Repeat::of(&request.body(Bytes::new()).unwrap())
        };
        for (method, path) in [("GET", "/v2/Users"), ("PUT", "/Users/1"), ("DELETE", "/Users/1"), ("POST", "/.search")]
        {
            assert_eq!(of(method, path, false), Repeat::Safe, "{method} {path}");
        }
        for (method, path) in [("POST", "/v2/Users"), ("PATCH", "/Users/1"), ("POST", "/Bulk")] {
            assert_eq!(of(method, path, false), Repeat::Unsafe, "{method} {path}");
        }
        assert_eq!(of("PUT", "/Users/1", true), Repeat::Unsafe);
        assert_eq!(of("GET", "/Users/1", true), Repeat::Safe);
    }
}
