//! What RFC 9944 asks of values beyond what a schema can say: the form of addresses and numbers, what excludes what.

use super::{BLE, DPP, ETHERNET_MAB, PAIRING_PASS_KEY, ZIGBEE};
use crate::ingest::{Violation, ViolationKind, Violations};
use crate::resource::Resource;
use crate::value::Value;

/// The most characters of `clientToken` (RFC 9944 §6).
pub const MAX_CLIENT_TOKEN: usize = 500;

/// Addresses: under which extension, called what, with how many pairs of digits.
const ADDRESSES: [(&str, &str, usize); 5] = [
    (BLE, "deviceMacAddress", 6),
    (BLE, "separateBroadcastAddress", 6),
    (DPP, "deviceMacAddress", 6),
    (ETHERNET_MAB, "deviceMacAddress", 6),
    (ZIGBEE, "deviceEui64Address", 8),
];

/// Checks a device or an application after an [`ingest`](crate::ResourceType::ingest) or a PATCH; other resources always
/// pass. `hidden` is what came with it that is never stored, as [`Ingested::hidden`](crate::Ingested) and a PATCH's outcome
/// have it: a key sent now and an address that is there already exclude each other too.
///
/// # Errors
/// Every violation, with its path.
///
/// ```
/// use scimstack_schema::{Resource, Value, device};
///
/// let root = Value::parse(br#"{"urn:ietf:params:scim:schemas:extension:ethernet-mab:2.0:Device":
///     {"deviceMacAddress":"2C-54-91-88-C9-E2"}}"#).unwrap();
/// let r#type = device::registry().resource_type("Device").unwrap().clone();
/// let error = device::check(&Resource::from_canonical(r#type, root.as_object().unwrap().clone()), &[]).unwrap_err();
/// assert!(error.to_string().contains("\"2C-54-91-88-C9-E2\""));
/// ```
pub fn check(resource: &Resource, hidden: &[(String, Value)]) -> Result<(), Violations> {
    let mut found = Vec::new();
    match &*resource.resource_type().name {
        "Device" => device(resource, hidden, &mut found),
        "EndpointApp" => application(resource, &mut found),
        _ => {}
    }
    if found.is_empty() { Ok(()) } else { Err(Violations(found)) }
}

fn violation(path: String, detail: String) -> Violation {
    Violation { path, kind: ViolationKind::Value, detail }
}

fn device(resource: &Resource, hidden: &[(String, Value)], found: &mut Vec<Violation>) {
    let value = |uri: &str, name: &str| resource.root().get(uri).and_then(|extension| extension.get(name));
    for (uri, name, pairs) in ADDRESSES {
        let Some(address) = value(uri, name) else { continue };
        let addresses = address.as_array().unwrap_or(std::slice::from_ref(address));
        for text in addresses.iter().filter_map(Value::as_str).filter(|text| !is_address(text, pairs)) {
            let example = vec!["2C"; pairs].join(":");
            found.push(violation(
                format!("{uri}:{name}"),
                format!(
                    "{name} is {text:?}; an address is {pairs} pairs of hexadecimal digits with colons between them, \
                     such as {example}."
                ),
            ));
        }
    }
    let irk = format!("{BLE}:irk");
    let sends_key = hidden.iter().any(|(path, key)| path.eq_ignore_ascii_case(&irk) && !key.is_unassigned());
    if sends_key && value(BLE, "separateBroadcastAddress").is_some_and(|addresses| !addresses.is_unassigned()) {
        found.push(violation(
            format!("{BLE}:separateBroadcastAddress"),
            "separateBroadcastAddress and irk exclude each other; send one of them.".to_owned(),
        ));
    }
    if let Some(Value::Number(key)) = value(PAIRING_PASS_KEY, "key")
        && !key.as_i64().is_some_and(|key| (0..=999_999).contains(&key))
    {
        found.push(violation(
            format!("{PAIRING_PASS_KEY}:key"),
            format!("The passkey is {}; it must be a number of at most six digits.", key.as_str()),
        ));
    }
}

fn application(resource: &Resource, found: &mut Vec<Violation>) {
    let text = |name: &str| resource.root().get(name).and_then(Value::as_str);
    if let Some(word) = text("applicationType")
        && !["deviceControl", "telemetry"].iter().any(|known| known.eq_ignore_ascii_case(word))
    {
        found.push(violation(
            "applicationType".to_owned(),
            format!("applicationType is {word:?}; it must be deviceControl or telemetry."),
        ));
    }
    if let Some(length) = text("clientToken").map(|token| token.chars().count()).filter(|n| *n > MAX_CLIENT_TOKEN) {
        found.push(violation(
            "clientToken".to_owned(),
            format!("clientToken has {length} characters; it may have {MAX_CLIENT_TOKEN}."),
        ));
    }
}

/// `pairs` pairs of hexadecimal digits with colons between them.
fn is_address(text: &str, pairs: usize) -> bool {
    text.split(':').count() == pairs
        && text.split(':').all(|pair| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
