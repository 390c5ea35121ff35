//! One process-compose project of several files: what it extends, its override, and processes that
//! extend one another.

use std::path::Path;
use std::rc::Rc;

use crate::node::{Entry, Kind, Node, overlay};
use crate::report::Fate;

use super::ImportError;
use super::base::Base;

/// How many files or processes may extend one another.
const MOST: usize = 20;

/// The whole project.
pub(super) fn root(base: &mut Base<'_>) -> Result<Rc<Node>, ImportError> {
    let mut root = extended_file(base, 0, 0)?;
    let sibling = over_name(&base.name).map(|name| base.folder.join(name));
    if let Some(path) = sibling.filter(|path| path.is_file()) {
        let file = base.read(&path)?;
        let over = normal(&base.parse_yaml(file)?);
        root = overlay(&root, &over);
    }
    Ok(root)
}

/// `process-compose.override.yaml` for `process-compose.yaml`, as the tool itself finds it.
fn over_name(name: &str) -> Option<String> {
    let known = [
        "compose.yml",
        "compose.yaml",
        "process-compose.yml",
        "process-compose.yaml",
    ];
    let (stem, end) = name.rsplit_once('.')?;
    known
        .contains(&name)
        .then(|| format!("{stem}.override.{end}"))
}

fn extended_file(base: &mut Base<'_>, file: usize, depth: usize) -> Result<Rc<Node>, ImportError> {
    let root = normal(&base.parse_yaml(file)?);
    let Some(name) = root.text_of("extends").map(str::to_string) else {
        return Ok(root);
    };
    let place = root
        .get("extends")
        .map(|node| node.place)
        .unwrap_or_default();
    let folder = match file {
        0 => base.folder.clone(),
        _ => {
            let shown = base.options.workspace.join(base.shown(file));
            shown.parent().map(Path::to_path_buf).unwrap_or_default()
        }
    };
    let path = folder.join(&name);
    if depth >= MOST || !path.is_file() {
        let why = format!("there is no `{name}`, or it extends itself");
        base.ledger.note(place, None, "extends", Fate::Dropped(why));
        return Ok(without(&root, "extends"));
    }
    base.ledger.note(
        place,
        None,
        "extends",
        Fate::Exact(Some("flattened".into())),
    );
    let further = base.read(&path)?;
    let below = extended_file(base, further, depth + 1)?;
    let home = path
        .parent()
        .unwrap_or(&folder)
        .to_string_lossy()
        .into_owned();
    let below = with_folder(&below, &home);
    Ok(overlay(&below, &without(&root, "extends")))
}

/// Processes that name no folder run in that of their file.
fn with_folder(root: &Rc<Node>, folder: &str) -> Rc<Node> {
    let each = |node: &Rc<Node>| match node.get("working_dir") {
        Some(_) => node.clone(),
        None => set(node, "working_dir", Node::text(node.place, folder)),
    };
    match root.get("processes").and_then(|processes| processes.map()) {
        None => root.clone(),
        Some(entries) => {
            let entries = entries.iter().map(|entry| Entry {
                value: each(&entry.value),
                ..entry.clone()
            });
            let place = root.place;
            set(
                root,
                "processes",
                Rc::new(Node::new(place, Kind::Map(entries.collect()))),
            )
        }
    }
}

/// A process with what it extends below it.
pub(super) fn extended(base: &Base<'_>, entry: &Entry, all: &[Entry]) -> Rc<Node> {
    let mut node = entry.value.clone();
    for _ in 0..MOST {
        let Some(name) = node.text_of("extends").map(str::to_string) else {
            return node;
        };
        let place = node
            .get("extends")
            .map(|node| node.place)
            .unwrap_or_default();
        let note = |fate| base.ledger.note(place, Some(&entry.key), "extends", fate);
        let parent = all
            .iter()
            .find(|other| other.key == name && other.key != entry.key);
        node = without(&node, "extends");
        match parent {
            Some(parent) => {
                note(Fate::Exact(Some("flattened".into())));
                node = overlay(&parent.value, &node);
            }
            None => note(Fate::Dropped(format!("there is no process `{name}`"))),
        }
    }
    without(&node, "extends")
}

/// With every `environment` as a map, so that lists of variables can be laid over one another.
fn normal(root: &Rc<Node>) -> Rc<Node> {
    let Kind::Map(entries) = &root.kind else {
        return root.clone();
    };
    let entries = entries.iter().map(|entry| {
        let value = match (entry.key.as_str(), &entry.value.kind) {
            ("environment", Kind::List(_)) => as_map(&entry.value),
            ("processes", Kind::Map(processes)) => {
                let processes = processes.iter().map(|process| Entry {
                    value: normal(&process.value),
                    ..process.clone()
                });
                Rc::new(Node::new(entry.value.place, Kind::Map(processes.collect())))
            }
            _ => entry.value.clone(),
        };
        Entry {
            value,
            ..entry.clone()
        }
    });
    Rc::new(Node::new(root.place, Kind::Map(entries.collect())))
}

fn as_map(list: &Node) -> Rc<Node> {
    let mut entries: Vec<Entry> = Vec::new();
    for (text, place) in list.texts() {
        let Some((key, value)) = text.split_once('=') else {
            continue;
        };
        entries.retain(|entry| entry.key != key);
        entries.push(Entry {
            key: key.to_string(),
            place,
            value: Node::text(place, value),
        });
    }
    Rc::new(Node::new(list.place, Kind::Map(entries)))
}

fn set(node: &Rc<Node>, key: &str, value: Rc<Node>) -> Rc<Node> {
    let entry = Entry {
        key: key.to_string(),
        place: node.place,
        value,
    };
    let over = Node::new(node.place, Kind::Map(vec![entry]));
    match node.map() {
        Some(_) => overlay(&without(node, key), &Rc::new(over)),
        None => node.clone(),
    }
}

fn without(node: &Rc<Node>, key: &str) -> Rc<Node> {
    let entries = node.map().unwrap_or_default().iter();
    let entries = entries.filter(|entry| entry.key != key).cloned();
    match node.map() {
        Some(_) => Rc::new(Node::new(node.place, Kind::Map(entries.collect()))),
        None => node.clone(),
    }
}
