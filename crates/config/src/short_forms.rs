//! Fields that have a short form beside the map: checks, dependencies, watched files.

use std::collections::BTreeSet;

use forge_core::spec::CommandSpec;
use forge_core::template::Template;
use serde_json::{Value, json};

use crate::forms::{Command, List};
use crate::interpolate::expand;
use crate::model::{DependencyMap, HealthMap, WatchMap};
use crate::reader::{At, Field, Read, Reader, Record};
use crate::scalars::{Name, Text};
use crate::tree::{Kind, Node, Span};

/// `health_check`: text, or a map.
#[derive(Debug)]
pub(crate) enum Health {
    /// A URL, its scheme known.
    Url(Template),
    /// A command.
    Command(CommandSpec),
    /// All of it.
    Map(Box<HealthMap>),
}

impl Read for Health {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Map(map) => Some(Health::Map(Box::new(HealthMap::read_map(map, reader)))),
            Kind::Scalar(scalar) if is_url(&scalar.text, reader) => {
                Some(Health::Url(Text::read(node, reader)?.0))
            }
            Kind::Scalar(_) => Some(Health::Command(Command::read(node, reader)?.0)),
            _ => {
                reader
                    .expected("a URL, a command, or a map", node)
                    .help("write `health_check: http://localhost:3000/health`");
                None
            }
        }
    }

    fn schema() -> Value {
        json!({ "anyOf": [{ "type": "string" }, crate::schema::reference(HealthMap::NAME)] })
    }

    fn fields() -> &'static [Field] {
        HealthMap::FIELDS
    }
}

/// Whether a short check is a URL, written out or by a variable that it begins with.
fn is_url(text: &str, reader: &Reader<'_>) -> bool {
    let text = text.trim_start();
    if !text.starts_with("${") {
        return has_scheme(text);
    }
    let expanded = expand(text, reader.names);
    expanded.problems.is_empty() && has_scheme(&expanded.template.to_string())
}

/// Begins as `word://`.
fn has_scheme(text: &str) -> bool {
    text.trim_start()
        .split_once("://")
        .is_some_and(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
        })
}

/// `depends_on`: names, or a map from names to conditions.
#[derive(Debug, Default)]
pub(crate) struct DependsOn(pub(crate) Vec<Wanted>);

/// One entry of `depends_on`.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) how: DependencyMap,
}

impl Read for DependsOn {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted: Vec<Wanted> = match &node.kind {
            Kind::List(_) => List::<Name>::read(node, reader)?
                .0
                .into_iter()
                .map(|(name, span)| Wanted {
                    name: name.0,
                    span,
                    how: DependencyMap::default(),
                })
                .collect(),
            Kind::Map(map) => map
                .entries
                .iter()
                .filter_map(|entry| {
                    let how = match &entry.value.kind {
                        Kind::Null => DependencyMap::default(),
                        Kind::Map(map) => DependencyMap::read_map(map, reader),
                        _ => {
                            reader
                                .expected("a map", &entry.value)
                                .help("write `name: {condition: healthy}`");
                            return None;
                        }
                    };
                    Some(Wanted {
                        name: entry.key.text.to_string(),
                        span: entry.key.span,
                        how,
                    })
                })
                .collect(),
            Kind::Scalar(scalar) => {
                let help = format!("write `depends_on: [{}]`", scalar.text);
                reader.expected("a list of processes", node).help(help);
                return None;
            }
            Kind::Null => return None,
        };
        let mut seen = BTreeSet::new();
        let once = wanted.into_iter().filter(|w| seen.insert(w.name.clone()));
        Some(DependsOn(once.collect()))
    }

    fn schema() -> Value {
        let how = crate::schema::reference(DependencyMap::NAME);
        json!({ "anyOf": [
            { "type": "array", "items": Name::schema() },
            { "type": "object", "additionalProperties": { "anyOf": [{ "type": "null" }, how] } },
        ] })
    }
}

/// `watch`: globs, or a map.
#[derive(Debug)]
pub(crate) struct Watch(pub(crate) WatchMap);

impl Read for Watch {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Map(map) => Some(Watch(WatchMap::read_map(map, reader))),
            Kind::List(_) => {
                let paths = List::read(node, reader)?;
                Some(Watch(WatchMap {
                    paths: Some(At {
                        value: paths,
                        span: node.span,
                        key: node.span,
                    }),
                    ..WatchMap::default()
                }))
            }
            _ => {
                reader
                    .expected("a list of globs, or a map", node)
                    .help("write `watch: [\"src/**/*.go\"]`");
                None
            }
        }
    }

    fn schema() -> Value {
        json!({ "anyOf": [List::<Glob>::schema(), crate::schema::reference(WatchMap::NAME)] })
    }

    fn fields() -> &'static [Field] {
        WatchMap::FIELDS
    }
}

/// A glob that is known to parse.
#[derive(Debug, Clone)]
pub(crate) struct Glob(pub(crate) String);

impl Read for Glob {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let filled = reader.filled("a glob such as `src/**/*.ts`", node)?;
        match globset::Glob::new(&filled.text) {
            Ok(_) if !filled.text.is_empty() => Some(Glob(filled.text)),
            Ok(_) => {
                reader.expected_text("a glob such as `src/**/*.ts`", &filled);
                None
            }
            Err(error) => {
                let message = format!("this glob is not understood: {}", error.kind());
                let profile = reader.profile.filter(|_| filled.replaced);
                reader.sink.error(node.span, message).only_for(profile);
                None
            }
        }
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1 })
    }
}

/// Status codes: one, or a range such as `200-399`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Status(pub(crate) u16, pub(crate) u16);

impl Read for Status {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        const WHAT: &str = "a status code such as `200`, or a range such as `200-399`";
        let filled = reader.filled(WHAT, node)?;
        let (from, to) = filled
            .text
            .split_once('-')
            .unwrap_or((&filled.text, &filled.text));
        let code =
            |text: &str| crate::units::whole(text.trim()).filter(|code| (100..=599).contains(code));
        match (code(from), code(to)) {
            (Some(from), Some(to)) if from <= to => Some(Status(from as u16, to as u16)),
            _ => {
                reader.expected_text(WHAT, &filled);
                None
            }
        }
    }

    fn schema() -> Value {
        crate::scalars::with_reference(
            json!({ "type": "integer", "minimum": 100, "maximum": 599 }),
            "^[1-5][0-9]{2}(\\s*-\\s*[1-5][0-9]{2})?$",
        )
    }
}
