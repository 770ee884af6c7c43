//! Every conversation is played against our own server: on a connection of the provider's dialect, on one that goes by the
//! User-Agent, on one that knows no provider, and by the letter on one that is strict. What a server that knows no provider
//! need not pass is marked in the conversations, and the marks are checked in both directions.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod good;

use good::Good;
use scimstack_conformance::{
    Conversation, Expect, Replay, ReplayOptions, Verdict, conversation, conversations, replay,
};
use scimstack_protocol::Dialect;
use scimstack_store::{MemoryStore, Store};
use scimstack_store_sqlite::SqliteStore;
use std::collections::BTreeSet;
use std::sync::Arc;

fn play(dialect: Dialect, conversation: &Conversation, expect: Expect) -> Replay {
    play_with(&Good::of(dialect), conversation, expect)
}

fn play_with(good: &Good, conversation: &Conversation, expect: Expect) -> Replay {
    let options = ReplayOptions::default().expect(expect).run_name("t");
    futures_executor::block_on(replay(good, &good.target(), conversation, &options))
}

/// The dialect for a conversation: its own, where there is one.
fn dialect(conversation: &Conversation) -> Dialect {
    serde_json::from_value(conversation.provider.as_str().into()).unwrap_or(Dialect::Generic)
}

fn judge(replays: impl Iterator<Item = Replay>) {
    let mut wrong = Vec::new();
    for replay in replays {
        let all = replay.steps.iter().all(|played| played.verdict == Verdict::Passed);
        if !replay.is_faithful() || !all || !replay.left.is_empty() {
            wrong.push(replay.to_string());
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n\n"));
}

#[test]
fn every_provider_is_served_under_its_own_dialect() {
    let known = conversations().iter().filter(|one| dialect(one) != Dialect::Generic).count();
    assert_eq!(known, 10, "each dialect of a provider has its conversation");
    judge(conversations().iter().map(|one| play(dialect(one), one, Expect::Provider)));
}

#[test]
fn okta_and_entra_are_served_by_their_user_agent_over_either_store() {
    let stores: [Arc<dyn Store>; 2] = [Arc::new(MemoryStore::new()), Arc::new(SqliteStore::in_memory().unwrap())];
    for store in stores {
        // One after the other on the same tenant: each leaves nothing that would be in the way of the next.
        let good = Good::directory(store);
        let recognised = ["okta", "okta-oin", "entra", "entra-compliant", "okta"];
        judge(recognised.iter().map(|name| play_with(&good, conversation(name).unwrap(), Expect::Provider)));
    }
}

#[test]
fn a_connection_that_knows_no_provider_serves_all_but_what_is_marked() {
    let mut wrong = Vec::new();
    for one in conversations() {
        let replay = play(Dialect::Generic, one, Expect::Provider);
        let failed: BTreeSet<&str> = replay.failures().map(|played| played.step.as_str()).collect();
        // The server knows its tokens whatever the dialect, and the flag, too.
        let not_by_dialect = ["bare-token", "appended-flag"];
        let marked: BTreeSet<&str> = one
            .steps
            .iter()
            .filter(|step| step.own.is_some() && !not_by_dialect.contains(&step.id.as_str()))
            .map(|step| step.id.as_str())
            .collect();
        let untested = replay.steps.iter().any(|played| matches!(played.verdict, Verdict::Untested(_)));
        if failed != marked || untested {
            wrong.push(format!("marked: {marked:?}\n{replay}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n\n"));
}

#[test]
fn a_strict_connection_refuses_every_departure_as_documented() {
    judge(conversations().iter().map(|one| play(Dialect::Rfc, one, Expect::Letter)));
}

#[test]
fn a_strict_connection_is_no_use_to_who_departs() {
    for one in conversations() {
        let replay = play(Dialect::Rfc, one, Expect::Provider);
        let failed: BTreeSet<&str> = replay.failures().map(|played| played.step.as_str()).collect();
        let refused = one.steps.iter().filter(|step| {
            step.letter.as_ref().is_some_and(|letter| letter.status.0.iter().all(|status| *status >= 400))
        });
        for step in refused {
            let untested = replay.steps.iter().any(|p| p.step == step.id && matches!(p.verdict, Verdict::Untested(_)));
            assert!(untested || failed.contains(step.id.as_str()), "{}/{} passes:\n{replay}", one.provider, step.id);
        }
    }
}
