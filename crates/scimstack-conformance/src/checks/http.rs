//! HTTP around the messages: who asks, media types, encodings, methods (RFC 7644 §2, §3.2, §3.8).

use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, Stop, applies, ensure};
use crate::target::{As, Ask};
use crate::world::{ERROR, World};
use serde_json::Value;

table! { "http";
    Must each without_token "unauthenticated-is-401" ["P-2-08" "P-2-07"]
        "Answer a request without authentication with 401, before anything is read or done for it.";
    Must each wrong_token "wrong-token-is-401" ["P-2-08"]
        "Answer a request with a token that was never given out with 401.";
    Must once schemes_are_named "unauthenticated-names-schemes" ["P-2-06"]
        "Name the supported schemes of authentication in WWW-Authenticate when answering 401.";
    Must once unauthenticated_body "unauthenticated-has-an-error" ["P-3.12-01"]
        "Give an answer of 401 the body of a SCIM error.";
    Must once accepts_scim "accept-scim-json" ["P-3.8-06" "P-8.1-01"]
        "Answer a client that accepts application/scim+json with that media type.";
    Should once accepts_json "accept-json" ["P-3.8-07"]
        "Answer a client that accepts application/json with a JSON document.";
    Should once accepts_anything "accept-nothing-in-particular" ["P-3.8-08"]
        "Answer a client that names no media type with application/scim+json.";
    Deviation each plain_json_body "plain-json-body" ["P-8.1-01" "P-3.8-01"]
        "Take a body of the type application/json as one of application/scim+json; several identity providers send it.";
    Should each other_media_type "other-media-type-is-refused" ["P-3.12-05"]
        "Refuse a body that is said to be text/csv, with 415 or another status of 4xx.";
    Must each text_in_utf8 "text-is-utf-8" ["P-3.8-01" "P-3.8-02"]
        "Read and write JSON as UTF-8, so that letters of every script come back as they were sent.";
    Should each unknown_parameters "unknown-parameters-are-ignored" ["P-3.4.2-03"]
        "Ignore parameters of a query that are not known.";
    Must each decoded_once "urls-are-decoded-once" ["P-1.2-01"]
        "Decode a URL once: %2525 in a filter means %25.";
    Deviation once head "head-is-like-get" ["P-3.2-05"]
        "Answer HEAD like GET without a body, or refuse it with 405 or 501.";
    Deviation once options "options-is-answered" ["P-3.2-05"]
        "Answer OPTIONS with success or a status of 4xx or 501, and make nothing of it.";
    Must each put_on_endpoint "put-on-endpoint-is-refused" ["P-3.2-05" "P-3.2-04"]
        "Refuse PUT on the endpoint of a resource type: it belongs to single resources.";
    Must each base_path "locations-are-below-the-base-url" ["P-1.3-03" "P-1.3-01"]
        "Give locations as absolute URLs below the base URL, without a query.";
}

async fn without_token(w: &World<'_>, kind: &Kind) -> Result {
    let answer = w.ask(Ask::new("GET", &kind.endpoint).who(As::Nobody)).await?;
    ensure!(answer.status == 401, "expected 401, got {}", answer.status);
    Ok(())
}

async fn wrong_token(w: &World<'_>, kind: &Kind) -> Result {
    let answer = w.ask(Ask::new("GET", &kind.endpoint).who(As::Stranger)).await?;
    ensure!(answer.status == 401, "expected 401, got {}", answer.status);
    Ok(())
}

/// The first endpoint, asked by nobody.
async fn denied(w: &World<'_>) -> Result<crate::target::Answer> {
    let kind = w.service.kinds.first().ok_or_else(|| Stop::Untested("the server names no resource type".to_owned()))?;
    let answer = w.ask(Ask::new("GET", &kind.endpoint).who(As::Nobody)).await?;
    match answer.status {
        401 => Ok(answer),
        other => Err(Stop::Untested(format!("without a token the answer is {other}; see unauthenticated-is-401"))),
    }
}

async fn schemes_are_named(w: &World<'_>) -> Result {
    let answer = denied(w).await?;
    ensure!(answer.header("www-authenticate").is_some(), "the answer has no WWW-Authenticate");
    Ok(())
}

async fn unauthenticated_body(w: &World<'_>) -> Result {
    let answer = denied(w).await?;
    ensure!(answer.has_schema(ERROR), "the body does not name the schema of an error");
    ensure!(answer.text("/status") == Some("401"), "the status in the body is not \"401\"");
    Ok(())
}

async fn accepts_scim(w: &World<'_>) -> Result {
    let answer = w.get("/ResourceTypes").await?;
    let media_type = answer.media_type();
    ensure!(media_type == "application/scim+json", "the media type of the answer is {media_type:?}");
    Ok(())
}

