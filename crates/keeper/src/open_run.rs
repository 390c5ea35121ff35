//! The run that a journal leaves open: it was spawned, and its end is not written down.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use forge_facts::{Entry, Identity, RunId, journal};

/// How much of a journal's end is looked at first; a run has a handful of entries.
const TAIL: u64 = 32 << 10;

/// A run without an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenRun {
    pub(crate) run: RunId,
    pub(crate) leader: Identity,
    /// Whether the end of its leader is known already: what is open are descendants.
    pub(crate) exited: bool,
    /// When anything was last written down about it.
    pub(crate) at: u64,
}

/// Finds the open run in the journal at `path`; one that does not exist has none.
pub(crate) fn of_file(path: &Path) -> io::Result<Option<OpenRun>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    for tail in [TAIL, u64::MAX] {
        file.seek(SeekFrom::Start(length.saturating_sub(tail)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let entries = journal::parse(&bytes).entries;
        let found = of(&entries);
        // A cut may hide where the last run began; then the whole file is read.
        if found.is_some() || length <= tail || ended(&entries) {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Finds the open run among entries in order.
pub(crate) fn of(entries: &[(u64, Entry)]) -> Option<OpenRun> {
    let mut open: Option<OpenRun> = None;
    for (_, entry) in entries {
        match entry {
            Entry::Spawned { run, identity, at } => {
                open = Some(OpenRun {
                    run: *run,
                    leader: identity.clone(),
                    exited: false,
                    at: *at,
                });
            }
            Entry::Gone { run, .. } | Entry::SpawnFailed { run, .. } => {
                open.take_if(|open| open.run == *run);
            }
            Entry::Exited { run, at, .. } => {
                if let Some(open) = open.as_mut().filter(|open| open.run == *run) {
                    open.exited = true;
                    open.at = *at;
                }
            }
            Entry::Left { run, at, .. } | Entry::Recovered { run, at, .. } => {
                if let Some(open) = open.as_mut().filter(|open| open.run == *run) {
                    open.at = *at;
                }
            }
        }
    }
    open
}

fn ended(entries: &[(u64, Entry)]) -> bool {
    matches!(
        entries.last(),
        Some((_, Entry::Gone { .. } | Entry::SpawnFailed { .. }))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spawned(run: RunId) -> Entry {
        let leader = Identity {
            pid: 7,
            boot: "b".into(),
            start_ticks: 1,
            pidfd_inode: 2,
        };
        Entry::Spawned {
            run,
            identity: leader,
            at: 5,
        }
    }

    #[test]
    fn a_run_is_open_until_it_is_gone_or_has_failed_and_also_far_from_the_end() {
        let folder = std::env::temp_dir().join(format!("forge-open-run-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("mkdir");
        let path = folder.join("journal");
        assert_eq!(of_file(&path).expect("read"), None);
        let run = RunId::new(1, 1);
        let mut bytes = spawned(run).to_record(1).encode();
        let recovered = Entry::Recovered {
            run,
            at: 9,
            since: 8,
        };
        for seq in 2..2_000 {
            bytes.extend(recovered.to_record(seq).encode());
        }
        std::fs::write(&path, &bytes).expect("write");
        let open = of_file(&path).expect("read").expect("open");
        assert_eq!((open.run, open.exited, open.at), (run, false, 9));
        let gone = Entry::Gone {
            run,
            at: 10,
            killed: false,
        };
        bytes.extend(gone.to_record(2_000).encode());
        std::fs::write(&path, &bytes).expect("write");
        assert_eq!(of_file(&path).expect("read"), None);
        std::fs::remove_dir_all(folder).expect("remove");
    }
}
