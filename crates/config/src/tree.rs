//! A YAML file as a tree in which every node knows its place: what all reading starts from.
//!
//! Nodes are shared (`Arc`), so aliases, merge keys, `extends` and the local file lay maps over one
//! another without copying what lies below.

use std::sync::Arc;

/// A place in one of the files of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Span {
    /// Which file.
    pub(crate) file: u32,
    /// First byte.
    pub(crate) start: u32,
    /// The byte behind the last.
    pub(crate) end: u32,
}

impl Span {
    /// A part of this span, in bytes from its start.
    pub(crate) fn part(self, range: std::ops::Range<usize>) -> Span {
        let at = |offset: usize| (self.start + offset as u32).min(self.end);
        Span {
            file: self.file,
            start: at(range.start),
            end: at(range.end),
        }
    }
}

/// A value and its place.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where it is written; for an alias, where its anchor is.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: Kind,
    /// Nodes in it, itself included, as if aliases were written out.
    pub(crate) size: u32,
    /// How deep it nests, itself included, as if aliases were written out.
    pub(crate) depth: u32,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Nothing: `null`, `~` or an empty place.
    Null,
    /// Text; its type is decided by the field that reads it.
    Scalar(Scalar),
    /// A list.
    List(Vec<Arc<Node>>),
    /// A map.
    Map(Arc<Map>),
}

/// Text of a file.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    /// Without quotes, escapes done.
    pub(crate) text: String,
    /// Written without quotes.
    pub(crate) plain: bool,
}

/// A map in the order of the file, without two equal keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Map {
    /// Its entries.
    pub(crate) entries: Vec<Entry>,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Key,
    /// The value.
    pub(crate) value: Arc<Node>,
    /// `profile.name` of the process that it was taken from by `extends`.
    pub(crate) via: Option<Arc<str>>,
}

/// A key and its place.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// Its text.
    pub(crate) text: Arc<str>,
    /// Its place.
    pub(crate) span: Span,
}

impl Map {
    /// The entry of this key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| &*entry.key.text == key)
    }

    /// The value of this key; `None` where it is absent or null.
    pub(crate) fn get(&self, key: &str) -> Option<&Arc<Node>> {
        let value = &self.entry(key)?.value;
        (!matches!(value.kind, Kind::Null)).then_some(value)
    }
}

impl Node {
    /// What people call this kind of value.
    pub(crate) fn noun(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Scalar(_) => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}