async fn accepts_json(w: &World<'_>) -> Result {
    let answer = w.ask(Ask::new("GET", "/ResourceTypes").header("accept", "application/json")).await?;
    let media_type = answer.media_type();
    let is_json = matches!(media_type.as_str(), "application/json" | "application/scim+json");
    ensure!(answer.status == 200 && is_json, "the answer is {} with the media type {media_type:?}", answer.status);
    ensure!(answer.json.is_object(), "the answer is no JSON object");
    Ok(())
}

async fn accepts_anything(w: &World<'_>) -> Result {
    let answer = w.ask(Ask::new("GET", "/ResourceTypes").header("accept", "")).await?;
    let media_type = answer.media_type();
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(media_type == "application/scim+json", "the media type of the answer is {media_type:?}");
    Ok(())
}

async fn plain_json_body(w: &World<'_>, kind: &Kind) -> Result {
    w.make(kind).await?;
    let body = Value::Object(kind.minimal(&w.name())).to_string();
    let answer = w.ask(Ask::new("POST", &kind.endpoint).body("application/json", body)).await?;
    ensure!(answer.is_success(), "the same document as application/json was answered with {}", answer.status);
    Ok(())
}

async fn other_media_type(w: &World<'_>, kind: &Kind) -> Result {
    let body = Value::Object(kind.minimal(&w.name())).to_string();
    let answer = w.ask(Ask::new("POST", &kind.endpoint).body("text/csv", body)).await?;
    ensure!(answer.is_refusal(), "expected 415, got {}", answer.status);
    Ok(())
}

async fn text_in_utf8(w: &World<'_>, kind: &Kind) -> Result {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let mut more = kind.skeleton();
    let sent = "Grüße, 東京 🌾 e\u{301}";
    text.set(&mut more, Value::String(sent.to_owned()));
    let made = w.make_with(kind, more).await?;
    let read = w.read(&made).await?;
    let found = text.find(&read).and_then(Value::as_str);
    ensure!(found == Some(sent), "sent {} as {sent:?}, and read {found:?}", text.path());
    Ok(())
}

async fn unknown_parameters(w: &World<'_>, kind: &Kind) -> Result {
    let answer = w.query(kind, &[("scimcheck", "1"), ("count", "1")]).await?;
    ensure!(answer.status == 200, "a query with an unknown parameter was answered with {}", answer.status);
    Ok(())
}

async fn decoded_once(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let key = kind.key().or_not_applicable("the type has no attribute to find a resource by")?;
    let name = w.name();
    let value = kind.key_value(&format!("{name}-%25"));
    let mut more = kind.skeleton();
    key.set(&mut more, Value::String(value.clone()));
    let made = w.make_with(kind, more).await?;
    let found = w.found(kind, &format!("{} eq {}", key.path(), crate::world::quoted(&value))).await?;
    ensure!(found == [made.id], "the resource named {value} is not found by its name");
    Ok(())
}

async fn head(w: &World<'_>) -> Result {
    let answer = w.ask(Ask::new("HEAD", "/ServiceProviderConfig")).await?;
    ensure!(matches!(answer.status, 200 | 405 | 501), "HEAD was answered with {}", answer.status);
    ensure!(answer.body.is_empty(), "the answer to HEAD has a body");
    Ok(())
}

async fn options(w: &World<'_>) -> Result {
    let answer = w.ask(Ask::new("OPTIONS", "/ServiceProviderConfig")).await?;
    let is_fine = answer.is_success() || answer.is_refusal() || answer.status == 501;
    ensure!(is_fine, "OPTIONS was answered with {}", answer.status);
    Ok(())
}

async fn put_on_endpoint(w: &World<'_>, kind: &Kind) -> Result {
    let document = Value::Object(kind.minimal(&w.name()));
    let answer = w.put(&kind.endpoint, &document).await?;
    ensure!(answer.is_refusal() || answer.status == 501, "PUT was answered with {}", answer.status);
    Ok(())
}

async fn base_path(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let location = made.answer.text("/meta/location").unwrap_or_default();
    applies!(!location.is_empty(), "meta.location is not there; see create-meta-location");
    // Behind a proxy the host may be another one; the path has to be that of the base URL.
    let path = |url: &str| {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest).to_owned();
        rest.split_once('/').map(|(_, path)| path.to_owned()).unwrap_or_default()
    };
    let expected = format!("{}{}", path(&format!("{}/", w.session.target.base())), made.path.trim_start_matches('/'));
    ensure!(location.contains("://") && !location.contains('?'), "meta.location is {location}");
    ensure!(path(location).ends_with(&expected), "meta.location is {location}, and ends not in {expected}");
    Ok(())
}
