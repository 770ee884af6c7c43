//! The filter and PATCH languages by themselves: parse a filter, show an error, resolve, evaluate, apply a PATCH.
//! No server, no storage.

use scimstack_filter::{Filter, Patch, PatchOptions, ResolveOptions};
use scimstack_schema::{Registry, Resource, Value};
use std::error::Error;

const ANN: &str = r#"{
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "id": "u1",
    "userName": "ann@x.test",
    "emails": [
        {"value": "ann@x.test", "type": "work", "primary": true},
        {"value": "ann@home.test", "type": "home"}
    ]
}"#;

const PATCH: &str = r#"{
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [
        {"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true},
        {"op": "add", "value": {"name": {"givenName": "Ann"}, "active": true}}
    ]
}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let written = std::env::args().nth(1);
    let written = written.as_deref().unwrap_or(r#"EMAILS[type eq "home" and not(value ew "@x.test")] OR title pr"#);

    // Text to tree. An error knows its place.
    let filter = match Filter::parse(written) {
        Ok(filter) => filter,
        Err(error) => {
            println!("{}", error.render());
            return Ok(());
        }
    };
    println!("parsed:   {filter}");

    // Names and types are settled against a resource type; then the filter can be asked.
    let registry = Registry::core();
    let user = registry.resource_type("User").ok_or("the core registry has users")?;
    let mut ann = Resource::from_stored(user.clone(), ANN.as_bytes())?;
    match filter.resolve(user, ResolveOptions::default()) {
        Ok(resolved) => println!("matches:  {}", resolved.matches(ann.root())),
        Err(error) => println!("refused:  {error}"),
    }

    // A PATCH is applied as a whole or not at all.
    let options = PatchOptions::default();
    let before = ann.clone();
    let outcome = Patch::from_value(Value::parse(PATCH.as_bytes())?, &options)?.apply(&mut ann, &options)?;
    println!("changed:  {}", outcome.changed);
    println!("now:      {}", Value::Object(ann.root().clone()));

    // And back: a small PATCH that makes the one of the other.
    println!("to undo:  {}", Patch::diff(&ann, &before).to_value());
    Ok(())
}
