//! SCIM in an axum application that is there already: its own routes and its own table of users stay, one more route
//! serves `/t/{tenant}/api/scim/v2`, and the table follows what identity providers send. The protocol is RFC 7644; nothing
//! here is about it.

#[cfg(test)]
mod tests;
mod users;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Router, routing::get, routing::post};
use scimstack_client::{BoxError, Client, Patch};
use scimstack_provisioning::directory::Lifecycle;
use scimstack_schema::{Registry, Timestamp, Value};
use scimstack_server::admin::AdminError;
use scimstack_server::{Admin, Engine, Environment, ScimService};
use scimstack_store::mirror::Mirror;
use scimstack_store::{Scope, Store, TenantId};
use scimstack_store_sqlite::{SqliteOptions, SqliteStore};
use std::error::Error;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::runtime::{Handle, RuntimeFlavor};
use users::Users;

/// The one customer of this example, and the name of its tenant.
const CUSTOMER: &str = "acme";

/// Time, randomness and threads of this process.
struct Process;

impl Environment for Process {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(since.as_micros().try_into().unwrap_or(i64::MAX))
    }

    #[expect(clippy::expect_used, reason = "without randomness there are no safe tokens, so nothing can go on")]
    fn fill_random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has randomness");
    }

    fn work(&self, work: &mut dyn FnMut()) {
        match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
            // Other requests go on with another thread meanwhile.
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
            _ => work(),
        }
    }
}

/// The application.
struct App {
    users: Arc<Users>,
    engine: Arc<Engine>,
    tenant: TenantId,
    /// The directory, for the application itself.
    directory: Client,
}

impl App {
    fn customer(&self) -> u32 {
        Scope::Tenant(self.tenant).number()
    }

    /// Those who were there before the directory get into it: `put` finds their row by the address.
    async fn sign_up(&self, email: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.users.sign_up(self.customer(), email)?;
        let mut person = scimstack_client::views::User::default();
        email.clone_into(&mut person.user_name);
        self.directory.users().create(&person).await?;
        Ok(())
    }
}

/// An error of the application's own routes.
fn failed(error: impl std::fmt::Display) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

type Answer = Result<String, (StatusCode, String)>;

/// The application's own log-in, much shortened, by its own table.
async fn log_in(State(app): State<Arc<App>>, Path(email): Path<String>) -> Answer {
    let refused = || (StatusCode::FORBIDDEN, format!("{email} may not come in"));
    let user = app.users.find(app.customer(), &email).map_err(failed)?;
    let user = user.filter(|user| user.may_log_in).ok_or_else(refused)?;
    // So that the directory knows who has signed in: some are notified only then.
    app.engine.sign_in(CUSTOMER, &email).await.map_err(|_| refused())?;
    Ok(format!("Welcome, {} ({}).", user.name, user.theme))
}

async fn sign_up(State(app): State<Arc<App>>, Path(email): Path<String>) -> Answer {
    if app.users.find(app.customer(), &email).map_err(failed)?.is_some() {
        return Err((StatusCode::CONFLICT, format!("{email} is there already")));
    }
    app.sign_up(&email).await.map_err(failed)?;
    Ok(format!("{email} is there"))
}

/// A name is what identity providers read too, so it is changed in the directory, and the table follows.
async fn rename(State(app): State<Arc<App>>, Path((email, name)): Path<(String, String)>) -> Answer {
    let user = app.users.find(app.customer(), &email).map_err(failed)?;
    let Some(id) = user.and_then(|user| user.scim_id) else { return Err((StatusCode::NOT_FOUND, email)) };
    let mut operation = scimstack_schema::Object::new();
    operation.insert("op", "replace");
    operation.insert("path", "displayName");
    operation.insert("value", name.as_str());
    let mut body = scimstack_schema::Object::new();
    body.insert("schemas", Value::Array(vec!["urn:ietf:params:scim:api:messages:2.0:PatchOp".into()]));
    body.insert("Operations", Value::Array(vec![Value::Object(operation)]));
    let patch = Patch::from_value(Value::Object(body), &Default::default()).map_err(failed)?;
    app.directory.users().patch(&id, &patch).await.map_err(failed)?;
    Ok(format!("{email} is called {name}"))
}

/// A column of the application's own.
async fn set_theme(State(app): State<Arc<App>>, Path((email, theme)): Path<(String, String)>) -> Answer {
    match app.users.set_theme(app.customer(), &email, &theme).map_err(failed)? {
        true => Ok(format!("{email} likes it {theme}")),
        false => Err((StatusCode::NOT_FOUND, email)),
    }
}

/// The application over its files in a directory, and a new token for the identity provider.
async fn application(place: &std::path::Path) -> Result<(Router, String), Box<dyn Error>> {
    let users = Arc::new(Users::open(&place.join("application.db"))?);
    let directory: Arc<dyn Store> = Arc::new(SqliteStore::open(place.join("directory.db"), SqliteOptions::default())?);
    let mirror = Arc::new(Mirror::new(directory, "User", users.clone()));
    let admin = Admin::new(mirror.clone(), Arc::new(Process), Registry::core());
    let tenant = match admin.create_tenant(CUSTOMER).await {
        Err(AdminError::Exists(_)) => admin.tenant(CUSTOMER).await?,
        made => made?,
    };
    // What was committed when this process last died, and not written into the table any more.
    mirror.catch_up(Scope::Tenant(tenant.id), Process.now()).await?;
    let (_, token) = admin.create_token(tenant.id, "default", "identity provider", None).await?;
    let (_, own) = admin.create_token(tenant.id, "default", "the application itself", None).await?;
    let engine = Arc::new(Engine::builder(admin).decide(Arc::new(Lifecycle)).build());

    // The engine is called like any server, without a network in between.
    let within = engine.clone();
    let transport = move |request| {
        let engine = within.clone();
        async move {
            let (head, body) = engine.handle(request).await.into_parts();
            let body = body.collect().await.map_err(BoxError::from)?;
            Ok(axum::http::Response::from_parts(head, body))
        }
    };
    let base = format!("http://localhost/t/{CUSTOMER}/api/scim/v2");
    let directory = Client::new(transport, &base, own.reveal())?;
    let app = Arc::new(App { users, engine: engine.clone(), tenant: tenant.id, directory });
    let router = Router::new()
        .route("/log-in/{email}", get(log_in))
        .route("/people/{email}", post(sign_up))
        .route("/people/{email}/name/{name}", post(rename))
        .route("/people/{email}/theme/{theme}", post(set_theme))
        .route_service("/t/{*scim}", ScimService::new(engine))
        .with_state(app);
    Ok((router, token.reveal().to_owned()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (router, token) = application(&std::env::current_dir()?).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("base URL http://127.0.0.1:8080/t/{CUSTOMER}/api/scim/v2");
    println!("token    {token}");
    Ok(axum::serve(listener, router).await?)
}
