//! Which crate may know which. The layers and what each crate must not know are ARCHITECTURE.md's; here they are tables,
//! and each edge that is refused has its reason.

use crate::workspace::{Dependency, File, Kind, Package};

/// The layers: a crate may use what lies below it. `Apart` and the facade have rules of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The model: RFC 7643.
    L0,
    /// The languages: filters, paths, PATCH.
    L1,
    /// The messages, and the storage contract.
    L2,
    /// The engines and the back ends.
    L3,
    /// The facade: it re-exports, and nothing of the workspace's libraries may use it.
    Facade,
    /// Programs: examples, benches, these tests, the chores.
    L4,
    /// Uses no crate of the workspace.
    Apart,
}

/// The layer of each crate that is published. What is not here lies outside `crates/` and is a program; the one program that
/// is published, so that it can be installed, is here.
pub const LAYERS: &[(&str, Layer)] = &[
    ("scimstack-schema", Layer::L0),
    ("scimstack-filter", Layer::L1),
    ("scimstack-protocol", Layer::L2),
    ("scimstack-store", Layer::L2),
    ("scimstack-server", Layer::L3),
    ("scimstack-client", Layer::L3),
    ("scimstack-provisioning", Layer::L3),
    ("scimstack-store-sqlite", Layer::L3),
    ("scimstack-store-postgres", Layer::L3),
    ("scimstack-store-testkit", Layer::L3),
    ("scimstack", Layer::Facade),
    ("scimstack-cli", Layer::L4),
    ("scimstack-conformance", Layer::Apart),
    ("scimstack-derive", Layer::Apart),
];

/// Edges that the layers would allow, and that are refused all the same.
pub const REFUSED: &[(&str, &str, &str)] = &[
    (
        "scimstack-provisioning",
        "scimstack-store",
        "the state machines are run by whoever holds the state: they ask for facts and give back a decision, and a \
         change of back end cannot change a decision",
    ),
    (
        "scimstack-client",
        "scimstack-store",
        "a client sees a server's messages, and keeps nothing; who stores what it fetched is the program's business",
    ),
    (
        "scimstack-store-sqlite",
        "scimstack-protocol",
        "a store is asked in plans and change sets; the messages of the wire end in the engine",
    ),
    (
        "scimstack-store-postgres",
        "scimstack-protocol",
        "a store is asked in plans and change sets; the messages of the wire end in the engine",
    ),
    (
        "scimstack-store-testkit",
        "scimstack-protocol",
        "the kit judges stores, also those of embedders that never speak the protocol",
    ),
];

/// Edges inside one layer that are allowed, each only as an optional dependency behind the feature named.
pub const PERMITTED: &[(&str, &str, &str)] = &[("scimstack-client", "scimstack-provisioning", "connector")];

/// Crates that a proc macro may serve: the macro comes with the trait it implements.
const USERS_OF_DERIVE: &[&str] = &["scimstack-schema", "scimstack"];

/// Names of crates from outside, by what they bring.
const HTTP: &[&str] = &[
    "axum",
    "axum-core",
    "http",
    "http-body",
    "http-body-util",
    "hyper",
    "hyper-util",
    "reqwest",
    "tower",
    "tower-layer",
    "tower-service",
];
const RUNTIME: &[&str] = &["async-executor", "async-global-executor", "async-std", "mio", "polling", "smol", "tokio"];
const ASYNC: &[&str] = &["async-trait", "futures", "futures-channel", "futures-core", "futures-util"];
const STORAGE: &[&str] = &[
    "deadpool-postgres",
    "diesel",
    "libsqlite3-sys",
    "postgres",
    "postgres-types",
    "rusqlite",
    "sqlx",
    "tokio-postgres",
];
const RANDOM: &[&str] = &["fastrand", "getrandom", "rand", "rand_core"];

