//! A company that is the same for the same seed: people in a tree of managers, departments, groups.

use crate::dice::Dice;
use crate::names::{DEPARTMENTS, FAMILY, GIVEN};
use scimstack_schema::{Object, Value, uri};
use std::collections::HashSet;

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
    /// The manager, by place in [`Company::people`].
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
    /// Who is in it and has the application, by place in [`Company::people`].
    pub people: Vec<usize>,
}

/// The company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    people: Vec<Person>,
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
        let mut builder = Builder { dice: Dice::new(seed), logins: HashSet::new(), people: Vec::new() };
        builder.person("Chief Executive Officer", "Executive", None);
        let rest = people.max(FEWEST) - 1;
        let mut left = rest;
        for (i, department) in DEPARTMENTS.iter().enumerate() {
            let later = DEPARTMENTS.len() - 1 - i;
            let share = if later == 0 { left } else { (rest * department.share / 100).clamp(1, left - later) };
            builder.department(department.name, &department.titles, share);
            left -= share;
        }
        Self { people: builder.people }
    }

    /// Everyone.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Someone, to change.
    pub fn person_mut(&mut self, place: usize) -> Option<&mut Person> {
        self.people.get_mut(place)
    }

    /// The places of those who have nobody below them.
    #[must_use]
    pub fn without_reports(&self) -> Vec<usize> {
        let managers = self.managers();
        (0..self.people.len()).filter(|place| !managers.contains(place)).collect()
    }

    /// The places of those who have somebody below them.
    #[must_use]
    pub fn managers(&self) -> HashSet<usize> {
        self.people.iter().filter_map(|person| person.manager).collect()
    }

    /// How many levels the tree has.
    #[must_use]
    pub fn depth(&self) -> usize {
        let mut levels: Vec<usize> = Vec::with_capacity(self.people.len());
        for person in &self.people {
            let above = person.manager.and_then(|manager| levels.get(manager)).copied().unwrap_or(0);
            levels.push(above + 1);
        }
        levels.into_iter().max().unwrap_or(0)
    }

    /// The groups: everyone, the managers, and one for each department.
    #[must_use]
    pub fn teams(&self) -> Vec<Team> {
        let managers = self.managers();
        let team = |name: &str, is_in: &dyn Fn(usize, &Person) -> bool| Team {
            name: name.to_owned(),
            people: self
                .people
                .iter()
                .enumerate()
                .filter(|(place, person)| person.assigned && is_in(*place, person))
                .map(|(place, _)| place)
                .collect(),
        };
        let mut teams = vec![team("Everyone", &|_, _| true), team("Managers", &|place, _| managers.contains(&place))];
        teams.extend(
            DEPARTMENTS
                .iter()
                .map(|department| team(department.name, &|_, person| person.department == department.name)),
        );
        teams
    }

    /// Puts someone below another manager. Only for people without reports, so that the tree stays one.
    pub fn move_to(&mut self, place: usize, manager: usize) {
        let above = self.people.get(manager).map(|manager| (manager.login.clone(), manager.department.clone()));
        if let (Some((login, department)), Some(person)) = (above, self.people.get_mut(place)) {
            person.manager = Some(manager);
            person.manager_login = Some(login);
            person.department = department;
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

struct Builder {
    dice: Dice,
    logins: HashSet<String>,
    people: Vec<Person>,
}

impl Builder {
    /// One more person; the place comes back.
    fn person(&mut self, title: &str, department: &str, manager: Option<usize>) -> usize {
        let (given_name, given) = self.dice.one_of(&GIVEN);
        let (family_name, family) = self.dice.one_of(&FAMILY);
        let mut slug = format!("{given}.{family}");
        let mut number = 1;
        while !self.logins.insert(slug.clone()) {
            number += 1;
            slug = format!("{given}.{family}{number}");
        }
        let manager_login = manager.and_then(|place| self.people.get(place)).map(|manager| manager.login.clone());
        let place = self.people.len();
        let (year, month, day) = (2012 + self.dice.below(14), 1 + self.dice.below(12), 1 + self.dice.below(28));
        self.people.push(Person {
            external_id: format!("00u{}", self.dice.code(17)),
            login: format!("{slug}@acme.example"),
            given_name: given_name.to_owned(),
            family_name: family_name.to_owned(),
            title: title.to_owned(),
            department: department.to_owned(),
            manager,
            manager_login,
            join_date: format!("{year}-{month:02}-{day:02}"),
            phone: format!("+1 555 01{:02} {:04}", self.dice.below(100), self.dice.below(10_000)),
            employee_number: format!("{}", 1_001 + place),
            photo_url: format!("https://photos.example.com/{slug}.svg"),
            assigned: true,
        });
        place
    }

    /// A department of so many: its head, directors below the head, leads below the directors, and the others.
    fn department(&mut self, name: &str, titles: &[&str], people: usize) {
        let head = self.person(&format!("VP {name}"), name, Some(0));
        let mut left = people.saturating_sub(1);
        let mut directors = Vec::new();
        while left > DIRECTOR_SPAN / 2 && directors.len() * DIRECTOR_SPAN < people {
            directors.push(self.person(&format!("Director of {name}"), name, Some(head)));
            left -= 1;
        }
        let mut leads = Vec::new();
        while left > LEAD_SPAN / 2 && leads.len() * LEAD_SPAN < left {
            let above = directors.get(leads.len() % directors.len().max(1)).copied().unwrap_or(head);
            leads.push(self.person(&format!("{name} Team Lead"), name, Some(above)));
            left -= 1;
        }
        for i in 0..left {
            let above = leads.get(i % leads.len().max(1)).copied().unwrap_or(head);
            let title = self.dice.one_of(titles);
            self.person(title, name, Some(above));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_company_and_another_seed_another() {
        assert_eq!(Company::sample(7), Company::sample(7));
        assert_ne!(Company::sample(7), Company::sample(8));
    }

    #[test]
    fn a_company_is_one_tree_of_four_or_five_levels_with_unique_people() {
        for seed in 0..50 {
            let company = Company::sample(seed);
            let people = company.people();
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
            assert_eq!(company.people().len(), size.max(FEWEST));
            let teams = company.teams();
            assert_eq!(teams.len(), 8);
            assert_eq!(teams[0].people.len(), company.people().len());
            let in_departments: usize = teams[2..].iter().map(|team| team.people.len()).sum();
            assert_eq!(in_departments, company.people().len() - 1, "all but the one at the top");
        }
    }

    #[test]
    fn a_document_names_the_manager_by_login() {
        let company = Company::sample(1);
        let document = Value::from(company.people()[1].document());
        let enterprise = document.get(uri::ENTERPRISE_USER).unwrap();
        let manager = enterprise.get("manager").unwrap().get("value").unwrap();
        assert_eq!(manager.as_str(), Some(company.people()[0].login.as_str()));
    }
}
