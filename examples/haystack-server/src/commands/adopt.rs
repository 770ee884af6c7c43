//! `adopt`: people who were here before a connection are linked to it. Left out: who is whom ([`Engine::adopt`]), and what
//! the list looks like (`roster`).

use super::{admin, print, tenant_called};
use crate::cli::AdoptArgs;
use crate::error::{Error, chain};
use crate::key_source::Networks;
use crate::roster;
use scimstack_server::{Engine, Found, Here, RosterEntry};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// People of a page of those who belong to no connection.
const PAGE: u32 = 500;

pub(crate) async fn run(args: AdoptArgs) -> Result<ExitCode, Error> {
    let admin = admin(&args.database.database).await?;
    let tenant = tenant_called(&admin, &args.tenant).await?.name;
    let engine = crate::serve::engine(admin, None, Networks::Public)?;
    let Some(list) = &args.list else {
        return unowned(&engine, &tenant, args.json).await;
    };
    let roster = read(list)?;
    let adoption = engine.adopt(&tenant, &args.connection, roster, args.apply).await;
    let adoption = adoption.map_err(|error| Error::new(chain(&error)))?;
    let mut counts = [0_usize; 5];
    let mut lines = Vec::new();
    for (entry, found) in &adoption.lines {
        let (at, word, who, why) = told(found);
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
        if args.json {
            lines.push(json!({
                "externalId": entry.external_id, "userName": entry.user_name, "email": entry.email, "found": word,
                "people": who.iter().map(|here| json!({"id": here.id.as_str(), "userName": here.user_name})).collect::<Vec<_>>(),
                "why": why,
            }));
        } else {
            let sent = [&entry.user_name, &entry.external_id, &entry.email];
            let sent =
                sent.into_iter().flatten().map(String::as_str).find(|text| !text.is_empty()).unwrap_or("(empty)");
            let names: Vec<&str> = who.iter().map(|here| here.user_name.as_str()).collect();
            let why = why.map(|why| format!("  {why}")).unwrap_or_default();
            print(format!("{word:<10} {sent}  {}{why}", names.join(", ")).trim_end());
        }
    }
    let [matched, linked, refused, ambiguous, nobody] = counts;
    if args.json {
        print(&json!({"applied": adoption.applied, "lines": lines}).to_string());
    } else {
        let are = if adoption.applied { "were linked" } else { "would be linked (say --apply)" };
        print(&format!(
            "{matched} {are}, {linked} are already, {refused} are not to be, {ambiguous} are ambiguous, {nobody} are new"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn told(found: &Found) -> (usize, &'static str, Vec<&Here>, Option<&str>) {
    match found {
        Found::Match(here) => (0, "match", vec![here], None),
        Found::Linked(here) => (1, "linked", vec![here], None),
        Found::Refused(here, why) => (2, "refused", vec![here], Some(why)),
        Found::Ambiguous(several) => (3, "ambiguous", several.iter().collect(), None),
        _ => (4, "new", Vec::new(), None),
    }
}

/// Lists who belongs to no connection.
async fn unowned(engine: &Engine, tenant: &str, as_json: bool) -> Result<ExitCode, Error> {
    let (mut after, mut people) = (None, Vec::new());
    loop {
        let (page, next) = engine.unowned(tenant, after, PAGE).await.map_err(|error| Error::new(chain(&error)))?;
        for stored in page {
            let name = stored.core.unique.unwrap_or_default();
            if as_json {
                people.push(json!({"id": stored.key.id.as_str(), "userName": name}));
            } else {
                print(&name);
            }
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    if as_json {
        print(&json!({"applied": false, "unowned": people}).to_string());
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<Vec<RosterEntry>, Error> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::new(format!("{}: {e}", path.display())))?;
    roster::parse(&text).map_err(|why| Error::usage(format!("{}: {why}", path.display())))
}
