//! The journal of a process: what is not in here did not happen.
//!
//! What is written is safe from every kill at once: it is in the file. Against a loss of power it is
//! synced soon after ([`SYNC_WITHIN`]), many entries at a time, and nobody waits for that: a child does
//! not survive a loss of power, so it matters less that its last moments are known.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use forge_facts::{Entry, RunId, journal};

/// Room that is kept free behind the end, so that an exit can be written down on a full disk.
const RESERVE: u64 = 16 << 10;

/// From this size on it is rewritten when nothing runs, and then when it has doubled.
const LARGE: u64 = 64 << 10;

/// How many entries a rewrite keeps at most, beside those that nobody has acknowledged.
const KEPT: usize = 128;

/// How many entries are kept when nobody acknowledges any.
const KEPT_UNKNOWN: usize = 300;

/// How soon what was written is synced.
pub(crate) const SYNC_WITHIN: Duration = Duration::from_millis(500);

/// How far back a run is looked for that is ordered again.
const RECENT: u64 = 16 << 10;

/// An open journal, at its end.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    rewrite_at: u64,
    seq: u64,
    known: u64,
    /// The entries of the present run, for when the file is taken away.
    present: Vec<(u64, Entry)>,
    /// Lines that the disk has not taken.
    unwritten: Vec<u8>,
    /// The runs that it knows: most launches are of a new one.
    runs: BTreeSet<RunId>,
    /// When what was written is to be synced.
    sync_at: Option<Instant>,
}

impl Journal {
    /// Opens the journal and says what it holds. A line that was cut off at the end is removed.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, journal::Journal)> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let whole = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        let held = journal::parse(&bytes[..whole]);
        let file = open_file(path)?;
        if whole < bytes.len() {
            file.set_len(whole as u64)?;
        }
        if held.damaged > 0 {
            // Set aside for whoever wants to know; what could be read goes on.
            let _ = std::fs::write(path.with_extension("damaged"), &bytes);
        }
        let journal = Journal {
            path: path.to_path_buf(),
            file,
            length: whole as u64,
            rewrite_at: LARGE,
            seq: held.entries.iter().map(|(seq, _)| *seq).max().unwrap_or(0),
            known: 0,
            present: Vec::new(),
            unwritten: Vec::new(),
            runs: held.entries.iter().map(|(_, entry)| entry.run()).collect(),
            sync_at: None,
        };
        Ok((journal, held))
    }

    /// Sees to it that a run can be written down: its start now, and its end later.
    pub(crate) fn make_room(&mut self) -> io::Result<()> {
        self.stay_on_disk()?;
        self.write_late()?;
        match forge_os::reserve(&self.file, self.length, RESERVE) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
            result => result,
        }
    }

    /// Writes an entry. On failure nothing has been written.
    pub(crate) fn write(&mut self, entry: &Entry) -> io::Result<u64> {
        self.stay_on_disk()?;
        self.write_late()?;
        let seq = self.seq + 1;
        self.append(&entry.to_record(seq).encode())?;
        self.seq = seq;
        self.keep(seq, entry);
        Ok(seq)
    }

    /// Writes an entry that must be told in any case: where the disk does not take it, it is kept
    /// and tried again with the next one, and the error says so.
    pub(crate) fn note(&mut self, entry: &Entry) -> (u64, io::Result<()>) {
        self.seq += 1;
        self.unwritten.extend(entry.to_record(self.seq).encode());
        self.keep(self.seq, entry);
        let result = self.stay_on_disk().and_then(|()| self.write_late());
        (self.seq, result)
    }

    /// When [`Journal::sync`] is due.
    pub(crate) fn sync_at(&self) -> Option<Instant> {
        self.sync_at
    }

    /// Brings what was written to where a loss of power does not take it.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        match self.sync_at.take() {
            Some(_) => self.file.sync_data(),
            None => Ok(()),
        }
    }

    /// Whether something waits for the disk.
    pub(crate) fn is_late(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Tries again to write what waits.
    pub(crate) fn write_late(&mut self) -> io::Result<()> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let lines = std::mem::take(&mut self.unwritten);
        let result = self.append(&lines);
        if result.is_err() {
            self.unwritten = lines;
        }
        result
    }

    /// All entries with a greater number.
    pub(crate) fn after(&self, seq: u64) -> Vec<(u64, Entry)> {
        let mut entries = journal::read(&self.path).unwrap_or_default().entries;
        entries.extend(journal::parse(&self.unwritten).entries);
        if entries.is_empty() {
            entries.clone_from(&self.present);
        }
        entries.retain(|(number, _)| *number > seq);
        entries
    }

    /// The entries of a run, if it is not one of long ago.
    pub(crate) fn of_run(&self, run: RunId) -> Vec<(u64, Entry)> {
        if !self.runs.contains(&run) {
            return Vec::new();
        }
        let mut entries = self.recent().unwrap_or_default();
        entries.extend(journal::parse(&self.unwritten).entries);
        if entries.is_empty() {
            entries.clone_from(&self.present);
        }
        entries.retain(|(_, entry)| entry.run() == run);
        entries
    }

    /// The last entry of this run, where it is the one that ended it.
    pub(crate) fn end_of(&self, run: RunId) -> Option<(u64, Entry)> {
        let ends = |entry: &Entry| matches!(entry, Entry::Gone { .. } | Entry::SpawnFailed { .. });
        let last = self.of_run(run).pop();
        last.filter(|(_, entry)| ends(entry))
    }

    /// What the last lines say; a whole journal is more than is needed to know a run again.
    fn recent(&self) -> io::Result<Vec<(u64, Entry)>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.length.saturating_sub(RECENT)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(journal::parse(&bytes).entries)
    }

    /// Entries up to this number need not be kept for anybody.
    pub(crate) fn set_known(&mut self, seq: u64) {
        self.known = self.known.max(seq.min(self.seq));
    }

    /// Rewrites a journal that has grown large; called when nothing runs.
    pub(crate) fn compact(&mut self) -> io::Result<()> {
        if self.length < self.rewrite_at || self.is_late() {
            return Ok(());
        }
        let all = std::fs::read(&self.path)?;
        // Numbers grow by one: this is how many lines nobody has acknowledged.
        let unknown = usize::try_from(self.seq - self.known).unwrap_or(usize::MAX);
        let kept = unknown.clamp(KEPT, KEPT_UNKNOWN);
        let bytes = last_lines(&all, kept);
        let new = self.path.with_extension("new");
        let _ = std::fs::remove_file(&new);
        let mut file = open_file(&new)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        std::fs::rename(&new, &self.path)?;
        self.file = file;
        self.length = bytes.len() as u64;
        self.rewrite_at = LARGE.max(2 * self.length);
        self.sync_at = None;
        let left = journal::parse(bytes).entries;
        self.runs = left.iter().map(|(_, entry)| entry.run()).collect();
        Ok(())
    }

    fn keep(&mut self, seq: u64, entry: &Entry) {
        if self
            .present
            .first()
            .is_some_and(|(_, old)| old.run() != entry.run())
        {
            self.present.clear();
        }
        self.present.push((seq, entry.clone()));
        self.runs.insert(entry.run());
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // Half a line would spoil the next one.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += bytes.len() as u64;
        self.sync_at
            .get_or_insert_with(|| Instant::now() + SYNC_WITHIN);
        Ok(())
    }

    /// Where somebody has removed the file, begins it again with the present run.
    fn stay_on_disk(&mut self) -> io::Result<()> {
        if forge_os::link_count(&self.file)? > 0 {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        self.file = open_file(&self.path)?;
        self.length = 0;
        let mut lines = Vec::new();
        for (seq, entry) in &self.present {
            lines.extend(entry.to_record(*seq).encode());
        }
        self.unwritten = lines;
        Ok(())
    }
}

