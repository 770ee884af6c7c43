//! The checks: each a request or two and what the RFC says must come back. Adding one means adding a row to [`CHECKS`].

use crate::report::{Level, Outcome, Report, Verdict};
use crate::target::{Answer, Target, Transport};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::Pin;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The server and how to reach it.
struct World<'a> {
    transport: &'a dyn Transport,
    target: &'a Target,
    run: String,
}

type Result = std::result::Result<(), String>;
type Run = for<'a> fn(&'a World<'a>) -> Pin<Box<dyn Future<Output = Result> + Send + 'a>>;

/// One check.
pub struct Check {
    /// What holds, as a sentence in snake case.
    pub name: &'static str,
    /// The clause.
    pub clause: &'static str,
    /// How binding it is.
    pub level: Level,
    run: Run,
}

macro_rules! checks {
    ($($level:ident $clause:literal $name:ident)*) => {
        /// Every check, in the order they run.
        pub const CHECKS: &[Check] = &[$(Check {
            name: stringify!($name),
            clause: $clause,
            level: Level::$level,
            run: |world| Box::pin($name(world)),
        }),*];
    };
}

checks! {
    Must "RFC 7644 §4" the_service_provider_config_is_served
    Must "RFC 7644 §4" the_resource_types_are_listed
    Must "RFC 7644 §4" every_schema_of_a_resource_type_is_served
    Must "RFC 7644 §4" a_filter_on_a_discovery_endpoint_is_forbidden
    Must "RFC 7644 §3.12" an_unknown_resource_is_404_with_a_scim_error
    Must "RFC 7644 §2" a_wrong_token_is_401
    Must "RFC 7644 §3.3" a_created_user_is_201_with_location_and_id
    Must "RFC 7644 §3.3" the_same_user_name_again_is_409_uniqueness
    Must "RFC 7643 §3.1" an_id_sent_by_the_client_is_ignored
    Must "RFC 7643 §2.2" a_user_without_a_user_name_is_refused
    Must "RFC 7643 §4.1.1" a_password_is_never_returned
    Must "RFC 7644 §3.4.2" a_list_has_the_list_response_envelope
    Must "RFC 7644 §3.4.2" a_filter_without_a_match_is_an_empty_list
    Must "RFC 7643 §4.1.1" user_names_compare_without_case
    Must "RFC 7644 §3.4.2.2" a_broken_filter_is_400_invalid_filter
    Must "RFC 7644 §3.4.2.4" count_zero_only_counts
    Should "RFC 7644 §3.9" attributes_limits_what_is_returned
    Must "RFC 7644 §3.5.1" a_replaced_user_keeps_its_id
    Must "RFC 7644 §3.5.2" a_patch_without_a_path_sets_attributes
    Must "RFC 7644 §3.5.2" a_patch_of_a_read_only_attribute_is_refused
    Must "RFC 7644 §3.6" a_deleted_user_is_gone
    Must "RFC 7644 §3.12" a_body_that_is_no_json_is_400_invalid_syntax
    Must "RFC 7644 §3.7" bulk_is_done_when_it_is_advertised_and_501_otherwise
    Must "RFC 7644 §3.7.2" a_bulk_id_is_replaced_by_the_id_of_what_was_made
    Must "RFC 7644 §3.7.4" a_bulk_request_past_the_published_limit_is_413
}

/// Runs every check against a server. Resources made on the way are deleted again.
pub async fn run(transport: &dyn Transport, target: &Target) -> Report {
    let mut report = Report::default();
    for (number, check) in CHECKS.iter().enumerate() {
        let world = World { transport, target, run: format!("conformance-{}-{number}", run_id(target)) };
        let verdict = match (check.run)(&world).await {
            Ok(()) => Verdict::Passed,
            Err(text) => Verdict::Failed(text),
        };
        report.outcomes.push(Outcome { name: check.name, clause: check.clause, level: check.level, verdict });
    }
    report
}

/// Something that differs from run to run without a clock: where this target stands in memory.
fn run_id(target: &Target) -> String {
    let address = std::ptr::from_ref(target).addr();
    format!("{:x}-{:x}", std::process::id(), address)
}

