//! What a file holds at its top: settings and profiles with their processes, still as they are
//! written.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::Sink;
use crate::names::{is_name, name_help};
use crate::profile::MAX_PROCESSES;
use crate::tree::{Entry, Kind, Map, Node, Span};
use crate::visible::quoted;

/// The top of a file, or of two laid over one another.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) settings: Option<Arc<Node>>,
    pub(crate) profiles: Vec<WrittenProfile>,
    /// Processes without a usable name, and what the local file has replaced: nothing comes of
    /// them, but their mistakes are told.
    pub(crate) unused: Vec<Arc<Map>>,
    /// Processes read so far.
    pub(crate) count: usize,
    /// As `unused`, for settings.
    pub(crate) unused_settings: Vec<Arc<Node>>,
}

/// A profile as it is written.
#[derive(Debug)]
pub(crate) struct WrittenProfile {
    pub(crate) name: String,
    pub(crate) processes: Vec<Written>,
}

/// A process as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) name: Arc<str>,
    /// The value of `name`.
    pub(crate) span: Span,
    pub(crate) map: Arc<Map>,
}

/// Reads the top of a file.
pub(crate) fn document(root: &Node, sink: &mut Sink) -> Document {
    let mut document = Document::default();
    let map = match &root.kind {
        Kind::Map(map) => map,
        Kind::Null => return document,
        _ => {
            let message = format!("expected profiles, found {}", root.noun());
            sink.error(root.span, message)
                .help("begin with the name of a profile: `dev:`, and below it `  - name: …`");
            return document;
        }
    };
    for entry in &map.entries {
        let key = &*entry.key.text;
        if key == "settings" {
            document.settings = Some(entry.value.clone());
        } else if !key.starts_with("x-") {
            profile(entry, &mut document, sink);
        }
    }
    document
}

fn profile(entry: &Entry, document: &mut Document, sink: &mut Sink) {
    let (key, span) = (&*entry.key.text, entry.key.span);
    if !is_name(key) {
        sink.error(
            span,
            format!("{} cannot be the name of a profile", quoted(key)),
        )
        .help(name_help(key));
        return;
    }
    let items: &[Arc<Node>] = match &entry.value.kind {
        Kind::List(items) => items,
        Kind::Null => &[],
        _ => {
            no_list(entry, sink);
            &[]
        }
    };
    let mut profile = WrittenProfile {
        name: key.to_string(),
        processes: Vec::with_capacity(items.len()),
    };
    let mut first: HashMap<Arc<str>, Span> = HashMap::new();
    for item in items {
        if document.count >= MAX_PROCESSES {
            let message = format!("this file has more than {MAX_PROCESSES} processes");
            sink.error(item.span, message);
            break;
        }
        document.count += 1;
        let Some(written) = process(item, document, sink) else {
            continue;
        };
        match first.get(&written.name) {
            Some(before) => {
                let message = format!(
                    "two processes of profile `{key}` are named `{}`",
                    written.name
                );
                sink.error(written.span, message)
                    .label("again")
                    .related(*before, "first here")
                    .help("give one of them another name");
                document.unused.push(written.map);
            }
            None => {
                first.insert(written.name.clone(), written.span);
                profile.processes.push(written);
            }
        }
    }
    document.profiles.push(profile);
}

fn no_list(entry: &Entry, sink: &mut Sink) {
    let key = &*entry.key.text;
    let help = match crate::near::nearest(key, ["settings"]) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write `  - name: …` and `    command: …` below; a key that is no profile begins with `x-`".to_string(),
    };
    let found = entry.value.noun();
    let message = format!("the profile `{key}` must be a list of processes, found {found}");
    sink.error(entry.key.span, message).help(help);
}

fn process(item: &Node, document: &mut Document, sink: &mut Sink) -> Option<Written> {
    let Kind::Map(map) = &item.kind else {
        let help = match &item.kind {
            Kind::Scalar(_) => "write `- name: …` and `  command: …`",
            _ => "write `- name: …`",
        };
        sink.error(
            item.span,
            format!("expected a process, found {}", item.noun()),
        )
        .help(help);
        return None;
    };
    let Some(name) = map.get("name") else {
        let first = map
            .entries
            .first()
            .map_or(item.span, |entry| entry.key.span);
        // A slip in the key `name` is told as an unknown field.
        let slip = |entry: &Entry| crate::near::nearest(&entry.key.text, ["name"]).is_some();
        if !map.entries.iter().any(slip) {
            sink.error(first, "this process has no `name`")
                .help("add `name: …`");
        }
        document.unused.push(map.clone());
        return None;
    };
    match &name.kind {
        Kind::Scalar(scalar) if is_name(&scalar.text) => Some(Written {
            name: scalar.text.as_str().into(),
            span: name.span,
            map: map.clone(),
        }),
        // The name's own reader says what is wrong with it.
        _ => {
            document.unused.push(map.clone());
            None
        }
    }
}
