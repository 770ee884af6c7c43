//! A company that is the same for the same seed: people in a tree of managers, departments, groups. Nobody is kept: a person
//! is made when it is asked for, from the seed and its place, so that a million of them cost nothing but whoever changed.

use crate::badge::Badges;
use crate::dice::Dice;
use crate::names::{DEPARTMENTS, FAMILY, GIVEN};
use scimstack_schema::{Object, Value, uri};
use std::collections::{BTreeMap, HashSet};

/// The fewest people a company has: one at the top, one at the head of each department, three to do the work.
const FEWEST: usize = 10;

/// How many people report to a director, and to a team lead.
const DIRECTOR_SPAN: usize = 9;
const LEAD_SPAN: usize = 4;

/// Someone at the company, as the identity provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The identity provider's id, sent as `externalId`.
    pub external_id: String,
    /// The login, which is also the e-mail address.
    pub login: String,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub family_name: String,
    /// The title.
    pub title: String,
    /// The department.
    pub department: String,
    /// The manager, by place in the [`Company`].
    pub manager: Option<usize>,
    /// The manager's login as it was when it was last mapped.
    pub manager_login: Option<String>,
    /// The day of joining, as ISO 8601 has it.
    pub join_date: String,
    /// The telephone number.
    pub phone: String,
    /// The number on the badge.
    pub employee_number: String,
    /// The address of a picture.
    pub photo_url: String,
    /// Whether the application is assigned.
    pub assigned: bool,
}

/// A group of people that is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// The name.
    pub name: String,
    /// Who is in it and has the application, by place in the [`Company`], in order.
    pub people: Vec<usize>,
}

/// The company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    seed: u64,
    people: usize,
    badges: Badges,
    departments: Vec<Plan>,
    changed: BTreeMap<usize, Person>,
}

/// A department: who sits where. Its head comes first, then the directors, the leads, the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    number: usize,
    start: usize,
    people: usize,
    directors: usize,
    leads: usize,
}

impl Company {
    /// A company of 60.
    #[must_use]
    pub fn sample(seed: u64) -> Self {
        Self::with_people(seed, 60)
    }

    /// A company of so many people, at least 10. The first one is at the top; everyone else has a manager who comes
    /// before them.
    #[must_use]
    pub fn with_people(seed: u64, people: usize) -> Self {
        let people = people.max(FEWEST);
        let rest = people - 1;
        let (mut left, mut start) = (rest, 1);
        let mut departments = Vec::with_capacity(DEPARTMENTS.len());
        for (number, department) in DEPARTMENTS.iter().enumerate() {
            let later = DEPARTMENTS.len() - 1 - number;
            let share = if later == 0 { left } else { (rest * department.share / 100).clamp(1, left - later) };
            departments.push(Plan::new(number, start, share));
            left -= share;
            start += share;
        }
        let badges = Badges::new(seed, GIVEN.len() * FAMILY.len());
        Self { seed, people, badges, departments, changed: BTreeMap::new() }
    }

