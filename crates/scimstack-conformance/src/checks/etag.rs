//! Versions and preconditions (RFC 7644 §3.14). Where the configuration does not name them, the checks do not apply.

use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, Stop, applies, ensure};
use crate::target::{Answer, Ask};
use crate::world::{Made, PATCH, World};
use serde_json::{Value, json};

table! { "etag";
    Must each header "etag-in-the-header" ["P-3.14-02"]
        "Give the version of a resource in the header ETag.";
    Should each in_meta "etag-in-meta-version" ["P-3.14-03" "S-3.1-20"]
        "Give the version of a resource in meta.version, the same as in ETag.";
    Must each form "etag-is-quoted" ["S-3.1-21"]
        "Write a version as an entity tag: in quotes, with W/ before it when it is weak.";
    Must each changes "etag-changes" ["S-3.1-20" "P-3.14-02"]
        "Give another version after every change.";
    Must each not_modified "if-none-match-is-304" ["P-3.14-04"]
        "Answer GET with the version that the client has in If-None-Match with 304.";
    Must each modified "if-none-match-of-another-is-200" ["P-3.14-04"]
        "Answer GET with another version in If-None-Match with 200 and the resource.";
    Should each put_412 "if-match-on-put-is-412" ["P-3.12-05"]
        "Answer PUT with a version in If-Match that is not the resource's with 412, and change nothing.";
    Should each patch_412 "if-match-on-patch-is-412" ["P-3.12-05"]
        "Answer PATCH with a version in If-Match that is not the resource's with 412, and change nothing.";
    Should each delete_412 "if-match-on-delete-is-412" ["P-3.12-05"]
        "Answer DELETE with a version in If-Match that is not the resource's with 412, and delete nothing.";
    Must each matching "if-match-of-the-version-succeeds" ["P-3.14-02"]
        "Do a PUT whose If-Match has the version of the resource.";
}

/// A resource and its version.
async fn versioned(w: &World<'_>, kind: &Kind) -> Result<(Made, String)> {
    w.service.needs("etag")?;
    let made = w.make(kind).await?;
    let answer = w.get(&made.path).await?;
    let tag = answer.header("etag").or_else(|| answer.text("/meta/version")).map(ToOwned::to_owned);
    let tag = tag.ok_or_else(|| Stop::Untested("the resource has no version; see etag-in-the-header".to_owned()))?;
    Ok((made, tag))
}

async fn header(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("etag")?;
    let made = w.make(kind).await?;
    let answer = w.get(&made.path).await?;
    ensure!(answer.header("etag").is_some(), "the answer has no ETag");
    Ok(())
}

async fn in_meta(w: &World<'_>, kind: &Kind) -> Result {
    let (made, tag) = versioned(w, kind).await?;
    let answer = w.get(&made.path).await?;
    let version = answer.text("/meta/version");
    ensure!(version == Some(&tag), "ETag is {tag}, and meta.version {version:?}");
    Ok(())
}

async fn form(w: &World<'_>, kind: &Kind) -> Result {
    let (made, _) = versioned(w, kind).await?;
    let answer = w.get(&made.path).await?;
    let tag = answer.header("etag").or_not_applicable("there is no ETag")?;
    let inner = tag.strip_prefix("W/").unwrap_or(tag);
    let is_quoted = inner.len() > 2 && inner.starts_with('"') && inner.ends_with('"');
    ensure!(is_quoted, "ETag is {tag}");
    Ok(())
}

async fn changes(w: &World<'_>, kind: &Kind) -> Result {
    let (made, tag) = versioned(w, kind).await?;
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let mut document = made.sent.clone();
    text.set(&mut document, json!("Scimcheck changed"));
    let answer = w.put(&made.path, &Value::Object(document)).await?;
    applies!(answer.is_success(), "the PUT was refused; see replace-200");
    let answer = w.get(&made.path).await?;
    let now = answer.header("etag").or_else(|| answer.text("/meta/version"));
    ensure!(now != Some(&tag), "the version is {tag} before and after a change");
    Ok(())
}

async fn not_modified(w: &World<'_>, kind: &Kind) -> Result {
    let (made, tag) = versioned(w, kind).await?;
    let answer = w.ask(Ask::new("GET", &made.path).header("if-none-match", tag)).await?;
    ensure!(answer.status == 304, "expected 304, got {}", answer.status);
    ensure!(answer.body.is_empty(), "the answer is 304 and has a body");
    Ok(())
}

async fn modified(w: &World<'_>, kind: &Kind) -> Result {
    let (made, _) = versioned(w, kind).await?;
    let answer = w.ask(Ask::new("GET", &made.path).header("if-none-match", "W/\"scimcheck\"")).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(answer.text("/id") == Some(&made.id), "the answer is not the resource");
    Ok(())
}

/// The answer is 412, and the resource is there with the version it had.
async fn untouched(w: &World<'_>, made: &Made, tag: &str, answer: Answer) -> Result {
    ensure!(answer.status == 412, "expected 412, got {}", answer.status);
    let now = w.get(&made.path).await?;
    let version = now.header("etag").or_else(|| now.text("/meta/version"));
    ensure!(version == Some(tag), "the version was {tag}, and is {version:?}");
    Ok(())
}

async fn put_412(w: &World<'_>, kind: &Kind) -> Result {
    let (made, tag) = versioned(w, kind).await?;
    let ask = Ask::new("PUT", &made.path).json(&Value::Object(made.sent.clone()));
    let answer = w.ask(ask.header("if-match", "W/\"scimcheck\"")).await?;
    untouched(w, &made, &tag, answer).await
}

async fn patch_412(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("patch")?;
    let (made, tag) = versioned(w, kind).await?;
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let operations = json!([{"op": "add", "path": text.path(), "value": "Scimcheck"}]);
    let ask = Ask::new("PATCH", &made.path).json(&json!({"schemas": [PATCH], "Operations": operations}));
    let answer = w.ask(ask.header("if-match", "W/\"scimcheck\"")).await?;
    untouched(w, &made, &tag, answer).await
}

async fn delete_412(w: &World<'_>, kind: &Kind) -> Result {
    let (made, tag) = versioned(w, kind).await?;
    let answer = w.ask(Ask::new("DELETE", &made.path).header("if-match", "W/\"scimcheck\"")).await?;
    applies!(!matches!(answer.status, 403 | 405 | 501), "the server does not delete");
    untouched(w, &made, &tag, answer).await
}

async fn matching(w: &World<'_>, kind: &Kind) -> Result {
    let (made, tag) = versioned(w, kind).await?;
    let ask = Ask::new("PUT", &made.path).json(&Value::Object(made.sent.clone()));
    let answer = w.ask(ask.header("if-match", tag)).await?;
    ensure!(answer.is_success(), "a PUT with the version of the resource was answered with {}", answer.status);
    Ok(())
}