/// What a crate's library may not have in its whole tree of normal dependencies, default features on (but for [`BARE`]), and
/// why.
pub const OUTSIDE: &[(&str, &[&[&str]], &str)] = &[
    (
        "scimstack-schema",
        &[HTTP, RUNTIME, ASYNC, STORAGE, RANDOM, &["nom"]],
        "the model is data: it does no input or output, and knows no language of queries",
    ),
    (
        "scimstack-filter",
        &[HTTP, RUNTIME, ASYNC, STORAGE, RANDOM],
        "the languages are functions from text and documents to values",
    ),
    (
        "scimstack-protocol",
        &[HTTP, RUNTIME, ASYNC, STORAGE, RANDOM],
        "messages are types; how they travel is the engine's and the client's business",
    ),
    (
        "scimstack-provisioning",
        &[HTTP, RUNTIME, ASYNC, STORAGE, RANDOM],
        "the state machines are sans-IO: time and chance are arguments",
    ),
    ("scimstack-store", &[HTTP, RUNTIME, STORAGE], "the contract binds every back end and every runtime alike"),
    ("scimstack-store-testkit", &[HTTP, RUNTIME, STORAGE], "the kit runs wherever the store under test runs"),
    (
        "scimstack-store-sqlite",
        &[HTTP, RUNTIME, &["deadpool-postgres", "postgres", "tokio-postgres"]],
        "the embedded store has threads of its own, and neither a runtime nor the wire",
    ),
    ("scimstack-store-postgres", &[HTTP, &["libsqlite3-sys", "rusqlite"]], "a store does not know the wire"),
    (
        "scimstack-server",
        &[RUNTIME, STORAGE, &["axum", "hyper", "hyper-util", "reqwest"]],
        "the engine turns requests into responses: sockets, runtimes and back ends are chosen by the program around it",
    ),
    (
        "scimstack-client",
        &[RUNTIME, STORAGE, &["axum", "hyper", "hyper-util", "reqwest"]],
        "without its default features: a ready transport and a clock come with the feature \"reqwest\" alone",
    ),
    (
        "scimstack",
        &[RUNTIME, STORAGE, &["axum", "hyper", "hyper-util", "reqwest"]],
        "whoever names only the facade gets no more than the engine's own needs",
    ),
];

/// Crates that are looked at without their default features, because these bring what the crate itself does not need.
pub const BARE: &[&str] = &["scimstack-client"];

/// What the source of a library may not say, and why: `(part of a line, reason)`.
const IMPURE: &[(&str, &str)] = &[
    ("Instant::now", "time is an argument"),
    ("SystemTime::now", "time is an argument"),
    ("Timestamp::now", "time is an argument"),
    ("Zoned::now", "time is an argument"),
    ("TcpListener", "sockets belong to programs"),
    ("TcpStream", "sockets belong to programs"),
    ("ToSocketAddrs", "names are looked up by programs"),
    ("UdpSocket", "sockets belong to programs"),
    ("std::env::var", "settings are arguments"),
    ("thread::sleep", "waiting belongs to programs"),
    ("getrandom::", "chance is an argument"),
    ("println!", "output belongs to programs"),
    ("eprintln!", "output belongs to programs"),
];

/// Exceptions to `IMPURE`, each with its reason: `(folder or file, part of a line, reason)`.
pub const IMPURE_ALL_THE_SAME: &[(&str, &str, &str)] = &[
    (
        "crates/scimstack-store-sqlite/src/open.rs",
        "thread::sleep",
        "SQLite waits for every lock by itself except the one for switching to write-ahead logging, once in a file's life",
    ),
    (
        "crates/scimstack-client/src/reqwest.rs",
        "SystemTime::now",
        "the clock that comes with the ready transport, behind its feature; everything else takes a `Timer`",
    ),
];

/// Libraries that cannot do without a runtime, and why.
const RUNTIME_ALL_THE_SAME: &[(&str, &str)] =
    &[("scimstack-store-postgres", "its driver is tokio-postgres, whose connections are tokio tasks")];

fn layer(name: &str) -> Layer {
    LAYERS.iter().find(|(known, _)| *known == name).map_or(Layer::L4, |(_, layer)| *layer)
}

