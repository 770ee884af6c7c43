//! A secret of the configuration: itself, or where it is to be had.

use crate::failure::{Failure, usage};
use scimstack_client::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::process::{Command, Stdio};

/// A secret that stands in the file. `Debug` does not show it.
#[derive(Clone, Debug)]
pub(crate) struct Written(Secret);

impl Written {
    pub(crate) fn new(text: &str) -> Self {
        Self(Secret::from(text))
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.reveal())
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

/// The places a secret may be in; `what` names it for people, `option` in the file.
pub(crate) struct Source<'a> {
    pub(crate) what: &'a str,
    pub(crate) option: &'a str,
    pub(crate) written: Option<&'a Written>,
    pub(crate) variable: Option<&'a str>,
    pub(crate) command: Option<&'a str>,
}

impl Source<'_> {
    /// The secret; `None` when no place is named.
    pub(crate) fn get(&self) -> Result<Option<Secret>, Failure> {
        let Self { what, option, .. } = self;
        match (self.written, self.variable, self.command) {
            (None, None, None) => Ok(None),
            (Some(written), None, None) => Ok(Some(written.0.clone())),
            (None, Some(variable), None) => match std::env::var(variable) {
                Ok(text) if !text.trim().is_empty() => Ok(Some(text.trim().into())),
                _ => Err(usage(format!("{what} is to be in the environment as {variable}, and is not there"))),
            },
            (None, None, Some(command)) => output(command, what).map(Some),
            _ => Err(usage(format!("give one of {option}, {option}-env and {option}-command, not several"))),
        }
    }
}

/// The first line that a command prints.
fn output(command: &str, what: &str) -> Result<Secret, Failure> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let run = Command::new(shell).arg(flag).arg(command).stdin(Stdio::inherit()).stderr(Stdio::inherit()).output();
    let run = run.map_err(|error| usage(format!("the command for {what} cannot be run: {error}")))?;
    if !run.status.success() {
        return Err(usage(format!("the command for {what} has failed ({})", run.status)));
    }
    let text = String::from_utf8_lossy(&run.stdout);
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.into()),
        None => Err(usage(format!("the command for {what} has printed nothing"))),
    }
}
