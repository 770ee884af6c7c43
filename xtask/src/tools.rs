//! Finding the programs a step needs, and installing those that are missing: below the target directory where that can
//! be, never by asking for a password.

use crate::error::{Doing, Error, Result};
use crate::process::Context;
use std::ffi::OsString;
use std::path::PathBuf;

/// The release of cargo-deny that the repository's `deny.toml` was written for. Another patch release of the same
/// series that is already installed will do.
const CARGO_DENY: &str = "0.20.2";

/// Makes sure that a part of the Rust toolchain (`rustfmt`, `clippy`) is there.
pub(crate) fn component(context: &Context, component: &str, subcommand: &str) -> Result {
    if context.succeeds(context.cargo(&[subcommand, "--version"])) {
        return Ok(());
    }
    println!("{component} is missing; installing it with rustup");
    let mut rustup = context.program("rustup");
    rustup.args(["component", "add", component]);
    context.run(rustup).map_err(|error| {
        Error::new(format!("{component} is not installed and rustup could not add it ({error}); please install it"))
    })
}

/// Whether cargo-nextest is there. It is not installed when missing: that takes longer than it saves, and
/// `cargo test` proves the same.
pub(crate) fn has_nextest(context: &Context) -> bool {
    context.succeeds(context.cargo(&["nextest", "--version"]))
}

/// cargo-deny: the one in the path or the one installed here earlier, else installed now.
pub(crate) fn cargo_deny(context: &Context) -> Result<OsString> {
    let root = context.target.join("tools");
    let own: PathBuf = root.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    for candidate in [OsString::from("cargo-deny"), own.clone().into_os_string()] {
        let mut command = context.program(&candidate);
        command.arg("--version").stderr(std::process::Stdio::null());
        if command.output().is_ok_and(|output| same_series(&String::from_utf8_lossy(&output.stdout), CARGO_DENY)) {
            return Ok(candidate);
        }
    }
    println!("cargo-deny {CARGO_DENY} is missing; building it below {} (about a minute)", root.display());
    let version = format!("cargo-deny@{CARGO_DENY}");
    let mut install = context.cargo(&["install", &version, "--locked", "--no-default-features", "--debug", "--root"]);
    install.arg(&root);
    context.run(install)?;
    Ok(own.into_os_string())
}

/// Whether `printed` (`cargo-deny 0.20.3`) is of the same series as `wanted` (`0.20.2`).
fn same_series(printed: &str, wanted: &str) -> bool {
    let series = |version: &str| version.trim().rsplit_once('.').map(|(series, _)| series.to_owned());
    let version = printed.trim().rsplit(' ').next().unwrap_or_default();
    series(version).is_some() && series(version) == series(wanted)
}

/// A Python with the packages that `tests/peers/requirements.txt` pins, in an environment below the target directory.
pub(crate) fn python(context: &Context) -> Result<PathBuf> {
    let environment = context.target.join("tools").join("venv");
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let works = |context: &Context| {
        let mut command = context.program(&python);
        command.args(["-m", "pip", "--version"]);
        context.succeeds(command)
    };
    if !works(context) {
        println!("making a Python environment in {}", environment.display());
        if make_environment(context, &environment).is_err() || !works(context) {
            install_python(context)?;
            make_environment(context, &environment)?;
        }
    }
    let mut pip = context.program(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    pip.arg("tests/peers/requirements.txt");
    context.run(pip)?;
    Ok(python)
}

fn make_environment(context: &Context, environment: &std::path::Path) -> Result {
    let mut command = context.program("python3");
    command.args(["-m", "venv", "--clear"]).arg(environment);
    context.run(command)
}

/// Debian keeps `venv` apart from Python. Root may install it; anyone else is told.
fn install_python(context: &Context) -> Result {
    let missing = "the step needs python3 (3.11 or newer) with its venv module; on Debian: apt install python3-venv";
    install_package(context, "python3-venv", missing)
}

/// Installs a Debian package when that can be done without asking for a password; else says what is `missing`.
fn install_package(context: &Context, package: &str, missing: &str) -> Result {
    let mut id = context.program("id");
    id.arg("-u");
    let root = context.output(id).is_ok_and(|uid| uid.trim() == "0");
    let mut apt = context.program("apt-get");
    apt.arg("--version");
    if !root || !context.succeeds(apt) {
        return Err(Error::new(missing));
    }
    println!("{package} is missing; installing it with apt-get");
    for arguments in [&["update", "-q"][..], &["install", "-q", "-y", "--no-install-recommends", package]] {
        let mut apt = context.program("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        context.run(apt).map_err(|error| Error::new(format!("{missing} ({error})")))?;
    }
    Ok(())
}

/// Chromium or Chrome: the one `CHROMIUM` names, one of the usual places, else installed now.
pub(crate) fn chromium(context: &Context) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Ok(path.into());
    }
    let places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];
    let found = || places.iter().map(PathBuf::from).find(|path| path.exists());
    if let Some(path) = found() {
        return Ok(path);
    }
    let missing = "the step needs Chromium: on Debian apt install chromium, elsewhere set CHROMIUM to its path";
    install_package(context, "chromium", missing)?;
    found().ok_or_else(|| Error::new(missing))
}

/// playwright-core, which drives the browser that is there: below the target directory, by npm.
pub(crate) fn playwright(context: &Context) -> Result<PathBuf> {
    let root = context.target.join("tools").join("node");
    let module = root.join("node_modules").join("playwright-core");
    if !module.exists() {
        let mut node = context.program("node");
        node.arg("--version");
        if !context.succeeds(node) {
            return Err(Error::new("the step needs Node.js 20 or newer with npm"));
        }
        std::fs::create_dir_all(&root).doing(format_args!("make {}", root.display()))?;
        let mut npm = context.program("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-save", "playwright-core@1.64.1", "--prefix"]).arg(&root);
        context.run(npm)?;
    }
    Ok(module)
}

/// The PostgreSQL server's programs, for the tests that start a private cluster: in the path, or where Debian keeps
/// them, else installed now.
pub(crate) fn postgresql(context: &Context) -> Result {
    let debian = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        versions.into_iter().any(|version| version.path().join("bin/initdb").exists())
    };
    let mut initdb = context.program("initdb");
    initdb.arg("--version");
    if debian() || context.succeeds(initdb) {
        return Ok(());
    }
    let missing =
        "the tests need the PostgreSQL server's programs (initdb, postgres): on Debian apt install postgresql";
    install_package(context, "postgresql", missing)
}

#[cfg(test)]
mod tests {
    use super::same_series;

    #[test]
    fn another_patch_release_of_a_tool_will_do_and_another_series_will_not() {
        for (printed, expected) in [
            ("cargo-deny 0.20.2\n", true),
            ("cargo-deny 0.20.11", true),
            ("cargo-deny 0.19.2", false),
            ("cargo-deny 1.20.2", false),
            ("", false),
            ("error", false),
        ] {
            assert_eq!(same_series(printed, "0.20.2"), expected, "{printed:?}");
        }
    }
}
