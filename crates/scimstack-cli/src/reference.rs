//! What is meant by `Users/7`: an endpoint and an id below the base URL; and by `./ann.json`: a file.

use crate::failure::{Result, usage};
use std::path::Path;

/// The resources at one endpoint, or one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The endpoint, with its slash: `/Users`.
    pub(crate) endpoint: String,
    /// The id, decoded; without one, the endpoint itself is meant.
    pub(crate) id: Option<String>,
}

impl Reference {
    /// Reads `Users/7`, `/Users/7`, `user/7`, `Users`; what comes after the first slash is the id, slashes included.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim_start_matches('/');
        let (endpoint, id) = match text.split_once('/') {
            Some((endpoint, id)) if !id.is_empty() => (endpoint, Some(id.to_owned())),
            Some((endpoint, _)) => (endpoint, None),
            None => (text, None),
        };
        Self { endpoint: format!("/{}", spelled(endpoint)), id }
    }

    /// One resource.
    pub(crate) fn resource(text: &str) -> Result<(String, String)> {
        let found = Self::parse(text);
        match found.id {
            Some(id) => Ok((found.endpoint, id)),
            None => Err(usage(format!("{text:?} names no resource; write one such as Users/2819c223"))),
        }
    }
}

/// The usual endpoints, however they are spelled.
fn spelled(endpoint: &str) -> &str {
    match endpoint.to_ascii_lowercase().as_str() {
        "user" | "users" => "Users",
        "group" | "groups" => "Groups",
        "me" => "Me",
        _ => endpoint,
    }
}

/// Whether a file is meant and no resource.
pub(crate) fn is_file(text: &str) -> bool {
    text == "-" || text.starts_with('.') || Path::new(text).is_absolute() && Path::new(text).exists() || {
        text.to_ascii_lowercase().ends_with(".json") || Path::new(text).is_file()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_and_an_id_are_told_apart() {
        for (text, endpoint, id) in [
            ("Users/7", "/Users", Some("7")),
            ("/users/a/b c", "/Users", Some("a/b c")),
            ("group/", "/Groups", None),
            ("Schemas/urn:x:User", "/Schemas", Some("urn:x:User")),
            ("Badges", "/Badges", None),
            ("", "/", None),
        ] {
            let found = Reference::parse(text);
            assert_eq!((found.endpoint.as_str(), found.id.as_deref()), (endpoint, id), "{text}");
        }
        assert!(Reference::resource("Users").is_err());
    }

    #[test]
    fn a_file_is_told_from_a_resource() {
        for text in ["-", "./ann", "../x", "ann.json", "ANN.JSON"] {
            assert!(is_file(text), "{text}");
        }
        for text in ["Users/7", "/Users/7", "Badges/x"] {
            assert!(!is_file(text), "{text}");
        }
    }
}
