//! What the supervisor remembers: `state.json`, written whole and atomically.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use forge_core::event::Memory;
use forge_core::spec::{ProcessSpec, Settings};
use serde::{Deserialize, Serialize};

use crate::environment::Environment;

/// The version of the file. A newer one is not touched.
const VERSION: u32 = 1;

/// All that a later supervisor needs to know.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) version: u32,
    /// Profiles that were started, in that order.
    pub(crate) profiles: Vec<String>,
    /// Settings as they were last read.
    pub(crate) settings: Option<Settings>,
    /// Environments of clients, each once.
    pub(crate) environments: Vec<Environment>,
    /// Processes, in the order in which they are shown.
    pub(crate) processes: Vec<Remembered>,
}

/// One process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// What it is.
    pub(crate) spec: ProcessSpec,
    /// Which of the environments it was started with.
    pub(crate) environment: usize,
    /// It is not in the file.
    #[serde(default)]
    pub(crate) ad_hoc: bool,
    /// Debug mode is on.
    #[serde(default)]
    pub(crate) debug: bool,
    /// Where its debugger waits.
    #[serde(default)]
    pub(crate) debug_port: Option<u16>,
    /// The port that it has.
    #[serde(default)]
    pub(crate) port: Option<u16>,
    /// Size of its terminal.
    #[serde(default)]
    pub(crate) terminal: Option<(u16, u16)>,
    /// It ran before the machine was started anew, and is down since.
    #[serde(default)]
    pub(crate) to_restore: bool,
    /// What the core remembers.
    pub(crate) memory: Memory,
    /// It was taken over from outside.
    #[serde(default)]
    pub(crate) adopted: Option<RememberedAdopted>,
}

/// A process that was taken over: who it is, beyond the pid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RememberedAdopted {
    /// Pid.
    pub(crate) pid: i32,
    /// Field 22 of `/proc/PID/stat`.
    pub(crate) start_ticks: u64,
    /// The run as which it goes.
    pub(crate) run: String,
}

/// What came of reading the file.
pub(crate) enum Loaded {
    /// It was whole, or there was none.
    State(Box<State>),
    /// It was damaged and has been set aside there.
    SetAside(PathBuf),
    /// It is of a newer version, which is left alone.
    Newer(u32),
}

/// Reads the file.
///
/// # Errors
///
/// Only where it exists and cannot be read at all.
pub(crate) fn load(path: &Path) -> io::Result<Loaded> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Loaded::State(Box::default()));
        }
        Err(error) => return Err(error),
    };
    #[derive(Deserialize)]
    struct OnlyVersion {
        version: u32,
    }
    if let Ok(OnlyVersion { version }) = serde_json::from_slice(&text)
        && version > VERSION
    {
        return Ok(Loaded::Newer(version));
    }
    if let Ok(state) = serde_json::from_slice(&text) {
        return Ok(Loaded::State(state));
    }
    let aside = path.with_extension(format!("damaged-{}", crate::clock::unix_ns()));
    std::fs::rename(path, &aside)?;
    Ok(Loaded::SetAside(aside))
}

/// The ports that processes had, read by one who changes nothing.
pub(crate) fn ports(path: &Path) -> BTreeMap<String, u16> {
    let text = std::fs::read(path).unwrap_or_default();
    let state: State = serde_json::from_slice(&text).unwrap_or_default();
    let all = state.processes.into_iter();
    all.filter_map(|one| Some((one.spec.name, one.port?)))
        .collect()
}

/// Writes the file.
///
/// # Errors
///
/// Those of the file system; the old file is then still whole.
pub(crate) fn save(path: &Path, state: &mut State) -> io::Result<()> {
    state.version = VERSION;
    let text = serde_json::to_vec(state).map_err(io::Error::other)?;
    write_atomically(path, &text)
}

/// Writes a file so that at every moment the old or the new text is there, whole.
pub(crate) fn write_atomically(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".forge-")
        .tempfile_in(folder)?;
    file.write_all(text)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Collects environments, each once.
#[derive(Default)]
pub(crate) struct Environments {
    list: Vec<Environment>,
    index: BTreeMap<Environment, usize>,
}

impl Environments {
    /// The number of this environment.
    pub(crate) fn number(&mut self, environment: &Environment) -> usize {
        if let Some(number) = self.index.get(environment) {
            return *number;
        }
        self.list.push(environment.clone());
        self.index.insert(environment.clone(), self.list.len() - 1);
        self.list.len() - 1
    }

    /// All of them, by number.
    pub(crate) fn into_list(self) -> Vec<Environment> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_at_any_byte_the_file_is_set_aside_and_nothing_breaks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let mut state = State {
            profiles: vec!["dev".into()],
            ..State::default()
        };
        save(&path, &mut state).unwrap();
        let whole = std::fs::read(&path).unwrap();
        assert!(matches!(load(&path), Ok(Loaded::State(s)) if s.profiles == ["dev"]));
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            match load(&path) {
                Ok(Loaded::SetAside(aside)) => {
                    assert_eq!(std::fs::read(aside).unwrap(), &whole[..cut]);
                }
                _ => panic!("cut at {cut}"),
            }
        }
    }

    #[test]
    fn a_newer_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        std::fs::write(&path, r#"{"version": 99, "other": true}"#).unwrap();
        assert!(matches!(load(&path), Ok(Loaded::Newer(99))));
        assert!(path.exists());
    }
}
