//! Typed reading of a located tree: every field says what it takes, and every mistake is noted
//! before the next field is read.
//!
//! A [`Record`] is a map with known fields, made by the macro [`record!`]: one list of fields makes
//! the struct, its reader, its part of the JSON Schema, and the defaults that `why` shows.

use std::collections::HashSet;

use forge_core::template::Template;
use serde_json::Value;

use crate::files::Files;
use crate::finding::{Finding, Sink};
use crate::interpolate::{Names, expand};
use crate::near::did_you_mean;
use crate::tree::{Entry, Kind, Map, Node, Scalar, Span};
use crate::visible::quoted;

/// What can be read from a node.
pub(crate) trait Read: Sized {
    /// The value, or `None` once what is wrong has been noted.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// What is accepted, as JSON Schema.
    fn schema() -> Value;

    /// The fields, of a map that has known ones.
    fn fields() -> &'static [Field] {
        &[]
    }
}

/// A value with the places of itself and its key.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
    pub(crate) key: Span,
}

/// A field of a map, for the schema, for suggestions and for `why`.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// What it means.
    pub(crate) doc: &'static str,
    /// As it would be written; empty where there is none.
    pub(crate) default: &'static str,
    pub(crate) schema: fn() -> Value,
    pub(crate) nested: fn() -> &'static [Field],
}

/// A map with known fields.
pub(crate) trait Record: Sized {
    /// What messages and the schema call it.
    const NAME: &'static str;
    /// Its fields, in the order of the reference.
    const FIELDS: &'static [Field];

    /// Reads all fields; each mistake is noted, and its field left out.
    fn read_map(map: &Map, reader: &mut Reader<'_>) -> Self;
}

/// Makes a [`Record`]: a struct of `Option<At<T>>`, its reader and its table.
macro_rules! record {
    ($(#[doc = $head:literal])* $name:ident called $called:literal {
        $( $(#[doc = $doc:literal])* $field:ident: $ty:ty $(= $default:literal)? ),* $(,)?
    }) => {
        $(#[doc = $head])*
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            $( $(#[doc = $doc])* pub(crate) $field: Option<$crate::reader::At<$ty>>, )*
        }

        impl $crate::reader::Record for $name {
            const NAME: &'static str = $called;
            const FIELDS: &'static [$crate::reader::Field] = &[ $(
                $crate::reader::Field {
                    name: stringify!($field),
                    doc: concat!($($doc),*),
                    default: concat!($($default)?),
                    schema: <$ty as $crate::reader::Read>::schema,
                    nested: <$ty as $crate::reader::Read>::fields,
                },
            )* ];

            fn read_map(map: &$crate::tree::Map, reader: &mut $crate::reader::Reader<'_>) -> Self {
                let mut this = Self::default();
                for entry in &map.entries {
                    match &*entry.key.text {
                        $( stringify!($field) => this.$field = reader.field(entry), )*
                        _ => reader.unknown_field(entry, Self::NAME, Self::FIELDS),
                    }
                }
                this
            }
        }
    };
}
pub(crate) use record;

/// What reading needs and gathers.
pub(crate) struct Reader<'a> {
    pub(crate) sink: &'a mut Sink,
    pub(crate) files: &'a Files,
    /// What `${NAME}` stands for.
    pub(crate) names: &'a dyn Names,
    /// The same, where the own port is not known yet.
    pub(crate) plain_names: &'a dyn Names,
    /// The profile that cannot run where a variable is missing.
    pub(crate) profile: Option<&'a str>,
    /// References to ports of processes, and where they are.
    pub(crate) ports: Vec<(String, Span)>,
    /// Regular expressions that are known to compile.
    pub(crate) patterns: &'a mut HashSet<String>,
}

/// Text with its references replaced.
pub(crate) struct Filled<'n> {
    pub(crate) text: String,
    /// A variable took part: the text may be secret, and is right or wrong with the environment.
    pub(crate) replaced: bool,
    pub(crate) node: &'n Node,
}

impl Reader<'_> {
    /// Reads the value of a field; null is as if it were not there.
    pub(crate) fn field<T: Read>(&mut self, entry: &Entry) -> Option<At<T>> {
        if matches!(entry.value.kind, Kind::Null) {
            return None;
        }
        Some(At {
            value: T::read(&entry.value, self)?,
            span: entry.value.span,
            key: entry.key.span,
        })
    }

    /// Notes a key that means nothing in this kind of map.
    pub(crate) fn unknown_field(&mut self, entry: &Entry, owner: &str, fields: &[Field]) {
        let name = &*entry.key.text;
        if self.sink.is_full() {
            self.sink.error(entry.key.span, "unknown field");
            return;
        }
        let names = fields.iter().map(|field| field.name);
        let help = did_you_mean(name, names.clone())
            .or_else(|| known_elsewhere(name))
            .unwrap_or_else(|| format!("known fields: {}", names.collect::<Vec<_>>().join(", ")));
        let message = format!("unknown field {} of {owner}", quoted(name));
        self.sink.error(entry.key.span, message).help(help);
    }

