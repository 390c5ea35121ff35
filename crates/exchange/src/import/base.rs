//! What all importers share: the files that were read, where they lie, and what is said about them.

use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use crate::fields::Ledger;
use crate::node::{Node, Place};
use crate::read_yaml::Unreadable;

use super::{ImportError, ImportOptions, MAX_FILE};

/// An import at work.
pub(crate) struct Base<'a> {
    pub(crate) options: &'a ImportOptions<'a>,
    pub(crate) ledger: Ledger,
    /// The folder of the file; absolute.
    pub(crate) folder: PathBuf,
    /// The file's own name.
    pub(crate) name: String,
    files: Vec<Opened>,
}

struct Opened {
    shown: String,
    text: String,
}

impl<'a> Base<'a> {
    pub(crate) fn open(path: &Path, options: &'a ImportOptions<'a>) -> Result<Self, ImportError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let mut base = Base {
            options,
            ledger: Ledger::default(),
            folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            name: path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            files: Vec::new(),
        };
        base.read(&path)?;
        Ok(base)
    }

    /// Reads a further file; its number.
    pub(crate) fn read(&mut self, path: &Path) -> Result<usize, ImportError> {
        let shown = match path.strip_prefix(self.options.workspace) {
            Ok(inside) => inside.to_string_lossy().into_owned(),
            Err(_) => path.to_string_lossy().into_owned(),
        };
        let text = read_text(path).map_err(|why| ImportError::Unreadable {
            file: shown.clone(),
            line: 0,
            why,
        })?;
        self.ledger.file(&shown);
        self.files.push(Opened { shown, text });
        Ok(self.files.len() - 1)
    }

    pub(crate) fn text(&self, file: usize) -> &str {
        self.files.get(file).map_or("", |file| &file.text)
    }

    pub(crate) fn shown(&self, file: usize) -> &str {
        self.files.get(file).map_or("", |file| &file.shown)
    }

    pub(crate) fn error(&self, file: usize, line: usize, why: &str) -> ImportError {
        ImportError::Unreadable {
            file: self.shown(file).to_string(),
            line,
            why: why.to_string(),
        }
    }

    /// A file as a tree.
    pub(crate) fn parse(
        &self,
        file: usize,
        with: fn(usize, &str) -> Result<Rc<Node>, Unreadable>,
    ) -> Result<Rc<Node>, ImportError> {
        with(file, self.text(file)).map_err(|wrong| self.error(file, wrong.line, &wrong.why))
    }

    /// A YAML file, or a JSON one by its name, as a tree.
    pub(crate) fn parse_yaml(&self, file: usize) -> Result<Rc<Node>, ImportError> {
        match self.shown(file).to_ascii_lowercase().ends_with(".json") {
            true => self.parse(file, crate::read_jsonc::read),
            false => self.parse(file, crate::read_yaml::read),
        }
    }

    /// A path that is relative to `folder`, as Forge's file says it: relative to the workspace where it
    /// lies in it.
    pub(crate) fn path_in(&self, folder: &Path, text: &str) -> String {
        if text.starts_with('~') {
            return text.to_string();
        }
        let path = tidy(&folder.join(text));
        match path.strip_prefix(tidy(self.options.workspace)) {
            Ok(inside) if inside.as_os_str().is_empty() => ".".to_string(),
            Ok(inside) => inside.to_string_lossy().into_owned(),
            Err(_) => path.to_string_lossy().into_owned(),
        }
    }

    /// A path that is relative to the file's folder.
    pub(crate) fn path(&self, text: &str) -> String {
        self.path_in(&self.folder.clone(), text)
    }

    /// `cwd` for a folder relative to the file's; `None` for the workspace itself.
    pub(crate) fn cwd(&self, text: &str) -> Option<String> {
        let path = self.path(text);
        (path != ".").then_some(path)
    }

    /// The comment lines right above a line.
    pub(crate) fn comments_above(&self, place: Place) -> Vec<String> {
        const MOST: usize = 12;
        let lines: Vec<&str> = self.text(place.file).lines().collect();
        let Some(above) = lines.get(..place.line.saturating_sub(1)) else {
            return Vec::new();
        };
        let comments = above
            .iter()
            .rev()
            .map_while(|line| line.trim().strip_prefix('#'));
        let mut comments: Vec<String> = comments
            .filter(|line| !line.contains("yaml-language-server"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line).to_string())
            .map(|line| line.replace(char::is_control, " "))
            .collect();
        // What reaches to the top of the file speaks of all of it.
        if comments.len() > MOST || comments.len() == above.len() {
            return Vec::new();
        }
        comments.reverse();
        comments
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    if file.metadata().is_ok_and(|data| data.is_dir()) {
        return Err("is a folder; name the file in it".to_string());
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err("is larger than 8 MB: that is no configuration".to_string());
    }
    let text = String::from_utf8(bytes).map_err(|_| "is not text in UTF-8".to_string())?;
    Ok(text.trim_start_matches('\u{feff}').to_string())
}

/// Without `.`, and `..` taken back where that is plain.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if tidy.file_name().is_some() => {
                tidy.pop();
            }
            Component::Prefix(_)
            | Component::RootDir
            | Component::ParentDir
            | Component::Normal(_) => {
                tidy.push(part);
            }
        }
    }
    tidy
}
