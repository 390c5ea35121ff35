//! Processes as they are written: what `extends`, merge keys and the local file made of them, references
//! not replaced. For those who write them down again.

use std::sync::Arc;

use crate::origins::Origins;
use crate::tree::{Kind, Map, Node};

/// A value as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// Nothing.
    Null,
    /// Text without quotes: also numbers and flags.
    Plain(String),
    /// Text in quotes or of several lines.
    Quoted(String),
    /// A list.
    List(Vec<Written>),
    /// A map in its order.
    Map(Vec<(String, Written)>),
}

impl Origins {
    /// The fields of a process; of a replica, those of the entry that it comes from.
    pub(crate) fn fields_of(&self, profile: &str, process: &str) -> Option<Vec<(String, Written)>> {
        let map = self.map_of(profile, process)?;
        Some(entries(map))
    }
}

fn entries(map: &Arc<Map>) -> Vec<(String, Written)> {
    let entries = map.entries.iter();
    entries
        .map(|entry| (entry.key.text.to_string(), written(&entry.value)))
        .collect()
}

fn written(node: &Node) -> Written {
    match &node.kind {
        Kind::Null => Written::Null,
        Kind::Scalar(scalar) if scalar.plain => Written::Plain(scalar.text.clone()),
        Kind::Scalar(scalar) => Written::Quoted(scalar.text.clone()),
        Kind::List(items) => Written::List(items.iter().map(|item| written(item)).collect()),
        Kind::Map(map) => Written::Map(entries(map)),
    }
}
