//! Fifty people and some groups, and what filters and orders over them should give: said by predicates over the structs,
//! not by evaluating the filters.

use crate::world::{Broken, EPOCH, World, draft, draft_with, group, put, user};
use scimstack_schema::Timestamp;
use scimstack_store::{EdgeDraft, Op};

pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) user_name: String,
    pub(crate) external_id: Option<String>,
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
    pub(crate) display: Option<String>,
    pub(crate) active: Option<bool>,
    pub(crate) title: Option<&'static str>,
    pub(crate) department: Option<&'static str>,
    pub(crate) number: Option<String>,
    pub(crate) work: Option<String>,
    pub(crate) home: Option<String>,
    pub(crate) home_is_primary: bool,
    /// Seconds; no two people have the same.
    pub(crate) created: i64,
}

const GIVEN: [&str; 10] = ["Ann", "bob", "Cléo", "DAN", "Eve", "Finn", "Zoë", "hal", "Ines", "Øyvind"];
const FAMILY: [&str; 7] = ["Kelly", "kelso", "O'Hara", "Müller", "100%", "de la Cruz", "Under_Score"];
const TITLES: [&str; 3] = ["Engineer", "engineering manager", "Chief \"Fun\" Officer"];
const DEPARTMENTS: [&str; 3] = ["Research", "research & sales", "Sales"];

