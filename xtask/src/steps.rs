//! The steps that are cargo's own: formatting, lints, tests, documentation, features, fuzz smoke.

use crate::error::Result;
use crate::process::Context;
use crate::tools;

pub(crate) fn fmt(context: &Context) -> Result {
    tools::component(context, "rustfmt", "fmt")?;
    context.run(context.cargo(&["fmt", "--all", "--check"]))?;
    context.run(context.cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
}

pub(crate) fn clippy(context: &Context) -> Result {
    tools::component(context, "clippy", "clippy")?;
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    context.run(context.cargo(&arguments))
}

pub(crate) fn test(context: &Context) -> Result {
    tools::postgresql(context)?;
    if tools::has_nextest(context) {
        return context.run(context.cargo(&["nextest", "run", "--workspace", "--all-features"]));
    }
    println!("cargo-nextest is not installed; cargo test runs the same tests");
    // The documentation's examples are a step of their own.
    let targets = ["--lib", "--bins", "--tests", "--examples"];
    let mut command = context.cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]);
    command.args(targets);
    context.run(command)
}

pub(crate) fn doctest(context: &Context) -> Result {
    context.run(context.cargo(&["test", "--doc", "--workspace", "--all-features"]))
}

pub(crate) fn doc(context: &Context) -> Result {
    let mut command = context.cargo(&["doc", "--workspace", "--no-deps", "--all-features"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    context.run(command)
}

/// serde_json's `preserve_order` and `arbitrary_precision` are switched on for everyone as soon as any crate of an
/// embedder's program asks for them. The crates that read JSON must not care.
pub(crate) fn features(context: &Context) -> Result {
    let features = "serde_json/preserve_order,serde_json/arbitrary_precision";
    for package in ["scimstack-schema", "scimstack-filter"] {
        context.run(context.cargo(&["test", "--package", package, "--lib", "--tests", "--features", features]))?;
    }
    Ok(())
}

/// The bodies of the fuzz targets run on stable, from the seeds. The wrappers that only cargo-fuzz can run are at least
/// compiled, without libFuzzer's C++.
pub(crate) fn fuzz_smoke(context: &Context) -> Result {
    let arguments = ["test", "--package", "scimstack-tests", "--test", "fuzz_smoke", "--all-features"];
    let mut command = context.cargo(&arguments);
    command.env("SCIMSTACK_FUZZ_MUTATIONS", "6000");
    context.run(command)?;
    let arguments = ["check", "--manifest-path", "fuzz/Cargo.toml", "--no-default-features"];
    let mut command = context.cargo(&arguments);
    command.env("CARGO_TARGET_DIR", context.target.join("fuzz"));
    context.run(command)
}
