//! Bulk requests (RFC 7644 §3.7). Where the configuration does not name them, the checks do not apply, but for one.

use crate::attribute::{Attribute, member};
use crate::check::table;
use crate::service::{Kind, list_at};
use crate::stop::{OrNotApplicable as _, Result, Stop, applies, ensure};
use crate::target::{Answer, Ask};
use crate::world::{BULK, BULK_RESPONSE, ERROR, NOBODY, World, quoted};
use serde_json::{Value, json};

/// More operations than this would be a burden to a server and prove no more.
const MOST_OPERATIONS: u64 = 10_000;
/// A longer request than this would be one, too.
const MOST_BYTES: u64 = 2 * 1024 * 1024;

table! { "bulk";
    Should once not_there "bulk-is-501-when-not-advertised" ["P-3.12-05"]
        "Refuse bulk requests when the configuration says that there are none.";
    Must each response "bulk-answer-is-a-bulk-response" ["P-3.7-02" "P-3.7-14" "P-3.7-04"]
        "Answer a bulk request that was worked through with 200 and a BulkResponse.";
    Must each every_operation "bulk-answer-tells-of-every-operation" ["P-3.7.3-01"]
        "Tell in the answer to a bulk request of every operation.";
    Must each statuses "bulk-statuses-are-those-of-single-requests" ["P-3.7.3-03"]
        "Give each operation of a bulk answer, as text, the status that it would have had alone.";
    Must each locations "bulk-operations-have-locations" ["P-3.7-10" "P-3.7.3-02"]
        "Give each operation of a bulk answer a location, except a POST that failed.";
    Must each bulk_id "bulk-id-comes-back" ["P-3.7-18"]
        "Repeat the bulkId of a POST in the answer.";
    Must each error_response "bulk-errors-are-in-response" ["P-3.7-11" "P-3.7-13" "P-3.7.3-04"]
        "Put the whole error message of an operation that failed into its response.";
    Must each goes_on "bulk-goes-on-after-an-error" ["P-3.7-15"]
        "Go on with the other operations after one that failed.";
    Must each fail_on_errors "bulk-stops-at-fail-on-errors" ["P-3.7-15" "P-3.7.3-01"]
        "Stop once as many operations have failed as failOnErrors says.";
    Must each all_methods "bulk-does-every-method" ["P-3.7-05" "P-3.7.3-03"]
        "Do POST, PUT, PATCH and DELETE in a bulk request.";
    Must each resolved "bulk-ids-are-resolved" ["P-3.7.2-02"]
        "Put the id of what was made in the place of its bulkId in later operations.";
    Must each forward "bulk-ids-are-resolved-ahead" ["P-3.7.2-02" "P-3.7-20"]
        "Resolve a bulkId also where the operation that makes it comes later.";
    Must each in_extension "bulk-ids-in-extensions-are-resolved" ["P-3.7.2-03"]
        "Resolve a bulkId also within an extension, as in the manager of a user.";
    Must each circle "bulk-circles-are-resolved" ["P-3.7.1-01"]
        "Resolve the references of two resources of one bulk request that name each other.";
    Must each too_many "bulk-past-max-operations-is-413" ["P-3.7.4-03" "P-3.7.4-01"]
        "Answer a bulk request of more than maxOperations operations with 413.";
    Must each too_many_said "bulk-413-names-the-limit" ["P-3.7.4-04"]
        "Say in the error for too many operations how many are allowed.";
    Must each too_long "bulk-past-max-payload-is-413" ["P-3.7.4-03" "P-3.7.4-01"]
        "Answer a bulk request of more than maxPayloadSize bytes with 413.";
}

async fn send(w: &World<'_>, operations: Value) -> Result<Answer> {
    w.service.needs("bulk")?;
    w.post("/Bulk", &json!({"schemas": [BULK], "Operations": operations})).await
}

/// The operation that makes a resource of this name.
fn post(kind: &Kind, bulk_id: &str, name: &str) -> Value {
    json!({"method": "POST", "path": kind.endpoint, "bulkId": bulk_id, "data": kind.minimal(name)})
}

