//! Pairing methods (RFC 9944 §7.1): extensions of `Device` that documents hold inside the BLE extension, one level
//! deeper than RFC 7643 §3.3 knows extensions. They are registered, stored, filtered and patched like any other
//! extension, at the top of the document; here is how they get there and back.

use super::{BLE, PAIRING_JUST_WORKS, PAIRING_NULL, PAIRING_OOB, PAIRING_PASS_KEY};
use crate::value::{Object, Value};

/// The URIs of the pairing methods.
pub const PAIRING: [&str; 4] = [PAIRING_NULL, PAIRING_JUST_WORKS, PAIRING_PASS_KEY, PAIRING_OOB];

/// Moves the pairing methods of a client's document from the BLE extension to the top, and lists their URIs in `schemas`:
/// what is to be done before [`ResourceType::ingest`](crate::ResourceType::ingest). A method without content (null or an
/// empty object) is only dropped, as its URI in `pairingMethods` says all there is. Other documents stay as they are.
///
/// ```
/// use scimstack_schema::{Value, device};
///
/// let mut document = Value::parse(br#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Device",
///     "urn:ietf:params:scim:schemas:extension:ble:2.0:Device"],"active":true,
///     "urn:ietf:params:scim:schemas:extension:ble:2.0:Device":{
///         "urn:ietf:params:scim:schemas:extension:pairingPassKey:2.0:Device":{"key":123456}}}"#).unwrap();
/// let before = document.clone();
/// device::lift_pairing(&mut document);
/// assert_eq!(document.get(device::PAIRING_PASS_KEY).unwrap().to_string(), r#"{"key":123456}"#);
///
/// let Value::Object(object) = &mut document else { unreachable!() };
/// device::nest_pairing(object);
/// assert_eq!(document, before);
/// ```
pub fn lift_pairing(document: &mut Value) {
    let Some(root) = document.as_object_mut() else { return };
    let Some(ble) = root.get_mut(BLE).and_then(Value::as_object_mut) else { return };
    let found: Vec<(&str, Value)> = PAIRING.into_iter().filter_map(|uri| Some((uri, ble.remove(uri)?))).collect();
    for (uri, content) in found {
        if content.as_object().map_or_else(|| content.is_unassigned(), Object::is_empty) {
            continue;
        }
        if let Some(Value::Array(schemas)) = root.get_mut("schemas")
            && !schemas.iter().any(|listed| listed.as_str().is_some_and(|listed| listed.eq_ignore_ascii_case(uri)))
        {
            schemas.push(uri.into());
        }
        root.insert(uri, content);
    }
}

/// Moves the pairing methods back into the BLE extension, as RFC 9944 shows devices: the inverse of [`lift_pairing`], for
/// answers. Without a BLE extension there is nowhere to move them, and they stay.
pub fn nest_pairing(document: &mut Object) {
    if document.get(BLE).and_then(Value::as_object).is_none() {
        return;
    }
    for uri in PAIRING {
        let Some(content) = document.remove(uri) else { continue };
        if let Some(Value::Array(schemas)) = document.get_mut("schemas") {
            schemas.retain(|listed| !listed.as_str().is_some_and(|listed| listed.eq_ignore_ascii_case(uri)));
        }
        if let Some(ble) = document.get_mut(BLE).and_then(Value::as_object_mut) {
            ble.insert(uri, content);
        }
    }
}