    /// How many people there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.people
    }

    /// Never: there is always someone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people == 0
    }

    /// Someone, by place.
    #[must_use]
    pub fn person(&self, place: usize) -> Option<Person> {
        match self.changed.get(&place) {
            Some(person) => Some(person.clone()),
            None if place < self.people => Some(self.hired(place)),
            None => None,
        }
    }

    /// Everyone, in order.
    pub fn people(&self) -> impl Iterator<Item = Person> + '_ {
        (0..self.people).filter_map(|place| self.person(place))
    }

    /// Changes someone.
    pub fn change(&mut self, place: usize, change: impl FnOnce(&mut Person)) {
        if let Some(mut person) = self.person(place) {
            change(&mut person);
            self.changed.insert(place, person);
        }
    }

    /// Whose `externalId` this is.
    #[must_use]
    pub fn place_of(&self, external_id: &str) -> Option<usize> {
        let place = self.badges.place(external_id).filter(|place| *place < self.people)?;
        (self.badges.external_id(place) == external_id).then_some(place)
    }

    /// The manager of someone, by place.
    #[must_use]
    pub fn manager(&self, place: usize) -> Option<usize> {
        match self.changed.get(&place) {
            Some(person) => person.manager,
            None => self.plan(place)?.manager(place),
        }
    }

    /// The places of those who have nobody below them.
    #[must_use]
    pub fn without_reports(&self) -> Vec<usize> {
        let managers = self.managers();
        (0..self.people).filter(|place| !managers.contains(place)).collect()
    }

    /// The places of those who have somebody below them.
    #[must_use]
    pub fn managers(&self) -> HashSet<usize> {
        (0..self.people).filter_map(|place| self.manager(place)).collect()
    }

    /// How many levels the tree has.
    #[must_use]
    pub fn depth(&self) -> usize {
        let mut levels: Vec<usize> = Vec::with_capacity(self.people);
        for place in 0..self.people {
            let above = self.manager(place).and_then(|manager| levels.get(manager)).copied().unwrap_or(0);
            levels.push(above + 1);
        }
        levels.into_iter().max().unwrap_or(0)
    }

    /// The groups: everyone, the managers, and one for each department.
    #[must_use]
    pub fn teams(&self) -> Vec<Team> {
        let managers = self.managers();
        let mut teams: Vec<Team> = ["Everyone", "Managers"]
            .into_iter()
            .chain(DEPARTMENTS.iter().map(|department| department.name))
            .map(|name| Team { name: name.to_owned(), people: Vec::new() })
            .collect();
        for place in 0..self.people {
            let changed = self.changed.get(&place);
            if changed.is_some_and(|person| !person.assigned) {
                continue;
            }
            let department = match changed {
                Some(person) => DEPARTMENTS.iter().position(|department| department.name == person.department),
                None => self.plan(place).map(|plan| plan.number),
            };
            for (i, team) in teams.iter_mut().enumerate() {
                let is_in = match i {
                    0 => true,
                    1 => managers.contains(&place),
                    _ => department == Some(i - 2),
                };
                if is_in {
                    team.people.push(place);
                }
            }
        }
        teams
    }

    /// Puts someone below another manager. Only for people without reports, so that the tree stays one.
    pub fn move_to(&mut self, place: usize, manager: usize) {
        if let Some(above) = self.person(manager) {
            self.change(place, |person| {
                person.manager = Some(manager);
                person.manager_login = Some(above.login);
                person.department = above.department;
            });
        }
    }

    /// The department someone was hired into; the one at the top is in none.
    fn plan(&self, place: usize) -> Option<&Plan> {
        self.departments.iter().find(|plan| (plan.start..plan.start + plan.people).contains(&place))
    }

    /// Someone as they were hired.
    fn hired(&self, place: usize) -> Person {
        let plan = self.plan(place);
        let (given, family, slug) = self.name(place);
        let mut dice = Dice::of(self.seed, place);
        let manager = plan.and_then(|plan| plan.manager(place));
        let (year, month, day) = (2012 + dice.below(14), 1 + dice.below(12), 1 + dice.below(28));
        let phone = format!("+1 555 01{:02} {:04}", dice.below(100), dice.below(10_000));
        let (title, department) = match plan {
            Some(plan) => (plan.title(place, &mut dice), plan.name()),
            None => ("Chief Executive Officer".to_owned(), "Executive"),
        };
        Person {
            external_id: self.badges.external_id(place),
            login: login(&slug),
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            title,
            department: department.to_owned(),
            manager,
            manager_login: manager.map(|manager| login(&self.name(manager).2)),
            join_date: format!("{year}-{month:02}-{day:02}"),
            phone,
            employee_number: format!("{}", 1_001 + place),
            photo_url: format!("https://photos.example.com/{slug}.svg"),
            assigned: true,
        }
    }

    /// The name someone was hired under: given, family, and as an address has it.
    fn name(&self, place: usize) -> (&'static str, &'static str, String) {
        let (which, round) = self.badges.name(place);
        let (given, given_slug) = GIVEN.get(which / FAMILY.len()).copied().unwrap_or_default();
        let (family, family_slug) = FAMILY.get(which % FAMILY.len()).copied().unwrap_or_default();
        let number = if round == 0 { String::new() } else { (round + 1).to_string() };
        (given, family, format!("{given_slug}.{family_slug}{number}"))
    }
}

fn login(slug: &str) -> String {
    format!("{slug}@acme.example")
}

impl Plan {
    fn new(number: usize, start: usize, people: usize) -> Self {
        let mut left = people.saturating_sub(1);
        let mut directors = 0;
        while left > DIRECTOR_SPAN / 2 && directors * DIRECTOR_SPAN < people {
            directors += 1;
            left -= 1;
        }
        let mut leads = 0;
        while left > LEAD_SPAN / 2 && leads * LEAD_SPAN < left {
            leads += 1;
            left -= 1;
        }
        Self { number, start, people, directors, leads }
    }

    fn name(&self) -> &'static str {
        DEPARTMENTS.get(self.number).map_or("", |department| department.name)
    }

    fn manager(&self, place: usize) -> Option<usize> {
        let seat = place.checked_sub(self.start)?;
        let first_lead = 1 + self.directors;
        let first_other = first_lead + self.leads;
        let above = |seat: usize, first: usize, many: usize| match (seat - first).checked_rem(many) {
            Some(which) => self.start + first - many + which,
            None => self.start,
        };
        match seat {
            0 => Some(0),
            seat if seat < first_lead => Some(self.start),
            seat if seat < first_other => Some(above(seat, first_lead, self.directors)),
            seat => Some(above(seat, first_other, self.leads)),
        }
    }

    fn title(&self, place: usize, dice: &mut Dice) -> String {
        let name = self.name();
        match place - self.start {
            0 => format!("VP {name}"),
            seat if seat <= self.directors => format!("Director of {name}"),
            seat if seat <= self.directors + self.leads => format!("{name} Team Lead"),
            _ => {
                let titles = DEPARTMENTS.get(self.number).map_or(&[] as &[&str], |department| &department.titles);
                dice.one_of(titles).to_owned()
            }
        }
    }
}

