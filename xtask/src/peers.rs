//! Clients and judges written by others, in another language, against the release binary: scim2-tester and scim2-cli.
//! What they do is in `tests/peers/`; here the server, its tenant and its token are made.

use crate::error::{Error, Result};
use crate::process::Context;
use crate::server::{self, Server};
use crate::tools;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// How soon the running server must know what another process wrote to its database.
const VISIBLE_LIMIT: Duration = Duration::from_secs(10);

pub(crate) fn run(context: &Context) -> Result {
    let python = tools::python(context)?;
    let mut unit = context.program(&python);
    unit.args(["-B", "-m", "unittest", "discover", "--start-directory", "tests/peers", "--pattern", "test_*.py"]);
    context.run(unit)?;

    let tenant = Tenant::start(context, "peers")?;
    for script in ["scim2_tester_run.py", "scim2_cli_run.py"] {
        let mut command = context.program(&python);
        command.args(["-B", &format!("tests/peers/{script}"), "--url", &tenant.url]);
        tenant.judge(context, script, command)?;
    }
    Ok(())
}

/// A tenant of the release binary, for judges from outside.
pub(crate) struct Tenant {
    /// Its base URL.
    pub(crate) url: String,
    /// Where the server keeps its files, and a judge may, too.
    pub(crate) directory: PathBuf,
    token: String,
    _server: Server,
}

impl Tenant {
    /// Builds and starts the server, and makes a tenant and a token beside it.
    pub(crate) fn start(context: &Context, name: &str) -> Result<Self> {
        let binary = server::build(context)?;
        let directory = context.scratch(name)?;
        let database = format!("sqlite:{}", directory.join("x.db").display());
        let server = Server::start(context, &binary, &directory, &database)?;
        let own = |arguments: &[&str]| {
            let arguments = [arguments, &["--database", &database]].concat();
            server::command(&binary, &directory, &arguments, COMMAND_LIMIT)
        };
        own(&["tenant", "create", "ci"])?;
        let printed = own(&["token", "create", "--tenant", "ci"])?;
        let token = token(&printed)?.to_owned();
        wait_until_known(&server, &token)?;
        let url = format!("http://{}/t/ci/api/scim/v2", server.address);
        Ok(Self { url, directory, token, _server: server })
    }

    /// Runs a judge, which finds the token in its environment, and expects that it is satisfied.
    pub(crate) fn judge(&self, context: &Context, name: &str, mut command: Command) -> Result {
        println!("$ SCIM_TOKEN=… {}", context.shown(&command));
        command.env("SCIM_TOKEN", &self.token);
        let status = command.status().map_err(|error| Error::new(format!("cannot start {name}: {error}")))?;
        if status.success() {
            return Ok(());
        }
        let log = std::fs::read_to_string(self.directory.join("server.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(15)..).unwrap_or_default().join("\n");
        Err(Error::new(format!("{name} ended with {status}; the server's last words:\n{tail}")))
    }
}

/// `token create` prints the token and nothing else.
fn token(printed: &str) -> Result<&str> {
    let token = printed.trim();
    if token.is_empty() || token.contains(char::is_whitespace) {
        return Err(Error::new(format!("`token create` should print only the token, and printed {printed:?}")));
    }
    Ok(token)
}

/// The tenant and the token were made by another process: the server has to notice.
fn wait_until_known(server: &Server, token: &str) -> Result {
    let start = Instant::now();
    loop {
        let (status, answer) = server.get("/t/ci/api/scim/v2/Users?count=0", Some(token))?;
        if status == 200 {
            println!("the server knew the new tenant and token after {} ms", start.elapsed().as_millis());
            return Ok(());
        }
        if start.elapsed() > VISIBLE_LIMIT {
            return Err(Error::new(format!("the server does not know the tenant and token made beside it: {answer}")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn the_token_is_all_that_is_printed() {
        assert_eq!(token("hs_abc\n").unwrap(), "hs_abc");
    }

    #[test]
    fn anything_besides_the_token_is_an_error() {
        for printed in ["", "\n", "token: hs_abc\n", "hs_abc\nkeep it\n"] {
            assert!(token(printed).is_err(), "{printed:?}");
        }
    }
}
