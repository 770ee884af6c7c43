//! What is cited exists: RFC numbers and their sections, wherever code or documents name them as `RFC 7644 §3.5.2`.

use crate::workspace::File;
use std::collections::BTreeSet;

/// The documents that may be cited, and their sections where they are listed.
#[derive(Debug)]
pub struct Catalogue {
    documents: Vec<(String, Option<Vec<String>>)>,
}

impl Catalogue {
    /// From lines like `7643: 1 1.1 2` or, for a document whose sections are not listed, `3339`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let documents = lines.map(|line| match line.split_once(':') {
            Some((number, sections)) => {
                (number.to_owned(), Some(sections.split_whitespace().map(ToOwned::to_owned).collect()))
            }
            None => (line.to_owned(), None),
        });
        Self { documents: documents.collect() }
    }

    fn complaint(&self, citation: &Citation) -> Option<String> {
        let number = &citation.document;
        let Some((_, sections)) = self.documents.iter().find(|(known, _)| known == number) else {
            return Some(format!("RFC {number} is not in the list of documents"));
        };
        let section = citation.section.as_ref()?;
        let missing = sections.as_ref()?.iter().all(|known| known != section);
        missing.then(|| format!("RFC {number} has no section {section}"))
    }
}

/// One citation.
#[derive(Debug, PartialEq, Eq)]
struct Citation {
    document: String,
    section: Option<String>,
}

/// Citations that lead nowhere.
#[must_use]
pub fn wrong(files: &[File], catalogue: &Catalogue) -> Vec<String> {
    let mut found = Vec::new();
    let cited = |path: &str| [".rs", ".md", ".toml", ".py", ".json"].iter().any(|end| path.ends_with(end));
    for file in files.iter().filter(|file| cited(&file.path)) {
        for (number, line) in file.text.lines().enumerate() {
            for citation in citations(line) {
                if let Some(complaint) = catalogue.complaint(&citation) {
                    found.push(format!("{}:{}: {complaint}", file.path, number + 1));
                }
            }
        }
    }
    found
}

/// The sections that are cited, each once, as `7644 §3.5.2`.
#[must_use]
pub fn sections(files: &[File]) -> BTreeSet<String> {
    let lines = files.iter().flat_map(|file| file.text.lines());
    let cited = lines.flat_map(citations).filter_map(|citation| Some((citation.document, citation.section?)));
    cited.map(|(document, section)| format!("{document} §{section}")).collect()
}

/// How many sections are cited: none would mean that the check looks for the wrong thing.
#[must_use]
pub fn count(files: &[File]) -> usize {
    files.iter().flat_map(|file| file.text.lines()).map(|line| citations(line).len()).sum()
}

/// The citations of a line: each `RFC nnnn`, and each `§` that follows one on the line.
fn citations(line: &str) -> Vec<Citation> {
    let mut found = Vec::new();
    let mut document: Option<String> = None;
    let mut rest = line;
    while let Some(at) = rest.find(['§', 'R']) {
        let here = rest.get(at..).unwrap_or_default();
        if let Some(after) = here.strip_prefix('§') {
            let section = digits_and_dots(after.trim_start_matches(['§', ' ']));
            if let (Some(document), false) = (&document, section.is_empty()) {
                found.push(Citation { document: document.clone(), section: Some(section.to_owned()) });
            }
            rest = after;
        } else if let Some(after) = here.strip_prefix("RFC") {
            let number = after.trim_start_matches([' ', '-', '\u{a0}']);
            let digits = digits_and_dots(number);
            if digits.len() == 4 && !digits.contains('.') {
                found.push(Citation { document: digits.to_owned(), section: None });
                document = Some(digits.to_owned());
            }
            rest = after;
        } else {
            rest = here.get(1..).unwrap_or_default();
        }
        // What stands before a mark of another document (`requirements.md §2`) is no RFC.
        let upto = rest.find(['§', 'R']).unwrap_or(rest.len());
        if rest.get(..upto).is_some_and(|between| between.contains(".md")) {
            document = None;
        }
    }
    found
}

/// `3.5.2` of `3.5.2, and`; a dot at the end belongs to the sentence.
fn digits_and_dots(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.get(..end).unwrap_or_default().trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<String> {
        citations(line)
            .into_iter()
            .filter_map(|citation| Some(format!("{} {}", citation.document, citation.section?)))
            .collect()
    }

    #[test]
    fn sections_are_read_with_their_document() {
        for (line, expected) in [
            ("//! Filters (RFC 7644 §3.4.2.2).", vec!["7644 3.4.2.2"]),
            ("RFC 7644 §3.5.2, §7; RFC 7643 §2.1.", vec!["7644 3.5.2", "7644 7", "7643 2.1"]),
            ("RFC7644 §3.10 and RFC-9865 § 4", vec!["7644 3.10", "9865 4"]),
            ("see semantics.md §5", vec![]),
            ("RFC 7644, and spec/decisions.md §5", vec![]),
            ("RFC 7644 Table 9", vec![]),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_cited_twice_counts_once() {
        let files = [File::new("a.rs", "RFC 7644 §3.5, §7\n"), File::new("b.rs", "RFC 7644 §3.5, RFC 3339\n")];
        assert_eq!(sections(&files).into_iter().collect::<Vec<_>>(), ["7644 §3.5", "7644 §7"]);
    }

    #[test]
    fn a_section_or_a_document_that_does_not_exist_is_found() {
        let catalogue = Catalogue::parse("# of the wire\n7644: 1 3.5\n3339\n");
        let found = |line: &str| wrong(&[File::new("a.rs", line)], &catalogue);
        assert_eq!(found("RFC 7644 §3.5, RFC 3339 §5.6"), Vec::<String>::new());
        // Put together, so that the check of the repository does not find them here.
        assert_eq!(found(&["\nRFC 7644 §", "3.60"].concat()), ["a.rs:2: RFC 7644 has no section 3.60"]);
        assert_eq!(found(&["RFC ", "7645"].concat()).len(), 1);
    }
}
