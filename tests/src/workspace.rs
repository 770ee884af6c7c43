//! The repository as the checks see it: its packages, as cargo reads them, and its files, as git lists them.

#![allow(clippy::expect_used, clippy::panic, reason = "a check that cannot see the repository has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A package of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder, relative to the top: `crates/scimstack-schema`.
    pub folder: String,
    /// Whether it may be published.
    pub published: bool,
    /// What it depends on, of every kind.
    pub dependencies: Vec<Dependency>,
}

/// One dependency of a package.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The name of the package depended on.
    pub name: String,
    /// What it is needed for.
    pub kind: Kind,
    /// Whether it is there only with a feature.
    pub optional: bool,
}

/// What a dependency is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// For the package itself.
    Normal,
    /// For its tests, examples and benches.
    Development,
    /// For its build script.
    Build,
}

/// A text file of the repository.
#[derive(Clone, Debug)]
pub struct File {
    /// Relative to the top, with forward slashes.
    pub path: String,
    /// What it holds.
    pub text: String,
}

impl File {
    /// A file that may not exist, for tests of the checks.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

/// The top of the repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in a folder of the repository")
}

/// The packages of the workspace, as `cargo metadata` knows them.
///
/// # Panics
/// When cargo cannot read the workspace.
#[must_use]
pub fn packages() -> Vec<Package> {
    let text = run(cargo().args(["metadata", "--format-version=1", "--no-deps", "--offline"]));
    let metadata: serde_json::Value = serde_json::from_str(&text).expect("cargo metadata prints JSON");
    let array = |value: &serde_json::Value, name: &str| -> Vec<serde_json::Value> {
        value.get(name).and_then(|list| list.as_array()).cloned().unwrap_or_default()
    };
    let string = |value: &serde_json::Value, name: &str| -> String {
        value.get(name).and_then(|text| text.as_str()).unwrap_or_default().to_owned()
    };
    array(&metadata, "packages")
        .iter()
        .map(|package| Package {
            name: string(package, "name"),
            folder: {
                let manifest = PathBuf::from(string(package, "manifest_path"));
                let folder = manifest.parent().expect("a manifest lies in a folder");
                let folder = folder.strip_prefix(root()).expect("a member lies below the top");
                folder.to_string_lossy().replace('\\', "/")
            },
            // `null` means "anywhere", and a list of registries that is empty "nowhere".
            published: package.get("publish").is_none_or(serde_json::Value::is_null),
            dependencies: array(package, "dependencies")
                .iter()
                .map(|dependency| Dependency {
                    name: string(dependency, "name"),
                    kind: match string(dependency, "kind").as_str() {
                        "dev" => Kind::Development,
                        "build" => Kind::Build,
                        _ => Kind::Normal,
                    },
                    optional: dependency.get("optional").and_then(|optional| optional.as_bool()).unwrap_or(false),
                })
                .collect(),
        })
        .collect()
}

/// With which features a package is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Features {
    /// As whoever names it gets it.
    Default,
    /// With everything.
    All,
    /// With nothing.
    None,
}

/// The names of all crates that reach a package's library through normal dependencies, the package itself among them.
///
/// # Panics
/// When cargo cannot resolve the package.
#[must_use]
pub fn tree(package: &str, features: Features) -> Vec<String> {
    let all_features = features == Features::All;
    let list = |pruned: &[&str]| -> Vec<String> {
        let mut command = cargo();
        command.args(["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
        match features {
            Features::Default => {}
            Features::All => drop(command.arg("--all-features")),
            Features::None => drop(command.arg("--no-default-features")),
        }
        command.args(pruned);
        run(&mut command).lines().filter_map(|line| line.split(' ').next().map(ToOwned::to_owned)).collect()
    };
    let mut names = list(&[]);
    // Strategies for property tests draw by chance, and only who tests something asks for them.
    if all_features && names.iter().any(|name| name == "proptest") {
        names = list(&["--prune", "proptest"]);
    }
    names.sort();
    names.dedup();
    names
}

/// Every text file that git tracks or would track, without what is ignored.
///
/// # Panics
/// When git cannot list them.
#[must_use]
pub fn files() -> Vec<File> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = run(Command::new("git").args(arguments));
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        // A file that is listed but gone was deleted and not committed yet; one that is no text is no concern here.
        let Ok(bytes) = std::fs::read(root().join(path)) else {
            continue;
        };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        files.push(File { path: path.to_owned(), text });
    }
    assert!(files.len() > 20, "git lists only {} files of the repository", files.len());
    files
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn run(command: &mut Command) -> String {
    let command = command.current_dir(root()).stdin(Stdio::null());
    let output = command.output().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}: {complaint}", output.status);
    String::from_utf8(output.stdout).expect("the output is text")
}
