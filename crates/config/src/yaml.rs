//! From the text of a YAML file to a located tree, within limits.
//!
//! Aliases share nodes; merge keys (`<<`) are laid under the keys beside them. Both count as if
//! they were written out, so a small file cannot become a large one.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

use crate::finding::Sink;
use crate::tree::{Entry, Key, Kind, Map, Node, Scalar, Span};
use crate::visible::quoted;
use crate::yaml_errors::explain;

/// Nodes of a file, aliases written out.
const MAX_NODES: u32 = 100_000;
/// How deep lists and maps may nest, aliases written out.
const MAX_DEPTH: u32 = 64;

/// The tree of a text; `None` after a syntax error, which is reported alone, as everything behind it
/// may be meant otherwise.
pub(crate) fn parse(file: u32, text: &str, sink: &mut Sink) -> Option<Arc<Node>> {
    let mut builder = Builder::new(file, text, sink);
    let mut options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH as usize,
        block_nesting_limit: MAX_DEPTH as usize,
    };
    options.set_emit_comments(false);
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                let place = builder.place(range.start, range.end);
                if builder.event(event, place).is_err() {
                    return None;
                }
            }
            Err(error) => {
                builder.syntax_error(&error);
                return None;
            }
        }
    }
    Some(builder.root.unwrap_or_else(|| {
        Arc::new(Node {
            span: Span {
                file,
                start: 0,
                end: 0,
            },
            kind: Kind::Null,
            size: 1,
            depth: 1,
        })
    }))
}

/// It has been reported, and reading ends here.
struct Stop;

struct Builder<'a> {
    file: u32,
    text: &'a str,
    sink: &'a mut Sink,
    open: Vec<Open>,
    anchors: HashMap<usize, Arc<Node>>,
    root: Option<Arc<Node>>,
    documents: usize,
    nodes: u32,
}

/// A list or map that is being read.
struct Open {
    start: Span,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Arc<Node>>),
    Map {
        entries: Vec<Entry>,
        seen: HashMap<Arc<str>, Span>,
        key: Option<(Key, bool)>,
        merges: Vec<Arc<Node>>,
    },
}

impl<'a> Builder<'a> {
    fn new(file: u32, text: &'a str, sink: &'a mut Sink) -> Self {
        Builder {
            file,
            text,
            sink,
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            documents: 0,
            nodes: 0,
        }
    }

