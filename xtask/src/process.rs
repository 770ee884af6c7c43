//! Running other programs: where the repository is, what is printed before a command runs, and how long one may take.

use crate::error::{Doing, Error, Result};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Which cases proptest draws: one number, the same cases (proptest's `rng_seed`).
const PROPTEST_SEED: &str = "PROPTEST_RNG_SEED";

/// Where things are.
pub(crate) struct Context {
    /// The top of the repository.
    pub(crate) root: PathBuf,
    /// Cargo's target directory, wherever the user has put it.
    pub(crate) target: PathBuf,
    cargo: OsString,
}

/// The top of the repository.
pub(crate) fn root() -> Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or_else(|| Error::new("xtask is not inside a repository"))
}

impl Context {
    pub(crate) fn find() -> Result<Self> {
        let root = root()?.to_owned();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut context = Self { root, target: PathBuf::new(), cargo };
        let metadata = context.output(context.cargo(&["metadata", "--format-version=1", "--no-deps"]))?;
        let metadata: serde_json::Value = serde_json::from_str(&metadata).doing("read the output of cargo metadata")?;
        let target = metadata.get("target_directory").and_then(|value| value.as_str());
        context.target = target.ok_or_else(|| Error::new("cargo metadata names no target directory"))?.into();
        Ok(context)
    }

    /// A cargo command at the top of the repository.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(&self.cargo);
        command.args(arguments);
        // The same cases in every run, so that a change is judged by what it changes.
        if std::env::var_os(PROPTEST_SEED).is_none() {
            command.env(PROPTEST_SEED, "7644");
        }
        command
    }

    /// Any command at the top of the repository.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        // What cargo told xtask about xtask's own package must not reach the build scripts of others.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command
    }

    /// An empty directory below the target directory, for what a step makes.
    pub(crate) fn scratch(&self, name: &str) -> Result<PathBuf> {
        let directory = self.target.join("xtask").join(name);
        if directory.exists() {
            std::fs::remove_dir_all(&directory).doing(format_args!("empty {}", directory.display()))?;
        }
        std::fs::create_dir_all(&directory).doing(format_args!("make {}", directory.display()))?;
        Ok(directory)
    }

    /// Prints a command, runs it with its output going to the terminal, and requires that it succeeds.
    pub(crate) fn run(&self, mut command: Command) -> Result {
        println!("$ {}", self.shown(&command));
        let status = command.status().doing(format_args!("start {}", self.shown(&command)))?;
        require(status, &self.shown(&command))
    }

    /// Runs a command quietly; its standard output when it succeeds.
    pub(crate) fn output(&self, mut command: Command) -> Result<String> {
        command.stderr(Stdio::inherit()).stdin(Stdio::null());
        let output = command.output().doing(format_args!("start {}", self.shown(&command)))?;
        require(output.status, &self.shown(&command))?;
        String::from_utf8(output.stdout).doing(format_args!("read the output of {}", self.shown(&command)))
    }

    /// Whether a command can be started and succeeds, without showing what it prints.
    pub(crate) fn succeeds(&self, mut command: Command) -> bool {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// A command as a person would type it, paths inside the repository shortened.
    pub(crate) fn shown(&self, command: &Command) -> String {
        let program = command.get_program();
        let program = if program == self.cargo { OsStr::new("cargo") } else { program };
        let mut text = String::new();
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                text.push_str(&format!("{}={:?} ", name.to_string_lossy(), value.to_string_lossy()));
            }
        }
        text.push_str(&self.short(program));
        for argument in command.get_args() {
            text.push(' ');
            text.push_str(&self.short(argument));
        }
        text
    }

    fn short(&self, text: &OsStr) -> String {
        let path = Path::new(text);
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

fn require(status: ExitStatus, shown: &str) -> Result {
    if status.success() { Ok(()) } else { Err(Error::new(format!("`{shown}` ended with {status}"))) }
}

/// Waits for a child, at most `limit`; one that takes longer is killed, which is an error.
pub(crate) fn wait_at_most(child: &mut Child, limit: Duration, shown: &str) -> Result<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().doing(format_args!("wait for {shown}"))? {
            return Ok(status);
        }
        if start.elapsed() > limit {
            child.kill().doing(format_args!("end {shown}"))?;
            child.wait().doing(format_args!("wait for {shown}"))?;
            return Err(Error::new(format!("`{shown}` had not ended after {} s", limit.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context { root: "/repository".into(), target: "/repository/target".into(), cargo: "cargo".into() }
    }

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = context().cargo(&["doc", "--workspace"]);
        // Whether the seed is set here or comes from outside depends on who runs this test.
        command.env_remove(PROPTEST_SEED).env("RUSTDOCFLAGS", "-D warnings").arg("/repository/xtask");
        assert_eq!(context().shown(&command), "RUSTDOCFLAGS=\"-D warnings\" cargo doc --workspace xtask");
    }

    #[test]
    fn a_child_that_does_not_end_is_killed_and_reported() {
        let mut child = Command::new("sh").args(["-c", "read line"]).stdin(Stdio::piped()).spawn().unwrap();
        let error = wait_at_most(&mut child, Duration::from_millis(50), "sh").unwrap_err().to_string();
        assert!(error.contains("had not ended"), "{error}");
    }

    #[test]
    fn a_child_that_ends_gives_its_status() {
        let mut child = Command::new("sh").args(["-c", "exit 3"]).spawn().unwrap();
        let status = wait_at_most(&mut child, Duration::from_secs(30), "sh").unwrap();
        assert_eq!(status.code(), Some(3));
    }
}
