//! Lies told about what a filter finds, and in which order.

use crate::traffic::{Ask, Reply};
use crate::{Lie, deed, lie, prove};
use serde_json::json;

/// `name eq "…"` and nothing else: the text.
fn by_name(a: &Ask<'_>) -> Option<String> {
    let filter = a.filter();
    let name = filter.strip_prefix("name eq \"")?.strip_suffix('"')?;
    (a.lists() && !name.contains('"')).then(|| name.to_owned())
}

/// The id that the filter ends with.
fn id(a: &Ask<'_>) -> String {
    a.filter().rsplit("id eq \"").next().unwrap().trim_end_matches('"').to_owned()
}

fn nothing_if(is_meant: bool, r: &mut Reply) {
    if is_meant {
        r.nothing();
    }
}

fn more_if(is_meant: bool, r: &mut Reply) {
    if is_meant {
        r.push("another");
    }
}

pub(crate) fn lies() -> Vec<Lie> {
    vec![
        lie("filter-eq", |a, r| {
            let is_plain = by_name(a).is_some_and(|name| name == name.to_lowercase() && !name.contains('%'));
            let is_found = is_plain && !r.list().is_empty();
            more_if(is_found, r);
        }),
        lie("filter-ne", |a, r| nothing_if(a.filter().contains(" ne "), r)),
        lie("filter-co", |a, r| nothing_if(a.filter().starts_with("name co "), r)),
        lie("filter-sw", |a, r| {
            more_if(a.filter().starts_with("name sw \"") && !a.filter().starts_with("name sw \"scimcheck"), r)
        }),
        lie("filter-ew", |a, r| nothing_if(a.filter().contains(" ew "), r)),
        lie("filter-pr", |a, r| nothing_if(a.filter().starts_with("name pr and"), r)),
        lie("filter-and", |a, r| {
            more_if(
                a.filter().starts_with("name eq")
                    && a.filter().ends_with("and id eq \"scimcheck\"")
                    && !a.filter().contains(" or "),
                r,
            )
        }),
        lie("filter-or", |a, r| nothing_if(a.filter().starts_with("name eq \"scimcheck\" or "), r)),
        lie("filter-not", |a, r| nothing_if(a.filter().starts_with("not (name eq"), r)),
        lie("filter-and-binds-before-or", |a, r| {
            more_if(a.filter().starts_with("(name eq") && a.filter().contains(" or id eq"), r)
        }),
        lie("filter-names-have-no-case", |a, r| nothing_if(a.filter().starts_with("NAME eq"), r)),
        lie("filter-operators-have-no-case", |a, r| nothing_if(a.filter().contains(" EQ "), r)),
        lie("filter-values-have-no-case", |a, r| {
            nothing_if(by_name(a).is_some_and(|name| name.starts_with("SCIMCHECK")), r)
        }),
        lie("filter-long-names", |a, r| nothing_if(a.filter().starts_with("urn:"), r)),
        lie("filter-values-are-json", |a, r| nothing_if(a.filter().contains("say \\\"hi"), r)),
        lie("filter-without-match-is-empty", |a, r| {
            if by_name(a).is_some_and(|name| !a.was_named(&name) && name == name.to_lowercase()) {
                *r = Reply::refused(404);
            }
        }),
        lie("filter-unknown-operator-is-invalid-filter", |a, r| {
            if a.filter().contains("id scimcheck") {
                r.drop("/scimType");
            }
        }),
        deed("filter-broken-is-400", |a| (a.lists() && a.filter() == "and").then(|| Reply::done(200))),
        lie("filter-of-what-is-not-there", |a, r| more_if(a.filter().starts_with("note eq \"scimcheck\" and"), r)),
    ]
}