impl Person {
    /// The name that is shown.
    #[must_use]
    pub fn display_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    /// The mapped attributes as Okta's application profile has them: the manager by login under the enterprise
    /// extension, custom fields under the Haystack extension.
    #[must_use]
    pub fn document(&self) -> Object {
        let entry = |value: &str| -> Object {
            [("primary", Value::from(true)), ("value", value.into()), ("type", "work".into())].into_iter().collect()
        };
        let name: Object =
            [("givenName", self.given_name.as_str()), ("familyName", self.family_name.as_str())].into_iter().collect();
        let manager: Option<Object> =
            self.manager_login.as_deref().map(|login| [("value", login)].into_iter().collect());
        let mut enterprise: Object =
            [("employeeNumber", self.employee_number.as_str()), ("department", self.department.as_str())]
                .into_iter()
                .collect();
        if let Some(manager) = manager {
            enterprise.insert("manager", manager);
        }
        let haystack: Object =
            [("joinDate", self.join_date.as_str()), ("photoUrl", self.photo_url.as_str())].into_iter().collect();
        [
            ("userName", Value::from(self.login.as_str())),
            ("name", name.into()),
            ("emails", vec![entry(&self.login)].into()),
            ("phoneNumbers", vec![entry(&self.phone)].into()),
            ("displayName", self.display_name().into()),
            ("title", self.title.as_str().into()),
            ("locale", "en-US".into()),
            ("externalId", self.external_id.as_str().into()),
            ("active", self.assigned.into()),
            (uri::ENTERPRISE_USER, enterprise.into()),
            (uri::HAYSTACK_USER, haystack.into()),
        ]
        .into_iter()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_company_and_another_seed_another() {
        let everyone = |seed| Company::sample(seed).people().collect::<Vec<_>>();
        assert_eq!(everyone(7), everyone(7));
        assert_ne!(everyone(7), everyone(8));
    }

    #[test]
    fn a_company_is_one_tree_of_four_or_five_levels_with_unique_people() {
        for seed in 0..50 {
            let company = Company::sample(seed);
            let people: Vec<Person> = company.people().collect();
            assert_eq!(people.len(), 60);
            assert_eq!(people.iter().filter(|person| person.manager.is_none()).count(), 1);
            for (place, person) in people.iter().enumerate() {
                assert!(person.manager.is_none_or(|manager| manager < place));
                let login = person.manager.map(|manager| people[manager].login.clone());
                assert_eq!(person.manager_login, login);
            }
            for key in [|person: &Person| person.login.clone(), |person: &Person| person.external_id.clone()] {
                assert_eq!(people.iter().map(key).collect::<HashSet<_>>().len(), people.len());
            }
            assert!((4..=5).contains(&company.depth()), "{}", company.depth());
        }
    }

    #[test]
    fn any_size_has_everyone_in_a_department() {
        for size in [0, 10, 11, 25, 60, 500, 2_000] {
            let company = Company::with_people(3, size);
            assert_eq!(company.len(), size.max(FEWEST));
            let teams = company.teams();
            assert_eq!(teams.len(), 8);
            assert_eq!(teams[0].people.len(), company.len());
            let in_departments: usize = teams[2..].iter().map(|team| team.people.len()).sum();
            assert_eq!(in_departments, company.len() - 1, "all but the one at the top");
        }
    }

    #[test]
    fn a_million_people_have_names_and_ids_of_their_own_and_are_known_by_them() {
        let company = Company::with_people(5, 1_000_000);
        let mut logins = HashSet::new();
        for place in (0..company.len()).step_by(97) {
            let person = company.person(place).unwrap();
            assert_eq!(company.place_of(&person.external_id), Some(place));
            assert_eq!(person.external_id.len(), 20);
            assert!(logins.insert(person.login));
            assert!(person.manager.is_none_or(|manager| manager < place));
        }
        assert_eq!(company.person(1_000_000), None);
        assert_eq!(company.place_of("00u"), None);
        assert_eq!(company.place_of(&Company::sample(6).person(3).unwrap().external_id), None, "another company's");
    }

    #[test]
    fn who_changed_is_remembered_and_nobody_else() {
        let mut company = Company::sample(1);
        let before = company.person(59).unwrap();
        company.move_to(59, 1);
        let after = company.person(59).unwrap();
        assert_eq!((after.manager, company.manager(59)), (Some(1), Some(1)));
        assert_eq!(after.manager_login, Some(company.person(1).unwrap().login));
        assert_ne!(after, before);
        company.change(1, |person| person.login = "new@acme.example".into());
        assert_ne!(company.person(59).unwrap().manager_login.unwrap(), "new@acme.example", "nobody tells the reports");
        company.change(59, |person| person.assigned = false);
        assert_eq!(company.teams()[0].people.len(), 59);
    }

    #[test]
    fn a_document_names_the_manager_by_login() {
        let company = Company::sample(1);
        let document = Value::from(company.person(1).unwrap().document());
        let enterprise = document.get(uri::ENTERPRISE_USER).unwrap();
        let manager = enterprise.get("manager").unwrap().get("value").unwrap();
        assert_eq!(manager.as_str(), Some(company.person(0).unwrap().login.as_str()));
    }
}
