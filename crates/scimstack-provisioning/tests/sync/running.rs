//! What is sent, and what becomes of what fails.

use crate::world::{Ended, Fault, World, person, team};
use scimstack_provisioning::sync::{Deed, Entry, Next, Outcome, Patience, Response, Run, TargetProfile, Verb, Write};
use scimstack_schema::{Object, Timestamp, Value};

fn people(count: u32) -> Vec<Object> {
    (0..count).map(|number| person(number, "Clerk", false)).collect()
}

fn lines(world: &World) -> Vec<String> {
    world.target.writes.iter().map(ToString::to_string).collect()
}

#[test]
fn members_go_in_parts_that_the_target_takes_and_after_the_people() {
    let mut world = World::new(TargetProfile::named("aws").unwrap().with_members_per_request(10));
    world.target.most_members = 10;
    let all = people(25);
    world.converge(&all, &[team("T", 0..25)]);
    let sent = lines(&world);
    assert_eq!(sent.iter().filter(|line| *line == "POST /Users").count(), 25);
    assert_eq!(sent[25..], ["POST /Groups", "PATCH /Groups/id-26", "PATCH /Groups/id-26", "PATCH /Groups/id-26"]);
    world.target.writes.clear();
    let plan = world.plan("User", &all, None);
    let mut links = plan.links();
    // This target shows no members: what was sent is known from the journal.
    let ledger = world.ledger();
    let sent = ledger.sent_members();
    assert_eq!(sent["id-26"].len(), 25);
    let rows = [team("T", 5..26)];
    let plan = world.plan("Group", &rows, Some(&links));
    assert_eq!(world.execute(&plan, &rows, Some(&mut links)), Ended::Done);
    assert_eq!(world.target.writes.len(), 1, "nobody comes, and five go");
    let body = world.target.writes[0].body.as_ref().unwrap().to_string();
    assert!(body.contains(r#""op":"remove","path":"members","value":[{"value":"id-1"}"#), "{body}");
    assert_eq!(world.target.groups["id-26"].members.len(), 20);
}

#[test]
fn a_product_that_puts_is_sent_the_whole() {
    let mut world = World::new(TargetProfile::named("okta").unwrap());
    world.converge(&people(2), &[team("T", 0..2)]);
    world.target.writes.clear();
    world.converge(&[person(0, "Head", false), person(1, "Clerk", false)], &[team("T", 0..1)]);
    let sent: Vec<String> = lines(&world);
    assert_eq!(sent, ["PUT /Users/id-1", "PUT /Groups/id-3"]);
    let body = world.target.writes[0].body.as_ref().unwrap();
    assert_eq!(body.get("title"), Some(&Value::from("Head")));
    assert_eq!(body.get("userName"), Some(&Value::from("p0@x.test")));
    assert_eq!(body.get("meta"), None);
}

#[test]
fn no_more_requests_are_under_way_than_the_target_takes() {
    let mut world = World::new(TargetProfile::default().with_concurrency(3));
    world.converge(&people(20), &[]);
    assert_eq!(world.most, 3);
}

#[test]
fn a_conflict_is_looked_up_and_linked() {
    let mut world = World::new(TargetProfile::default().with_concurrency(1));
    world.faults.push_back(Fault::Preceded);
    let rows = people(1);
    let plan = world.plan("User", &rows, None);
    assert_eq!(world.execute(&plan, &rows, None), Ended::Done);
    assert_eq!(world.settled[0].outcome, Outcome::Done(Deed::Unchanged));
    assert_eq!(world.target.users.len(), 1);
}

#[test]
fn a_conflict_with_somebody_else_is_set_aside_and_the_rest_goes_on() {
    let mut world = World::new(TargetProfile::default().with_concurrency(1));
    let rows = people(3);
    let plan = world.plan("User", &rows, None);
    // Somebody of that name comes between the plan and its execution, and has another number.
    let other = crate::target::object(r#"{"userName":"p1@x.test","externalId":"77"}"#);
    world.target.put("/Users", other.clone());
    assert_eq!(world.execute(&plan, &rows, None), Ended::Done);
    let outcomes: Vec<bool> =
        world.settled.iter().map(|settled| matches!(settled.outcome, Outcome::Aside { .. })).collect();
    assert_eq!(outcomes, [false, true, false]);
    let Outcome::Aside { failure, .. } = &world.settled[1].outcome else { panic!() };
    assert_eq!(failure.detail, "who has this userName at the target has another externalId");
    let kept = world.target.users.values().find(|kept| kept.document.get("externalId") == other.get("externalId"));
    assert_eq!(kept.unwrap().document.get("title"), None, "who is somebody else is left alone");

    let mut world = World::new(TargetProfile::default().with_concurrency(1));
    world.options = world.options.with_relink(true);
    let plan = world.plan("User", &rows, None);
    world.target.put("/Users", other);
    assert_eq!(world.execute(&plan, &rows, None), Ended::Done);
    assert_eq!(world.settled[1].outcome, Outcome::Done(Deed::Updated), "unless that is asked for");
    assert_eq!(world.target.users.len(), 3);
}

#[test]
fn whoever_is_set_aside_waits_for_the_time_or_for_another_row() {
    let profile = TargetProfile::default().with_patience(Patience::entra().with_attempts(2));
    let mut world = World::new(profile);
    let rows = people(1);
    let run = |world: &mut World, rows: &[Object]| {
        world.settled.clear();
        world.target.writes.clear();
        let plan = world.plan("User", rows, None);
        assert_eq!(world.execute(&plan, rows, None), Ended::Done);
        world.settled[0].outcome.clone()
    };
    world.faults.extend([Fault::Fails; 4]);
    let first = world.now;
    let Outcome::Aside { next, still, .. } = run(&mut world, &rows) else { panic!() };
    let hours = |at: Option<Timestamp>| (at.unwrap().as_micros() - first.as_micros()) / 3_600_000_000;
    assert_eq!((hours(next), still), (6, false));
    world.faults.clear();
    // Again at once: not even tried.
    let Outcome::Aside { still, .. } = run(&mut world, &rows) else { panic!() };
    assert!(still && world.target.writes.is_empty());
    // Another row: tried.
    let mut later = World { now: world.now, ..World::new(world.profile.clone()) };
    later.journal.clone_from(&world.journal);
    assert_eq!(run(&mut later, &[person(0, "Head", false)]), Outcome::Done(Deed::Created));
    // The time has come, and it fails again: twelve hours.
    world.now = world.now.plus_seconds(6 * 3_600 + 60);
    world.faults.extend([Fault::Fails; 4]);
    let Outcome::Aside { next, .. } = run(&mut world, &rows) else { panic!() };
    assert_eq!(hours(next), 18);
    assert_eq!(world.ledger().all_aside().next().unwrap().times, 2);
    let mut released = world.ledger();
    released.release();
    assert_eq!(released.all_aside().count(), 0);
    world.faults.clear();
    world.now = world.now.plus_seconds(13 * 3_600);
    assert_eq!(run(&mut world, &rows), Outcome::Done(Deed::Created));
    assert_eq!(world.ledger().all_aside().count(), 0, "success clears it");
}

#[test]
fn a_refusal_of_everything_stops_the_run_and_one_refusal_does_not() {
    let rows = people(10);
    for (status, before, asked) in [(401, 4, 5), (403, 0, 1), (403, 4, 7)] {
        let world = World::new(TargetProfile::default().with_concurrency(1));
        let plan = world.plan("User", &rows, None);
        let mut run = Run::new(&plan, world.profile.clone(), 1);
        let mut changes = plan.changes();
        let mut sent = 0;
        let ended = loop {
            match run.poll(world.now) {
                Next::Item => match changes.next() {
                    Some(change) => {
                        let row = change.row().and_then(|row| rows.get(row as usize - 2));
                        run.handle_item(plan.item(&change, row, None).unwrap(), world.now);
                    }
                    None => run.handle_end(),
                },
                Next::Send { ticket, .. } => {
                    sent += 1;
                    let body = format!(r#"{{"id":"{sent}"}}"#);
                    let status = if sent > before { status } else { 201 };
                    run.handle_answer(ticket, &Response::new(status, body.as_bytes()), world.now);
                }
                Next::Record(_) | Next::Settled(_) => {}
                Next::Wait(until) => panic!("{until:?}"),
                other => break other,
            }
        };
        assert!(matches!(&ended, Next::Stopped(failure) if failure.status == Some(status)), "{ended:?}");
        assert_eq!(sent, asked, "{status} after {before}");
    }
}

#[test]
fn a_target_that_never_answers_is_not_waited_for_by_everybody() {
    let mut world = World::new(TargetProfile::default().with_concurrency(1));
    let rows = people(3);
    let plan = world.plan("User", &rows, None);
    world.faults.extend([Fault::Lost; 20]);
    assert_eq!(world.execute(&plan, &rows, None), Ended::Stopped(None));
    assert_eq!(world.faults.len(), 14, "as often as one request is tried");
    assert!(world.settled.is_empty(), "nobody is set aside for it");
}

/// The program dies at the nth request, before or after it has arrived; the next run brings everything to its end.
#[test]
fn a_run_that_is_cut_off_anywhere_goes_on_where_it_was() {
    for write in [Write::Patch, Write::Put] {
        for crash in [Fault::CrashBefore, Fault::CrashAfter] {
            for at in 0..40 {
                let profile =
                    TargetProfile::default().with_concurrency(2).with_members_per_request(2).with_write(write);
                let mut world = World::new(profile);
                let rows = people(4);
                let plan = world.plan("User", &rows, None);
                world.faults.extend([Fault::None].repeat(at));
                world.faults.push_back(crash);
                // The same plan, not a new one: what is done is not done again.
                let mut ended = world.execute(&plan, &rows, Some(&mut plan.links()));
                if ended == Ended::Crashed {
                    let done = world.journal.iter().filter(|entry| matches!(entry, Entry::Settled { .. })).count();
                    let asked = world.target.writes.len();
                    ended = world.execute(&plan, &rows, Some(&mut plan.links()));
                    let again = world.settled.iter().filter(|settled| settled.outcome == Outcome::DoneBefore).count();
                    assert_eq!(again, done);
                    assert!(world.target.writes.len() - asked <= 4 - done);
                }
                assert_eq!(ended, Ended::Done);
                world.converge(&rows, &[team("T", 0..4)]);
                assert!(world.target.made.values().all(|times| *times == 1), "{at}: {:?}", world.target.made);
                assert_eq!(world.target.groups.values().next().unwrap().members.len(), 4);
            }
        }
    }
}

#[test]
fn what_a_ledger_comes_to_can_be_written_anew() {
    let mut world = World::new(TargetProfile::default());
    world.converge(&people(3), &[team("T", 0..2)]);
    let ledger = world.ledger();
    let mut again = scimstack_provisioning::sync::Ledger::default();
    let short = ledger.entries(world.now);
    assert!(short.len() < world.journal.len());
    short.iter().for_each(|entry| again.handle_entry(entry));
    assert_eq!(again.len(), ledger.len());
    assert_eq!(again.sent_members(), ledger.sent_members());
    for item in ["Users externalId 0", "Users externalId 2", "Groups displayName T"] {
        assert_eq!(again.id(item), ledger.id(item));
        assert!(ledger.id(item).is_some());
    }
}

#[test]
fn somebody_who_is_gone_is_looked_for_and_made_anew() {
    let mut world = World::new(TargetProfile::default());
    world.converge(&people(1), &[]);
    let rows = [person(0, "Head", false)];
    let plan = world.plan("User", &rows, None);
    world.target.users.clear();
    assert_eq!(world.execute(&plan, &rows, None), Ended::Done);
    assert_eq!(world.settled.last().unwrap().outcome, Outcome::Done(Deed::Created));
    assert_eq!(world.target.users.len(), 1);
    let looked = world.target.reads;
    assert!(looked >= 3, "by number, and by name: {looked}");
    assert!(world.target.writes.iter().all(|request| request.verb == Verb::Post));
}
