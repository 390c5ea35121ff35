//! YAML of other tools as a tree in which every node knows its line. Such files are read for hints:
//! what is odd in them is left out, never an error.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{Event, Parser};

/// Nodes of a file, aliases written out; a file with more is left unread.
const MAX_NODES: usize = 50_000;
const MAX_DEPTH: usize = 40;

/// A value and its line.
#[derive(Debug, Clone)]
pub(crate) struct Yaml {
    /// Where it stands; for the value of a map, where its key does.
    pub(crate) line: usize,
    kind: Kind,
    size: usize,
}

#[derive(Debug, Clone)]
enum Kind {
    Text(String),
    List(Vec<Rc<Yaml>>),
    Map(Vec<(String, Rc<Yaml>)>),
}

impl Yaml {
    /// The first document; `None` where it cannot be read.
    pub(crate) fn parse(text: &str) -> Option<Rc<Yaml>> {
        let options = granit_parser::options! {
            flow_nesting_limit: MAX_DEPTH,
            block_nesting_limit: MAX_DEPTH,
        };
        let text = text.trim_start_matches('\u{feff}');
        let mut builder = Builder::default();
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.ok()?;
            builder.event(event, span.start.line())?;
            if builder.root.is_some() {
                break;
            }
        }
        builder.root
    }

    /// Follows keys.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<&Yaml> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Yaml> {
        let mut found = self.entries().filter(|(name, _)| *name == key);
        found.next().map(|(_, value)| value)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Yaml)> {
        let entries = match &self.kind {
            Kind::Map(entries) => entries.as_slice(),
            Kind::Text(_) | Kind::List(_) => &[],
        };
        entries.iter().map(|(key, value)| (key.as_str(), &**value))
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &Yaml> {
        let items = match &self.kind {
            Kind::List(items) => items.as_slice(),
            Kind::Text(_) | Kind::Map(_) => &[],
        };
        items.iter().map(|item| &**item)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.kind, Kind::List(_))
    }

    /// A text, or the texts of a list joined by spaces: a command in either form.
    pub(crate) fn words(&self) -> String {
        match &self.kind {
            Kind::Text(text) => text.clone(),
            Kind::List(items) => {
                let words: Vec<&str> = items.iter().filter_map(|item| item.text()).collect();
                words.join(" ")
            }
            Kind::Map(_) => String::new(),
        }
    }
}

/// A list or map that is being read: its line, anchor, content, and the key that waits for its value.
type Open = (usize, usize, Kind, Option<(String, usize)>);

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Yaml>>,
    root: Option<Rc<Yaml>>,
    nodes: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, line: usize) -> Option<()> {
        match event {
            Event::Scalar(text, _, anchor, _) => {
                let kind = Kind::Text(text.into_owned());
                self.finish(
                    Yaml {
                        line,
                        kind,
                        size: 1,
                    },
                    anchor,
                )
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push((line, anchor, Kind::List(Vec::new()), None));
                Some(())
            }
            Event::MappingStart(_, anchor, _) => {
                self.open.push((line, anchor, Kind::Map(Vec::new()), None));
                Some(())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (line, anchor, kind, _) = self.open.pop()?;
                let size = 1 + match &kind {
                    Kind::List(items) => items.iter().map(|item| item.size).sum(),
                    Kind::Map(entries) => entries.iter().map(|(_, value)| value.size).sum(),
                    Kind::Text(_) => 0,
                };
                self.finish(Yaml { line, kind, size }, anchor)
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor)?.clone();
                self.add(node)
            }
            _ => Some(()),
        }
    }

    fn finish(&mut self, node: Yaml, anchor: usize) -> Option<()> {
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.add(node)
    }

    fn add(&mut self, node: Rc<Yaml>) -> Option<()> {
        self.nodes += node.size;
        if self.nodes > MAX_NODES * 4 || node.size > MAX_NODES || self.open.len() > MAX_DEPTH {
            return None;
        }
        let Some((_, _, kind, key)) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        match kind {
            Kind::List(items) => items.push(node),
            Kind::Map(entries) => match key.take() {
                None => *key = Some((node.text().unwrap_or_default().to_string(), node.line)),
                // What is merged comes last, so that keys which are written win.
                Some((name, _)) if name == "<<" => {
                    let maps: Vec<&Yaml> = match node.is_list() {
                        true => node.items().collect(),
                        false => vec![&node],
                    };
                    for map in maps {
                        if let Kind::Map(more) = &map.kind {
                            entries.extend(more.iter().cloned());
                        }
                    }
                }
                Some((name, line)) => {
                    let node = Rc::new(Yaml {
                        line,
                        ..Yaml::clone(&node)
                    });
                    let at = entries.iter().position(|(key, _)| *key == name);
                    match at {
                        Some(at) => entries[at].1 = node,
                        None => entries.push((name, node)),
                    }
                }
            },
            Kind::Text(_) => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_know_their_lines_and_merged_keys_are_there() {
        let text = "a: &base\n  x: 1\n  y: 2\nb:\n  <<: *base\n  x: 3\n";
        let yaml = Yaml::parse(text).expect("a tree");
        assert_eq!(yaml.at(&["b", "x"]).and_then(Yaml::text), Some("3"));
        assert_eq!(yaml.at(&["b", "y"]).and_then(Yaml::text), Some("2"));
        assert_eq!(yaml.at(&["b", "x"]).map(|node| node.line), Some(6));
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        assert!(Yaml::parse("a: [").is_none());
        assert!(Yaml::parse(&"[".repeat(100_000)).is_none());
        let bomb: String = (0..40)
            .map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{}, ", n - 1).repeat(9)))
            .skip(1)
            .collect();
        assert!(Yaml::parse(&format!("a0: &a0 [x]\n{bomb}")).is_none());
    }
}
