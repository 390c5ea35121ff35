//! Where a workspace's files lie. Two folders: one that lasts (state), one for sockets and FIFOs
//! (runtime). Both are 0700, files in them 0600.
//!
//! ```text
//! <state>/                         FORGE_STATE_DIR, else $XDG_STATE_HOME/forge, else ~/.local/state/forge
//!   workspaces/<key>/              one for each workspace; <key> is its folder's name and a hash of its path
//!     workspace                    the workspace's absolute path
//!     keeper.lock                  locked (flock) by the keeper
//!     supervisor.lock              locked by the supervisor
//!     supervisor.log               what keeper and supervisor have to say for themselves
//!     state.json                   what the supervisor remembers
//!     events.jsonl                 what has happened, for `forge dev events`
//!     processes/<name>/
//!       journal                    entries of the shim (`journal`)
//!       shim.lock                  locked by the shim
//!       rules                      how its log is kept (`LogRules`), for a shim that takes over
//!       exits                      exits that only the keeper could see (`Custody::Ended`)
//!       stdout.00000001.log        bytes as the process wrote them
//!       stdout.00000001.idx        times, runs and gaps of that segment (`IndexRecord`)
//! <runtime>/                       FORGE_RUNTIME_DIR, else $XDG_RUNTIME_DIR/forge, else /tmp/forge-<uid>
//!   <hash>/
//!     api.sock                     HTTP for clients
//!     keeper.sock                  for supervisors that look for their keeper
//!     <name>.sock                  in shims/: for the supervisor and the keeper
//!     <name>.alive                 in shims/: touched now and then by a shim that watches a run
//!     <name>.stdout, .stderr       in pipes/: the FIFOs that a process writes into
//! ```

use std::path::{Path, PathBuf};

use crate::index::Stream;

/// The places of one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    workspace: PathBuf,
    state: PathBuf,
    runtime: PathBuf,
}

impl Layout {
    /// The places of the workspace at this absolute path, below these two base folders.
    pub fn new(workspace: &Path, state_base: &Path, runtime_base: &Path) -> Self {
        let hash = format!("{:016x}", fnv1a(workspace.as_os_str().as_encoded_bytes()));
        let name: String = workspace
            .file_name()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(40)
            .collect();
        Layout {
            workspace: workspace.to_path_buf(),
            state: state_base.join("workspaces").join(format!("{name}-{hash}")),
            runtime: runtime_base.join(hash),
        }
    }

    /// The places below exactly these two folders of the workspace.
    pub fn at(workspace: &Path, state: &Path, runtime: &Path) -> Self {
        Layout {
            workspace: workspace.to_path_buf(),
            state: state.to_path_buf(),
            runtime: runtime.to_path_buf(),
        }
    }

    /// The workspace itself.
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// The folder that lasts.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The folder for sockets and FIFOs.
    pub fn runtime(&self) -> &Path {
        &self.runtime
    }

    /// The file that names the workspace.
    pub fn workspace_file(&self) -> PathBuf {
        self.state.join("workspace")
    }

    /// The keeper's lock.
    pub fn keeper_lock(&self) -> PathBuf {
        self.state.join("keeper.lock")
    }

    /// The supervisor's lock.
    pub fn supervisor_lock(&self) -> PathBuf {
        self.state.join("supervisor.lock")
    }

    /// What keeper and supervisor have to say for themselves.
    pub fn supervisor_log(&self) -> PathBuf {
        self.state.join("supervisor.log")
    }

    /// What the supervisor remembers.
    pub fn state_file(&self) -> PathBuf {
        self.state.join("state.json")
    }

    /// What has happened.
    pub fn events_file(&self) -> PathBuf {
        self.state.join("events.jsonl")
    }

    /// The folder of all processes.
    pub fn processes(&self) -> PathBuf {
        self.state.join("processes")
    }

    /// The folder of one process: journal and logs.
    pub fn process(&self, name: &str) -> PathBuf {
        self.processes().join(name)
    }

    /// The journal of a process.
    pub fn journal(&self, name: &str) -> PathBuf {
        self.process(name).join("journal")
    }

    /// The lock of a process's shim.
    pub fn shim_lock(&self, name: &str) -> PathBuf {
        self.process(name).join("shim.lock")
    }

    /// How a process's log is kept.
    pub fn rules(&self, name: &str) -> PathBuf {
        self.process(name).join("rules")
    }

    /// Exits of a process that only the keeper could see.
    pub fn exits(&self, name: &str) -> PathBuf {
        self.process(name).join("exits")
    }

    /// A segment of a process's log.
    pub fn segment(&self, name: &str, stream: Stream, number: u64) -> PathBuf {
        self.process(name).join(segment_file(stream, number))
    }

    /// The socket of the API.
    pub fn api_socket(&self) -> PathBuf {
        self.runtime.join("api.sock")
    }

    /// The socket of the keeper.
    pub fn keeper_socket(&self) -> PathBuf {
        self.runtime.join("keeper.sock")
    }

    /// The socket of a process's shim.
    pub fn shim_socket(&self, name: &str) -> PathBuf {
        self.runtime.join("shims").join(format!("{name}.sock"))
    }

    /// The file whose modification time says when a process's shim was last known to live.
    pub fn alive(&self, name: &str) -> PathBuf {
        self.runtime.join("shims").join(format!("{name}.alive"))
    }

    /// The FIFO that a process writes this stream into.
    pub fn pipe(&self, name: &str, stream: Stream) -> PathBuf {
        self.runtime.join("pipes").join(format!("{name}.{stream}"))
    }
}

/// The file name of a segment.
pub fn segment_file(stream: Stream, number: u64) -> String {
    format!("{stream}.{number:08}.log")
}

/// The file name of a segment's sidecar.
pub fn index_file(stream: Stream, number: u64) -> String {
    format!("{stream}.{number:08}.idx")
}

/// Stream and number of a segment's file name; `None` for any other file.
pub fn parse_segment_file(name: &str) -> Option<(Stream, u64)> {
    let (stream, number) = name.strip_suffix(".log")?.split_once('.')?;
    Some((stream.parse().ok()?, number.parse().ok()?))
}

/// FNV-1a, 64 bits: tells paths apart in file names; nothing depends on it being hard to invert.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_folders_of_one_name_have_places_of_their_own() {
        let place = |w: &str| Layout::new(Path::new(w), Path::new("/s"), Path::new("/r"));
        let (one, two) = (place("/a/shop"), place("/b/shop"));
        assert_ne!(one.state(), two.state());
        assert_ne!(one.runtime(), two.runtime());
        assert!(
            one.state()
                .to_string_lossy()
                .starts_with("/s/workspaces/shop-")
        );
    }

    #[test]
    fn segment_names_are_read_as_they_are_written() {
        let name = segment_file(Stream::Stderr, 12);
        assert_eq!(parse_segment_file(&name), Some((Stream::Stderr, 12)));
        assert_eq!(parse_segment_file("stdout.00000001.idx"), None);
        assert_eq!(parse_segment_file("journal"), None);
    }
}
