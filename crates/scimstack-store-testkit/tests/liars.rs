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
    (Lie::DropsTheLastOperation, "deleting a group takes its edges along"),
    (Lie::DropsTheLastOperation, "edges are read for several records, and for all"),
    (Lie::DropsTheLastOperation, "operations see what those before them did"),
    (Lie::IgnoresExpectedVersions, "a change of edges expects a version of its source"),
    (Lie::IgnoresExpectedVersions, "a change that expects another version is refused"),
    (Lie::IgnoresExpectedVersions, "of changes that expect the same version one wins"),
    (Lie::GivesNamesTwice, "a user name is given once, whatever its case"),
    (Lie::GivesNamesTwice, "further unique values are given once"),
    (Lie::ComparesNamesWithCase, "a user name is given once, whatever its case"),
    (Lie::ComparesNamesWithCase, "two pending values that turn out to name the same become one member"),
    (Lie::ChecksThenWrites, "a name is free again when its holder lets go of it"),
    (Lie::ChecksThenWrites, "of those who claim a name at once, one gets it"),
    (Lie::ChecksThenWrites, "of those who rename to a name at once, one gets it"),
    (Lie::ChecksThenWrites, "records of different kinds may have the same unique value"),
    (Lie::ShowsAnotherTenant, "a tenant does not see another's records"),
    (Lie::KeepsOneHeap, "a tenant's feed has only its own changes"),
    (Lie::KeepsOneHeap, "idempotency keys belong to one tenant"),
    (Lie::KeepsOneHeap, "references never reach into another tenant"),
    (Lie::KeepsOneHeap, "tenants may have the same ids, names and values"),
    (Lie::KeepsOneHeap, "the system's records are apart from every tenant's"),
    (Lie::LosesFeedEntries, "changes made at once are all in the feed, once"),
    (Lie::LosesFeedEntries, "the feed tells every change in order"),
    (Lie::ForgetsWhatWasBefore, "the feed keeps what was before"),
    (Lie::MixesUpTopics, "the feed is read by topic and by record"),
    (Lie::EmitsTwice, "an event is emitted once"),
    (Lie::ReversesTheOrder, "an order is by value, then by id, those without a value last"),
    (Lie::ReversesTheOrder, "cursor pages cut the order without gap or overlap"),
    (Lie::ReversesTheOrder, "long values that begin alike are told apart"),
    (Lie::ReversesTheOrder, "several kinds are found at once, each by its own filter"),
    (Lie::ReversesTheOrder, "without an order the order is by id"),
    (Lie::PagesByOffset, "paging by cursor under writes neither repeats nor misses what is not written"),
    (Lie::TakesAnyCursor, "a cursor of another making is refused"),
    (Lie::AnswersTheFirstTermOnly, "a filter finds just the groups that match"),
    (Lie::AnswersTheFirstTermOnly, "a filter finds just the users that match"),
    (Lie::AnswersTheFirstTermOnly, "texts are found by their parts wherever these stand"),
    (Lie::AnswersTheFirstTermOnly, "what nothing is indexed for is found by cursor, a budget at a time"),
    (Lie::MissesWhatWasWrittenBefore, "what was written before a path was declared is found by it"),
    (Lie::MissesWhatWasWrittenBefore, "what is written under an older declaration is found all the same"),
    (Lie::KnowsNothingOutdated, "records to be indexed anew are those of the tenant and kind"),
    (Lie::ShowsThatItIndexed, "indexing anew moves neither versions nor the feed"),
    (Lie::IndexesWhatWasChanged, "indexing anew leaves alone what was written in between"),
    (Lie::ExplainsAnother, "an explanation says how many records there are and how many would be looked at"),
    (Lie::CountsThePage, "index pages cut the order without gap or overlap"),
    (Lie::CountsThePage, "matches are counted as far as was asked"),
    (Lie::BringsEverything, "a query brings what is wanted of each match"),
    (Lie::BringsEverything, "only what is wanted of a record is read"),
    (Lie::ForgetsPendingReferences, "a group and its member that arrive at once find each other"),
    (Lie::ForgetsPendingReferences, "a pending member is found when it is created"),
    (Lie::ForgetsPendingReferences, "a pending member is found when it is renamed"),
    (Lie::FindsMembersByMail, "a manager is found by every key, before and after"),
    (Lie::FindsMembersByMail, "a member is found by id, user name and external id"),
    (Lie::FindsAnyKind, "only a record of a kind that may be meant is found"),
    (Lie::ParksStrangers, "who must exist and does not is named"),
    (Lie::AlwaysMovesTheVersion, "a member is removed by its id and by its raw value"),
    (Lie::AlwaysMovesTheVersion, "adding a member twice and removing a stranger change nothing"),
    (Lie::AlwaysMovesTheVersion, "deleting a member takes it out of its groups"),
    (Lie::AlwaysMovesTheVersion, "members added at once are all there"),
    (Lie::AlwaysMovesTheVersion, "steps follow a replacement, in order"),
    (Lie::RepeatsPagesOfEdges, "edges come in pages without gap or overlap"),
    (Lie::CommitsOneByOne, "a changeset that is refused changes nothing"),
    (Lie::CommitsOneByOne, "a dropped commit is whole or not at all"),
    (Lie::CommitsOneByOne, "a refused changeset leaves no trace in the feed"),
    (Lie::ForgetsIdempotencyKeys, "a changeset with a known idempotency key is not done again"),
    (Lie::ForgetsIdempotencyKeys, "of commits with the same idempotency key at once one is done"),
    (Lie::RemembersRefusedKeys, "a refused changeset does not use up its idempotency key"),
    (Lie::ReadsFromACache, "every replacement adds one to the version"),
    (Lie::ReadsFromACache, "replacing the members writes the difference only"),
    (Lie::ReadsFromACache, "what was acknowledged is seen at once"),
    (Lie::RenewsCreation, "a change of edges moves the version of their source once"),
    (Lie::RenewsCreation, "a record is read as it was written"),
    (Lie::RenewsCreation, "a replacement keeps when the record was created"),
    (Lie::CutsDocuments, "a document of a mebibyte comes back"),
    (Lie::CutsReplacements, "a group of two thousand is kept, read in pages and changed"),
    (Lie::FoldsIds, "what is not there is not read"),
    (Lie::Overwrites, "a record that exists is not created"),
    (Lie::Upserts, "what does not exist is neither replaced nor deleted"),
    (Lie::KeepsTheDeleted, "a record may refer to itself"),
    (Lie::KeepsTheDeleted, "what was deleted is gone, and may be created again"),
    (Lie::RefusesKnownNames, "a record may keep its own names"),
    (Lie::RefusesKnownNames, "a reference that is rewritten is looked up again"),
    (Lie::QueriesFromACache, "a filter follows every change"),
    (Lie::ShowsNoPeers, "edges are read backward"),
    (Lie::ShowsNoPeers, "edges are read forward, with what came with them"),
    (Lie::ShowsNoPeers, "replacing a record leaves its members alone"),
    (Lie::LooksUpAgain, "a bound member stays bound when it is renamed"),
    (Lie::LooksUpAgain, "an ambiguous reference waits until it is not"),
    (Lie::PicksTheFirst, "an ambiguous reference waits until it is not"),
    (Lie::KeepsOldReferences, "a reference that is left out is gone"),
    (Lie::TriesKeysBackward, "the first key with a match decides"),
    (Lie::DropsAliases, "a manager who goes leaves the reference pending, or to another"),
    (Lie::DropsAliases, "former names find a record"),
    (Lie::NamesNobody, "the feed tells who, when and why"),
    (Lie::TellsNoEdges, "the feed tells what a change did to others"),
    (Lie::TellsNoEdges, "the feed tells which edges changed"),
    (Lie::NeverHasMore, "the feed is read in pages, from both ends"),
    (Lie::LooksUpAgain, "whatever happens, it is as in the store in memory"),
    (Lie::PicksTheFirst, "whatever happens, it is as in the store in memory"),
    (Lie::TriesKeysBackward, "whatever happens, it is as in the store in memory"),
    (Lie::AlwaysMovesTheVersion, "whatever happens, it is as in the store in memory"),
    (Lie::ForgetsPendingReferences, "whatever happens, versions, edges and names are in order"),
    (Lie::ComparesNamesWithCase, "whatever happens, versions, edges and names are in order"),
    (Lie::LosesFeedEntries, "consumers read every change once, each at its own pace"),
    (Lie::MixesUpTopics, "a consumer of a topic gets its events and nothing else"),
    (Lie::ReadsFromACache, "a lease that ended is another worker's, with the same batch"),
    (Lie::IgnoresExpectedVersions, "a worker whose lease is lost can acknowledge nothing"),
    (Lie::ChecksVersionsThenWrites, "of workers that ask at once, one is lent the batch"),
    (Lie::PrunesTooMuch, "what is pruned is the oldest, and at most so much"),
    (Lie::PrunesTooMuch, "pruning goes no further than a place in the feed"),
    (Lie::PrunesTooMuch, "an idempotency key is known until it is pruned"),
    (Lie::SkipsWhatWasPruned, "a reader who has missed what was pruned is told"),
    (Lie::CommitsOneByOne, "a refused changeset prunes nothing"),
    (Lie::KeepsOneHeap, "pruning leaves other tenants alone"),
    (Lie::KeepsOneHeap, "consumers of the same name in two tenants are two"),
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
fn every_check_notices_a_lie() {
    for check in checks() {
        assert!(LIES.iter().any(|(_, name)| *name == check.name), "{:?} may be a check that cannot fail", check.name);
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
#[should_panic(expected = "FAILED  every replacement adds one to the version: the version that is read: expected")]
fn a_report_that_failed_says_what_was_found() {
    let store = || async { Liar::new(Lie::ReadsFromACache) };
    block_on(run_only(store, |check| check.name == "every replacement adds one to the version")).assert_ok();
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
