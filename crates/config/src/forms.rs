//! Values that may be written in more than one way: commands, lists, checks, dependencies.

use forge_core::spec::{CommandSpec, Pattern};
use forge_core::template::Template;
use serde_json::{Value, json};

use crate::reader::{At, Read, Reader};
use crate::scalars::Text;
use crate::tree::{Kind, Node, Span};

/// A command: text for a shell, or a list. Only ports of processes are replaced in it.
#[derive(Debug, Clone)]
pub(crate) struct Command(pub(crate) CommandSpec);

impl Read for Command {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let command = match &node.kind {
            Kind::List(items) => {
                let words: Vec<Option<Template>> =
                    items.iter().map(|item| word(item, reader)).collect();
                CommandSpec::Argv(words.into_iter().collect::<Option<_>>()?)
            }
            _ => CommandSpec::Shell(word(node, reader)?),
        };
        let empty = match &command {
            CommandSpec::Argv(words) => words.first().is_none_or(blank),
            CommandSpec::Shell(text) => blank(text),
        };
        if empty {
            reader.sink.error(node.span, "this command is empty");
            return None;
        }
        Some(Command(command))
    }

    fn schema() -> Value {
        let word = json!({ "type": ["string", "number", "boolean"] });
        json!({ "anyOf": [word, { "type": "array", "items": word, "minItems": 1 }] })
    }
}

fn word(node: &Node, reader: &mut Reader<'_>) -> Option<Template> {
    let scalar = match &node.kind {
        Kind::Scalar(scalar) => scalar,
        _ => {
            reader
                .expected("a command (text, or a list of words)", node)
                .help("write `command: npm run dev`, or `command: [npm, run, dev]`");
            return None;
        }
    };
    if scalar.text.contains('\0') {
        reader.sink.error(node.span, "a command holds a NUL byte");
        return None;
    }
    let template = Template::scan(&scalar.text);
    for name in template.needs() {
        reader.ports.push((name.to_string(), node.span));
    }
    Some(template)
}

fn blank(template: &Template) -> bool {
    template.needs().next().is_none() && template.to_string().trim().is_empty()
}

/// A list.
#[derive(Debug, Clone)]
pub(crate) struct List<T>(pub(crate) Vec<(T, Span)>);

impl<T: Read> Read for List<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Kind::List(items) = &node.kind else {
            let help = match &node.kind {
                Kind::Scalar(scalar) => Some(format!("write `[{}]`", scalar.text)),
                _ => None,
            };
            reader.expected("a list", node).maybe_help(help);
            return None;
        };
        let read = items
            .iter()
            .filter_map(|item| T::read(item, reader).map(|value| (value, item.span)));
        Some(List(read.collect()))
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone)]
pub(crate) struct OneOrMore<T>(pub(crate) Vec<(T, Span)>);

impl<T: Read> Read for OneOrMore<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            Kind::List(_) => Some(OneOrMore(List::read(node, reader)?.0)),
            _ => Some(OneOrMore(vec![(T::read(node, reader)?, node.span)])),
        }
    }

    fn schema() -> Value {
        json!({ "anyOf": [T::schema(), { "type": "array", "items": T::schema() }] })
    }
}

/// A map from text to values.
#[derive(Debug, Clone)]
pub(crate) struct Mapping<T>(pub(crate) Vec<(String, At<T>)>);

impl<T: Read> Read for Mapping<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Kind::Map(map) = &node.kind else {
            reader.expected("a map", node);
            return None;
        };
        let read = map
            .entries
            .iter()
            .filter_map(|entry| Some((entry.key.text.to_string(), reader.field(entry)?)));
        Some(Mapping(read.collect()))
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": T::schema() })
    }
}

/// A map from patterns to values, in the order of the file.
#[derive(Debug, Clone)]
pub(crate) struct Patterns<T>(pub(crate) Vec<(Pattern, T)>);

impl<T: Read> Read for Patterns<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Kind::Map(map) = &node.kind else {
            reader
                .expected("a map from regular expressions to levels", node)
                .help("write `\"^E \": error`");
            return None;
        };
        let read = map.entries.iter().filter_map(|entry| {
            // A key is text like any other here.
            let key = Node {
                span: entry.key.span,
                kind: Kind::Scalar(crate::tree::Scalar {
                    text: entry.key.text.to_string(),
                    plain: false,
                }),
                size: 1,
                depth: 1,
            };
            let pattern = Pattern::read(&key, reader);
            let value = T::read(&entry.value, reader);
            Some((pattern?, value?))
        });
        Some(Patterns(read.collect()))
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": T::schema() })
    }
}

/// The environment: `None` takes a variable away.
#[derive(Debug, Clone)]
pub(crate) struct Environment(pub(crate) Vec<(String, At<Option<Template>>)>);

impl Read for Environment {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Kind::Map(map) = &node.kind else {
            let help = match &node.kind {
                Kind::List(_) => "write `NAME: value`, one a line, without `- `",
                _ => "write `NAME: value`, one a line, below",
            };
            reader.expected("a map of variables", node).help(help);
            return None;
        };
        let mut variables = Vec::new();
        for entry in &map.entries {
            let name = &*entry.key.text;
            if name.is_empty() || name.contains(['=', '\0']) {
                reader
                    .sink
                    .error(entry.key.span, "this cannot be the name of a variable")
                    .help("a name is not empty and holds no `=`");
                continue;
            }
            let value = match &entry.value.kind {
                Kind::Null => Some(None),
                Kind::Scalar(_) => Text::read(&entry.value, reader).map(|text| Some(text.0)),
                _ => {
                    reader
                        .expected("the text of a variable", &entry.value)
                        .help("put the value into quotes");
                    None
                }
            };
            if let Some(value) = value {
                let (span, key) = (entry.value.span, entry.key.span);
                variables.push((name.to_string(), At { value, span, key }));
            }
        }
        Some(Environment(variables))
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean", "null"] } })
    }
}

/// A nested map with known fields, and nothing else.
macro_rules! nested {
    ($($record:ident),*) => { $(
        impl Read for Box<$record> {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                match &node.kind {
                    Kind::Map(map) => Some(Box::new($record::read_map(map, reader))),
                    _ => {
                        let known: Vec<&str> = $record::FIELDS.iter().map(|f| f.name).collect();
                        let help = match &node.kind {
                            Kind::Scalar(scalar) => {
                                format!("did you mean `{{{}: {}}}`?", known[0], scalar.text)
                            }
                            _ => format!("known fields: {}", known.join(", ")),
                        };
                        reader.expected("a map", node).help(help);
                        None
                    }
                }
            }

            fn schema() -> Value {
                $crate::schema::reference($record::NAME)
            }

            fn fields() -> &'static [Field] {
                $record::FIELDS
            }
        }
    )* };
}
pub(crate) use nested;