impl World<'_> {
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> std::result::Result<Answer, String> {
        self.target.ask(self.transport, method, path, body.as_ref()).await
    }

    fn user(&self, extra: Value) -> Value {
        let mut user = json!({"schemas": [USER], "userName": format!("{}@example.com", self.run), "active": true});
        if let (Some(user), Value::Object(extra)) = (user.as_object_mut(), extra) {
            user.extend(extra);
        }
        user
    }

    /// Makes a user, hands it to `check`, and deletes it whatever comes out.
    async fn with_user<'w, F, Fut>(&'w self, extra: Value, check: F) -> Result
    where
        F: FnOnce(Answer, String) -> Fut + Send,
        Fut: Future<Output = Result> + Send + 'w,
    {
        let created = self.ask("POST", "/Users", Some(self.user(extra))).await?;
        let Some(id) = created.text("/id").map(ToOwned::to_owned) else {
            return Err(format!("POST /Users answered {} without an id", created.status));
        };
        let outcome = check(created, id.clone()).await;
        self.ask("DELETE", &format!("/Users/{id}"), None).await?;
        outcome
    }
}

fn expect(what: &str, right: bool, came: impl std::fmt::Display) -> Result {
    if right { Ok(()) } else { Err(format!("expected {what}, got {came}")) }
}

fn status(answer: &Answer, status: u16) -> Result {
    expect(&format!("status {status}"), answer.status == status, format!("{} {}", answer.status, answer.json))
}

/// A SCIM error: status, the Error schema, the same status in the body as a string, and the `scimType` when there is one.
fn error(answer: &Answer, code: u16, scim_type: Option<&str>) -> Result {
    status(answer, code)?;
    expect("the Error schema", answer.has_schema(ERROR), &answer.json)?;
    expect("the status as a string in the body", answer.text("/status") == Some(&code.to_string()), &answer.json)?;
    match scim_type {
        Some(keyword) => {
            expect(&format!("scimType {keyword}"), answer.text("/scimType") == Some(keyword), &answer.json)
        }
        None => Ok(()),
    }
}

async fn the_service_provider_config_is_served(world: &World<'_>) -> Result {
    let answer = world.ask("GET", "/ServiceProviderConfig", None).await?;
    status(&answer, 200)?;
    for feature in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        let supported = answer.json.pointer(&format!("/{feature}/supported"));
        expect(
            &format!("{feature}.supported to be a boolean"),
            supported.is_some_and(Value::is_boolean),
            &answer.json,
        )?;
    }
    expect("authenticationSchemes", answer.json.get("authenticationSchemes").is_some_and(Value::is_array), &answer.json)
}

async fn the_resource_types_are_listed(world: &World<'_>) -> Result {
    let answer = world.ask("GET", "/ResourceTypes", None).await?;
    status(&answer, 200)?;
    expect("a ListResponse", answer.has_schema(LIST), &answer.json)?;
    let types = answer.json.get("Resources").and_then(Value::as_array).cloned().unwrap_or_default();
    expect("a resource type with an endpoint", types.iter().any(|t| t.get("endpoint").is_some()), &answer.json)
}

async fn every_schema_of_a_resource_type_is_served(world: &World<'_>) -> Result {
    let types = world.ask("GET", "/ResourceTypes", None).await?;
    let any = types.json.get("Resources").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    expect("at least one resource type", any, &types.json)?;
    for resource_type in types.json.get("Resources").and_then(Value::as_array).into_iter().flatten() {
        let extensions = resource_type.get("schemaExtensions").and_then(Value::as_array).into_iter().flatten();
        let uris = extensions.filter_map(|e| e.get("schema")).chain(resource_type.get("schema"));
        for uri in uris.filter_map(Value::as_str) {
            let answer = world.ask("GET", &format!("/Schemas/{uri}"), None).await?;
            status(&answer, 200)?;
            expect(
                &format!("the schema {uri}"),
                answer.text("/id").is_some_and(|id| id.eq_ignore_ascii_case(uri)),
                &answer.json,
            )?;
        }
    }
    Ok(())
}

