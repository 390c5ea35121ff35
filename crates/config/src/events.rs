//! `settings.events`: lines of output that are events.

use forge_core::spec::{OutputEvent, Pattern};
use serde_json::{Value, json};

use crate::model::EventMap;
use crate::near::did_you_mean;
use crate::reader::{Read, Reader, Record};
use crate::scalars::AsWritten;
use crate::tree::{Kind, Node, Span};

impl Read for OutputEvent {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Kind::Map(map) = &node.kind else {
            reader
                .expected("a map with `pattern` and `kind`", node)
                .help("write `- {pattern: \"cache warmed in (?P<ms>\\\\d+ms)\", kind: ready}`");
            return None;
        };
        let fields = EventMap::read_map(map, reader);
        let missing = [
            ("pattern", fields.pattern.is_none()),
            ("kind", fields.kind.is_none()),
        ];
        let missing = missing
            .into_iter()
            .find(|(name, missing)| *missing && map.get(name).is_none());
        if let Some((name, _)) = missing {
            // A misspelt key has been told already.
            if !reader.sink.has_error_within(node.span) {
                reader
                    .sink
                    .error(node.span, format!("this event has no `{name}`"));
            }
            return None;
        }
        let pattern = fields.pattern?.value;
        if let Some(message) = &fields.message {
            check_groups(&message.value, message.span, &pattern, node, reader)?;
        }
        Some(OutputEvent {
            pattern,
            kind: fields.kind?.value.0.to_string(),
            message: fields.message.map(|at| at.value.0),
        })
    }

    fn schema() -> Value {
        let mut schema = crate::schema::reference(EventMap::NAME);
        schema["required"] = json!(["pattern", "kind"]);
        schema
    }
}

/// `${name}` in a message stands for a group of the pattern.
fn check_groups(
    message: &AsWritten,
    span: Span,
    pattern: &Pattern,
    node: &Node,
    reader: &mut Reader<'_>,
) -> Option<()> {
    // It has been compiled before.
    let regex = regex::Regex::new(&pattern.0).ok()?;
    let groups: Vec<&str> = regex.capture_names().flatten().collect();
    let mut rest = message.0.as_str();
    while let Some(at) = rest.find("${") {
        rest = &rest[at + 2..];
        let Some(end) = rest.find('}') else { break };
        let name = &rest[..end];
        let number = name
            .parse::<usize>()
            .is_ok_and(|number| number < regex.captures_len());
        if !number && !groups.contains(&name) {
            let value = match &node.kind {
                Kind::Map(map) => map.get("message"),
                _ => None,
            };
            let place = value.map_or(span, |value| {
                let from = value_offset(&message.0, name);
                reader.inside(value, from..from + name.len())
            });
            let help = did_you_mean(name, groups.iter().copied())
                .unwrap_or_else(|| "name a group so: `(?P<name>…)`".to_string());
            reader
                .sink
                .error(
                    place,
                    format!("the pattern has no group `{}`", name.escape_debug()),
                )
                .help(help);
            return None;
        }
    }
    Some(())
}

/// Where a name stands in the message that refers to it.
fn value_offset(message: &str, name: &str) -> usize {
    message.find(&format!("${{{name}}}")).map_or(0, |at| at + 2)
}
