//! What tools take: schemas that models read, and readers that forgive what models do.

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::reply::Trouble;

/// The schema of a tool's arguments, without what only costs words.
pub(super) fn schema<A: JsonSchema>() -> JsonObject {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<A>()
        .to_value();
    trim(&mut schema);
    let mut object = match schema {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    };
    object.entry("type").or_insert_with(|| "object".into());
    object
        .entry("properties")
        .or_insert_with(|| Value::Object(JsonObject::new()));
    object.remove("description");
    object
}

fn trim(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // A property may bear these names, so only those of schemas go.
            for key in ["title", "format", "$schema"] {
                if fields.get(key).is_some_and(Value::is_string) {
                    fields.remove(key);
                }
            }
            fields.values_mut().for_each(trim);
        }
        Value::Array(items) => items.iter_mut().for_each(trim),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Reads arguments; null is as if it were not there.
///
/// # Errors
///
/// What does not fit, named, with what there is.
pub(super) fn read<A: DeserializeOwned>(tool: &str, given: Value) -> Result<A, Trouble> {
    let given = match given {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        Value::Null => JsonObject::new(),
        other => {
            return Err(Trouble::Arguments(format!(
                "`{tool}` takes an object of arguments, not {other}"
            )));
        }
    };
    serde_json::from_value(Value::Object(given))
        .map_err(|error| Trouble::Arguments(format!("arguments of `{tool}`: {error}")))
}

/// A list, or one of it.
pub(super) fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a name or a list of names")]
    enum Form {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Form::deserialize(from)? {
        Form::One(one) if one.is_empty() => Vec::new(),
        Form::One(one) => one.split(',').map(|name| name.trim().to_string()).collect(),
        Form::Many(many) => many,
    })
}

pub(super) fn yes() -> bool {
    true
}

/// Seconds as milliseconds.
pub(super) fn millis(seconds: u64) -> u64 {
    seconds.min(3_600) * 1_000
}

/// What was given, unless it is empty.
pub(super) fn given(text: &str) -> Option<&str> {
    (!text.trim().is_empty()).then_some(text.trim())
}