async fn a_filter_on_a_discovery_endpoint_is_forbidden(world: &World<'_>) -> Result {
    error(&world.ask("GET", "/Schemas?filter=id%20pr", None).await?, 403, None)
}

async fn an_unknown_resource_is_404_with_a_scim_error(world: &World<'_>) -> Result {
    error(&world.ask("GET", "/Users/there-is-no-such-user", None).await?, 404, None)
}

async fn a_wrong_token_is_401(world: &World<'_>) -> Result {
    let answer = world.target.ask_as(world.transport, Some("no-such-token"), "GET", "/Users", None).await?;
    status(&answer, 401)
}

async fn a_created_user_is_201_with_location_and_id(world: &World<'_>) -> Result {
    world
        .with_user(json!({}), |created, id| async move {
            status(&created, 201)?;
            let location = created.location.clone().unwrap_or_default();
            expect("a Location that ends in the id", location.ends_with(&id), &location)?;
            let same = created.text("/meta/location") == Some(location.as_str());
            expect("meta.location to equal Location", same, &created.json)?;
            expect("meta.resourceType User", created.text("/meta/resourceType") == Some("User"), &created.json)
        })
        .await
}

async fn the_same_user_name_again_is_409_uniqueness(world: &World<'_>) -> Result {
    world
        .with_user(json!({}), |_, _| async move {
            error(&world.ask("POST", "/Users", Some(world.user(json!({})))).await?, 409, Some("uniqueness"))
        })
        .await
}

async fn an_id_sent_by_the_client_is_ignored(world: &World<'_>) -> Result {
    world
        .with_user(json!({"id": "chosen-by-the-client"}), |_, id| async move {
            expect("an id made by the server", id != "chosen-by-the-client", id)
        })
        .await
}

async fn a_user_without_a_user_name_is_refused(world: &World<'_>) -> Result {
    let answer = world.ask("POST", "/Users", Some(json!({"schemas": [USER], "displayName": "x"}))).await?;
    error(&answer, 400, Some("invalidValue"))
}

async fn a_password_is_never_returned(world: &World<'_>) -> Result {
    world
        .with_user(json!({"password": "t1meMa$heen"}), |created, id| async move {
            let read = world.ask("GET", &format!("/Users/{id}?attributes=password"), None).await?;
            let shown = [&created, &read].into_iter().any(|a| a.json.get("password").is_some());
            expect("no password in any answer", !shown, "one")
        })
        .await
}

async fn a_list_has_the_list_response_envelope(world: &World<'_>) -> Result {
    world
        .with_user(json!({}), |_, _| async move {
            let answer = world.ask("GET", "/Users?startIndex=1&count=1", None).await?;
            status(&answer, 200)?;
            expect("a ListResponse", answer.has_schema(LIST), &answer.json)?;
            expect(
                "an integer totalResults",
                answer.json.get("totalResults").is_some_and(Value::is_u64),
                &answer.json,
            )?;
            let page = answer.json.get("Resources").and_then(Value::as_array).map_or(0, Vec::len);
            expect("one resource on the page", page == 1, page)
        })
        .await
}

async fn a_filter_without_a_match_is_an_empty_list(world: &World<'_>) -> Result {
    let path = format!("/Users?filter=userName%20eq%20%22nobody-{}%22", world.run);
    let answer = world.ask("GET", &path, None).await?;
    status(&answer, 200)?;
    expect("totalResults 0", answer.json.get("totalResults") == Some(&json!(0)), &answer.json)
}

async fn user_names_compare_without_case(world: &World<'_>) -> Result {
    world
        .with_user(json!({}), |_, _| async move {
            let path = format!("/Users?filter=userName%20eq%20%22{}@EXAMPLE.com%22", world.run.to_uppercase());
            let answer = world.ask("GET", &path, None).await?;
            expect("totalResults 1", answer.json.get("totalResults") == Some(&json!(1)), &answer.json)
        })
        .await
}

async fn a_broken_filter_is_400_invalid_filter(world: &World<'_>) -> Result {
    error(&world.ask("GET", "/Users?filter=userName%20zz%20%22a%22", None).await?, 400, Some("invalidFilter"))
}

