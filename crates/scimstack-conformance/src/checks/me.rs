//! `/Me` (RFC 7644 §3.11). Only reading: what is behind it was not made by the suite.

use crate::check::table;
use crate::stop::{Result, applies, ensure};
use crate::target::Answer;
use crate::world::{ERROR, World};

table! { "me";
    Should once answered "me-works-or-is-501" ["P-3.11-02"]
        "Answer GET /Me with the resource of whoever asks, or with 501 where there is none.";
    Must once error_body "me-error-is-a-scim-error" ["P-3.12-01"]
        "Give the refusal of /Me the body of a SCIM error.";
    Must once location "me-names-the-permanent-address" ["P-3.11-06"]
        "Give in the Location of an answer from /Me the permanent address of the resource.";
}

async fn me(w: &World<'_>) -> Result<Answer> {
    w.get("/Me").await
}

async fn answered(w: &World<'_>) -> Result {
    let answer = me(w).await?;
    // A client that stands for no resource may be told so.
    ensure!(matches!(answer.status, 200 | 308 | 403 | 404 | 501), "GET /Me was answered with {}", answer.status);
    ensure!(answer.status != 200 || answer.text("/id").is_some(), "the answer is 200, and has no id");
    Ok(())
}

async fn error_body(w: &World<'_>) -> Result {
    let answer = me(w).await?;
    applies!(answer.status >= 400, "/Me is answered with {}", answer.status);
    ensure!(answer.has_schema(ERROR), "the body does not name the schema of an error");
    Ok(())
}

async fn location(w: &World<'_>) -> Result {
    let answer = me(w).await?;
    applies!(answer.status == 200, "/Me is answered with {}", answer.status);
    let id = answer.text("/id").unwrap_or_default();
    let location = answer.header("location").or_else(|| answer.text("/meta/location")).unwrap_or_default();
    ensure!(!id.is_empty() && location.ends_with(id), "the id is {id:?}, and Location {location:?}");
    Ok(())
}
