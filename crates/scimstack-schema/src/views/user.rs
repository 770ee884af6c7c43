//! The User resource and its extensions (RFC 7643 §4.1, §4.3).

use super::Meta;
use super::fields::{entry, view};
use crate::resource::Resource;
use crate::time::Timestamp;
use crate::uri::{ENTERPRISE_USER, HAYSTACK_USER, USER};
use crate::value::{Object, Value};

view! {
    /// A person (RFC 7643 §4.1).
    User {
        /// The schemas the document lists; the User schema and those of the extensions are added when it is written.
        schemas: Vec<String> = "schemas",
        /// The id.
        id: Option<String> = "id",
        /// The provisioning client's id.
        external_id: Option<String> = "externalId",
        /// The name to sign in with.
        user_name: String = "userName",
        /// The parts of the name.
        name: Option<Name> = "name",
        /// The name to show.
        display_name: Option<String> = "displayName",
        /// The informal name.
        nick_name: Option<String> = "nickName",
        /// A web page about the person.
        profile_url: Option<String> = "profileUrl",
        /// The job title.
        title: Option<String> = "title",
        /// The relation to the organization.
        user_type: Option<String> = "userType",
        /// The languages the person reads.
        preferred_language: Option<String> = "preferredLanguage",
        /// The language tag for dates, numbers and currency.
        locale: Option<String> = "locale",
        /// The time zone.
        timezone: Option<String> = "timezone",
        /// Whether the account may be used.
        active: Option<bool> = "active",
        /// E-mail addresses.
        emails: Vec<Email> = "emails",
        /// Telephone numbers.
        phone_numbers: Vec<PhoneNumber> = "phoneNumbers",
        /// Instant messaging addresses.
        ims: Vec<InstantMessage> = "ims",
        /// Pictures.
        photos: Vec<Photo> = "photos",
        /// Postal addresses.
        addresses: Vec<Address> = "addresses",
        /// The groups the person is in.
        groups: Vec<GroupMembership> = "groups",
        /// What the person is entitled to.
        entitlements: Vec<Entitlement> = "entitlements",
        /// The roles.
        roles: Vec<Role> = "roles",
        /// The certificates.
        x509_certificates: Vec<Certificate> = "x509Certificates",
        /// The enterprise extension.
        enterprise: Option<EnterpriseUser> = ENTERPRISE_USER,
        /// The Haystack extension.
        haystack: Option<HaystackUser> = HAYSTACK_USER,
        /// What the service provider keeps about it.
        meta: Option<Meta> = "meta",
    }
}

view! {
    /// The parts of a name (RFC 7643 §4.1.1).
    Name {
        /// The whole name.
        formatted: Option<String> = "formatted",
        /// The family name.
        family_name: Option<String> = "familyName",
        /// The given name.
        given_name: Option<String> = "givenName",
        /// Names between.
        middle_name: Option<String> = "middleName",
        /// What comes before.
        honorific_prefix: Option<String> = "honorificPrefix",
        /// What comes after.
        honorific_suffix: Option<String> = "honorificSuffix",
    }
}

entry! {
    /// An e-mail address.
    Email
}
entry! {
    /// A telephone number.
    PhoneNumber
}
entry! {
    /// An instant messaging address.
    InstantMessage
}
entry! {
    /// A picture, by its address.
    Photo
}
entry! {
    /// An entitlement.
    Entitlement
}
entry! {
    /// A role.
    Role
}
entry! {
    /// A certificate, in base64.
    Certificate
}

view! {
    /// A postal address.
    Address {
        /// The whole address.
        formatted: Option<String> = "formatted",
        /// Street and number.
        street_address: Option<String> = "streetAddress",
        /// The town.
        locality: Option<String> = "locality",
        /// The region.
        region: Option<String> = "region",
        /// The postal code.
        postal_code: Option<String> = "postalCode",
        /// The country, as two letters.
        country: Option<String> = "country",
        /// What it is used for; `type` on the wire.
        kind: Option<String> = "type",
        /// True on the one to prefer.
        primary: Option<bool> = "primary",
    }
}

view! {
    /// A group the person is in.
    GroupMembership {
        /// The group's id.
        value: Option<String> = "value",
        /// The group's address.
        reference: Option<String> = "$ref",
        /// The group's name.
        display: Option<String> = "display",
        /// `direct` or `indirect`; `type` on the wire.
        kind: Option<String> = "type",
    }
}