/// An operation that fails: there is nothing to delete.
fn failing(kind: &Kind) -> Value {
    json!({"method": "DELETE", "path": format!("{}/{NOBODY}", kind.endpoint)})
}

/// The answer to one creation and one failure.
async fn both(w: &World<'_>, kind: &Kind) -> Result<Answer> {
    let answer = send(w, json!([post(kind, "scimcheck", &w.name()), failing(kind)])).await?;
    if answer.status != 200 {
        return Err(Stop::Untested(format!(
            "the bulk request was answered with {}; see bulk-answer-is-a-bulk-response",
            answer.status
        )));
    }
    Ok(answer)
}

fn last_of(location: Option<&str>) -> String {
    location.and_then(|location| location.rsplit('/').next()).unwrap_or_default().to_owned()
}

async fn not_there(w: &World<'_>) -> Result {
    let said = w.service.config.pointer("/bulk/supported").and_then(Value::as_bool);
    applies!(said == Some(false), "bulk is advertised");
    let answer = w.post("/Bulk", &json!({"schemas": [BULK], "Operations": []})).await?;
    ensure!(answer.status == 501 || answer.is_refusal(), "expected 501, got {}", answer.status);
    Ok(())
}

async fn response(w: &World<'_>, kind: &Kind) -> Result {
    let answer = send(w, json!([post(kind, "scimcheck", &w.name()), failing(kind)])).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(answer.has_schema(BULK_RESPONSE), "the answer does not name the schema of a BulkResponse");
    ensure!(answer.json.get("Operations").is_some_and(Value::is_array), "the answer has no Operations");
    Ok(())
}

async fn every_operation(w: &World<'_>, kind: &Kind) -> Result {
    let told = list_at(&both(w, kind).await?.json, "Operations").count();
    ensure!(told == 2, "of two operations {told} are told of");
    Ok(())
}

async fn statuses(w: &World<'_>, kind: &Kind) -> Result {
    let answer = both(w, kind).await?;
    for (at, expected) in [(0, "201"), (1, "404")] {
        let status = answer.json.pointer(&format!("/Operations/{at}/status"));
        ensure!(status == Some(&json!(expected)), "the status should be {expected:?}, and is {status:?}");
    }
    Ok(())
}

async fn locations(w: &World<'_>, kind: &Kind) -> Result {
    let answer = both(w, kind).await?;
    for at in [0, 1] {
        let location = answer.text(&format!("/Operations/{at}/location"));
        ensure!(location.is_some(), "the operation {} has no location", at + 1);
    }
    Ok(())
}

async fn bulk_id(w: &World<'_>, kind: &Kind) -> Result {
    let answer = both(w, kind).await?;
    let found = answer.text("/Operations/0/bulkId");
    ensure!(found == Some("scimcheck"), "the bulkId was scimcheck, and comes back as {found:?}");
    Ok(())
}

async fn error_response(w: &World<'_>, kind: &Kind) -> Result {
    let answer = both(w, kind).await?;
    let response = answer.json.pointer("/Operations/1/response").cloned().unwrap_or_default();
    ensure!(crate::target::has_schema(&response, ERROR), "the response of a failed operation is {response}");
    ensure!(response.get("status") == Some(&json!("404")), "the error in response has no status 404");
    ensure!(response.get("detail").is_some_and(Value::is_string), "the error in response has no detail");
    Ok(())
}

async fn goes_on(w: &World<'_>, kind: &Kind) -> Result {
    let answer = send(w, json!([failing(kind), post(kind, "scimcheck", &w.name())])).await?;
    let status = answer.text("/Operations/1/status");
    ensure!(status == Some("201"), "the operation after one that failed has the status {status:?}");
    Ok(())
}

async fn fail_on_errors(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("bulk")?;
    w.service.needs("filter")?;
    let name = w.name();
    let operations = json!([failing(kind), post(kind, "scimcheck", &name)]);
    w.post("/Bulk", &json!({"schemas": [BULK], "failOnErrors": 1, "Operations": operations})).await?;
    let found = w.found(kind, &w.beginning(kind, &name)?).await?;
    ensure!(found.is_empty(), "failOnErrors was 1, and the operation after the first error was done");
    Ok(())
}