/// The same fifty people every time. Their ids are not in the order of their making.
pub(crate) fn people() -> Vec<Person> {
    let every = |n: usize, i: usize| i.is_multiple_of(n);
    let pick = |from: &[&'static str], i: usize| from.iter().copied().cycle().nth(i).unwrap_or_default();
    (0..50)
        .map(|i| {
            let (given, family) = (pick(&GIVEN, i), pick(&FAMILY, i));
            let user_name = if every(3, i) { format!("User{i}@X.Test") } else { format!("user{i}@x.test") };
            let home = every(4, i).then(|| format!("home{i}@mail.example"));
            Person {
                id: format!("u{:03}", (i * 37) % 100),
                external_id: (!every(5, i)).then(|| if every(2, i) { format!("E-{i}") } else { format!("e-{i}") }),
                display: (!every(6, i)).then(|| format!("{given} {family}")),
                active: (!every(10, i)).then_some(!every(7, i)),
                title: every(3, i).then(|| pick(&TITLES, i / 3)),
                department: (!every(4, i)).then(|| pick(&DEPARTMENTS, i)),
                number: every(2, i).then(|| format!("{:04}", 1_000 - i)),
                work: (i % 8 != 1).then(|| user_name.clone()),
                home_is_primary: home.is_some() && every(8, i),
                home,
                created: EPOCH - 100_000 + (i as i64 * 7 % 50) * 60,
                user_name,
                given,
                family,
            }
        })
        .collect()
}

impl Person {
    pub(crate) fn created_at(&self) -> String {
        Timestamp::from_seconds(self.created).to_string()
    }

    /// The first e-mail address, or the one that is primary.
    pub(crate) fn chief_email(&self) -> Option<&String> {
        if self.home_is_primary { self.home.as_ref() } else { self.work.as_ref().or(self.home.as_ref()) }
    }

    fn document(&self) -> String {
        use scimstack_schema::{Object, Value};
        let mut name = Object::new();
        name.insert("familyName", self.family);
        name.insert("givenName", self.given);
        let mut document = Object::new();
        document.insert("id", self.id.as_str());
        document.insert("userName", self.user_name.as_str());
        document.insert("name", name);
        for (attribute, value) in [
            ("externalId", self.external_id.as_deref()),
            ("displayName", self.display.as_deref()),
            ("title", self.title),
        ] {
            if let Some(value) = value {
                document.insert(attribute, value);
            }
        }
        if let Some(active) = self.active {
            document.insert("active", active);
        }
        let mut emails: Vec<Object> = Vec::new();
        for (kind, value) in [("work", &self.work), ("home", &self.home)] {
            if let Some(value) = value {
                let mut email = Object::new();
                email.insert("value", value.as_str());
                email.insert("type", kind);
                if kind == "home" && self.home_is_primary {
                    email.insert("primary", true);
                }
                emails.push(email);
            }
        }
        document.insert("emails", emails);
        let mut enterprise = Object::new();
        for (attribute, value) in [("department", self.department), ("employeeNumber", self.number.as_deref())] {
            if let Some(value) = value {
                enterprise.insert(attribute, value);
            }
        }
        document.insert(scimstack_schema::uri::ENTERPRISE_USER, enterprise);
        Value::Object(document).to_string()
    }
}

/// A group of some of them.
pub(crate) struct Team {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    /// Ids.
    pub(crate) members: Vec<String>,
    /// Raw values that name nobody.
    pub(crate) pending: Vec<&'static str>,
}

pub(crate) fn teams() -> Vec<Team> {
    let every = |n: usize| people().iter().step_by(n).map(|person| person.id.clone()).collect();
    vec![
        Team { id: "g-all", name: "Everyone", members: every(1), pending: vec![] },
        Team { id: "g-some", name: "Some of us", members: every(5), pending: vec!["Ghost@X.Test", "phantom"] },
        Team { id: "g-none", name: "Nobody", members: vec![], pending: vec![] },
        Team { id: "g-wait", name: "Waiting room", members: vec![], pending: vec!["phantom"] },
        Team { id: "g-nest", name: "Nested", members: vec!["g-some".to_owned()], pending: vec![] },
    ]
}

/// Stores the people and the teams.
pub(crate) async fn settle(world: &World) -> Result<(), Broken> {
    let mut ops = Vec::new();
    for person in people() {
        let at = Timestamp::from_seconds(person.created);
        let record = world.record_at("User", &person.document(), at, at)?;
        ops.push(Op::Create { key: user(&person.id), record });
    }
    for team in teams() {
        let document = format!(r#"{{"id":"{}","displayName":"{}"}}"#, team.id, team.name);
        ops.push(Op::Create { key: group(team.id), record: world.record("Group", &document)? });
    }
    for team in teams() {
        let known = team.members.iter().map(|id| draft_with(id, r#"{"display":"Shown As Sent"}"#));
        let drafts: Vec<EdgeDraft> = known.chain(team.pending.iter().map(|raw| draft(raw))).collect();
        ops.push(put(team.id, drafts));
    }
    // Not in one changeset: a store has to get on with many, too.
    for op in ops {
        world.commit(vec![op]).await?;
    }
    Ok(())
}

fn is(value: Option<&str>, expected: &str) -> bool {
    value.is_some_and(|value| value.to_lowercase() == expected)
}

type UserCase = (&'static str, fn(&Person) -> bool);

/// Filters over users, and whom they find. Where case does not matter the predicates compare in lower case.
pub(crate) const USER_FILTERS: &[UserCase] = &[
    (r#"id eq "u037""#, |p| p.id == "u037"),
    (r#"id eq "U037""#, |_| false),
    (r#"id ne "u037""#, |p| p.id != "u037"),
    (r#"id eq "u037" and id eq "u074""#, |_| false),
    (r#"userName eq "USER7@x.TEST""#, |p| is(Some(&p.user_name), "user7@x.test")),
    (r#"userName eq "nobody@x.test""#, |_| false),
    (r#"userName eq "user7@x.test" and active eq true"#, |p| {
        is(Some(&p.user_name), "user7@x.test") && p.active == Some(true)
    }),
    (r#"userName sw "user1""#, |p| p.user_name.to_lowercase().starts_with("user1")),
    (r#"userName co "%""#, |_| false),
    (r#"userName eq "user_@x.test""#, |_| false),
    (r#"externalId eq "e-7""#, |p| p.external_id.as_deref() == Some("e-7")),
    (r#"externalId eq "E-7""#, |_| false),
    (r#"externalId sw "E-""#, |p| p.external_id.as_ref().is_some_and(|id| id.starts_with("E-"))),
    ("externalId pr", |p| p.external_id.is_some()),
    (r#"displayName eq "BOB KELSO""#, |p| is(p.display.as_deref(), "bob kelso")),
    (r#"displayName sw "zoë""#, |p| p.display.as_ref().is_some_and(|name| name.starts_with("Zoë"))),
    (r#"displayName ew "müller""#, |p| p.display.as_ref().is_some_and(|name| name.ends_with("Müller"))),
    ("not (displayName pr)", |p| p.display.is_none()),
    (r#"name.familyName eq "kelly""#, |p| p.family == "Kelly"),
    (r#"name.familyName eq "MÜLLER""#, |p| p.family == "Müller"),
    (r#"name.familyName eq "100%""#, |p| p.family == "100%"),
    (r#"name.familyName co "_""#, |p| p.family == "Under_Score"),
    (r#"name.familyName eq "O'Hara""#, |p| p.family == "O'Hara"),
    (r#"name.familyName ne "kelly""#, |p| p.family != "Kelly"),
    (r#"name.familyName sw "kel" and name.givenName eq "ANN""#, |p| {
        p.family.to_lowercase().starts_with("kel") && p.given == "Ann"
    }),
    (r#"name.familyName gt "kelly""#, |p| p.family.to_lowercase().as_str() > "kelly"),
    (r#"name.familyName le "kelly""#, |p| p.family.to_lowercase().as_str() <= "kelly"),
    (r#"name.givenName eq "ØYVIND""#, |p| p.given == "Øyvind"),
    ("active eq true", |p| p.active == Some(true)),
    ("active eq false", |p| p.active == Some(false)),
    ("active ne true", |p| p.active != Some(true)),
    ("not (active eq true)", |p| p.active != Some(true)),
    (r#"title eq "engineer""#, |p| p.title == Some("Engineer")),
    (r#"title ne "engineer""#, |p| p.title != Some("Engineer")),
    (r#"title co "\"fun\"""#, |p| p.title.is_some_and(|title| title.contains("\"Fun\""))),
    ("title pr and active pr", |p| p.title.is_some() && p.active.is_some()),
    (r#"emails.value eq "HOME4@mail.example""#, |p| is(p.home.as_deref(), "home4@mail.example")),
    (r#"emails eq "home4@mail.example""#, |p| is(p.home.as_deref(), "home4@mail.example")),
    (r#"emails[type eq "home" and value eq "home4@mail.example"]"#, |p| is(p.home.as_deref(), "home4@mail.example")),
    (r#"emails[type eq "work" and value eq "home4@mail.example"]"#, |_| false),
    (r#"emails.type eq "work" and emails.value eq "home4@mail.example""#, |p| {
        p.work.is_some() && is(p.home.as_deref(), "home4@mail.example")
    }),
    (r#"emails[type eq "HOME" and primary eq true]"#, |p| p.home_is_primary),
    (r#"emails[value ew "mail.example"]"#, |p| p.home.is_some()),
    ("not (emails pr)", |p| p.work.is_none() && p.home.is_none()),
    (r#"emails.value eq "home4@mail.example" or emails.value eq "home8@mail.example""#, |p| {
        is(p.home.as_deref(), "home4@mail.example") || is(p.home.as_deref(), "home8@mail.example")
    }),
    (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "RESEARCH""#, |p| {
        p.department == Some("Research")
    }),
    (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "sales" and title pr"#, |p| {
        p.department == Some("Sales") && p.title.is_some()
    }),
    (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber ge "0980""#, |p| {
        p.number.as_deref().is_some_and(|n| n >= "0980")
    }),
    (r#"(title pr or active eq false) and not (name.familyName sw "k")"#, |p| {
        (p.title.is_some() || p.active == Some(false)) && !p.family.to_lowercase().starts_with('k')
    }),
    (r#"meta.resourceType eq "User""#, |_| true),
    (r#"meta.resourceType eq "Group""#, |_| false),
    (r#"meta.created gt "2025-06-14T12:00:00Z""#, |p| p.created > 1_749_902_400),
    (r#"meta.lastModified le "2025-06-14T14:00:00+02:00""#, |p| p.created <= 1_749_902_400),
    ("groups pr", |_| true),
    (r#"groups.value eq "g-some""#, |p| is_in("g-some", p)),
    (r#"not (groups.value eq "g-some")"#, |p| !is_in("g-some", p)),
    (r#"groups.display sw "some" and active eq true"#, |p| is_in("g-some", p) && p.active == Some(true)),
    (r#"groups.value eq "g-nest""#, |_| false),
    (r#"userName eq "a\u0000b""#, |_| false),
    (r#"title eq "'; drop table resource; --""#, |_| false),
];

fn is_in(team: &str, person: &Person) -> bool {
    teams().iter().any(|t| t.id == team && t.members.contains(&person.id))
}

type TeamCase = (&'static str, fn(&Team) -> bool);

/// Filters over groups, and which they find.
pub(crate) const TEAM_FILTERS: &[TeamCase] = &[
    (r#"displayName eq "EVERYONE""#, |t| t.id == "g-all"),
    (r#"members.value eq "u000""#, |t| t.members.contains(&"u000".to_owned())),
    (r#"members[value eq "u000"]"#, |t| t.members.contains(&"u000".to_owned())),
    (r#"members.value eq "u037""#, |t| t.members.contains(&"u037".to_owned())),
    (r#"members eq "g-some""#, |t| t.id == "g-nest"),
    (r#"members[type eq "Group"]"#, |t| t.id == "g-nest"),
    (r#"members[type eq "user" and value eq "u000"]"#, |t| t.members.contains(&"u000".to_owned())),
    (r#"members.value eq "phantom""#, |t| t.pending.contains(&"phantom")),
    (r#"members.value eq "Ghost@X.Test""#, |t| t.pending.contains(&"Ghost@X.Test")),
    (r#"members.value eq "u999""#, |_| false),
    (r#"members.display eq "shown as sent""#, |t| !t.members.is_empty()),
    ("members pr", |t| !t.members.is_empty() || !t.pending.is_empty()),
    ("not (members pr)", |t| t.members.is_empty() && t.pending.is_empty()),
    (r#"members.value eq "u000" and displayName sw "some""#, |t| t.id == "g-some"),
    (r#"members.value eq "u000" or displayName eq "nobody""#, |t| {
        t.members.contains(&"u000".to_owned()) || t.id == "g-none"
    }),
];

type UserOrder = (&'static str, fn(&Person) -> Option<String>);

/// Paths to sort users by, and the key each has; keys compare as the schema compares.
pub(crate) const USER_ORDERS: &[UserOrder] = &[
    ("id", |p| Some(p.id.clone())),
    ("userName", |p| Some(p.user_name.to_lowercase())),
    ("externalId", |p| p.external_id.clone()),
    ("displayName", |p| p.display.as_ref().map(|name| name.to_lowercase())),
    ("name.familyName", |p| Some(p.family.to_lowercase())),
    ("title", |p| p.title.map(str::to_lowercase)),
    ("active", |p| p.active.map(|active| u8::from(active).to_string())),
    ("emails", |p| p.chief_email().map(|email| email.to_lowercase())),
    ("emails.value", |p| p.chief_email().map(|email| email.to_lowercase())),
    ("meta.created", |p| Some(p.created_at())),
    ("meta.lastModified", |p| Some(p.created_at())),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", |p| p.department.map(str::to_lowercase)),
];

/// The ids of `people` in the order of `key`: without one last, then by id; descending all backwards.
pub(crate) fn in_order(people: &[Person], key: fn(&Person) -> Option<String>, descending: bool) -> Vec<String> {
    let mut keyed: Vec<_> =
        people.iter().map(|person| (key(person).is_none(), key(person), person.id.clone())).collect();
    keyed.sort();
    if descending {
        keyed.reverse();
    }
    keyed.into_iter().map(|(_, _, id)| id).collect()
}

/// Numbers that look random, and are the same for the same seed everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed >> 33).unwrap_or_default() % end.max(1)
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }
}