view! {
    /// The enterprise extension (RFC 7643 §4.3).
    EnterpriseUser {
        /// The organization's number for the person.
        employee_number: Option<String> = "employeeNumber",
        /// The cost center.
        cost_center: Option<String> = "costCenter",
        /// The organization.
        organization: Option<String> = "organization",
        /// The division.
        division: Option<String> = "division",
        /// The department.
        department: Option<String> = "department",
        /// The manager.
        manager: Option<Manager> = "manager",
    }
}

view! {
    /// A person's manager.
    Manager {
        /// The manager's id, or what the provider sends for it.
        value: Option<String> = "value",
        /// The manager's address.
        reference: Option<String> = "$ref",
        /// The manager's name.
        display_name: Option<String> = "displayName",
    }
}

view! {
    /// The Haystack extension.
    HaystackUser {
        /// The day the person joined, as it was sent; see [`HaystackUser::join_date`].
        join_date_as_sent: Option<String> = "joinDate",
        /// The address of the portrait.
        photo_url: Option<String> = "photoUrl",
        /// The manager's `externalId`.
        manager_external_id: Option<String> = "managerExternalId",
    }
}

impl User {
    /// The view of a user's document; `None` for other resources.
    #[must_use]
    pub fn from_resource(resource: &Resource) -> Option<Self> {
        let is_user = resource.resource_type().schema.id.matches(USER);
        is_user.then(|| Self::from_object(resource.root().clone()))
    }

    /// The document, for [`crate::ResourceType::ingest`] or the wire.
    #[must_use]
    pub fn to_value(&self) -> Value {
        with_schemas(self.to_object(), USER, &[ENTERPRISE_USER, HAYSTACK_USER])
    }

    /// The primary e-mail address, else the first one.
    #[must_use]
    pub fn primary_email(&self) -> Option<&str> {
        let primary = self.emails.iter().find(|email| email.primary == Some(true));
        primary.or(self.emails.first())?.value.as_deref()
    }
}

impl EnterpriseUser {
    /// The extension of a resource, when it has it.
    #[must_use]
    pub fn from_resource(resource: &Resource) -> Option<Self> {
        resource.root().get(ENTERPRISE_USER)?.as_object().cloned().map(Self::from_object)
    }
}

impl HaystackUser {
    /// The extension of a resource, when it has it.
    #[must_use]
    pub fn from_resource(resource: &Resource) -> Option<Self> {
        resource.root().get(HAYSTACK_USER)?.as_object().cloned().map(Self::from_object)
    }

    /// The day the person joined as `YYYY-MM-DD`, when what was sent is an ISO 8601 date or a date with time; the day is
    /// the one that was written, whatever the zone.
    ///
    /// ```
    /// use scimstack_schema::views::HaystackUser;
    /// let joined = |text: &str| HaystackUser { join_date_as_sent: Some(text.into()), ..HaystackUser::default() };
    /// assert_eq!(joined("2021-03-01T22:00:00-05:00").join_date().as_deref(), Some("2021-03-01"));
    /// assert_eq!(joined("03/01/2021").join_date(), None);
    /// ```
    #[must_use]
    pub fn join_date(&self) -> Option<String> {
        let text = self.join_date_as_sent.as_deref()?.trim();
        let (day, rest) = (text.get(..10)?, text.get(10..)?);
        let is_day = day.parse::<jiff::civil::Date>().is_ok();
        let is_moment = || Timestamp::parse_date_time(text).is_some() || text.parse::<jiff::civil::DateTime>().is_ok();
        (is_day && (rest.is_empty() || is_moment())).then(|| day.to_owned())
    }
}

/// `object` with `schemas` first, naming at least the base schema and those of `extensions` that hold something.
pub(super) fn with_schemas(mut object: Object, base: &str, extensions: &[&str]) -> Value {
    let mut schemas: Vec<Value> = match object.remove("schemas") {
        Some(Value::Array(listed)) => listed,
        _ => Vec::new(),
    };
    let held = extensions.iter().filter(|uri| object.get(uri).is_some_and(|value| !value.is_unassigned()));
    for uri in std::iter::once(&base).chain(held) {
        if !schemas.iter().filter_map(Value::as_str).any(|listed| listed.eq_ignore_ascii_case(uri)) {
            schemas.push(Value::from(*uri));
        }
    }
    let mut document = Object::from_iter([("schemas", schemas)]);
    for (name, value) in object {
        document.insert(name, value);
    }
    document.into()
}
