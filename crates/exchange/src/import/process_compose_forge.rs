//! What Forge itself has written below `x-forge` of a process when it exported it: all that the tool
//! has no words for. It wins over what stands beside it.

use crate::dollar;
use crate::draft::Draft;
use crate::fields::Fields;
use crate::node::{Kind, Node};
use crate::value::Value;

use super::process_compose::Work;

/// Fields that are said below `x-forge` whenever they are not what Forge takes them for by itself.
pub(crate) const FORGE_ONLY: [&str; 20] = [
    "port",
    "ports",
    "health_check",
    "auto_restart",
    "restart",
    "oneshot",
    "stop",
    "on_exit",
    "groups",
    "stderr",
    "replicas",
    "watch",
    "schedule",
    "debug",
    "limits",
    "metrics",
    "url",
    "log",
    "hooks",
    "tty",
];

/// Lays `x-forge` over a draft.
pub(super) fn read(draft: &mut Draft, fields: &Fields<'_>, work: &Work<'_, '_>) {
    let Some(field) = fields.take("x-forge") else {
        return;
    };
    field.exact_as("written by `forge dev export`");
    FORGE_ONLY.iter().for_each(|key| draft.remove(key));
    for entry in field.node.map().unwrap_or_default() {
        let value = value(&entry.value, work.project.expand);
        match (entry.key.as_str(), value) {
            ("env", Value::Map(variables)) if variables.is_empty() => draft.remove("env"),
            ("depends_on", value) => {
                draft.needs.clear();
                draft.set("depends_on", value);
            }
            (key, value) => draft.set(key, value),
        }
    }
}

/// As it stands there; `$$` is `$` to the tool, which replaces references before all else.
fn value(node: &Node, expand: bool) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Scalar { text, plain } => {
            let text = match expand {
                true => dollar::command(text).text,
                false => text.clone(),
            };
            match plain {
                true => Value::plain(&text),
                false => Value::Text(text),
            }
        }
        Kind::List(items) => Value::List(items.iter().map(|item| value(item, expand)).collect()),
        Kind::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|entry| (key(&entry.key, expand), value(&entry.value, expand)))
                .collect(),
        ),
    }
}

fn key(text: &str, expand: bool) -> String {
    match expand {
        true => dollar::command(text).text,
        false => text.to_string(),
    }
}