pub(crate) fn values() -> Vec<Lie> {
    let mut lies = vec![
        lie("filter-every-attribute-by-eq", |a, r| nothing_if(a.filter().starts_with("(manual eq"), r)),
        lie("filter-order-of-text", |a, r| nothing_if(a.filter().starts_with("(name ge"), r)),
        lie("filter-order-of-numbers", |a, r| nothing_if(a.filter().starts_with("(count lt"), r)),
        lie("filter-order-of-times", |a, r| nothing_if(a.filter().starts_with("(builtAt gt"), r)),
        deed("filter-order-of-booleans-is-refused", |a| a.filter().contains("fragile gt").then(|| Reply::done(200))),
        lie("filter-by-sub-attribute", |a, r| nothing_if(a.filter().starts_with("(tags.value eq"), r)),
        lie("filter-value-path", |a, r| {
            if a.filter().starts_with("(tags[type") && r.list().is_empty() {
                r.push(&id(a));
            }
        }),
        lie("filter-case-exact", |a, r| {
            if a.filter().starts_with("(code eq \"CHECK") {
                r.push(&id(a));
            }
        }),
        lie("filter-by-meta", |a, r| nothing_if(a.filter().starts_with("(meta.created gt"), r)),
        lie("filter-by-id", |a, r| {
            let is_alone =
                a.filter().starts_with("id eq \"") && !a.filter().contains(" or ") && a.query.split('&').count() == 1;
            nothing_if(a.lists() && is_alone, r);
        }),
        lie("filter-by-external-id", |a, r| nothing_if(a.filter().starts_with("externalId eq"), r)),
    ];
    lies.extend(order());
    lies
}

fn order() -> Vec<Lie> {
    vec![
        lie("sort-ascending", |a, r| {
            if a.filter().contains("and not (id eq") {
                r.reverse();
            }
        }),
        lie("sort-is-ascending-by-default", |a, r| {
            if a.has("sortBy", "note") && a.param("sortOrder").is_none() {
                r.reverse();
            }
        }),
        lie("sort-descending", |a, r| {
            if a.has("sortBy", "note") && a.has("sortOrder", "descending") && r.list().len() == 3 {
                r.reverse();
            }
        }),
        lie("sort-regards-no-case", |a, r| {
            if a.has("sortBy", "note") && r.list().len() == 3 {
                // The capital comes first, or last when the order is descending.
                let (one, other) = if a.has("sortOrder", "descending") { (1, 2) } else { (0, 1) };
                r.list().swap(one, other);
            }
        }),
        lie("sort-puts-what-has-no-value-last", |a, r| {
            if a.has("sortBy", "note") && r.list().len() == 4 {
                r.list().rotate_right(1);
            }
        }),
        lie("sort-by-sub-attribute", |a, r| {
            if a.has("sortBy", "size.wide") {
                r.reverse();
            }
        }),
        lie("search-is-a-query", |a, r| {
            if a.path == "/Widgets/.search" && a.body.as_object().is_some_and(|body| body.len() == 2) && a.family() == 2
            {
                r.set("/totalResults", json!(9));
            }
        }),
        lie("search-makes-nothing", |a, r| {
            if a.path == "/Widgets/.search" && a.body["count"] == 1 && a.body.get("filter").is_none() {
                r.status(202);
            }
        }),
        lie("search-has-pages", |a, r| {
            if a.body["startIndex"] == 2 {
                r.set("/startIndex", json!(1));
            }
        }),
        lie("search-has-attributes", |a, r| {
            if a.body.get("attributes").is_some() {
                r.list()[0]["name"] = json!("shown");
            }
        }),
        lie("search-is-sorted", |a, r| {
            if a.body["sortBy"] == "name" {
                r.reverse();
            }
        }),
        deed("search-with-a-broken-filter-is-400", |a| a.body["filter"].eq("id eq").then(|| Reply::done(200))),
        lie("search-of-the-base-url", |a, r| nothing_if(a.path == "/.search" && a.filter().starts_with("id eq"), r)),
        lie("search-of-the-base-url-knows-types", |a, r| {
            more_if(a.path == "/.search" && a.filter().contains(" pr and"), r)
        }),
    ]
}

#[test]
fn a_server_that_filters_wrongly_is_found_out() {
    prove(&lies());
}

#[test]
fn a_server_that_compares_or_orders_wrongly_is_found_out() {
    prove(&values());
}