async fn count_zero_only_counts(world: &World<'_>) -> Result {
    let answer = world.ask("GET", "/Users?count=0", None).await?;
    status(&answer, 200)?;
    expect("an integer totalResults", answer.json.get("totalResults").is_some_and(Value::is_u64), &answer.json)?;
    let empty = answer.json.get("Resources").and_then(Value::as_array).is_none_or(Vec::is_empty);
    expect("no resources", empty, &answer.json)
}

async fn attributes_limits_what_is_returned(world: &World<'_>) -> Result {
    world
        .with_user(json!({"displayName": "Shown"}), |_, id| async move {
            let answer = world.ask("GET", &format!("/Users/{id}?attributes=displayName"), None).await?;
            expect("displayName", answer.text("/displayName") == Some("Shown"), &answer.json)?;
            expect("no userName", answer.json.get("userName").is_none(), &answer.json)?;
            expect("id, which is always returned", answer.text("/id") == Some(&id), &answer.json)
        })
        .await
}

async fn a_replaced_user_keeps_its_id(world: &World<'_>) -> Result {
    world
        .with_user(json!({"nickName": "before"}), |_, id| async move {
            let body = world.user(json!({"id": "other", "displayName": "after"}));
            let answer = world.ask("PUT", &format!("/Users/{id}"), Some(body)).await?;
            status(&answer, 200)?;
            expect("the same id", answer.text("/id") == Some(&id), &answer.json)?;
            expect("the new displayName", answer.text("/displayName") == Some("after"), &answer.json)
        })
        .await
}

async fn a_patch_without_a_path_sets_attributes(world: &World<'_>) -> Result {
    world
        .with_user(json!({}), |_, id| async move {
            let body = json!({"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": false}}]});
            let answer = world.ask("PATCH", &format!("/Users/{id}"), Some(body)).await?;
            expect(
                "200 with the user, or 204",
                (answer.status == 200 && answer.has_body) || answer.status == 204,
                answer.status,
            )?;
            let read = world.ask("GET", &format!("/Users/{id}"), None).await?;
            expect("active false", read.json.get("active") == Some(&json!(false)), &read.json)
        })
        .await
}

async fn a_patch_of_a_read_only_attribute_is_refused(world: &World<'_>) -> Result {
    world
        .with_user(json!({}), |_, id| async move {
            let body = json!({"schemas": [PATCH], "Operations": [{"op": "replace", "path": "id", "value": "other"}]});
            error(&world.ask("PATCH", &format!("/Users/{id}"), Some(body)).await?, 400, Some("mutability"))
        })
        .await
}

async fn a_deleted_user_is_gone(world: &World<'_>) -> Result {
    let created = world.ask("POST", "/Users", Some(world.user(json!({})))).await?;
    let path = format!("/Users/{}", created.text("/id").unwrap_or_default());
    status(&world.ask("DELETE", &path, None).await?, 204)?;
    error(&world.ask("GET", &path, None).await?, 404, None)?;
    error(&world.ask("DELETE", &path, None).await?, 404, None)
}

async fn a_body_that_is_no_json_is_400_invalid_syntax(world: &World<'_>) -> Result {
    let body = Value::String("not an object".to_owned());
    error(&world.ask("POST", "/Users", Some(body)).await?, 400, Some("invalidSyntax"))
}

