//! Lists the people of a SCIM server: `client-example URL TOKEN [FILTER]`. A client in one screen; see the README.

use scimstack_client::views::User;
use scimstack_client::{Client, Error, ListQuery};
use std::io::Write;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (url, token, filter) = match arguments.as_slice() {
        [url, token] => (url, token, None),
        [url, token, filter] => (url, token, Some(filter.clone())),
        _ => {
            eprintln!("usage: client-example URL TOKEN [FILTER]");
            return ExitCode::from(2);
        }
    };
    let listed = match Client::connect(url, token) {
        Ok(client) => list(&client, filter, &mut std::io::stdout()).await,
        Err(error) => Err(error),
    };
    match listed {
        Ok(people) => {
            println!("{people} people");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes a line for everyone who matches, page after page; how many there are comes back.
async fn list(client: &Client, filter: Option<String>, out: &mut impl Write) -> Result<usize, Error> {
    let mut query = ListQuery::default();
    query.filter = filter;
    query.count = Some(100);
    let mut people = client.users().list_all(query);
    let mut count = 0;
    while let Some(person) = people.next().await {
        // A terminal that is gone is no reason to stop counting.
        let _ = writeln!(out, "{}", line(&person?));
        count += 1;
    }
    Ok(count)
}

fn line(person: &User) -> String {
    let state = if person.active == Some(false) { "inactive" } else { "active" };
    let department = person.enterprise.as_ref().and_then(|e| e.department.as_deref()).unwrap_or("-");
    let title = person.title.as_deref().unwrap_or("-");
    format!("{:<32} {state:<8} {department:<16} {title}", person.user_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{Request, Response};

    /// A server of three people in pages of two.
    async fn server(request: Request<Bytes>) -> Result<Response<Bytes>, scimstack_client::BoxError> {
        assert_eq!(request.headers()["authorization"], "Bearer s3cret");
        let query = request.uri().query().unwrap_or_default();
        assert!(query.contains("filter=active%20eq%20true"), "{query}");
        let body = if query.contains("startIndex=1&") {
            r#"{"totalResults":3,"startIndex":1,"Resources":[
                {"userName":"ann@x.test","active":true,"title":"Head",
                 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales"}},
                {"userName":"bob@x.test"}]}"#
        } else {
            r#"{"totalResults":3,"startIndex":3,"Resources":[{"userName":"cy@x.test","active":false}]}"#
        };
        Ok(Response::new(Bytes::from(body)))
    }

    #[tokio::test]
    async fn everyone_is_listed() {
        let client = Client::new(server, "https://scim.test/v2", "s3cret").unwrap();
        let mut out = Vec::new();
        let people = list(&client, Some("active eq true".into()), &mut out).await.unwrap();
        assert_eq!(people, 3);
        let lines: Vec<String> = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["ann@x.test", "active", "Sales", "Head"]);
        assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["bob@x.test", "active", "-", "-"]);
        assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["cy@x.test", "inactive", "-", "-"]);
    }
}
