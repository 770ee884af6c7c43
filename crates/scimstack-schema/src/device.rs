//! Devices and the applications that reach them (RFC 9944), as data, with feature `device`: the schemas, the resource
//! types `Device` and `EndpointApp`, a registry that has them beside users and groups; what the schemas cannot say is in
//! `device/rules.rs`, the extensions inside an extension in `device/pairing.rs`. Certificates, vouchers and tokens are
//! not looked into.
//!
//! The schemas follow the prose and the tables of the RFC's last draft (draft-ietf-scim-device-model-16 to -18), because
//! the text of the RFC itself could not be had; they are to be compared with it. Where the draft contradicts itself or
//! RFC 7643, this is how it is read:
//!
//! | attribute | the draft | here |
//! |---|---|---|
//! | `applicationType` | required, and read-only | immutable: the client says it once, when it creates the resource |
//! | BLE `isRandom` | required in the table, not in the text | not required; false when absent |
//! | `certificateInfo.subjectName` | required and case-exact in table and JSON, neither in the text | required, case-exact |
//! | `irk`, `bootstrapKey`, `fdoVoucher` | never returned in the tables, returned in the JSON | never returned |
//! | `key` of *just works* pairing | required, and always null | not required, because null is no value (RFC 7643 §2.5) |
//! | uniqueness by manufacturer or enterprise | keywords of its own | none: no server can know the others |
//! | `groups.value` | not case-exact | case-exact, as it holds an id; `groups.$ref` is of a `Group` |
//! | `…:fido-device-onboard:2.0:Devices` in the JSON | `…:Device` in the text | `…:Device` |
//! | endpoint of `EndpointApp` | `/EndpointApp`, and `/EndpointApps` in the examples | `/EndpointApps` |
//!
//! Secrets (`irk`, `bootstrapKey`, `fdoVoucher`) are never stored and never shown: an ingest gives them in
//! [`Ingested::hidden`](crate::Ingested), and whoever runs the network takes them from there. A voucher must be processed or
//! handed on (§7.4), so a server that does neither should refuse it.
//!
//! ```
//! use scimstack_schema::{IngestOptions, Value, device};
//!
//! let registry = device::registry();
//! let document = Value::parse(br#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Device"],"active":true,
//!     "displayName":"BLE Heart Monitor"}"#).unwrap();
//! let found = registry.resource_type_at("/Devices").unwrap().ingest(document, &IngestOptions::default()).unwrap();
//! device::check(&found.resource, &found.hidden).unwrap();
//! assert_eq!(found.resource.root().get("displayName").unwrap().as_str(), Some("BLE Heart Monitor"));
//! ```

mod pairing;
mod rules;

pub use pairing::{PAIRING, lift_pairing, nest_pairing};
pub use rules::{MAX_CLIENT_TOKEN, check};

use crate::discovery::{core_builder, embedded, read};
use crate::registry::{Registry, RegistryBuilder, RegistryError, ResourceType};
use std::sync::{Arc, LazyLock};

/// The core schema of devices (RFC 9944 §3).
pub const DEVICE: &str = "urn:ietf:params:scim:schemas:core:2.0:Device";
/// The core schema of applications (RFC 9944 §6).
pub const ENDPOINT_APP: &str = "urn:ietf:params:scim:schemas:core:2.0:EndpointApp";
/// Bluetooth Low Energy (RFC 9944 §7.1).
pub const BLE: &str = "urn:ietf:params:scim:schemas:extension:ble:2.0:Device";
/// Pairing without a method (RFC 9944 §7.1).
pub const PAIRING_NULL: &str = "urn:ietf:params:scim:schemas:extension:pairingNull:2.0:Device";
/// Pairing that just works (RFC 9944 §7.1).
pub const PAIRING_JUST_WORKS: &str = "urn:ietf:params:scim:schemas:extension:pairingJustWorks:2.0:Device";
/// Pairing by a number (RFC 9944 §7.1).
pub const PAIRING_PASS_KEY: &str = "urn:ietf:params:scim:schemas:extension:pairingPassKey:2.0:Device";
/// Pairing by what was learned in another way (RFC 9944 §7.1).
pub const PAIRING_OOB: &str = "urn:ietf:params:scim:schemas:extension:pairingOOB:2.0:Device";
/// Wi-Fi Easy Connect (RFC 9944 §7.2).
pub const DPP: &str = "urn:ietf:params:scim:schemas:extension:dpp:2.0:Device";
/// Ethernet with MAC authentication bypass (RFC 9944 §7.3).
pub const ETHERNET_MAB: &str = "urn:ietf:params:scim:schemas:extension:ethernet-mab:2.0:Device";
/// FIDO Device Onboard (RFC 9944 §7.4).
pub const FIDO_DEVICE_ONBOARD: &str = "urn:ietf:params:scim:schemas:extension:fido-device-onboard:2.0:Device";
/// Zigbee (RFC 9944 §7.5).
pub const ZIGBEE: &str = "urn:ietf:params:scim:schemas:extension:zigbee:2.0:Device";
/// The applications of a device (RFC 9944 §7.6).
pub const ENDPOINT_APPS: &str = "urn:ietf:params:scim:schemas:extension:endpointAppsExt:2.0:Device";

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| embedded(build()));

/// [`Registry::core`] with devices and applications; both may be members of groups.
#[must_use]
pub fn registry() -> Registry {
    REGISTRY.clone()
}

/// `Device` and `EndpointApp`, as [`registry`] has them.
#[must_use]
pub fn resource_types() -> Vec<Arc<ResourceType>> {
    let ours = |r#type: &&Arc<ResourceType>| ["Device", "EndpointApp"].contains(&&*r#type.name);
    REGISTRY.resource_types().iter().filter(ours).cloned().collect()
}

/// Adds both resource types to a builder. No extension is required of a device (RFC 9944 §7).
///
/// # Errors
/// None, as long as the builder has no `Device` yet; two are found by [`RegistryBuilder::build`].
pub fn add_to(builder: RegistryBuilder) -> Result<RegistryBuilder, RegistryError> {
    let device = read(include_str!("../schemas/device/device.json"))?;
    let app = read(include_str!("../schemas/device/endpoint_app.json"))?;
    let builder = builder
        .resource_type("EndpointApp", "/EndpointApps", "Applications that control devices or receive their data", app)
        .resource_type("Device", "/Devices", "Devices that are to be admitted to a network", device);
    [
        include_str!("../schemas/device/ble.json"),
        include_str!("../schemas/device/pairing_null.json"),
        include_str!("../schemas/device/pairing_just_works.json"),
        include_str!("../schemas/device/pairing_pass_key.json"),
        include_str!("../schemas/device/pairing_oob.json"),
        include_str!("../schemas/device/dpp.json"),
        include_str!("../schemas/device/ethernet_mab.json"),
        include_str!("../schemas/device/fdo.json"),
        include_str!("../schemas/device/zigbee.json"),
        include_str!("../schemas/device/endpoint_apps.json"),
    ]
    .into_iter()
    .try_fold(builder, |builder, text| builder.extension("Device", read(text)?, false))
}

fn build() -> Result<Registry, RegistryError> {
    add_to(core_builder(&["User", "Group", "Device", "EndpointApp"])?)?.build()
}