impl World<'_> {
    /// `bulk.maxOperations` of a server that says it has bulk; `None` of one that says it has not.
    async fn bulk(&self) -> std::result::Result<Option<u64>, String> {
        let config = self.ask("GET", "/ServiceProviderConfig", None).await?;
        let supported = config.json.pointer("/bulk/supported").and_then(Value::as_bool);
        let supported =
            supported.ok_or_else(|| format!("expected bulk.supported to be a boolean, got {}", config.json))?;
        let most = config.json.pointer("/bulk/maxOperations").and_then(Value::as_u64);
        match (supported, most) {
            (true, None) => Err(format!("expected an integer bulk.maxOperations, got {}", config.json)),
            (true, most) => Ok(most),
            (false, _) => Ok(None),
        }
    }

    async fn ask_bulk(&self, operations: Value) -> std::result::Result<Answer, String> {
        self.ask("POST", "/Bulk", Some(json!({"schemas": [BULK], "Operations": operations}))).await
    }

    /// Deletes what the operations of a bulk answer have made.
    async fn delete_made(&self, answer: &Answer) -> Result {
        for operation in answer.json.get("Operations").and_then(Value::as_array).into_iter().flatten() {
            let path: Option<Vec<&str>> =
                operation.get("location").and_then(Value::as_str).map(|l| l.rsplit('/').collect());
            if let (Some("POST"), Some([id, endpoint, ..])) =
                (operation.get("method").and_then(Value::as_str), path.as_deref())
            {
                self.ask("DELETE", &format!("/{endpoint}/{id}"), None).await?;
            }
        }
        Ok(())
    }
}

async fn bulk_is_done_when_it_is_advertised_and_501_otherwise(world: &World<'_>) -> Result {
    let supported = world.bulk().await?.is_some();
    let answer = world
        .ask_bulk(json!([
            {"method": "POST", "path": "/Users", "bulkId": "a", "data": world.user(json!({}))},
            {"method": "DELETE", "path": "/Users/there-is-no-such-user"},
        ]))
        .await?;
    if !supported {
        return error(&answer, 501, None);
    }
    world.delete_made(&answer).await?;
    status(&answer, 200)?;
    let is_bulk = answer.has_schema("urn:ietf:params:scim:api:messages:2.0:BulkResponse");
    expect("a BulkResponse", is_bulk, &answer.json)?;
    let text = |pointer: &str| answer.text(&format!("/Operations/{pointer}"));
    expect("the user's status \"201\"", text("0/status") == Some("201"), &answer.json)?;
    expect("the user's bulkId", text("0/bulkId") == Some("a"), &answer.json)?;
    expect("the user's location", text("0/location").is_some(), &answer.json)?;
    expect("a location where a DELETE failed", text("1/location").is_some(), &answer.json)?;
    expect("its status \"404\"", text("1/status") == Some("404"), &answer.json)?;
    expect("its error in response", text("1/response/schemas/0") == Some(ERROR), &answer.json)
}

async fn a_bulk_id_is_replaced_by_the_id_of_what_was_made(world: &World<'_>) -> Result {
    let types = world.ask("GET", "/ResourceTypes", None).await?;
    let types = types.json.get("Resources").and_then(Value::as_array).cloned().unwrap_or_default();
    let has_groups = types.iter().any(|t| t.get("endpoint").and_then(Value::as_str) == Some("/Groups"));
    if world.bulk().await?.is_none() || !has_groups {
        return Ok(());
    }
    // Forward, so that the server has to look ahead.
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": world.run,
        "members": [{"value": "bulkId:user"}],
    });
    let answer = world
        .ask_bulk(json!([
            {"method": "POST", "path": "/Groups", "bulkId": "group", "data": group},
            {"method": "POST", "path": "/Users", "bulkId": "user", "data": world.user(json!({}))},
        ]))
        .await?;
    let id = |at: usize| answer.text(&format!("/Operations/{at}/location"))?.rsplit('/').next().map(ToOwned::to_owned);
    let (group, user) = (id(0).unwrap_or_default(), id(1).unwrap_or_default());
    let read = world.ask("GET", &format!("/Groups/{group}"), None).await?;
    world.delete_made(&answer).await?;
    status(&answer, 200)?;
    let member = read.text("/members/0/value");
    expect("the user's id as the member", !user.is_empty() && member == Some(&user), &read.json)
}

async fn a_bulk_request_past_the_published_limit_is_413(world: &World<'_>) -> Result {
    // More than this would be a burden to a server and prove no more.
    let Some(most @ ..=10_000) = world.bulk().await? else { return Ok(()) };
    let operation = json!({"method": "DELETE", "path": "/Users/there-is-no-such-user"});
    let operations: Vec<Value> = (0..=most).map(|_| operation.clone()).collect();
    error(&world.ask_bulk(operations.into()).await?, 413, None)
}
