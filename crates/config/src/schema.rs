//! The JSON Schema of the file, made from the tables that read it.

use serde_json::{Map, Value, json};

use crate::model::{
    AllLogsMap, DebugMap, DependencyMap, EventMap, HealthMap, HooksMap, LimitsMap, LogMap,
    ProcessMap, RestartMap, ScheduleMap, SettingsMap, StopMap, WatchMap,
};
use crate::reader::{Field, Record};

/// A reference to the schema of a map.
pub(crate) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{}", key(name)) })
}

fn key(name: &str) -> String {
    name.replace(' ', "_")
}

/// The JSON Schema (2020-12) of `.forge/processes.yml`.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    define::<ProcessMap>(&mut definitions);
    define::<DependencyMap>(&mut definitions);
    define::<HealthMap>(&mut definitions);
    define::<RestartMap>(&mut definitions);
    define::<StopMap>(&mut definitions);
    define::<WatchMap>(&mut definitions);
    define::<ScheduleMap>(&mut definitions);
    define::<DebugMap>(&mut definitions);
    define::<LimitsMap>(&mut definitions);
    define::<LogMap>(&mut definitions);
    define::<HooksMap>(&mut definitions);
    define::<AllLogsMap>(&mut definitions);
    define::<EventMap>(&mut definitions);
    define::<SettingsMap>(&mut definitions);
    // What a process does not say itself, another says that it extends.
    definitions[ProcessMap::NAME]["required"] = json!(["name"]);
    definitions[ProcessMap::NAME]["anyOf"] =
        json!([{ "required": ["command"] }, { "required": ["extends"] }]);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Forge: .forge/processes.yml",
        "description": "Every key is a profile, except `settings` and keys that begin with `x-`.",
        "type": "object",
        "properties": { "settings": reference(SettingsMap::NAME) },
        "patternProperties": { "^x-": true },
        "additionalProperties": {
            "description": "A profile: the processes of one environment.",
            "type": ["array", "null"],
            "items": reference(ProcessMap::NAME),
        },
        "$defs": definitions,
    })
}

fn define<R: Record>(definitions: &mut Map<String, Value>) {
    let properties: Map<String, Value> = R::FIELDS
        .iter()
        .map(|field| (field.name.to_string(), property(field)))
        .collect();
    let schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    definitions.insert(key(R::NAME), schema);
}

/// A field: what it takes (null is as if it were not there), what it means, its default.
fn property(field: &Field) -> Value {
    let mut property = json!({ "anyOf": [(field.schema)(), { "type": "null" }] });
    property["description"] = json!(field.doc.trim());
    if !field.default.is_empty() {
        property["default"] = default(field.default);
    }
    property
}

/// A default as the JSON value that it stands for.
fn default(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}
