//! One compose project of several files: overlays, `extends` and `include`.

use std::path::PathBuf;
use std::rc::Rc;

use crate::node::{Entry, Kind, Node, overlay};
use crate::report::Fate;

use super::ImportError;
use super::base::Base;

/// How many files or services may extend one another.
const MOST: usize = 20;
/// Names under which the tool finds a project by itself.
const DEFAULTS: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// A project: its tree and the files that `docker compose` is to be given.
pub(super) struct Project {
    pub(super) root: Rc<Node>,
    /// Relative to the workspace, in the order of `-f`.
    pub(super) files: Vec<String>,
}

/// The whole project.
pub(super) fn read(base: &mut Base<'_>) -> Result<Project, ImportError> {
    let own = included(base, 0, 0)?;
    let name = base.name.clone();
    let below = below(&name, &own).map(|names| names.map(|name| base.folder.join(name)));
    let below = below.and_then(|mut paths| paths.find(|path| path.is_file()));
    let above = above(&name).map(|name| base.folder.join(name));
    let mut files = vec![base.path(&name)];
    let mut root = own;
    if let Some(path) = below {
        let file = base.read(&path)?;
        root = overlay(&included(base, file, 0)?, &root);
        files.insert(0, base.shown(file).to_string());
    } else if let Some(path) = above.filter(|path| path.is_file()) {
        let file = base.read(&path)?;
        root = overlay(&root, &included(base, file, 0)?);
        files.push(base.shown(file).to_string());
    }
    Ok(Project { root, files })
}

/// The files that an overlay is meant for: one that is named as such, or lacks what makes a service.
fn below(name: &str, root: &Node) -> Option<impl Iterator<Item = String> + use<>> {
    let (stem, _) = name.rsplit_once('.')?;
    let first = stem.split('.').next().unwrap_or(stem).to_string();
    let services = root.get("services").and_then(|node| node.map());
    let lacking = services.unwrap_or_default().iter().any(|entry| {
        let service = &entry.value;
        !["image", "build", "provider", "extends"]
            .iter()
            .any(|key| service.get(key).is_some())
    });
    let overlay = first != stem && (stem.ends_with(".override") || lacking);
    overlay.then(|| {
        let same = [format!("{first}.yml"), format!("{first}.yaml")];
        same.into_iter().chain(DEFAULTS.map(String::from))
    })
}

/// `compose.override.yaml` for `compose.yaml`, as the tool itself finds it.
fn above(name: &str) -> Option<String> {
    let (stem, end) = name.rsplit_once('.')?;
    DEFAULTS
        .contains(&name)
        .then(|| format!("{stem}.override.{end}"))
}

/// A file with the services of those it includes.
fn included(base: &mut Base<'_>, file: usize, depth: usize) -> Result<Rc<Node>, ImportError> {
    let root = base.parse_yaml(file)?;
    let Some(list) = root.get("include").cloned() else {
        return Ok(root);
    };
    let mut services: Vec<Entry> = Vec::new();
    for item in list.list().unwrap_or_default() {
        let paths = match item.get("path") {
            Some(path) => path.clone(),
            None => item.clone(),
        };
        for (name, place) in paths.texts() {
            let path = base.folder.join(name);
            if depth >= MOST || !path.is_file() || name.contains("://") {
                let why = format!("`{name}` is not there");
                base.ledger.note(place, None, "include", Fate::Dropped(why));
                continue;
            }
            let further = base.read(&path)?;
            let inner = included(base, further, depth + 1)?;
            let entries = inner.get("services").and_then(|node| node.map());
            services.extend(entries.unwrap_or_default().iter().cloned());
        }
    }
    let below = Entry {
        key: "services".to_string(),
        place: root.place,
        value: Rc::new(Node::new(root.place, Kind::Map(services))),
    };
    let below = Rc::new(Node::new(root.place, Kind::Map(vec![below])));
    Ok(overlay(&below, &root))
}

/// A service with what it extends below it.
pub(super) fn extended(base: &mut Base<'_>, entry: &Entry, all: &Node) -> Rc<Node> {
    let mut node = entry.value.clone();
    let mut all = Rc::new(all.clone());
    for _ in 0..MOST {
        let Some(extends) = node.get("extends").filter(|node| !node.is_null()).cloned() else {
            return node;
        };
        let name = extends.scalar().or(extends.text_of("service"));
        let name = name.unwrap_or_default().to_string();
        let path: Option<PathBuf> = extends.text_of("file").map(|file| base.folder.join(file));
        if let Some(path) = path {
            let services = base.read(&path).and_then(|file| base.parse_yaml(file));
            all = match services.ok().and_then(|root| root.get("services").cloned()) {
                Some(services) => services,
                None => return without_extends(&node),
            };
        }
        let Some(parent) = all.get(&name).cloned() else {
            return without_extends(&node);
        };
        node = overlay(&parent_part(&parent), &without_extends(&node));
    }
    without_extends(&node)
}

/// What a service passes on: all but the services that it needs.
fn parent_part(parent: &Rc<Node>) -> Rc<Node> {
    let keep =
        |entry: &&Entry| !matches!(entry.key.as_str(), "depends_on" | "links" | "volumes_from");
    match parent.map() {
        Some(entries) => {
            let entries = entries.iter().filter(keep).cloned().collect();
            Rc::new(Node::new(parent.place, Kind::Map(entries)))
        }
        None => parent.clone(),
    }
}

fn without_extends(node: &Rc<Node>) -> Rc<Node> {
    let entries = node.map().unwrap_or_default().iter();
    let entries = entries.filter(|entry| entry.key != "extends").cloned();
    Rc::new(Node::new(node.place, Kind::Map(entries.collect())))
}
