//! The kit is proven by stores that lie: each breaks one promise, and the check of that promise notices. A store that
//! tells the truth through the same wrapper passes, so that it is the lie that is noticed.

#[path = "liars/liar.rs"]
mod liar;

use futures_executor::block_on;
use liar::{Liar, Lie};
use scimstack_store::Capabilities;
use scimstack_store_testkit::{checks, run, run_only};

/// Each lie, and the check that has to notice.
const LIES: &[(Lie, &str)] = &[
    (Lie::DropsTheLastOperation, "operations see what those before them did"),
    (Lie::IgnoresExpectedVersions, "a change that expects another version is refused"),
    (Lie::IgnoresExpectedVersions, "of changes that expect the same version one wins"),
    (Lie::IgnoresExpectedVersions, "a change of edges expects a version of its source"),
    (Lie::GivesNamesTwice, "a user name is given once, whatever its case"),
    (Lie::GivesNamesTwice, "further unique values are given once"),
    (Lie::ComparesNamesWithCase, "a user name is given once, whatever its case"),
    (Lie::ChecksThenWrites, "of those who claim a name at once, one gets it"),
    (Lie::ChecksThenWrites, "of those who rename to a name at once, one gets it"),
    (Lie::ShowsAnotherTenant, "a tenant does not see another's records"),
    (Lie::KeepsOneHeap, "tenants may have the same ids, names and values"),
    (Lie::KeepsOneHeap, "references never reach into another tenant"),
    (Lie::LosesFeedEntries, "the feed tells every change in order"),
    (Lie::LosesFeedEntries, "changes made at once are all in the feed, once"),
    (Lie::ForgetsWhatWasBefore, "the feed keeps what was before"),
    (Lie::MixesUpTopics, "the feed is read by topic and by record"),
    (Lie::EmitsTwice, "an event is emitted once"),
    (Lie::ReversesTheOrder, "without an order the order is by id"),
    (Lie::ReversesTheOrder, "an order is by value, then by id, those without a value last"),
    (Lie::PagesByOffset, "paging by cursor under writes neither repeats nor misses what is not written"),
    (Lie::TakesAnyCursor, "a cursor of another making is refused"),
    (Lie::AnswersTheFirstTermOnly, "a filter finds just the users that match"),
    (Lie::AnswersTheFirstTermOnly, "a filter finds just the groups that match"),
    (Lie::CountsThePage, "matches are counted as far as was asked"),
    (Lie::CountsThePage, "index pages cut the order without gap or overlap"),
    (Lie::BringsEverything, "only what is wanted of a record is read"),
    (Lie::ForgetsPendingReferences, "a pending member is found when it is created"),
    (Lie::ForgetsPendingReferences, "a pending member is found when it is renamed"),
    (Lie::ForgetsPendingReferences, "a group and its member that arrive at once find each other"),
    (Lie::FindsMembersByMail, "a manager is found by every key, before and after"),
    (Lie::FindsAnyKind, "only a record of a kind that may be meant is found"),
    (Lie::ParksStrangers, "who must exist and does not is named"),
    (Lie::AlwaysMovesTheVersion, "adding a member twice and removing a stranger change nothing"),
    (Lie::RepeatsPagesOfEdges, "edges come in pages without gap or overlap"),
    (Lie::CommitsOneByOne, "a changeset that is refused changes nothing"),
    (Lie::CommitsOneByOne, "a refused changeset leaves no trace in the feed"),
    (Lie::CommitsOneByOne, "a dropped commit is whole or not at all"),
    (Lie::ForgetsIdempotencyKeys, "a changeset with a known idempotency key is not done again"),
    (Lie::ForgetsIdempotencyKeys, "of commits with the same idempotency key at once one is done"),
    (Lie::RemembersRefusedKeys, "a refused changeset does not use up its idempotency key"),
    (Lie::ReadsFromACache, "what was acknowledged is seen at once"),
    (Lie::RenewsCreation, "a replacement keeps when the record was created"),
    (Lie::CutsDocuments, "a document of a mebibyte comes back"),
    (Lie::CutsReplacements, "a group of two thousand is kept, read in pages and changed"),
];

#[test]
fn every_lie_is_noticed_by_the_check_of_its_promise() {
    for &(lie, name) in LIES {
        assert!(checks().iter().any(|check| check.name == name), "no check is called {name}");
        let report = block_on(run_only(|| async { Liar::new(lie) }, |check| check.name == name));
        let failed: Vec<_> = report.failed.iter().map(|failure| failure.name).collect();
        assert_eq!(failed, [name], "{lie:?} is not noticed");
        assert!(!report.is_ok());
    }
}

#[test]
fn every_lie_is_told() {
    for lie in Lie::ALL {
        assert!(*lie == Lie::None || LIES.iter().any(|(told, _)| told == lie), "{lie:?} is not tried");
    }
}

#[test]
fn a_wrapper_that_does_not_lie_passes() {
    block_on(run(|| async { Liar::new(Lie::None) })).assert_ok();
}

#[test]
#[should_panic(expected = "the version is not read")]
fn a_report_that_failed_says_so() {
    let mut report = block_on(run_only(
        || async { Liar::new(Lie::ReadsFromACache) },
        |check| check.name == "every replacement adds one to the version",
    ));
    for failure in &mut report.failed {
        failure.message = "the version is not read".to_owned();
    }
    report.assert_ok();
}

#[test]
fn what_a_store_does_not_promise_is_skipped() {
    let mut less = Capabilities::FULL;
    less.feed = false;
    less.race_free_unique = false;
    let report = block_on(run(|| async { Liar::promising(less) }));
    assert!(report.is_ok(), "{report}");
    let skipped: Vec<_> = checks()
        .iter()
        .filter(|check| check.needs.iter().any(|need| ["Feed", "RaceFreeUnique"].contains(&&*format!("{need:?}"))))
        .map(|check| check.name)
        .collect();
    assert_eq!(report.skipped.iter().map(|skip| skip.name).collect::<Vec<_>>(), skipped);
    assert!(!skipped.is_empty() && !report.passed.is_empty());
    assert!(report.skipped.iter().all(|skip| ["feed", "race_free_unique"].contains(&skip.capability)));
}
