//! Conversations of identity providers, replayed against a server: what Okta, Entra and others send, in their order, and
//! what each needs of the answers. In [`Expect::Letter`] the same requests are judged by the letter of the RFCs: where a
//! provider departs from it, a strict server has to refuse as documented. What is made is deleted again.
//!
//! The conversations lie in `peers/` as data, each step with the facts it rests on; [`tolerances`] are the rows of the
//! matrix of who departs from the RFCs in which way.
//!
//! ```
//! # use scimstack_conformance::{Transport, TransportError, Target};
//! # struct Dead;
//! # #[async_trait::async_trait]
//! # impl Transport for Dead {
//! #     async fn send(&self, _: http::Request<bytes::Bytes>) -> Result<http::Response<bytes::Bytes>, TransportError> {
//! #         Err(TransportError("nobody is there".to_owned()))
//! #     }
//! # }
//! # let transport = Dead;
//! use scimstack_conformance::{ReplayOptions, conversation, replay};
//! let target = Target::new("https://scim.example.com/v2", "a token");
//! let okta = conversation("okta").unwrap();
//! let played = futures_executor::block_on(replay(&transport, &target, okta, &ReplayOptions::default()));
//! assert!(!played.is_faithful(), "nobody answers");
//! assert!(played.to_string().contains("nobody is there"));
//! ```

mod conversation;
mod expect;
mod matrix;
mod report;
mod words;

pub use conversation::{Content, Conversation, Letter, Step, Then, Who, conversation, conversations};
pub use expect::{Shows, Statuses};
pub use matrix::{Tolerance, tolerances};
pub use report::{Played, Replay, replays_to_json, replays_to_junit};

use crate::options::{Cancel, Options};
use crate::report::Verdict;
use crate::service::Service;
use crate::session::Session;
use crate::stop::{Result, Stop, ensure};
use crate::target::{Answer, As, Ask, Target, Transport};
use expect::form_complaint;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use words::{Words, look, set};

/// By what the answers are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expect {
    /// By what the provider needs.
    #[default]
    Provider,
    /// By the letter of the RFCs: what departs from it is refused.
    Letter,
}

/// How a conversation is replayed.
///
/// ```
/// use scimstack_conformance::{Expect, ReplayOptions};
/// let options = ReplayOptions::default().expect(Expect::Letter).run_name("nightly");
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReplayOptions {
    expect: Expect,
    options: Options,
}

impl ReplayOptions {
    /// By what the answers are judged; by what the provider needs unless said.
    #[must_use]
    pub fn expect(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }

    /// What tells the names of this run from those of another.
    #[must_use]
    pub fn run_name(mut self, run: impl Into<String>) -> Self {
        self.options = self.options.run_name(run);
        self
    }

    /// This much time passes between two requests.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.options = self.options.interval(interval);
        self
    }

    /// Stops when this is cancelled.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.options = self.options.cancel(cancel);
        self
    }
}

impl From<Options> for ReplayOptions {
    /// With the rate, the bound, the name and the cancellation of these.
    fn from(options: Options) -> Self {
        Self { expect: Expect::default(), options }
    }
}

/// Replays a conversation. What was made on the way is deleted at its end, also when it is stopped.
pub async fn replay(
    transport: &dyn Transport,
    target: &Target,
    conversation: &Conversation,
    options: &ReplayOptions,
) -> Replay {
    let session = Session::new(transport, target, &options.options);
    let service = match conversation.steps.iter().any(|step| !step.needs.is_empty()) {
        true => Service::discover(&session).await,
        false => Service::default(),
    };
    let run = format!("{}-{}", session.name(), conversation.provider);
    let words = Words::new(&run, target.base());
    let mut player = Player {
        session: &session,
        service: &service,
        conversation,
        expect: options.expect,
        words,
        refused: BTreeSet::new(),
    };
    let mut played = Vec::new();
    for step in &conversation.steps {
        session.begin();
        let ended = player.play(step).await;
        let exchange = session.last().filter(|_| ended.is_err());
        let verdict = match ended {
            Ok(()) => Verdict::Passed,
            Err(Stop::Failed(text)) => Verdict::Failed(session.without_token(&text)),
            Err(Stop::NotApplicable(text)) => Verdict::NotApplicable(text),
            Err(Stop::Untested(text)) => Verdict::Untested(text),
        };
        let exchange = exchange.filter(|_| matches!(verdict, Verdict::Failed(_)));
        played.push(Played::new(step, verdict, exchange));
    }
    session.clean().await;
    Replay {
        provider: conversation.provider.clone(),
        title: conversation.title.clone(),
        expect: options.expect,
        steps: played,
        requests: session.requests(),
        left: session.left(),
        stopped: options.options.cancel.is_cancelled(),
    }
}

/// One replay on its way.
struct Player<'a> {
    session: &'a Session<'a>,
    service: &'a Service,
    conversation: &'a Conversation,
    expect: Expect,
    words: Words,
    /// What would be known if it had not been refused, as the letter demands.
    refused: BTreeSet<String>,
}

