//! What is parsed: RFC 7644 §3.4.2.2's language, in five shapes that cost a parser different things.

/// A filter.
pub(crate) struct Case {
    /// What the table calls it.
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

pub(crate) const CASES: [Case; 5] = [
    Case { name: "eq", text: r#"userName eq "ann@example.com""# },
    Case { name: "value path", text: r#"emails[type eq "work" and value co "@example.com"]"# },
    Case {
        name: "eight terms",
        text: concat!(
            r#"(userName sw "ann" or userName sw "bo") and active eq true and not (title eq "Intern") or "#,
            r#"userType eq "Employee" and name.familyName co "ex" or title pr and "#,
            r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
        ),
    },
    Case {
        name: "URN",
        text: r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "Research""#,
    },
    Case {
        name: "50 parentheses",
        text: concat!(
            "((((((((((((((((((((((((((((((((((((((((((((((((((",
            r#"userName eq "ann""#,
            "))))))))))))))))))))))))))))))))))))))))))))))))))",
        ),
    },
];
