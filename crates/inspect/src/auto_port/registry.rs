//! The file that says which port was promised to whom, and the lock around it.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use forge_os::Lock;
use serde::{Deserialize, Serialize};

/// How long another workspace may hold the lock before something is wrong: it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// The registry, locked as long as this lives.
#[derive(Debug)]
pub(super) struct Registry {
    file: PathBuf,
    entries: Vec<Entry>,
    damaged: Option<PathBuf>,
    _lock: Lock,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents {
    ports: Vec<Entry>,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
struct Entry {
    workspace: String,
    process: String,
    port: u16,
    /// What the process has while somebody else holds its port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stand_in: Option<u16>,
}

impl Registry {
    /// Locks and reads `ports.json` in a folder, which is made where it is missing. A file that cannot be understood is
    /// set aside.
    pub(super) fn open(state: &Path) -> io::Result<Self> {
        let told = |what: &str, error: io::Error| {
            let text = format!("cannot {what} in {}: {error}", state.display());
            io::Error::new(error.kind(), text)
        };
        fs::create_dir_all(state).map_err(|error| told("make the folder of ports", error))?;
        let lock = Lock::take(&state.join("ports.lock"), PATIENCE)
            .map_err(|error| told("lock ports.lock", error))?
            .ok_or_else(|| {
                let error = io::Error::from(io::ErrorKind::WouldBlock);
                told("lock ports.lock, which another process holds,", error)
            })?;
        let file = state.join("ports.json");
        let (entries, damaged) = match fs::read(&file) {
            Ok(text) => match serde_json::from_slice::<Contents>(&text) {
                Ok(contents) => (contents.ports, None),
                Err(_) => (Vec::new(), Some(set_aside(&file)?)),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), None),
            Err(error) => return Err(told("read ports.json", error)),
        };
        Ok(Registry {
            file,
            entries,
            damaged,
            _lock: lock,
        })
    }

    pub(super) fn damaged(&self) -> Option<PathBuf> {
        self.damaged.clone()
    }

    pub(super) fn port_of(&self, workspace: &Path, process: &str) -> Option<u16> {
        self.entry(workspace, process).map(|entry| entry.port)
    }

    pub(super) fn stand_in_of(&self, workspace: &Path, process: &str) -> Option<u16> {
        self.entry(workspace, process)?.stand_in
    }

    pub(super) fn promised_to_others(&self, workspace: &Path, process: &str) -> HashSet<u16> {
        let own = shown(workspace);
        self.entries
            .iter()
            .filter(|entry| entry.workspace != own || entry.process != process)
            .flat_map(|entry| [Some(entry.port), entry.stand_in])
            .flatten()
            .collect()
    }

    /// Notes a port and writes the file. Folders that are no more are forgotten, as nobody else would say so.
    pub(super) fn promise(
        &mut self,
        workspace: &Path,
        process: &str,
        port: u16,
        as_stand_in: bool,
    ) -> io::Result<()> {
        let own = shown(workspace);
        self.entries.retain(|entry| {
            entry.workspace == own || hidden(&entry.workspace).try_exists().unwrap_or(true)
        });
        let known = self
            .entries
            .iter_mut()
            .find(|entry| entry.workspace == own && entry.process == process);
        match known {
            Some(entry) if as_stand_in => entry.stand_in = Some(port),
            Some(entry) => entry.port = port,
            None => self.entries.push(Entry {
                workspace: own,
                process: process.to_string(),
                port,
                stand_in: None,
            }),
        }
        self.write()
    }

    pub(super) fn forget(&mut self, workspace: &Path, process: Option<&str>) -> io::Result<()> {
        let own = shown(workspace);
        self.entries.retain(|entry| {
            entry.workspace != own || process.is_some_and(|process| entry.process != process)
        });
        self.write()
    }

    fn entry(&self, workspace: &Path, process: &str) -> Option<&Entry> {
        let own = shown(workspace);
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.workspace == own && entry.process == process)
    }

    /// Writes a new file and puts it in the place of the old one.
    fn write(&self) -> io::Result<()> {
        let contents = Contents {
            ports: self.entries.clone(),
        };
        let mut text = serde_json::to_vec_pretty(&contents).map_err(io::Error::other)?;
        text.push(b'\n');
        let new = self.file.with_extension("json.new");
        let mut file = fs::File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&new, &self.file)
    }
}

fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let mut number = 0;
    loop {
        number += 1;
        let aside = file.with_extension(format!("json.damaged-{number}"));
        if !aside.try_exists()? {
            fs::rename(file, &aside)?;
            return Ok(aside);
        }
    }
}

/// A folder as it stands in the file. Names that are no UTF-8 stand there in hexadecimal, so that no two folders
/// look alike.
fn shown(workspace: &Path) -> String {
    match workspace.to_str() {
        Some(text) => text.to_string(),
        None => {
            let bytes = workspace.as_os_str().as_bytes().iter();
            let hex: String = bytes.map(|byte| format!("{byte:02x}")).collect();
            format!("hex:{hex}")
        }
    }
}

/// The folder behind [`shown`].
fn hidden(shown: &str) -> PathBuf {
    let Some(hex) = shown.strip_prefix("hex:") else {
        return shown.into();
    };
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(byte).collect();
    PathBuf::from(std::ffi::OsStr::from_bytes(&bytes.unwrap_or_default()))
}
