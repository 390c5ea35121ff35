//! The repository as detectors see it: which files it has, and their texts.
//!
//! One walk lists the files that could be evidence; `.gitignore` is honoured and no folder of built
//! or fetched things is entered. Texts are read when a detector asks, once.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Mutex;

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::evidence;

/// No manifest is larger; what is, is no manifest.
const MAX_TEXT: u64 = 2 * 1024 * 1024;
/// Deeper folders hold nothing that is started by itself.
const MAX_DEPTH: usize = 9;
/// Files of evidence that are kept; a repository with more is generated.
const MAX_FILES: usize = 20_000;

/// A repository.
pub(crate) struct Repo {
    root: PathBuf,
    /// Folder → names of the files in it that may be evidence.
    folders: BTreeMap<String, BTreeSet<String>>,
    texts: RefCell<HashMap<String, Rc<str>>>,
}

impl Repo {
    /// Lists what is in a folder.
    pub(crate) fn scan(root: &Path) -> Repo {
        let found: Mutex<Vec<Vec<String>>> = Mutex::new(Vec::new());
        let walk = WalkBuilder::new(root)
            .hidden(false)
            .require_git(false)
            .git_global(false)
            .follow_links(false)
            .max_depth(Some(MAX_DEPTH))
            .threads(std::thread::available_parallelism().map_or(2, |n| n.get().min(4)))
            .filter_entry(enter)
            .build_parallel();
        walk.run(|| {
            let mut local = Collected {
                paths: Vec::new(),
                all: &found,
            };
            Box::new(move |entry| {
                if let Ok(entry) = entry
                    && let Some(path) = relative(root, &entry)
                {
                    local.paths.push(path);
                }
                WalkState::Continue
            })
        });
        let lists = found.into_inner().unwrap_or_else(|gone| gone.into_inner());
        let mut paths: Vec<String> = lists.into_iter().flatten().collect();
        paths.sort();
        paths.truncate(MAX_FILES);
        Repo::of(root, paths)
    }

    fn of(root: &Path, paths: Vec<String>) -> Repo {
        let mut folders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        folders.insert(".".into(), BTreeSet::new());
        for path in paths {
            let (folder, name) = split(&path);
            let names = folders.entry(folder.to_string()).or_default();
            names.insert(name.to_string());
        }
        let mut repo = Repo {
            root: root.to_path_buf(),
            folders,
            texts: RefCell::default(),
        };
        // Usually ignored by git, and yet what this copy of the repository really uses.
        let tops: Vec<String> = repo.folders.keys().cloned().collect();
        for folder in tops {
            for name in [".env", ".env.local"] {
                if root.join(&folder).join(name).is_file() {
                    let names = repo.folders.entry(folder.clone()).or_default();
                    names.insert(name.to_string());
                }
            }
        }
        repo
    }

    /// The last part of the repository's own path.
    pub(crate) fn name(&self) -> String {
        let path = self.root.canonicalize();
        let path = path.as_deref().unwrap_or(&self.root);
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Folders that hold evidence, by path.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.keys().map(String::as_str)
    }

    /// Names of the files of a folder that may be evidence.
    pub(crate) fn names(&self, folder: &str) -> impl Iterator<Item = &str> {
        let names = self.folders.get(folder).into_iter().flatten();
        names.map(String::as_str)
    }

    /// Whether a folder has this file, which may lie deeper.
    pub(crate) fn has(&self, folder: &str, path: &str) -> bool {
        let path = join(folder, path);
        let (folder, name) = split(&path);
        self.folders
            .get(folder)
            .is_some_and(|names| names.contains(name))
    }

    /// The first of these files that a folder has.
    pub(crate) fn first<'a>(&self, folder: &str, paths: &[&'a str]) -> Option<&'a str> {
        paths.iter().copied().find(|path| self.has(folder, path))
    }

    /// Folders that have a file of this name.
    pub(crate) fn with(&self, name: &str) -> Vec<String> {
        let folders = self.folders.iter();
        let with = folders.filter(|(_, names)| names.contains(name));
        with.map(|(folder, _)| folder.clone()).collect()
    }

    /// Paths of all files of evidence below a folder.
    pub(crate) fn below<'a>(&'a self, top: &'a str) -> impl Iterator<Item = String> + 'a {
        let inside = self
            .folders
            .iter()
            .filter(move |(folder, _)| within(folder, top));
        inside.flat_map(|(folder, names)| names.iter().map(move |name| join(folder, name)))
    }

    /// The text of a file; empty where there is none, or it is no text.
    pub(crate) fn text(&self, path: &str) -> Rc<str> {
        if let Some(text) = self.texts.borrow().get(path) {
            return text.clone();
        }
        let text: Rc<str> = read(&self.root.join(path)).unwrap_or_default().into();
        let mut texts = self.texts.borrow_mut();
        texts.insert(path.to_string(), text.clone());
        text
    }

    /// The text of a file of a folder.
    pub(crate) fn text_in(&self, folder: &str, path: &str) -> Rc<str> {
        self.text(&join(folder, path))
    }
}

/// The paths that one thread of the walk has found, handed over when it ends.
struct Collected<'a> {
    paths: Vec<String>,
    all: &'a Mutex<Vec<Vec<String>>>,
}

impl Drop for Collected<'_> {
    fn drop(&mut self) {
        let paths = std::mem::take(&mut self.paths);
        let mut all = self.all.lock().unwrap_or_else(|gone| gone.into_inner());
        all.push(paths);
    }
}

fn enter(entry: &DirEntry) -> bool {
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    entry.depth() == 0
        || !is_folder
        || entry
            .file_name()
            .to_str()
            .is_some_and(|name| !evidence::skipped_folder(name))
}

fn relative(root: &Path, entry: &DirEntry) -> Option<String> {
    if entry.file_type()?.is_dir() {
        return None;
    }
    let name = entry.file_name().to_str()?;
    let path = entry.path().strip_prefix(root).ok()?.to_str()?;
    evidence::is_evidence(path, name).then(|| path.to_string())
}

fn read(path: &Path) -> Option<String> {
    let file = std::fs::File::open(path).ok()?;
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.len() > MAX_TEXT {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(MAX_TEXT).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    Some(text.trim_start_matches('\u{feff}').to_string())
}

/// A path's folder (`.` at the top) and name.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or((".", path))
}

/// A path of a folder, without `.` and `..` in it where they can be resolved.
pub(crate) fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    match parts.is_empty() {
        true => ".".to_string(),
        false => parts.join("/"),
    }
}

/// Whether a folder is `top`, or lies below it.
pub(crate) fn within(folder: &str, top: &str) -> bool {
    top == "."
        || folder == top
        || folder
            .strip_prefix(top)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// The folder and those above it, up to the top.
pub(crate) fn upwards(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| match *folder {
        "." => None,
        folder => Some(split(folder).0),
    })
}

/// The last part of a folder's path.
pub(crate) fn base(folder: &str) -> &str {
    split(folder).1
}

/// The line of the first place where these texts follow one another, each behind the last.
pub(crate) fn line_of(text: &str, texts: &[&str]) -> usize {
    let mut at = 0;
    for part in texts {
        match text[at..].find(part) {
            Some(found) => at += found,
            None => break,
        }
    }
    text[..at].matches('\n').count() + 1
}
