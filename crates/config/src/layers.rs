//! Maps laid over maps: the local file over the shared one, and a process over what it `extends`.
//!
//! Maps merge by key, lists and scalars replace. Where two keys of a map exclude one another, as
//! `every` and `cron` do, one above takes away the other below.

use std::collections::HashMap;
use std::sync::Arc;

use crate::document::{Document, WrittenProfile};
use crate::tree::{Entry, Key, Kind, Map, Node};

/// Keys of one map of which only one says what is meant.
const EXCLUSIVE: [(&str, &[&str]); 4] = [
    ("", &["group", "groups"]),
    ("health_check", &["http", "tcp", "command", "log", "notify"]),
    ("schedule", &["every", "cron"]),
    ("depends_on.*", &["condition", "log"]),
];

/// What belongs to `http` alone.
const HTTP_ONLY: [&str; 3] = ["status", "headers", "body"];

/// Lays the local file over the shared one.
pub(crate) fn overlay(mut base: Document, local: Document) -> Document {
    base.settings = match (base.settings.take(), local.settings) {
        (Some(below), Some(above)) => {
            base.unused_settings.push(below.clone());
            Some(lay_node(&below, &above, None, "settings"))
        }
        (below, above) => above.or(below),
    };
    for above in local.profiles {
        match base.profiles.iter_mut().find(|p| p.name == above.name) {
            Some(below) => overlay_profile(below, above, &mut base.unused),
            None => base.profiles.push(above),
        }
    }
    base.unused.extend(local.unused);
    base
}

fn overlay_profile(
    below: &mut WrittenProfile,
    above: WrittenProfile,
    replaced: &mut Vec<Arc<Map>>,
) {
    for process in above.processes {
        match below.processes.iter_mut().find(|p| p.name == process.name) {
            Some(written) => {
                replaced.push(written.map.clone());
                written.map = Arc::new(lay(&written.map, &process.map, None, ""));
            }
            None => below.processes.push(process),
        }
    }
}

/// Lays `above` over `below`. Entries taken from below are marked with `via`. `path` is the place of
/// the map in a process.
pub(crate) fn lay(below: &Map, above: &Map, via: Option<&Arc<str>>, path: &str) -> Map {
    let index: HashMap<&str, &Entry> = above.entries.iter().map(|e| (&*e.key.text, e)).collect();
    let mut entries = Vec::with_capacity(below.entries.len() + above.entries.len());
    for entry in below
        .entries
        .iter()
        .filter(|entry| !taken_away(&entry.key.text, &index, path))
    {
        match index.get(&*entry.key.text) {
            None => entries.push(Entry {
                via: entry.via.clone().or(via.cloned()),
                ..entry.clone()
            }),
            Some(over) => {
                let place = match path {
                    "" => over.key.text.to_string(),
                    "depends_on" => "depends_on.*".to_string(),
                    _ => format!("{path}.{}", over.key.text),
                };
                entries.push(Entry {
                    value: lay_node(&entry.value, &over.value, via, &place),
                    ..(*over).clone()
                });
            }
        }
    }
    let known: std::collections::HashSet<Arc<str>> =
        entries.iter().map(|entry| entry.key.text.clone()).collect();
    entries.extend(
        above
            .entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.text))
            .cloned(),
    );
    Map { entries }
}

fn lay_node(below: &Arc<Node>, above: &Arc<Node>, via: Option<&Arc<str>>, path: &str) -> Arc<Node> {
    let Kind::Map(over) = &above.kind else {
        return above.clone();
    };
    let under = match &below.kind {
        Kind::Map(map) => map.clone(),
        Kind::Scalar(_) if path == "health_check" => Arc::new(short_check(below)),
        _ => return above.clone(),
    };
    Arc::new(Node {
        span: above.span,
        kind: Kind::Map(Arc::new(lay(&under, over, via, path))),
        size: below.size.saturating_add(above.size),
        depth: below.depth.max(above.depth),
    })
}

/// The short form of a health check as a map, so that settings can be laid over it.
fn short_check(node: &Arc<Node>) -> Map {
    let text = match &node.kind {
        Kind::Scalar(scalar) => scalar.text.trim_start(),
        _ => "",
    };
    let key = match text.split_once("://") {
        Some(("http" | "https", _)) => "http",
        Some(("tcp", _)) => "tcp",
        _ => "command",
    };
    let key = Key {
        text: key.into(),
        span: node.span,
    };
    Map {
        entries: vec![Entry {
            key,
            value: node.clone(),
            via: None,
        }],
    }
}

/// Whether a key below loses its meaning by another one above.
fn taken_away(key: &str, above: &HashMap<&str, &Entry>, path: &str) -> bool {
    if above.contains_key(key) {
        return false;
    }
    let by_probe = path == "health_check"
        && HTTP_ONLY.contains(&key)
        && EXCLUSIVE[1].1.iter().any(|other| above.contains_key(other));
    by_probe
        || EXCLUSIVE.iter().any(|(place, keys)| {
            *place == path
                && keys.contains(&key)
                && keys.iter().any(|other| above.contains_key(other))
        })
}
