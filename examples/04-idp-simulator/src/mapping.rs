//! What of a person each provider sends: its attribute mappings as they are set up for a directory with managers and custom
//! fields. How that is written on the wire is the [`Profile`]'s manner.

use crate::company::{Company, Person};
use crate::dice::Dice;
use scimstack_provisioning::connector::Profile;
use scimstack_schema::{Object, Value, uri};

/// How a manager is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ManagerBy {
    /// By login, under the enterprise extension (Okta, OneLogin, JumpCloud).
    Login,
    /// By the id at the server, under the enterprise extension, in a request of its own once both are there (Entra).
    Id,
    /// By the provider's id, under the Haystack extension (Entra, where `managerExternalId` is mapped).
    ExternalId,
    /// Not at all (authentik and Keycloak, as they come).
    Nobody,
}

/// The attribute mappings of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    profile: Profile,
    manager: ManagerBy,
}

impl Mapping {
    /// Those a provider has by default. What JumpCloud maps managers to is not published; it is given logins here.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        let manager = match profile {
            Profile::Entra | Profile::EntraCompliant => ManagerBy::Id,
            Profile::Authentik | Profile::Keycloak => ManagerBy::Nobody,
            _ => ManagerBy::Login,
        };
        Self { profile, manager }
    }

    /// With managers named in another way.
    #[must_use]
    pub fn with_manager(mut self, manager: ManagerBy) -> Self {
        self.manager = manager;
        self
    }

    /// How managers are named.
    #[must_use]
    pub fn manager(&self) -> ManagerBy {
        self.manager
    }

    /// What is sent of someone. With [`ManagerBy::Id`] the manager is left out; see [`Mapping::reference`].
    #[must_use]
    pub fn document(&self, company: &Company, person: &Person) -> Object {
        let whole = person.document();
        let mut document = match self.profile {
            Profile::Entra | Profile::EntraCompliant => entra(&whole, person),
            Profile::OneLogin => {
                pick(&whole, &["userName", "name", "displayName", "emails", "title", "externalId", "active"])
            }
            Profile::JumpCloud => {
                let names =
                    ["userName", "name", "displayName", "emails", "phoneNumbers", "title", "externalId", "active"];
                pick(&whole, &names)
            }
            Profile::Authentik => pick(&whole, &["userName", "name", "displayName", "emails", "externalId", "active"]),
            Profile::Keycloak => keycloak(&whole, person),
            _ => whole.clone(),
        };
        let keeps_enterprise = !matches!(self.profile, Profile::Authentik | Profile::Keycloak);
        if let (true, Some(enterprise)) = (keeps_enterprise, whole.get(uri::ENTERPRISE_USER)) {
            let mut enterprise = enterprise.clone();
            if let (false, Some(object)) = (self.manager == ManagerBy::Login, enterprise.as_object_mut()) {
                object.remove("manager");
            }
            document.insert(uri::ENTERPRISE_USER, enterprise);
        }
        if self.manager == ManagerBy::ExternalId
            && let Some(manager) = person.manager.and_then(|manager| company.person(manager))
            && let Some(haystack) = document.entry(uri::HAYSTACK_USER).as_object_mut()
        {
            haystack.insert("managerExternalId", manager.external_id);
        }
        document
    }

    /// What is sent besides once the manager's id is known, with [`ManagerBy::Id`].
    #[must_use]
    pub fn reference(&self, manager: &str) -> Object {
        let manager: Object = [("value", manager)].into_iter().collect();
        let enterprise: Object = [("manager", manager)].into_iter().collect();
        [(uri::ENTERPRISE_USER, enterprise)].into_iter().collect()
    }

    /// What a creation has besides.
    #[must_use]
    pub fn on_create(&self, person: &Person) -> Object {
        let number = person.employee_number.parse().unwrap_or(0);
        let empty = || Value::Array(Vec::new());
        match self.profile {
            // A random password even where passwords are not synchronized, and an empty list of groups.
            Profile::OktaAppWizard | Profile::OktaCatalogue => {
                [("groups", empty()), ("password", Dice::new(number).code(8).into())].into_iter().collect()
            }
            Profile::Entra | Profile::EntraCompliant => [("roles", empty())].into_iter().collect(),
            Profile::OneLogin => [("id", Value::Null)].into_iter().collect(),
            // Its own id, which is not the server's.
            Profile::Keycloak => [("id", person.external_id.as_str())].into_iter().collect(),
            _ => Object::new(),
        }
    }
}

fn pick(whole: &Object, names: &[&str]) -> Object {
    names.iter().filter_map(|name| Some((*name, whole.get(name)?.clone()))).collect()
}

/// Several kinds of addresses are told apart by their type; the name comes formatted, too.
fn entra(whole: &Object, person: &Person) -> Object {
    let names = ["userName", "name", "emails", "displayName", "title", "externalId", "active", uri::HAYSTACK_USER];
    let mut out = pick(whole, &names);
    if let Some(name) = out.entry("name").as_object_mut() {
        name.insert("formatted", person.display_name());
    }
    let phone: Object = [("type", "work"), ("value", person.phone.as_str())].into_iter().collect();
    out.insert("phoneNumbers", vec![phone]);
    out.insert("preferredLanguage", "en-US");
    out
}

/// Neither a name nor a type of address, but roles.
fn keycloak(whole: &Object, person: &Person) -> Object {
    let mut out = pick(whole, &["userName", "externalId", "active"]);
    let mail: Object = [("primary", Value::from(true)), ("value", person.login.as_str().into())].into_iter().collect();
    out.insert("emails", vec![mail]);
    let role: Object = [("value", person.department.as_str())].into_iter().collect();
    out.insert("roles", vec![role]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_names_managers_its_own_way() {
        let company = Company::sample(1);
        let person = company.person(5).unwrap();
        let manager = company.person(person.manager.unwrap()).unwrap();
        for profile in Profile::ALL {
            let mapping = Mapping::of(profile);
            let text = Value::from(mapping.document(&company, &person)).to_string();
            let named = text.contains(&format!(r#""manager":{{"value":"{}"}}"#, manager.login));
            assert_eq!(named, mapping.manager() == ManagerBy::Login, "{profile}: {text}");
        }
        let entra = Mapping::of(Profile::Entra).with_manager(ManagerBy::ExternalId);
        let text = Value::from(entra.document(&company, &person)).to_string();
        assert!(text.contains(&format!(r#""managerExternalId":"{}""#, manager.external_id)), "{text}");
        let reference = Value::from(Mapping::of(Profile::Entra).reference("7")).to_string();
        assert!(reference.ends_with(r#":User":{"manager":{"value":"7"}}}"#), "{reference}");
    }

    #[test]
    fn keycloak_has_neither_names_nor_types() {
        let company = Company::sample(1);
        let document = Mapping::of(Profile::Keycloak).document(&company, &company.person(5).unwrap());
        assert!(document.get("name").is_none() && document.get(uri::ENTERPRISE_USER).is_none());
        assert_eq!(Value::from(document).get("emails").unwrap().as_array().unwrap()[0].get("type"), None);
    }
}