    fn place(&self, start: usize, end: usize) -> Span {
        Span {
            file: self.file,
            start: start.min(self.text.len()) as u32,
            end: end.clamp(start, self.text.len().max(start)) as u32,
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.sink
                        .error(span, "this file holds more than one YAML document")
                        .help("remove the line `---`; profiles are keys of one document");
                    return Err(Stop);
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                self.check_tag(tag.as_deref(), span);
                let kind = match plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    true => Kind::Null,
                    false => Kind::Scalar(Scalar {
                        text: text.into_owned(),
                        plain,
                    }),
                };
                let node = Node {
                    span,
                    kind,
                    size: 1,
                    depth: 1,
                };
                self.finish(node, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), span);
                self.open(span, anchor, Content::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), span);
                let content = Content::Map {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: None,
                    merges: Vec::new(),
                };
                self.open(span, anchor, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => self.add(node, span),
                None => {
                    self.sink
                        .error(span, "this alias lies within its own anchor");
                    Err(Stop)
                }
            },
            _ => Ok(()),
        }
    }

    /// Tags of YAML's own types change nothing here, as the field decides; others mean nothing.
    fn check_tag(&mut self, tag: Option<&Tag>, span: Span) {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema() && tag.original() != "!") {
            self.sink
                .error(span, format!("unknown tag {}", quoted(&tag.original())))
                .help("remove the tag; values need none");
        }
    }

    fn open(&mut self, start: Span, anchor: usize, content: Content) -> Result<(), Stop> {
        self.key_must_be_text(start)?;
        self.open.push(Open {
            start,
            anchor,
            content,
        });
        Ok(())
    }

    fn key_must_be_text(&mut self, span: Span) -> Result<(), Stop> {
        match self.open.last().map(|open| &open.content) {
            Some(Content::Map { key: None, .. }) => {
                self.sink
                    .error(span, "a key must be text")
                    .help("write `key: value`; a value that begins with `{` or `[` needs quotes");
                Err(Stop)
            }
            _ => Ok(()),
        }
    }

    fn close(&mut self, end: Span) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let (kind, last) = match open.content {
            Content::List(items) => {
                let last = items.last().map(|node| node.span);
                (Kind::List(items), last)
            }
            Content::Map {
                entries, merges, ..
            } => {
                let last = entries
                    .last()
                    .map(|entry| entry.value.span.max(entry.key.span));
                let map = self.merged(entries, merges)?;
                (Kind::Map(Arc::new(map)), last)
            }
        };
        let (size, depth) = measure(&kind);
        // The end event of a block stands where the next token is; the last value tells better.
        let end = match last {
            Some(last) if end.start == end.end && last.start >= open.start.start => last.end,
            _ => end.end,
        };
        let node = Node {
            span: Span {
                end: end.max(open.start.end),
                ..open.start
            },
            kind,
            size,
            depth,
        };
        self.finish(node, open.anchor)
    }

    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        let at = node.span;
        let node = Arc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.add(node, at)
    }

    /// Puts a node, or what an alias stands for, into the list or map that is open.
    fn add(&mut self, node: Arc<Node>, at: Span) -> Result<(), Stop> {
        let alias = at != node.span;
        self.nodes = self.nodes.saturating_add(match alias {
            true => node.size,
            false => 1,
        });
        if self.nodes > MAX_NODES || self.open.len() as u32 + node.depth > MAX_DEPTH {
            return self.too_large(at);
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map {
                entries,
                seen,
                key,
                merges,
            } => match key.take() {
                None => match &node.kind {
                    Kind::Scalar(scalar) => {
                        let text: Arc<str> = scalar.text.as_str().into();
                        let merge = scalar.plain && &*text == "<<";
                        *key = Some((Key { text, span: at }, merge));
                    }
                    Kind::Null if at.start < at.end => {
                        let text: Arc<str> = self
                            .text
                            .get(at.start as usize..at.end as usize)
                            .unwrap_or_default()
                            .into();
                        *key = Some((Key { text, span: at }, false));
                    }
                    _ => return self.key_must_be_text(at),
                },
                Some((_, true)) => merges.push(node),
                Some((key, false)) => match seen.get(&key.text) {
                    Some(first) => {
                        let name = quoted(&key.text);
                        self.sink
                            .error(key.span, format!("the key {name} is there twice"))
                            .label("again")
                            .related(*first, "first here")
                            .help("keep one of them");
                    }
                    None => {
                        seen.insert(key.text.clone(), key.span);
                        entries.push(Entry {
                            key,
                            value: node,
                            via: None,
                        });
                    }
                },
            },
        }
        Ok(())
    }

    /// Lays merged maps under the keys that are written; of several, the earlier wins.
    fn merged(&mut self, mut entries: Vec<Entry>, merges: Vec<Arc<Node>>) -> Result<Map, Stop> {
        let mut maps: Vec<Arc<Map>> = Vec::new();
        for node in &merges {
            let nodes = match &node.kind {
                Kind::List(items) => items.as_slice(),
                _ => std::slice::from_ref(node),
            };
            for node in nodes {
                match &node.kind {
                    Kind::Map(map) => maps.push(map.clone()),
                    _ => {
                        let found = node.noun();
                        self.sink
                            .error(node.span, format!("`<<` takes a map, found {found}"))
                            .help("write `<<: *anchor`, or `<<: [*one, *two]`");
                    }
                }
            }
        }
        if !maps.is_empty() {
            let mut known: std::collections::HashSet<Arc<str>> =
                entries.iter().map(|entry| entry.key.text.clone()).collect();
            for map in maps {
                for entry in &map.entries {
                    if known.insert(entry.key.text.clone()) {
                        self.nodes = self.nodes.saturating_add(entry.value.size);
                        entries.push(entry.clone());
                    }
                }
                if self.nodes > MAX_NODES {
                    let at = entries.last().map(|entry| entry.key.span);
                    let at = at.unwrap_or(self.place(0, 0));
                    self.too_large(at)?;
                }
            }
        }
        Ok(Map { entries })
    }

    fn too_large(&mut self, at: Span) -> Result<(), Stop> {
        let why = match self.nodes > MAX_NODES {
            true => format!("the file holds more than {MAX_NODES} values, aliases counted"),
            false => format!("lists and maps nest more than {MAX_DEPTH} deep"),
        };
        self.sink.error(at, why);
        Err(Stop)
    }

    fn syntax_error(&mut self, error: &ScanError) {
        let at = error
            .marker()
            .byte_offset()
            .unwrap_or(self.text.len())
            .min(self.text.len());
        let width = self.text[at..].chars().next().map_or(0, char::len_utf8);
        let span = self.place(at, at + width);
        let line_start = self.text[..at].rfind('\n').map_or(0, |nl| nl + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let tabbed = line.trim_start_matches(' ').starts_with('\t');
        let (message, help) = explain(error, tabbed, MAX_DEPTH);
        self.sink.error(span, message).maybe_help(help);
    }
}

fn measure(kind: &Kind) -> (u32, u32) {
    let fold = |(size, depth): (u32, u32), node: &Arc<Node>| {
        (size.saturating_add(node.size), depth.max(node.depth))
    };
    let (size, depth) = match kind {
        Kind::List(items) => items.iter().fold((1, 0), fold),
        Kind::Map(map) => map
            .entries
            .iter()
            .map(|entry| &entry.value)
            .fold((1, 0), fold),
        Kind::Null | Kind::Scalar(_) => (1, 0),
    };
    (size, depth + 1)
}
