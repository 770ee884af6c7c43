//! The Admin Console in a real browser: the demo's company in a database, the server over it, and the walk of
//! `tests/console/console.mjs` through every page.

use crate::error::Result;
use crate::process::Context;
use crate::server::{self, Server};
use crate::tools;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(180);

pub(crate) fn run(context: &Context) -> Result {
    let chromium = tools::chromium(context)?;
    let playwright = tools::playwright(context)?;
    let binary = server::build(context)?;
    let directory = context.scratch("console")?;
    let database = format!("sqlite:{}", directory.join("console.db").display());
    let demo = ["demo", "--once", "--listen", "127.0.0.1:0", "--database", &database];
    server::command(&binary, &directory, &demo, LIMIT)?;
    // Who was here before provisioning.
    for name in ["before.one@acme.test", "before.two@acme.test", "before.three@acme.test"] {
        let invite = ["person", "invite", "--tenant", "demo", name, "--database", &database];
        server::command(&binary, &directory, &invite, LIMIT)?;
    }
    let server = Server::start(context, &binary, &directory, &database)?;
    let password = server::command(&binary, &directory, &["admin", "password", "--database", &database], LIMIT)?;
    let mut node = context.program("node");
    node.arg("tests/console/console.mjs").arg(format!("http://{}", server.address)).arg(password.trim());
    node.arg(directory.join("screenshots")).env("CHROMIUM", chromium).env("PLAYWRIGHT_CORE", playwright);
    context.run(node)
}
