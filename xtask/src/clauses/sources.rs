//! Where a test is: whether a function that the ledger names is there, is run as a test, and is compiled at all. It reads
//! the text of the sources, laid out as rustfmt lays it out; what it owns is the list of the forms a test has here.

/// The text of a file of the repository, by its path from the top; nothing when there is no such file.
pub(crate) type Read<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// A test as the ledger names it: `crates/…/filters.rs::every_vector_has_its_result#title pr`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Test<'a> {
    path: &'a str,
    function: &'a str,
    /// What stands in the data that the test runs over.
    datum: Option<&'a str>,
}

impl<'a> Test<'a> {
    pub(crate) fn parse(name: &'a str) -> Option<Self> {
        let (path, rest) = name.split_once("::")?;
        let (function, datum) = match rest.split_once('#') {
            Some((function, datum)) => (function, Some(datum)),
            None => (rest, None),
        };
        let is_name = !function.is_empty() && function.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let is_path = path.ends_with(".rs") && !path.starts_with('/') && path.split('/').all(|part| part != "..");
        (is_name && is_path && datum != Some("")).then_some(Self { path, function, datum })
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn complaint(&self, read: &Read<'_>) -> Option<String> {
        let Self { path, function, datum } = self;
        let Some(text) = read(path) else {
            return Some(format!("there is no file {path}"));
        };
        if !is_compiled(path, read) {
            return Some(format!("no `mod` names {path}: it is not compiled"));
        }
        if !text.lines().any(|line| is_function(line, function)) {
            return Some(format!("there is no function {function} in {path}"));
        }
        if !is_test(&text, function) {
            return Some(format!("{function} in {path} is no test"));
        }
        match datum {
            Some(datum) if !text.contains(datum) && !data(path, &text, read).any(|data| data.contains(datum)) => {
                Some(format!("neither {path} nor its data has \"{datum}\""))
            }
            _ => None,
        }
    }
}

/// Whether a line begins the function of this name.
fn is_function(line: &str, name: &str) -> bool {
    let mut line = line.trim_start();
    for before in ["#[test] ", "pub(crate) ", "pub ", "async "] {
        line = line.strip_prefix(before).unwrap_or(line);
    }
    let rest = line.strip_prefix("fn ").and_then(|line| line.strip_prefix(name));
    rest.is_some_and(|rest| rest.starts_with(['(', '<']))
}

/// Whether the function of this name, which is there, is run as a test.
fn is_test(text: &str, name: &str) -> bool {
    has_attribute(text, name) || is_run_over_stores(text, name) || is_check_of_the_kit(text, name)
}

/// `#[test]` or `#[tokio::test]`, also inside `proptest!`.
fn has_attribute(text: &str, name: &str) -> bool {
    let marks = |line: &str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    let mut marked = false;
    for line in text.lines().map(str::trim_start) {
        if is_function(line, name) && (marked || marks(line)) {
            return true;
        }
        // Attributes and comments stand between; anything else ends what a mark belongs to.
        marked = marks(line) || marked && (line.starts_with("#[") || line.starts_with("//"));
    }
    false
}

/// A row `name in Setting::…;` of `over_every_store!`, which makes a test of the function for each store.
fn is_run_over_stores(text: &str, name: &str) -> bool {
    let blocks = text.split("\nover_every_store! {\n").skip(1).filter_map(|rest| rest.split("\n}").next());
    blocks
        .flat_map(str::lines)
        .any(|line| line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with(" in ")))
}

/// A row `check!("…", …, name)` of the store kit's tables. Each store's own tests run all of them.
fn is_check_of_the_kit(text: &str, name: &str) -> bool {
    let rows = text.lines().filter(|line| line.trim_start().starts_with("check!(\""));
    rows.filter_map(|row| row.trim_end().strip_suffix("),")).any(|row| row.ends_with(&format!(", {name}")))
}

/// The files that a test's file includes.
fn data<'a>(path: &'a str, text: &'a str, read: &'a Read<'_>) -> impl Iterator<Item = String> + 'a {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let included = text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next());
    included.filter_map(move |file| read(&join(folder, file)))
}

