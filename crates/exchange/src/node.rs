//! A file of another tool as a tree in which every node knows its line: what all importers read.

use std::rc::Rc;

/// A line of one of the files of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// Which file, in the order in which they were read.
    pub(crate) file: usize,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// A value and its line.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    /// A YAML tag that is none of YAML's own types, with its `!`.
    pub(crate) tag: Option<String>,
    /// Nodes in it, as if aliases were written out.
    pub(crate) size: usize,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Null,
    /// Text, or a number or flag where it was written without quotes.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Rc<Node>,
}

impl Node {
    pub(crate) fn new(place: Place, kind: Kind) -> Self {
        let size = match &kind {
            Kind::Null | Kind::Scalar { .. } => 1,
            Kind::List(items) => items
                .iter()
                .fold(1, |sum: usize, n| sum.saturating_add(n.size)),
            Kind::Map(entries) => entries
                .iter()
                .fold(1, |sum: usize, e| sum.saturating_add(e.value.size)),
        };
        Node {
            place,
            kind,
            tag: None,
            size,
        }
    }

    pub(crate) fn text(place: Place, text: impl Into<String>) -> Rc<Node> {
        let text = text.into();
        Rc::new(Node::new(place, Kind::Scalar { text, plain: false }))
    }

    /// The text of a single value.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::Null | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Rc<Node>]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            Kind::Null | Kind::Scalar { .. } | Kind::Map(_) => None,
        }
    }

    pub(crate) fn map(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            Kind::Null | Kind::Scalar { .. } | Kind::List(_) => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The value of a key of a map, null or not.
    pub(crate) fn get(&self, key: &str) -> Option<&Rc<Node>> {
        let entry = self.map()?.iter().find(|entry| entry.key == key)?;
        Some(&entry.value)
    }

    /// The text of a key of a map.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.scalar()
    }

    /// `true` and `yes`, as all of these tools read them.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self.scalar()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => Some(true),
            "false" | "no" | "off" | "n" => Some(false),
            _ => None,
        }
    }

    /// A number without sign.
    pub(crate) fn number(&self) -> Option<f64> {
        let number: f64 = self.scalar()?.trim().parse().ok()?;
        (number.is_finite() && number >= 0.0).then_some(number)
    }

    /// The texts of a list, or of a single value.
    pub(crate) fn texts(&self) -> Vec<(&str, Place)> {
        match &self.kind {
            Kind::Scalar { text, .. } => vec![(text.as_str(), self.place)],
            Kind::List(items) => items
                .iter()
                .filter_map(|item| Some((item.scalar()?, item.place)))
                .collect(),
            Kind::Null | Kind::Map(_) => Vec::new(),
        }
    }

    /// What people call this kind of value.
    pub(crate) fn noun(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Scalar { .. } => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}

/// `over` laid over `base`: maps by key, everything else replaced.
pub(crate) fn overlay(base: &Rc<Node>, over: &Rc<Node>) -> Rc<Node> {
    let (Kind::Map(below), Kind::Map(above)) = (&base.kind, &over.kind) else {
        return match over.is_null() {
            true => base.clone(),
            false => over.clone(),
        };
    };
    let mut entries = below.clone();
    for entry in above {
        match entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => {
                known.value = overlay(&known.value, &entry.value);
                known.place = entry.place;
            }
            None => entries.push(entry.clone()),
        }
    }
    Rc::new(Node::new(over.place, Kind::Map(entries)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_laid_over_one_another_by_key() {
        let read = |text: &str| crate::read_yaml::read(0, text).expect("yaml");
        let both = overlay(&read("a: {x: 1, y: [1]}\nb: 1"), &read("a: {y: [2]}\nb:"));
        let a = both.get("a").expect("a");
        assert_eq!(a.text_of("x"), Some("1"));
        assert_eq!(a.get("y").map(|y| y.texts()[0].0), Some("2"));
        assert_eq!(both.text_of("b"), Some("1"));
    }
}
