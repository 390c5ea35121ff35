//! From the text of a YAML file to a tree with lines, as leniently as the tools that own the files.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use crate::node::{Entry, Kind, Node, Place};

/// Nodes of a file, aliases written out: a small file cannot become a large one.
const MAX_NODES: usize = 200_000;
/// How deep lists and maps may nest.
const MAX_DEPTH: usize = 64;

/// Why a text is no tree, and in which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) line: usize,
    pub(crate) why: String,
}

/// The tree of the first document of a text; of two equal keys the later wins, as in most readers.
pub(crate) fn read(file: usize, text: &str) -> Result<Rc<Node>, Unreadable> {
    let mut builder = Builder {
        file,
        text,
        open: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        nodes: 0,
    };
    let mut options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    options.set_emit_comments(false);
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((Event::DocumentStart(..), _)) if builder.root.is_some() => break,
            Ok((event, span)) => {
                let line = span.start.line().max(1);
                builder.event(event, Place { file, line })?;
            }
            Err(error) => {
                return Err(Unreadable {
                    line: error.marker().line().max(1),
                    why: format!("the YAML is not understood: {}", error.info()),
                });
            }
        }
    }
    Ok(builder
        .root
        .unwrap_or_else(|| Rc::new(Node::new(Place { file, line: 1 }, Kind::Null))))
}

struct Builder<'a> {
    file: usize,
    text: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    nodes: usize,
}

struct Open {
    place: Place,
    anchor: usize,
    tag: Option<String>,
    content: Content,
}

enum Content {
    List(Vec<Rc<Node>>),
    Map {
        entries: Vec<Entry>,
        merges: Vec<Rc<Node>>,
        key: Option<(String, Place, bool)>,
    },
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, place: Place) -> Result<(), Unreadable> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let kind = match plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    true => Kind::Null,
                    false => Kind::Scalar {
                        text: text.into_owned(),
                        plain,
                    },
                };
                let mut node = Node::new(place, kind);
                node.tag = own_tag(tag.as_deref());
                self.finish(node, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(place, anchor, tag.as_deref(), Content::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                let content = Content::Map {
                    entries: Vec::new(),
                    merges: Vec::new(),
                    key: None,
                };
                self.start(place, anchor, tag.as_deref(), content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => self.add(node, place),
                None => Err(wrong(place, "an alias lies within its own anchor")),
            },
            _ => Ok(()),
        }
    }

    fn start(
        &mut self,
        place: Place,
        anchor: usize,
        tag: Option<&Tag>,
        content: Content,
    ) -> Result<(), Unreadable> {
        if let Some(Open {
            content: Content::Map { key: None, .. },
            ..
        }) = self.open.last()
        {
            return Err(wrong(place, "a key must be text"));
        }
        self.open.push(Open {
            place,
            anchor,
            tag: own_tag(tag),
            content,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let kind = match open.content {
            Content::List(items) => Kind::List(items),
            Content::Map {
                entries, merges, ..
            } => Kind::Map(merged(entries, merges)),
        };
        let mut node = Node::new(open.place, kind);
        node.tag = open.tag;
        self.finish(node, open.anchor)
    }

    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Unreadable> {
        let place = node.place;
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.add(node, place)
    }

    fn add(&mut self, node: Rc<Node>, place: Place) -> Result<(), Unreadable> {
        self.nodes = self.nodes.saturating_add(match node.place == place {
            true => 1,
            false => node.size,
        });
        if self.nodes > MAX_NODES {
            return Err(wrong(place, "the file holds too many values"));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map {
                entries,
                merges,
                key,
            } => match key.take() {
                None => *key = Some(self::key(&node, place, self.text, self.file)?),
                Some((_, _, true)) => merges.push(node),
                Some((name, at, false)) => put(entries, name, at, node),
            },
        }
        Ok(())
    }
}

/// A key: its text, its line, and whether it is a merge key.
fn key(
    node: &Node,
    place: Place,
    text: &str,
    file: usize,
) -> Result<(String, Place, bool), Unreadable> {
    let place = Place { file, ..place };
    match &node.kind {
        Kind::Scalar { text, plain } => Ok((text.clone(), place, *plain && text == "<<")),
        Kind::Null => {
            let line = text.lines().nth(place.line - 1).unwrap_or_default();
            let word = line.trim_start().split(':').next().unwrap_or_default();
            Ok((word.trim().to_string(), place, false))
        }
        Kind::List(_) | Kind::Map(_) => Err(wrong(place, "a key must be text")),
    }
}

fn put(entries: &mut Vec<Entry>, key: String, place: Place, value: Rc<Node>) {
    match entries.iter_mut().find(|entry| entry.key == key) {
        Some(known) => {
            known.value = value;
            known.place = place;
        }
        None => entries.push(Entry { key, place, value }),
    }
}

/// Lays merged maps under the keys that are written; of several, the earlier wins.
fn merged(mut entries: Vec<Entry>, merges: Vec<Rc<Node>>) -> Vec<Entry> {
    for node in &merges {
        let maps = match &node.kind {
            Kind::List(items) => items.as_slice(),
            Kind::Null | Kind::Scalar { .. } | Kind::Map(_) => std::slice::from_ref(node),
        };
        for entry in maps.iter().filter_map(|map| map.map()).flatten() {
            if !entries.iter().any(|known| known.key == entry.key) {
                entries.push(entry.clone());
            }
        }
    }
    entries
}

fn own_tag(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| !tag.is_yaml_core_schema() && tag.original() != "!")?;
    Some(tag.original().to_string())
}

fn wrong(place: Place, why: &str) -> Unreadable {
    Unreadable {
        line: place.line,
        why: why.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_anchors_and_merge_keys_are_followed() {
        let root = read(0, "# x\na: &a {k: 1, l: 2}\nb:\n  <<: *a\n  l: 3\n").expect("yaml");
        let b = root.get("b").expect("b");
        assert_eq!((b.text_of("k"), b.text_of("l")), (Some("1"), Some("3")));
        assert_eq!(root.map().expect("map")[1].place.line, 3);
    }

    #[test]
    fn tags_are_kept_and_the_later_of_two_keys_wins() {
        let root = read(0, "a: !reset []\nb: 1\nb: 2\n").expect("yaml");
        assert_eq!(root.get("a").and_then(|a| a.tag.as_deref()), Some("!reset"));
        assert_eq!(root.text_of("b"), Some("2"));
    }

    #[test]
    fn what_is_no_yaml_is_an_error_with_a_line() {
        assert_eq!(read(0, "a: 1\nb: [1\n").expect_err("no yaml").line, 2);
        let bomb = "a: &a [1,1,1,1,1,1,1,1,1]\n".to_string()
            + &(b'b'..b'k').fold(String::new(), |text, c| {
                let (c, before) = (c as char, (c - 1) as char);
                let alias = format!("*{before},").repeat(9);
                text + &format!("{c}: &{c} [{alias}]\n")
            });
        assert!(read(0, &bomb).is_err());
    }
}
