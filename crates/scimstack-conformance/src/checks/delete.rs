//! Deleting a resource (RFC 7644 §3.6). Where the server does not delete, the checks do not apply.

use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, Stop, applies, ensure};
use crate::target::Answer;
use crate::world::{Made, NOBODY, World, quoted};
use serde_json::{Value, json};

table! { "delete";
    Must each status_204 "delete-204" ["P-3.6-05"]
        "Answer a DELETE that succeeds with 204.";
    Must each then_404 "deleted-is-404" ["P-3.6-02"]
        "Answer every request for a deleted resource with 404.";
    Must each not_listed "deleted-is-in-no-list" ["P-3.6-03"]
        "Leave deleted resources out of every list.";
    Should each name_is_free "deleted-frees-its-name" ["P-3.6-04" "P-3.6-06"]
        "Let a new resource have the unique value of one that was deleted.";
    Must each unknown "delete-of-nothing-is-404" ["P-3.6-02"]
        "Answer DELETE of an id that was never given with 404.";
}

/// A resource that was deleted, and the answer to that.
async fn deleted(w: &World<'_>, kind: &Kind) -> Result<(Made, Answer)> {
    let made = w.make(kind).await?;
    let answer = w.delete(&made.path).await?;
    let is_done = !matches!(answer.status, 403 | 405 | 501);
    applies!(is_done, "the server does not delete: DELETE was answered with {}", answer.status);
    if !answer.is_success() {
        return Err(Stop::Failed(format!("DELETE was answered with {}", answer.status)));
    }
    Ok((made, answer))
}

async fn status_204(w: &World<'_>, kind: &Kind) -> Result {
    let (_, answer) = deleted(w, kind).await?;
    ensure!(answer.status == 204, "expected 204, got {}", answer.status);
    Ok(())
}

async fn then_404(w: &World<'_>, kind: &Kind) -> Result {
    let (made, _) = deleted(w, kind).await?;
    let document = Value::Object(made.sent.clone());
    let answers = [
        ("GET", w.get(&made.path).await?),
        ("PUT", w.put(&made.path, &document).await?),
        ("DELETE", w.delete(&made.path).await?),
    ];
    for (method, answer) in answers {
        ensure!(answer.status == 404, "{method} of a deleted resource was answered with {}", answer.status);
    }
    if w.service.supports("patch") {
        let answer = w.patch(&made.path, json!([{"op": "replace", "value": {"externalId": "x"}}])).await?;
        ensure!(answer.status == 404, "PATCH of a deleted resource was answered with {}", answer.status);
    }
    Ok(())
}

async fn not_listed(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let key = kind.key().or_not_applicable("the type has no attribute to find a resource by")?;
    let (made, _) = deleted(w, kind).await?;
    let found = w.found(kind, &format!("{} eq {}", key.path(), quoted(&made.key))).await?;
    ensure!(found.is_empty(), "the deleted resource {} is found", made.id);
    Ok(())
}

async fn name_is_free(w: &World<'_>, kind: &Kind) -> Result {
    let (made, _) = deleted(w, kind).await?;
    let answer = w.post(&kind.endpoint, &Value::Object(made.sent.clone())).await?;
    ensure!(answer.is_success(), "making it again was answered with {}", answer.status);
    Ok(())
}

async fn unknown(w: &World<'_>, kind: &Kind) -> Result {
    let answer = w.delete(&format!("{}/{NOBODY}", kind.endpoint)).await?;
    applies!(!matches!(answer.status, 403 | 405 | 501), "the server does not delete");
    ensure!(answer.status == 404, "expected 404, got {}", answer.status);
    Ok(())
}
