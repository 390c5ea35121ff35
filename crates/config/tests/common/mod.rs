//! Workspaces in temporary folders, for all tests.

#![allow(dead_code)] // Each test file uses its part.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use forge_config::{Config, Diagnostics, Source, load};
use forge_core::spec::ProcessSpec;

/// A workspace in a temporary folder.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

impl Workspace {
    /// One with this `.forge/processes.yml`.
    pub(crate) fn new(yaml: &str) -> Self {
        let workspace = Workspace {
            folder: tempfile::tempdir().expect("a folder"),
            environment: BTreeMap::new(),
        };
        workspace.with(".forge/processes.yml", yaml)
    }

    /// With a further file.
    pub(crate) fn with(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    /// With a variable of the client.
    pub(crate) fn client(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn source(&self) -> Source {
        let mut source = Source::new(self.path(), self.environment.clone());
        source.home = Some(PathBuf::from("/home/u"));
        source
    }

    pub(crate) fn load(&self) -> Result<Config, Diagnostics> {
        load(&self.source())
    }

    /// The configuration, which must be right.
    #[track_caller]
    pub(crate) fn config(&self) -> Config {
        match self.load() {
            Ok(config) => config,
            Err(errors) => panic!("unexpected mistakes:\n{errors}"),
        }
    }

    /// What is told of a configuration that must be wrong.
    #[track_caller]
    pub(crate) fn errors(&self) -> String {
        match self.load() {
            Ok(_) => panic!("no mistake was found"),
            Err(errors) => errors
                .to_string()
                .replace(&self.path().display().to_string(), "WORKSPACE"),
        }
    }
}

/// The process of this name in the profile `dev` of a file.
#[track_caller]
pub(crate) fn process(yaml: &str, name: &str) -> ProcessSpec {
    of(&Workspace::new(yaml).config(), "dev", name)
}

/// A process of a configuration.
#[track_caller]
pub(crate) fn of(config: &Config, profile: &str, name: &str) -> ProcessSpec {
    let profile = config.profile(profile).expect("the profile");
    let process = profile
        .processes
        .iter()
        .find(|process| process.name == name);
    process.expect("the process").clone()
}

/// The process `a` of the profile `dev`, with these further lines.
#[track_caller]
pub(crate) fn with_fields(lines: &str) -> ProcessSpec {
    process(&fields(lines), "a")
}

/// A file with the process `a`, and these further lines.
pub(crate) fn fields(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!("dev:\n  - name: a\n    command: run\n{lines}")
}

/// A variable as the process gets it, ports as references.
pub(crate) fn variable(spec: &ProcessSpec, name: &str) -> Option<String> {
    spec.env.get(name)?.as_ref().map(ToString::to_string)
}