/// Why `from` may not use `to`; `None` when it may.
#[must_use]
pub fn refusal(from: &str, to: &Dependency) -> Option<String> {
    let (above, below) = (layer(from), layer(&to.name));
    if to.name == "scimstack-derive" && USERS_OF_DERIVE.contains(&from) {
        return None;
    }
    if let Some((_, _, reason)) = REFUSED.iter().find(|(a, b, _)| *a == from && *b == to.name) {
        return Some((*reason).to_owned());
    }
    if let Some((_, _, feature)) = PERMITTED.iter().find(|(a, b, _)| *a == from && *b == to.name) {
        let reason = format!("the one arrow inside a layer stands behind the feature \"{feature}\"");
        return (!to.optional).then_some(reason);
    }
    let reason = match (above, below) {
        (Layer::Apart, _) if from == "scimstack-conformance" => "the suite judges from outside, and shares no mistake",
        (Layer::Apart, _) => "a proc macro cannot use the crate that it serves",
        (Layer::L4, _) => return None,
        (_, Layer::L4) => "a library does not use a program",
        (_, Layer::Apart) if to.name == "scimstack-conformance" => "what is judged does not use the judge",
        (_, Layer::Apart) => "derive macros are for the crate that has the trait, and for the facade",
        (_, Layer::Facade) => "the facade is for users: inside, each crate names what it needs",
        _ if above == below => "crates of one layer do not know each other; the layer above joins them",
        _ if above < below => "arrows point downward",
        _ => return None,
    };
    Some(reason.to_owned())
}

/// Every arrow of the workspace that should not be there. Dependencies of tests do not count.
#[must_use]
pub fn forbidden_edges(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        for dependency in &package.dependencies {
            let inside = packages.iter().any(|other| other.name == dependency.name);
            if !inside || dependency.kind == Kind::Development {
                continue;
            }
            if let Some(reason) = refusal(&package.name, dependency) {
                found.push(format!("{} may not depend on {}: {reason}", package.name, dependency.name));
            }
        }
    }
    found
}

/// Libraries without a layer, and layers without a library.
#[must_use]
pub fn unplaced(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let is_library = package.folder.starts_with("crates/");
        let is_placed = LAYERS.iter().any(|(name, _)| *name == package.name);
        match (is_library, is_placed) {
            (true, false) => found.push(format!("{} is a library and has no layer", package.name)),
            (false, true) => found.push(format!("{} has a layer and does not lie in crates/", package.name)),
            _ => {}
        }
        if is_library && package.folder != format!("crates/{}", package.name) {
            found.push(format!("{} lies in {}: a library's folder has its name", package.name, package.folder));
        }
        if is_library != package.published {
            found.push(format!(
                "{} lies in {}: libraries are published, programs are not",
                package.name, package.folder
            ));
        }
    }
    for (name, _) in LAYERS {
        if !packages.iter().any(|package| package.name == *name) {
            found.push(format!("{name} has a layer and does not exist"));
        }
    }
    found
}

/// Crates from outside that `package` may not have in its tree, and has.
#[must_use]
pub fn forbidden_outside(package: &str, tree: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (_, lists, reason) in OUTSIDE.iter().filter(|(name, ..)| *name == package) {
        for name in lists.iter().flat_map(|list| list.iter()) {
            if tree.iter().any(|reached| reached == name) {
                found.push(format!("{package} may not reach {name}: {reason}"));
            }
        }
    }
    found
}

/// Libraries that need a runtime whether their user wants one or not.
#[must_use]
pub fn runtimes_in_libraries(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages.iter().filter(|package| !matches!(layer(&package.name), Layer::L4)) {
        for dependency in &package.dependencies {
            let excused = RUNTIME_ALL_THE_SAME.iter().any(|(name, _)| *name == package.name);
            // Behind a feature a library may bring a ready transport, or a command: whoever wants it asks for it.
            let asked_for = dependency.optional || dependency.kind == Kind::Development;
            if RUNTIME.contains(&dependency.name.as_str()) && !asked_for && !excused {
                found.push(format!("{} needs {}: runtimes are the program's choice", package.name, dependency.name));
            }
        }
    }
    found
}

