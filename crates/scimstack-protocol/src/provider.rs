//! The service provider's configuration (RFC 7643 §5, RFC 9865 §4): what a server says it can do. Whoever makes one says
//! only what is so.
//!
//! ```
//! use scimstack_protocol::provider::{Features, Pagination};
//!
//! let features = Features::new(200, Pagination { default_page: 100, max_page: 200, cursor_timeout: None });
//! let document = features.to_value("https://idp.test/scim/v2/ServiceProviderConfig");
//! assert_eq!(document.get("filter").unwrap().get("maxResults").unwrap().to_string(), "200");
//! ```

use scimstack_schema::uri::SERVICE_PROVIDER_CONFIG;
use scimstack_schema::{Object, Value};

/// What a service provider can do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Features {
    /// PATCH.
    pub patch: bool,
    /// The most operations and the most bytes of a bulk request; `None` without bulk.
    pub bulk: Option<(u32, u64)>,
    /// The most resources a filter brings.
    pub max_results: u32,
    /// Changing one's own password.
    pub change_password: bool,
    /// `sortBy`.
    pub sort: bool,
    /// Entity tags.
    pub etag: bool,
    /// How lists are paged.
    pub pagination: Pagination,
}

/// How lists are paged: by index, and perhaps by cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pagination {
    /// Resources on a page when the client does not say.
    pub default_page: u32,
    /// The most resources on a page.
    pub max_page: u32,
    /// Seconds for which a cursor can be used; `None` without cursors.
    pub cursor_timeout: Option<u32>,
}

impl Features {
    /// PATCH, filters, sorting and entity tags; bearer tokens; no changing of passwords, and no bulk until
    /// [`Features::bulk`] is set.
    #[must_use]
    pub fn new(max_results: u32, pagination: Pagination) -> Self {
        Self { patch: true, bulk: None, max_results, change_password: false, sort: true, etag: true, pagination }
    }

    /// The ServiceProviderConfig resource at `location`.
    #[must_use]
    pub fn to_value(&self, location: &str) -> Value {
        let supported = |yes: bool| -> Object { [("supported", yes)].into_iter().collect() };
        let mut bulk = supported(self.bulk.is_some());
        let (operations, bytes) = self.bulk.unwrap_or_default();
        bulk.insert("maxOperations", i64::from(operations));
        bulk.insert("maxPayloadSize", i64::try_from(bytes).unwrap_or(i64::MAX));
        let mut filter = supported(true);
        filter.insert("maxResults", i64::from(self.max_results));

        let bearer = Scheme {
            r#type: "oauthbearertoken",
            name: "Bearer token",
            description: "A token made by an administrator, sent as \"Authorization: Bearer\" with every request.",
            specification: "https://www.rfc-editor.org/info/rfc6750",
        };
        let basic = Scheme {
            r#type: "httpbasic",
            name: "HTTP Basic",
            description: "For clients that can do nothing else: any user name, and a token made by an administrator as the \
                          password.",
            specification: "https://www.rfc-editor.org/info/rfc7617",
        };

        let mut pagination = Object::new();
        pagination.insert("cursor", self.pagination.cursor_timeout.is_some());
        pagination.insert("index", true);
        pagination.insert("defaultPaginationMethod", "index");
        pagination.insert("defaultPageSize", i64::from(self.pagination.default_page));
        pagination.insert("maxPageSize", i64::from(self.pagination.max_page));
        if let Some(seconds) = self.pagination.cursor_timeout {
            pagination.insert("cursorTimeout", i64::from(seconds));
        }

        let mut meta = Object::new();
        meta.insert("resourceType", "ServiceProviderConfig");
        meta.insert("location", location);

        let mut document = Object::new();
        document.insert("schemas", vec![SERVICE_PROVIDER_CONFIG]);
        document.insert("patch", supported(self.patch));
        document.insert("bulk", bulk);
        document.insert("filter", filter);
        document.insert("changePassword", supported(self.change_password));
        document.insert("sort", supported(self.sort));
        document.insert("etag", supported(self.etag));
        document.insert("pagination", pagination);
        document.insert("authenticationSchemes", vec![bearer.shown(true), basic.shown(false)]);
        document.insert("meta", meta);
        document.into()
    }
}

/// A way to be authenticated (RFC 7643 §5).
struct Scheme {
    r#type: &'static str,
    name: &'static str,
    description: &'static str,
    specification: &'static str,
}

impl Scheme {
    fn shown(&self, is_primary: bool) -> Object {
        let mut scheme = Object::new();
        scheme.insert("type", self.r#type);
        scheme.insert("name", self.name);
        scheme.insert("description", self.description);
        scheme.insert("specUri", self.specification);
        scheme.insert("primary", is_primary);
        scheme
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_said_with_their_lifetime() {
        let pagination = Pagination { default_page: 100, max_page: 200, cursor_timeout: Some(60) };
        let text = Features::new(200, pagination).to_value("https://x.test/c").to_string();
        assert!(
            text.contains(r#""pagination":{"cursor":true,"index":true,"defaultPaginationMethod":"index","#),
            "{text}"
        );
        assert!(text.contains(r#""maxPageSize":200,"cursorTimeout":60}"#), "{text}");
    }

    #[test]
    fn what_is_not_supported_is_said_with_zeros() {
        let document = Features::new(200, Pagination { default_page: 100, max_page: 200, cursor_timeout: None })
            .to_value("https://x.test/c");
        let text = document.to_string();
        for part in [
            r#""patch":{"supported":true}"#,
            r#""bulk":{"supported":false,"maxOperations":0,"maxPayloadSize":0}"#,
            r#""filter":{"supported":true,"maxResults":200}"#,
            r#""changePassword":{"supported":false}"#,
            r#""pagination":{"cursor":false,"index":true,"#,
            r#""type":"oauthbearertoken""#,
            r#""type":"httpbasic""#,
            r#""meta":{"resourceType":"ServiceProviderConfig","location":"https://x.test/c"}"#,
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