impl Player<'_> {
    async fn play(&mut self, step: &Step) -> Result {
        for schema in &step.needs {
            let schema = self.words.text(schema, false).map_err(|word| self.unknown(&word))?;
            if !self.has_schema(&schema) {
                return Err(Stop::NotApplicable(format!("the server's resource types do not name {schema}")));
            }
        }
        let answer = self.send(step, &step.send, &step.content).await?;
        let letter = step.letter.as_ref().filter(|_| self.expect == Expect::Letter);
        let Some(letter) = letter else {
            return self.judge(step, &answer);
        };
        complain(letter.status.complaint(answer.status), &letter.says)?;
        complain(form_complaint(&answer), &letter.says)?;
        if let (Some(wanted), true) = (&letter.scim_type, answer.status >= 400) {
            let found = answer.text("/scimType").unwrap_or("none");
            ensure!(found == wanted, "expected the scimType {wanted}, found {found}: {}", letter.says);
        }
        let shown = letter.shows.complaint(&answer.json, &self.words).map_err(|word| self.unknown(&word))?;
        complain(shown, &letter.says)?;
        match &letter.then {
            Some(then) => {
                let line = then.send.as_ref().unwrap_or(&step.send);
                let answer = self.send(step, line, &then.content).await?;
                self.judge(step, &answer)
            }
            None if answer.is_success() => self.remember(step, &answer),
            None => {
                self.refused.extend(step.keep.keys().cloned());
                Ok(())
            }
        }
    }

    /// Judges an answer by what the provider needs. What later steps name is remembered also where something else is
    /// wrong, so that one fault does not hide the rest.
    fn judge(&mut self, step: &Step, answer: &Answer) -> Result {
        let remembered = if answer.is_success() { self.remember(step, answer) } else { Ok(()) };
        complain(step.status.complaint(answer.status), &step.does)?;
        complain(form_complaint(answer), &step.does)?;
        let headers = step.answers.headers(answer, &self.words).map_err(|word| self.unknown(&word))?;
        complain(headers, &step.does)?;
        // An answer without a body shows nothing where that was one of the choices.
        if answer.status != 204 {
            let shown = step.shows.complaint(&answer.json, &self.words).map_err(|word| self.unknown(&word))?;
            complain(shown, &step.does)?;
        }
        remembered
    }

    fn remember(&mut self, step: &Step, answer: &Answer) -> Result {
        for (name, path) in &step.keep {
            let found = look(&answer.json, path).filter(|value| !value.is_null());
            let Some(value) = found else {
                return Err(Stop::Failed(format!("the answer has no {path}, which later requests need")));
            };
            self.words.keep(name, value.clone());
        }
        Ok(())
    }

    async fn send(&self, step: &Step, line: &str, content: &Content) -> Result<Answer> {
        let (method, address) = conversation::method(line)
            .ok_or_else(|| Stop::Untested(format!("\"{line}\" is no method with an address")))?;
        let address = self.words.text(address, true).map_err(|word| self.unknown(&word))?;
        let mut ask = Ask::new(method, address).header("accept", "");
        if let Some(body) = self.body(content).map_err(|word| self.unknown(&word))? {
            ask = ask.body(&self.conversation.content_type, body.to_string());
        }
        for (name, value) in self.conversation.headers.iter().chain(&step.headers) {
            ask = ask.header(name.to_ascii_lowercase(), value);
        }
        let who = match step.who {
            Who::Client => As::Client,
            Who::Bare => As::Bare,
            Who::Stranger => As::Stranger,
        };
        self.session.ask(ask.who(who)).await
    }

    fn body(&self, content: &Content) -> std::result::Result<Option<Value>, String> {
        if let Some(body) = &content.body {
            return self.words.value(body).map(Some);
        }
        if let Some(operations) = &content.patch {
            let operations = self.words.value(&Value::Array(operations.clone()))?;
            let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
            return Ok(Some(json!({"schemas": schemas, "Operations": operations})));
        }
        let Some(echo) = &content.echo else { return Ok(None) };
        let mut document = self.words.get(echo)?.clone();
        for path in &content.drop {
            set(&mut document, &self.words.text(path, false)?, None);
        }
        for (path, value) in &content.change {
            set(&mut document, &self.words.text(path, false)?, Some(self.words.value(value)?));
        }
        Ok(Some(document))
    }

    /// Why a step cannot be done that names what is not known.
    fn unknown(&self, word: &str) -> Stop {
        match self.refused.contains(word) {
            true => {
                Stop::NotApplicable(format!("the step that would have given {{{word}}} was refused, as it has to be"))
            }
            false => Stop::Untested(format!("the step that would have given {{{word}}} did not pass")),
        }
    }

    fn has_schema(&self, schema: &str) -> bool {
        let is = |uri: &str| uri.eq_ignore_ascii_case(schema);
        self.service.kinds.iter().any(|kind| is(&kind.schema) || kind.extensions.iter().any(|(uri, _)| is(uri)))
    }
}

fn complain(complaint: Option<String>, why: &str) -> Result {
    complaint.map_or(Ok(()), |complaint| Err(Stop::Failed(format!("{complaint} ({why})"))))
}
