//! What the registry and `health` tell, with the feature `serde`.

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use super::{Count, PolicySnapshot, Setting, Snapshot, Value};
use crate::PolicyKind;
use crate::health::{Health, Reason, Status};

impl Serialize for PolicyKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Snapshot", 1)?;
        fields.serialize_field("policies", &self.policies)?;
        fields.end()
    }
}

impl Serialize for PolicySnapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("PolicySnapshot", 6)?;
        fields.serialize_field("name", self.name)?;
        fields.serialize_field("named", &self.is_named)?;
        fields.serialize_field("kind", &self.kind)?;
        fields.serialize_field("state", &self.state)?;
        fields.serialize_field("settings", &Settings(&self.settings))?;
        fields.serialize_field("counts", &Counts(&self.counts))?;
        fields.end()
    }
}

struct Settings<'a>(&'a [Setting]);

impl Serialize for Settings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for Setting { key, value } in self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

struct Counts<'a>(&'a [Count]);

impl Serialize for Counts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for Count { name, value } in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Health {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Health", 2)?;
        fields.serialize_field("status", &self.status)?;
        fields.serialize_field("reasons", &self.reasons)?;
        fields.end()
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Reason", 5)?;
        fields.serialize_field("policy", self.policy)?;
        fields.serialize_field("kind", &self.kind)?;
        fields.serialize_field("critical", &self.is_critical)?;
        fields.serialize_field("status", &self.status)?;
        fields.serialize_field("why", &self.why)?;
        fields.end()
    }
}