/// Lines of libraries that read a clock, open a socket or the like, outside tests and documentation.
#[must_use]
pub fn impure_lines(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let Some((package, rest)) = file.path.strip_prefix("crates/").and_then(|path| path.split_once("/src/")) else {
            continue;
        };
        let is_command = rest == "main.rs" || rest.starts_with("bin/") || layer(package) == Layer::L4;
        let is_test = rest == "tests.rs" || rest.ends_with("/tests.rs") || rest.contains("tests/");
        if !file.path.ends_with(".rs") || is_command || is_test || package == "scimstack-derive" {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            if line.trim_start().starts_with("#[cfg(test)]") {
                break;
            }
            if line.trim_start().starts_with("//") {
                continue;
            }
            for (part, reason) in IMPURE {
                let excused =
                    IMPURE_ALL_THE_SAME.iter().any(|(path, allowed, _)| file.path.starts_with(path) && allowed == part);
                if names(line, part) && !excused {
                    found.push(format!("{}:{}: `{part}`: {reason}", file.path, number + 1));
                }
            }
        }
    }
    found
}

/// Whether `line` says `part` as a word of its own, not as the end of a longer name.
fn names(line: &str, part: &str) -> bool {
    line.match_indices(part).any(|(at, _)| {
        !line.get(..at).unwrap_or_default().ends_with(|before: char| before.is_alphanumeric() || before == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &str, kind: Kind, optional: bool) -> Dependency {
        Dependency { name: name.to_owned(), kind, optional }
    }

    fn package(name: &str, dependencies: Vec<Dependency>) -> Package {
        let (published, folder) = match layer(name) {
            Layer::L4 if name != "scimstack-cli" => (false, format!("examples/{name}")),
            _ => (true, format!("crates/{name}")),
        };
        Package { name: name.to_owned(), folder, published, dependencies }
    }

    fn edge(from: &str, to: &str, kind: Kind, optional: bool) -> Vec<String> {
        forbidden_edges(&[package(from, vec![dependency(to, kind, optional)]), package(to, Vec::new())])
    }

    #[test]
    fn arrows_down_are_allowed() {
        for (from, to) in [
            ("scimstack-filter", "scimstack-schema"),
            ("scimstack-server", "scimstack-store"),
            ("scimstack-store-sqlite", "scimstack-filter"),
            ("scimstack", "scimstack-server"),
            ("scimstack", "scimstack-derive"),
            ("scimstack-schema", "scimstack-derive"),
            ("haystack-server", "scimstack-store-sqlite"),
            ("haystack-server", "scimstack-conformance"),
            ("haystack-server", "idp-simulator"),
            ("scimstack-cli", "scimstack-client"),
            ("scimstack-cli", "scimstack-conformance"),
            ("scimstack-cli", "scimstack-provisioning"),
        ] {
            assert_eq!(edge(from, to, Kind::Normal, false), Vec::<String>::new(), "{from} -> {to}");
        }
    }

    #[test]
    fn arrows_up_across_and_to_what_is_apart_are_refused() {
        for (from, to, because) in [
            ("scimstack-schema", "scimstack-filter", "downward"),
            ("scimstack-protocol", "scimstack-server", "downward"),
            ("scimstack-protocol", "scimstack-store", "one layer"),
            ("scimstack-server", "scimstack-store-sqlite", "one layer"),
            ("scimstack-server", "scimstack-provisioning", "one layer"),
            ("scimstack-store-sqlite", "scimstack-store-postgres", "one layer"),
            ("scimstack-provisioning", "scimstack-store", "holds the state"),
            ("scimstack-client", "scimstack-store", "messages"),
            ("scimstack-client", "scimstack-server", "one layer"),
            ("scimstack-store-sqlite", "scimstack-protocol", "change sets"),
            ("scimstack-conformance", "scimstack-schema", "from outside"),
            ("scimstack-conformance", "haystack-server", "from outside"),
            ("scimstack-derive", "scimstack-schema", "proc macro"),
            ("scimstack-filter", "scimstack-derive", "facade"),
            ("scimstack-server", "scimstack-conformance", "judge"),
            ("scimstack-server", "scimstack", "facade"),
            ("scimstack-server", "haystack-server", "program"),
            ("scimstack-client", "scimstack-cli", "program"),
        ] {
            let found = edge(from, to, Kind::Normal, false);
            assert_eq!(found.len(), 1, "{from} -> {to}");
            assert!(found[0].contains(because), "{}", found[0]);
            assert_eq!(edge(from, to, Kind::Build, false).len(), 1, "{from} -> {to}, for the build");
            assert_eq!(edge(from, to, Kind::Development, false).len(), 0, "{from} -> {to}, for tests");
        }
    }

    #[test]
    fn the_arrow_from_client_to_provisioning_stands_behind_a_feature() {
        assert_eq!(edge("scimstack-client", "scimstack-provisioning", Kind::Normal, true).len(), 0);
        assert_eq!(edge("scimstack-client", "scimstack-provisioning", Kind::Normal, false).len(), 1);
    }

    #[test]
    fn a_new_library_has_to_be_placed() {
        let mut packages: Vec<_> = LAYERS.iter().map(|(name, _)| package(name, Vec::new())).collect();
        assert_eq!(unplaced(&packages), Vec::<String>::new());
        let mut new = package("scimstack-events", Vec::new());
        new.folder = "crates/scimstack-events".to_owned();
        new.published = true;
        packages.push(new);
        assert_eq!(unplaced(&packages), ["scimstack-events is a library and has no layer"]);
    }

    #[test]
    fn a_library_that_is_gone_renamed_or_unpublished_is_found() {
        let mut packages: Vec<_> = LAYERS.iter().map(|(name, _)| package(name, Vec::new())).collect();
        let mut schema = packages.remove(0);
        assert_eq!(unplaced(&packages), ["scimstack-schema has a layer and does not exist"]);
        schema.folder = "crates/schema".to_owned();
        schema.published = false;
        packages.push(schema);
        assert_eq!(unplaced(&packages).len(), 2);
    }

    #[test]
    fn a_crate_from_outside_is_judged_by_who_reaches_it() {
        let tree: Vec<_> = ["bytes", "http", "tokio"].map(str::to_owned).into();
        assert_eq!(forbidden_outside("scimstack-schema", &tree).len(), 2);
        assert_eq!(forbidden_outside("scimstack-server", &tree).len(), 1);
        assert_eq!(forbidden_outside("scimstack-conformance", &tree).len(), 0);
    }

    #[test]
    fn a_library_brings_a_runtime_only_when_asked() {
        let found = |name: &str, kind, optional| {
            runtimes_in_libraries(&[package(name, vec![dependency("tokio", kind, optional)])]).len()
        };
        assert_eq!(found("scimstack-client", Kind::Normal, false), 1);
        assert_eq!(found("scimstack-client", Kind::Normal, true), 0);
        assert_eq!(found("scimstack-client", Kind::Development, false), 0);
        assert_eq!(found("scimstack-conformance", Kind::Normal, false), 1);
        assert_eq!(found("scimstack-store-postgres", Kind::Normal, false), 0);
        assert_eq!(found("haystack-server", Kind::Normal, false), 0);
    }

    #[test]
    fn a_clock_in_a_library_is_found_and_one_in_a_test_is_not() {
        let text = "//! Instant::now\nlet a = MyInstant::now();\nlet b = Instant::now();\n#[cfg(test)]\nInstant::now()";
        assert_eq!(impure_lines(&[File::new("crates/scimstack-store/src/memory.rs", text)]).len(), 1);
        for path in [
            "examples/demo/src/main.rs",
            "crates/scimstack-store/tests/memory.rs",
            "crates/scimstack-store/src/memory/tests.rs",
            "crates/scimstack-conformance/src/main.rs",
            "crates/scimstack-cli/src/commands/check.rs",
            "crates/scimstack-store/src/notes.md",
        ] {
            assert_eq!(impure_lines(&[File::new(path, text)]), Vec::<String>::new(), "{path}");
        }
    }
}