async fn all_methods(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("bulk")?;
    let (one, two) = (w.make(kind).await?, w.make(kind).await?);
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let mut operations = vec![
        post(kind, "scimcheck", &w.name()),
        json!({"method": "PUT", "path": one.path, "data": one.sent}),
        json!({"method": "DELETE", "path": two.path}),
    ];
    if w.service.supports("patch") {
        let change = json!({"schemas": [crate::world::PATCH],
            "Operations": [{"op": "add", "path": text.path(), "value": "Scimcheck bulk"}]});
        operations.push(json!({"method": "PATCH", "path": one.path, "data": change}));
    }
    let answer = send(w, Value::Array(operations)).await?;
    for operation in list_at(&answer.json, "Operations") {
        let status = operation.get("status").and_then(Value::as_str).unwrap_or_default();
        ensure!(status.starts_with('2'), "an operation was answered with {status:?}: {operation}");
    }
    let told = list_at(&answer.json, "Operations").count();
    ensure!(told >= 3, "{told} operations are told of");
    Ok(())
}

/// The type that a member of a group can be.
fn member_type<'a>(w: &'a World<'_>, kind: &Kind) -> Result<&'a Kind> {
    let members = kind.members().or_not_applicable("the type has no list of members")?;
    let types = members.sub("$ref").map(|sub| sub.reference_types.clone()).unwrap_or_default();
    let is_meant = |other: &&Kind| other.name != kind.name && types.iter().any(|t| t.eq_ignore_ascii_case(&other.name));
    w.service.kinds.iter().find(is_meant).or_not_applicable("no resource type is named as that of a member")
}

/// The operation that makes a group whose member is what `of` makes.
fn post_group(kind: &Kind, bulk_id: &str, name: &str, of: &str) -> Value {
    let mut document = kind.minimal(name);
    if let Some(members) = kind.members() {
        members.set(&mut document, json!([{"value": format!("bulkId:{of}")}]));
    }
    json!({"method": "POST", "path": kind.endpoint, "bulkId": bulk_id, "data": document})
}

/// The only member of the resource at a location.
async fn only_member(w: &World<'_>, kind: &Kind, id: &str) -> Result<String> {
    let answer = w.get(format!("{}/{id}", kind.endpoint)).await?;
    let members = kind.members().and_then(|members| members.find(&answer.json)).and_then(Value::as_array).cloned();
    let first = members.as_ref().and_then(|list| list.first()).and_then(|value| value.get("value"));
    Ok(first.and_then(Value::as_str).unwrap_or_default().to_owned())
}

async fn resolves(w: &World<'_>, kind: &Kind, group_first: bool) -> Result {
    let target = member_type(w, kind)?;
    let mut operations = vec![post(target, "person", &w.name()), post_group(kind, "group", &w.name(), "person")];
    if group_first {
        operations.reverse();
    }
    let answer = send(w, Value::Array(operations)).await?;
    let of = |bulk_id: &str| {
        let mut all = list_at(&answer.json, "Operations");
        let own = all.find(|operation| operation.get("bulkId").and_then(Value::as_str) == Some(bulk_id));
        last_of(own.and_then(|operation| operation.get("location")).and_then(Value::as_str))
    };
    let (group, person) = (of("group"), of("person"));
    let member = only_member(w, kind, &group).await?;
    ensure!(!person.is_empty() && member == person, "the member should be {person:?}, and is {member:?}");
    Ok(())
}

async fn resolved(w: &World<'_>, kind: &Kind) -> Result {
    resolves(w, kind, false).await
}

async fn forward(w: &World<'_>, kind: &Kind) -> Result {
    resolves(w, kind, true).await
}

