//! A workspace in a temporary folder.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use forge_config::{Config, Source, load};
use forge_core::spec::{ProcessSpec, Profile};
use forge_exchange::{Fate, Format, ImportOptions, Imported, import};

pub struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    pub fn new() -> Self {
        Workspace {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, text).expect("written");
        path
    }

    /// What Forge makes of this text as its file.
    pub fn load(&self, text: &str) -> Result<Config, String> {
        self.write(".forge/processes.yml", text);
        let source = Source::new(self.path(), BTreeMap::new());
        load(&source).map_err(|mistakes| format!("{mistakes}\n{text}"))
    }

    pub fn options(&self) -> ImportOptions<'_> {
        ImportOptions {
            workspace: self.path(),
            profile: "dev",
            native: false,
            strict: false,
            format: None,
        }
    }
}

/// A file that was imported and passed Forge's own check.
pub struct Done {
    pub imported: Imported,
    pub profile: Profile,
    pub text: String,
}

/// Imports a file of this name and text, and checks what comes of it.
pub fn done(name: &str, text: &str) -> Done {
    let workspace = Workspace::new();
    workspace.write(name, text);
    done_in(&workspace, name, false)
}

pub fn done_in(workspace: &Workspace, name: &str, native: bool) -> Done {
    let options = ImportOptions {
        native,
        ..workspace.options()
    };
    let imported = import(&workspace.path().join(name), &options).expect(name);
    let text = imported.text();
    let config = workspace.load(&text).expect(name);
    Done {
        imported,
        profile: config.profile("dev").expect("dev").clone(),
        text,
    }
}

impl Done {
    pub fn spec(&self, name: &str) -> &ProcessSpec {
        let found = self.profile.processes.iter().find(|spec| spec.name == name);
        found.unwrap_or_else(|| panic!("no {name} in\n{}", self.text))
    }

    pub fn names(&self) -> Vec<&str> {
        let specs = self.profile.processes.iter();
        specs.map(|spec| spec.name.as_str()).collect()
    }

    /// `process field fate: note`, one a line, of what is not plainly exact.
    pub fn told(&self) -> Vec<String> {
        let entries = self.imported.report.entries();
        let entries = entries.filter(|entry| entry.fate != Fate::Exact(None));
        entries
            .map(|entry| {
                let process = entry.process.as_deref().unwrap_or("-");
                let (field, word, note) = (&entry.field, entry.word(), entry.note().unwrap_or(""));
                format!("{}:{process}:{field}:{word}:{note}", entry.line)
            })
            .collect()
    }

    pub fn tells(&self, start: &str) -> bool {
        self.told().iter().any(|line| line.contains(start))
    }

    pub fn format(&self) -> Format {
        self.imported.format
    }
}