/// The last lines of a text, so many or all.
fn last_lines(text: &[u8], count: usize) -> &[u8] {
    let ends = text.iter().enumerate().rev().filter(|(_, b)| **b == b'\n');
    // The first end from behind is that of the last line itself.
    match ends.map(|(at, _)| at).nth(count) {
        Some(end) => &text[end + 1..],
        None => text,
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    File::options()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(forge_os::NO_FOLLOW)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(at: u64) -> Entry {
        Entry::Gone {
            run: RunId::new(at, 0),
            at,
            killed: false,
        }
    }

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("forge-journal-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("mkdir");
        folder
    }

    #[test]
    fn a_line_that_was_cut_off_does_not_spoil_the_next() {
        let folder = folder("torn");
        let path = folder.join("journal");
        let (mut journal, _) = Journal::open(&path).expect("open");
        for at in 1..=3 {
            journal.write(&gone(at)).expect("write");
        }
        drop(journal);
        let bytes = std::fs::read(&path).expect("read");
        std::fs::write(&path, &bytes[..bytes.len() - 7]).expect("cut");
        let (mut journal, held) = Journal::open(&path).expect("open");
        assert_eq!(held.last_seq(), 2);
        journal.write(&gone(9)).expect("write");
        let held = journal::read(&path).expect("read");
        assert_eq!(
            (held.entries.len(), held.damaged, held.torn_tail),
            (3, 0, false)
        );
        std::fs::remove_dir_all(folder).expect("remove");
    }

    #[test]
    fn a_large_journal_is_rewritten_and_numbers_go_on() {
        let folder = folder("large");
        let path = folder.join("journal");
        let (mut journal, _) = Journal::open(&path).expect("open");
        while journal.length < LARGE {
            let (_, result) = journal.note(&gone(1_700_000_000_000));
            result.expect("write");
        }
        let last = journal.seq;
        journal.set_known(last);
        journal.compact().expect("compact");
        assert!(journal.length < LARGE / 4);
        assert_eq!(journal.write(&gone(2)).expect("write"), last + 1);
        let (_, held) = Journal::open(&path).expect("open");
        assert_eq!(held.last_seq(), last + 1);
        std::fs::remove_dir_all(folder).expect("remove");
    }

    #[test]
    fn a_journal_that_was_removed_comes_back_with_the_present_run() {
        let folder = folder("removed");
        let path = folder.join("p/journal");
        std::fs::create_dir_all(folder.join("p")).expect("mkdir");
        let (mut journal, _) = Journal::open(&path).expect("open");
        journal.write(&gone(5)).expect("write");
        std::fs::remove_dir_all(folder.join("p")).expect("remove");
        journal.write(&gone(5)).expect("write");
        assert_eq!(journal::read(&path).expect("read").entries.len(), 2);
        std::fs::remove_dir_all(folder).expect("remove");
    }
}