async fn in_extension(w: &World<'_>, kind: &Kind) -> Result {
    let is_meant = |a: &&Attribute| {
        let types = a.sub("$ref").map(|sub| sub.reference_types.as_slice()).unwrap_or_default();
        let value = a.sub("value").is_some_and(Attribute::is_writable);
        a.urn.is_some()
            && !a.multi
            && a.is_writable()
            && value
            && types.iter().any(|t| t.eq_ignore_ascii_case(&kind.name))
    };
    let relation = kind.attributes.iter().find(is_meant);
    let relation = relation.or_not_applicable("no extension has a reference to a resource of the type")?;
    let mut document = kind.minimal(&w.name());
    relation.set(&mut document, json!({"value": "bulkId:one"}));
    let two = json!({"method": "POST", "path": kind.endpoint, "bulkId": "two", "data": document});
    let answer = send(w, json!([post(kind, "one", &w.name()), two])).await?;
    let of = |at: usize| last_of(answer.text(&format!("/Operations/{at}/location")));
    let (one, two) = (of(0), of(1));
    let shown = w.get(format!("{}/{two}", kind.endpoint)).await?.json;
    let value = relation.find(&shown).and_then(|found| member(found, "value")).and_then(Value::as_str);
    ensure!(
        !one.is_empty() && value == Some(&one),
        "{} should have the value {one:?}, and has {value:?}",
        relation.path()
    );
    Ok(())
}

async fn circle(w: &World<'_>, kind: &Kind) -> Result {
    let members = kind.members().or_not_applicable("the type has no list of members")?;
    let types = members.sub("$ref").map(|sub| sub.reference_types.clone()).unwrap_or_default();
    let is_own = types.iter().any(|t| t.eq_ignore_ascii_case(&kind.name));
    applies!(is_own, "a resource of the type is no member of another");
    let operations = json!([post_group(kind, "one", &w.name(), "two"), post_group(kind, "two", &w.name(), "one")]);
    let answer = send(w, operations).await?;
    let of = |at: usize| last_of(answer.text(&format!("/Operations/{at}/location")));
    let (one, two) = (of(0), of(1));
    applies!(!one.is_empty() && !two.is_empty(), "the server refuses groups that are members of each other");
    let (first, second) = (only_member(w, kind, &one).await?, only_member(w, kind, &two).await?);
    ensure!(first == two && second == one, "{one} has the member {first:?}, and {two} the member {second:?}");
    Ok(())
}

async fn past_max(w: &World<'_>, kind: &Kind) -> Result<(u64, Answer)> {
    w.service.needs("bulk")?;
    let most = w.service.number("/bulk/maxOperations").or_not_applicable("maxOperations is not said")?;
    applies!(most <= MOST_OPERATIONS, "maxOperations is {most}, too many to be passed");
    let operations: Vec<Value> = (0..=most).map(|_| failing(kind)).collect();
    Ok((most, send(w, Value::Array(operations)).await?))
}

async fn too_many(w: &World<'_>, kind: &Kind) -> Result {
    let (most, answer) = past_max(w, kind).await?;
    ensure!(answer.status == 413, "{} operations were answered with {}", most + 1, answer.status);
    Ok(())
}

async fn too_many_said(w: &World<'_>, kind: &Kind) -> Result {
    let (most, answer) = past_max(w, kind).await?;
    applies!(answer.status == 413, "the answer is {}; see bulk-past-max-operations-is-413", answer.status);
    let detail = answer.text("/detail").unwrap_or_default();
    let digits: String = detail.chars().filter(char::is_ascii_digit).collect();
    ensure!(digits.contains(&most.to_string()), "the limit is {most}, and the detail is {detail:?}");
    Ok(())
}

async fn too_long(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("bulk")?;
    let most = w.service.number("/bulk/maxPayloadSize").or_not_applicable("maxPayloadSize is not said")?;
    applies!(most <= MOST_BYTES, "maxPayloadSize is {most} bytes, too many to be passed");
    let operation = failing(kind);
    let mut body = json!({"schemas": [BULK], "Operations": [operation]}).to_string();
    // Blanks are JSON, too.
    body.push_str(&" ".repeat(usize::try_from(most).unwrap_or_default()));
    let answer = w.ask(Ask::new("POST", "/Bulk").body("application/scim+json", body)).await?;
    ensure!(
        answer.status == 413,
        "{} bytes and more were answered with {} {}",
        most,
        answer.status,
        quoted(&kind.name)
    );
    Ok(())
}