/// `a/b` and `../c` make `a/c`.
fn join(folder: &str, file: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in file.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether cargo or a `mod` of a file that is compiled leads to this file.
fn is_compiled(path: &str, read: &Read<'_>) -> bool {
    let Some((folder, file)) = path.rsplit_once('/') else { return false };
    let stem = file.trim_end_matches(".rs");
    let is_target = |folder: &str, file: &str| {
        let package =
            |below: &str| folder.strip_suffix(below).is_some_and(|p| read(&format!("{p}Cargo.toml")).is_some());
        package("tests") || package("src") && matches!(file, "lib.rs" | "main.rs")
    };
    if is_target(folder, file) {
        return true;
    }
    let (above, name) = folder.rsplit_once('/').unwrap_or(("", folder));
    // A folder of tests with a `main.rs` is a target too.
    if file == "main.rs" && is_target(above, &format!("{name}.rs")) {
        return true;
    }
    let (parents, module) = match stem {
        "mod" => (beside(above), name),
        stem => (beside(folder), stem),
    };
    let declares = |text: &str| {
        let line = format!("mod {module};");
        text.lines().any(|found| found.ends_with(&line) && !found.trim_start().starts_with("//"))
    };
    parents.iter().any(|parent| read(parent).is_some_and(|text| declares(&text)) && is_compiled(parent, read))
}

/// The files that may declare the modules of a folder.
fn beside(folder: &str) -> Vec<String> {
    let mut files: Vec<String> =
        ["mod.rs", "lib.rs", "main.rs"].iter().map(|file| format!("{folder}/{file}")).collect();
    files.push(format!("{folder}.rs"));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: &str = "crates/a/tests/rfc/main.rs";

    /// A package `crates/a` with these files.
    fn complaint(files: &[(&str, &str)], name: &str) -> Option<String> {
        let read = |path: &str| {
            let package = ("crates/a/Cargo.toml", "");
            let found = files.iter().chain([&package]).find(|(known, _)| *known == path);
            found.map(|(_, text)| (*text).to_owned())
        };
        Test::parse(name).expect(name).complaint(&read)
    }

    fn in_file(text: &str, function: &str) -> Option<String> {
        complaint(&[("crates/a/tests/t.rs", text)], &format!("crates/a/tests/t.rs::{function}"))
    }

    #[test]
    fn a_name_is_a_path_a_function_and_perhaps_a_datum() {
        let parsed = Test::parse("a/b.rs::c#d :: e # f").unwrap();
        assert_eq!(parsed, Test { path: "a/b.rs", function: "c", datum: Some("d :: e # f") });
        for wrong in ["", "a.rs", "a.rs::", "a::b", "a.rs::tests::b", "a.rs::b#", "/a.rs::b", "../a.rs::b", "a.rs::b c"]
        {
            assert_eq!(Test::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_form_of_a_test_is_known() {
        for text in [
            "#[test]\nfn it() {}\n",
            "mod tests {\n    #[test]\n    fn it() {\n    }\n}\n",
            "#[tokio::test(flavor = \"multi_thread\")]\nasync fn it() {}\n",
            "#[test]\n#[should_panic = \"x\"]\n// why\nfn it() {}\n",
            "proptest! {\n    /// a law\n    #[test]\n    fn it(a in any::<u8>()) {}\n}\n",
            "proptest! {\n    #[test] fn it(a in any::<u8>()) {}\n}\n",
            "\nover_every_store! {\n    other in Setting::rfc();\n    it in Setting::rfc();\n}\n\nfn it(w: &World) {}\n",
            "const CHECKS: &[Check] = &[\n    check!(\"it is so\", &[A, B], it),\n];\nasync fn it(world: World) {}\n",
        ] {
            assert_eq!(in_file(text, "it"), None, "{text}");
        }
    }

    #[test]
    fn what_is_never_run_is_no_test() {
        for text in [
            "fn it() {}\n",
            "// #[test]\nfn it() {}\n",
            "#[test]\nfn other() {}\nfn it() {}\n",
            "#[test]\nfn other() { it() }\n\nfn it() {}\n",
            "over_every_store! {\n    it_too in Setting::rfc();\n}\nfn it(w: &World) {}\n",
            "\nover_every_store! {\n    // it in Setting::rfc();\n}\nfn it(w: &World) {}\n",
            "    // check!(\"it is so\", &[], it),\nasync fn it(world: World) {}\n",
            "    check!(\"it is so\", &[], quit),\nasync fn it(world: World) {}\n",
        ] {
            assert_eq!(in_file(text, "it").as_deref(), Some("it in crates/a/tests/t.rs is no test"), "{text}");
        }
    }

    #[test]
    fn a_function_and_a_file_that_are_not_there_are_found() {
        let none = Some("there is no function it in crates/a/tests/t.rs".to_owned());
        for text in ["", "// fn it() {}\n", "#[test]\nfn it_is() {}\n", "#[test]\nfn is_it() {}\n"] {
            assert_eq!(in_file(text, "it"), none, "{text}");
        }
        let gone = complaint(&[], "crates/a/tests/t.rs::it");
        assert_eq!(gone.as_deref(), Some("there is no file crates/a/tests/t.rs"));
    }

    #[test]
    fn a_file_that_no_module_names_is_found() {
        let test = "#[test]\nfn it() {}\n";
        let deep = [
            (MAIN, "mod one;\n"),
            ("crates/a/tests/rfc/one/mod.rs", "mod two;\n"),
            ("crates/a/tests/rfc/one/two.rs", test),
        ];
        assert_eq!(complaint(&deep, "crates/a/tests/rfc/one/two.rs::it"), None);
        let lib = [
            ("crates/a/src/lib.rs", "pub mod one;\n"),
            ("crates/a/src/one.rs", "mod two;"),
            ("crates/a/src/one/two.rs", test),
        ];
        assert_eq!(complaint(&lib, "crates/a/src/one/two.rs::it"), None);
        assert_eq!(complaint(&[(MAIN, test)], &format!("{MAIN}::it")), None);
        for main in ["", "// mod one;\n", "mod two;\n", "mod one_more;\n"] {
            let files = [(MAIN, main), ("crates/a/tests/rfc/one.rs", test)];
            let found = complaint(&files, "crates/a/tests/rfc/one.rs::it");
            assert_eq!(
                found.as_deref(),
                Some("no `mod` names crates/a/tests/rfc/one.rs: it is not compiled"),
                "{main}"
            );
        }
        let orphan = [("crates/a/src/one.rs", "mod two;"), ("crates/a/src/one/two.rs", test)];
        assert!(complaint(&orphan, "crates/a/src/one/two.rs::it").is_some(), "what names it is not compiled either");
    }

    #[test]
    fn a_datum_is_in_the_file_or_in_what_it_includes() {
        let test = "#[test]\nfn it() {\n    let all = [\"here\", include_str!(\"../vectors/v.txt\")];\n}\n";
        let files = [(MAIN, test), ("crates/a/tests/vectors/v.txt", "F1 title pr\nF2 nickName pr\n")];
        for (datum, there) in [("here", true), ("F2 nick", true), ("F3", false)] {
            let found = complaint(&files, &format!("{MAIN}::it#{datum}"));
            assert_eq!(found.is_none(), there, "{datum}: {found:?}");
        }
    }
}
