//! What a token may be used for, in the words of OAuth's `scope` (RFC 6749 §3.3): `read write users groups`.
//! Left out: where it is asked ([`crate::engine`]).
//!
//! ```
//! use scimstack_server::TokenScopes;
//!
//! let scopes: TokenScopes = "users read".parse()?;
//! assert!(scopes.may_read("User") && !scopes.may_write("User") && !scopes.may_read("Group"));
//! assert_eq!(scopes.to_string(), "read users");
//! assert!(TokenScopes::default().may_write("Group"));
//! # Ok::<(), scimstack_server::admin::AdminError>(())
//! ```

use super::model::AdminError;
use std::fmt;
use std::str::FromStr;

/// What a token may be used for. The default is everything.
///
/// `read` and `write` are about methods: `write` lets it read too; with neither, it may do both. `users` and `groups` are about
/// resource types: with one of them, no other type can be read, found or written; with neither, all can. What the schemas
/// and the provider's configuration say, everyone may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenScopes {
    read: bool,
    write: bool,
    users: bool,
    groups: bool,
}

impl TokenScopes {
    /// Whether resources of this type may be read and found.
    #[must_use]
    pub fn may_read(self, resource_type: &str) -> bool {
        match resource_type {
            _ if !self.users && !self.groups => true,
            "User" => self.users,
            "Group" => self.groups,
            _ => false,
        }
    }

    /// Whether resources of this type may be made, changed and deleted.
    #[must_use]
    pub fn may_write(self, resource_type: &str) -> bool {
        (self.write || !self.read) && self.may_read(resource_type)
    }

    /// Of what is asked for, what may be had: all of it, or `None`. Who asks for nothing in particular gets everything
    /// (RFC 6749 §3.3).
    #[must_use]
    pub fn narrowed(self, asked: Self) -> Option<Self> {
        let (read, write) = match (self.read, self.write, asked.read || asked.write) {
            (read, write, false) => (read, write),
            (true, false, _) if asked.write => return None,
            // Whoever may write may read.
            _ => (asked.read, asked.write),
        };
        let (users, groups) = match (self.users || self.groups, asked.users || asked.groups) {
            (_, false) => (self.users, self.groups),
            (true, true) if asked.users && !self.users || asked.groups && !self.groups => return None,
            _ => (asked.users, asked.groups),
        };
        Some(Self { read, write, users, groups })
    }

    /// Whether it is held to nothing.
    #[must_use]
    pub fn is_everything(self) -> bool {
        self == Self::default()
    }

    fn words(self) -> [(&'static str, bool); 4] {
        [("read", self.read), ("write", self.write), ("users", self.users), ("groups", self.groups)]
    }
}

impl fmt::Display for TokenScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.words().into_iter().filter(|(_, has)| *has).map(|(word, _)| word).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for TokenScopes {
    type Err = AdminError;

    /// Words with spaces or commas between them; none is everything.
    fn from_str(text: &str) -> Result<Self, AdminError> {
        let mut scopes = Self::default();
        for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
            let scope = match word {
                "read" => &mut scopes.read,
                "write" => &mut scopes.write,
                "users" => &mut scopes.users,
                "groups" => &mut scopes.groups,
                other => {
                    let other = other.escape_debug();
                    return Err(AdminError::Invalid(format!(
                        "\"{other}\" is no scope; there are read, write, users and groups"
                    )));
                }
            };
            *scope = true;
        }
        Ok(scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scopes_allow() {
        let types = ["User", "Group", "Device"];
        for (scopes, reads, writes) in [
            ("", [true, true, true], [true, true, true]),
            ("read", [true, true, true], [false, false, false]),
            ("write", [true, true, true], [true, true, true]),
            ("read write", [true, true, true], [true, true, true]),
            ("users", [true, false, false], [true, false, false]),
            ("groups,read", [false, true, false], [false, false, false]),
            ("users groups write", [true, true, false], [true, true, false]),
        ] {
            let scopes: TokenScopes = scopes.parse().unwrap();
            assert_eq!(types.map(|name| scopes.may_read(name)), reads, "{scopes}");
            assert_eq!(types.map(|name| scopes.may_write(name)), writes, "{scopes}");
            assert_eq!(scopes.to_string().parse::<TokenScopes>().unwrap(), scopes);
        }
        for (has, asks, gets) in [
            ("", "", Some("")),
            ("", "read groups", Some("read groups")),
            ("read", "", Some("read")),
            ("read", "write", None),
            ("read", "read write", None),
            ("write", "read", Some("read")),
            ("write", "", Some("write")),
            ("write users", "users", Some("write users")),
            ("users", "read", Some("read users")),
            ("users", "users groups", None),
            ("users groups", "groups", Some("groups")),
        ] {
            let (has, asks): (TokenScopes, TokenScopes) = (has.parse().unwrap(), asks.parse().unwrap());
            assert_eq!(has.narrowed(asks).map(|scopes| scopes.to_string()).as_deref(), gets, "{has} of {asks}");
        }
        for bad in ["all", "Read", "users;groups", "*"] {
            assert!(bad.parse::<TokenScopes>().is_err(), "{bad}");
        }
    }
}