    /// Notes a value of the wrong kind.
    pub(crate) fn expected(&mut self, what: &str, node: &Node) -> &mut Finding {
        let message = match &node.kind {
            Kind::Scalar(scalar) => format!("expected {what}, found {}", quoted(&scalar.text)),
            _ => format!("expected {what}, found {}", node.noun()),
        };
        self.sink.error(node.span, message)
    }

    /// As [`expected`](Self::expected), and never shows what came from a variable.
    pub(crate) fn expected_text(&mut self, what: &str, filled: &Filled<'_>) -> &mut Finding {
        if !filled.replaced {
            return self.expected(what, filled.node);
        }
        let written = match &filled.node.kind {
            Kind::Scalar(scalar) => quoted(&scalar.text),
            _ => "this".to_string(),
        };
        let profile = self.profile.map(str::to_string);
        self.sink
            .error(
                filled.node.span,
                format!("expected {what}, but {written} gives something else here"),
            )
            .only_for(profile.as_deref())
    }

    /// A single value; lists, maps and nothing are noted.
    pub(crate) fn scalar<'n>(&mut self, what: &str, node: &'n Node) -> Option<&'n Scalar> {
        match &node.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => {
                self.expected(what, node);
                None
            }
        }
    }

    /// Text in which ports of processes may stay open until the start.
    pub(crate) fn template(&mut self, what: &str, node: &Node) -> Option<(Template, bool)> {
        let scalar = self.scalar(what, node)?;
        let expanded = expand(&scalar.text, self.names);
        if scalar.text.contains('\0') {
            self.sink.error(node.span, "a value holds a NUL byte");
            return None;
        }
        let ports = expanded
            .template
            .needs()
            .map(|name| (name.to_string(), node.span));
        self.ports.extend(ports);
        if expanded.problems.is_empty() {
            return Some((expanded.template, expanded.replaced));
        }
        self.problems(expanded.problems, node);
        None
    }

    /// Text that is complete now.
    pub(crate) fn filled<'n>(&mut self, what: &str, node: &'n Node) -> Option<Filled<'n>> {
        let scalar = self.scalar(what, node)?;
        let expanded = expand(&scalar.text, self.plain_names);
        if !expanded.problems.is_empty() {
            self.problems(expanded.problems, node);
            return None;
        }
        if expanded.template.needs().next().is_some() {
            self.sink
                .error(
                    node.span,
                    format!("expected {what}, found a port that is known only at the start"),
                )
                .help("`${process.NAME.port}` works in `env`, URLs and commands");
            return None;
        }
        Some(Filled {
            text: expanded.template.to_string(),
            replaced: expanded.replaced,
            node,
        })
    }

    fn problems(&mut self, problems: Vec<crate::interpolate::Problem>, node: &Node) {
        for problem in problems {
            let span = self.inside(node, problem.at);
            let profile = self.profile.filter(|_| problem.environment);
            self.sink
                .error(span, problem.message)
                .maybe_help(problem.help)
                .only_for(profile);
        }
    }

    /// The place of a part of a value's text; all of the value where escapes or folding hide it.
    pub(crate) fn inside(&self, node: &Node, range: std::ops::Range<usize>) -> Span {
        let Kind::Scalar(scalar) = &node.kind else {
            return node.span;
        };
        let source = self.files.slice(node.span);
        match source.find(scalar.text.as_str()) {
            Some(at) if !scalar.text.is_empty() => node.span.part(at + range.start..at + range.end),
            _ => node.span,
        }
    }
}

/// Names that other tools use for what Forge calls otherwise.
fn known_elsewhere(name: &str) -> Option<String> {
    let ours = match name {
        "cmd" | "exec" | "run" | "script" | "shell" | "entrypoint" | "args" => "command",
        "environment" | "vars" | "variables" => "env",
        "dir" | "working_dir" | "workdir" | "directory" | "path" | "root" => "cwd",
        "depends" | "requires" | "after" | "needs" | "dependencies" => "depends_on",
        "healthcheck" | "readiness_probe" | "liveness_probe" | "ready" | "health" => "health_check",
        "dotenv" => "env_file",
        "instances" | "scale" => "replicas",
        "cron" | "every" => "schedule",
        "namespace" | "tags" | "labels" => "groups",
        "pty" | "is_tty" | "interactive" => "tty",
        "disabled" | "enabled" => "autostart",
        "shutdown" | "stop_signal" | "kill_signal" => "stop",
        "availability" | "restart_policy" => "restart",
        "url" => "http",
        _ => return None,
    };
    Some(format!("did you mean `{ours}`?"))
}
