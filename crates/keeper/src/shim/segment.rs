//! One stream's log on disk: the present segment, its sidecar, rotation and retention.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use forge_facts::layout::{index_file, parse_segment_file, segment_file};
use forge_facts::{INDEX_RECORD_LEN, IndexKind, IndexRecord, LogRules, RunId, Stream};

/// How often it is checked that the file still has its name.
pub(in crate::shim) const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Chunk records are at least this far apart, in nanoseconds.
const CHUNK_EVERY: u64 = 1_000_000;

/// The log of one stream, open at its end.
#[derive(Debug)]
pub(crate) struct Log {
    folder: PathBuf,
    stream: Stream,
    run: RunId,
    rules: LogRules,
    number: u64,
    file: File,
    index: File,
    length: u64,
    /// Up to where the sidecar knows, and when it was last written.
    indexed: u64,
    indexed_at: u64,
    /// Records that the disk has not taken.
    unwritten: Vec<u8>,
    checked: Instant,
}

impl Log {
    /// Opens the last segment, or begins one, for this run. `resumed`: the run has written here before.
    pub(crate) fn open(
        folder: &Path,
        stream: Stream,
        run: RunId,
        rules: LogRules,
        resumed: bool,
    ) -> io::Result<Self> {
        let last = segments(folder, stream)?.last().copied();
        let mut number = last.unwrap_or(1);
        let mut opened = open_segment(folder, stream, number);
        if opened.is_err() && last.is_some() {
            // A link, a folder, another user's: what is in the way stays, and is passed by.
            number += 1;
            opened = open_segment(folder, stream, number);
        }
        let (mut file, index) = opened?;
        let length = file.seek(SeekFrom::End(0))?;
        let mut log = Log {
            folder: folder.to_path_buf(),
            stream,
            run,
            rules,
            number,
            file,
            index,
            length,
            indexed: 0,
            indexed_at: 0,
            unwritten: Vec::new(),
            checked: Instant::now(),
        };
        let begun = log.mend_index()?;
        if !(resumed && begun) {
            log.put(IndexKind::Run(run), forge_os::now());
        }
        if log.length >= rules.segment_bytes && log.at_line_end() {
            let _ = log.rotate();
        }
        log.retain();
        Ok(log)
    }

    /// The number of the present segment.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Its length.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Where to write: at the position, never appending (splice(2) refuses that).
    pub(crate) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// New rules, from the next segment on.
    pub(crate) fn set_rules(&mut self, rules: LogRules) {
        self.rules = rules;
    }

    /// How much may be written until it has to be looked at whether a line ends; 0 when that has to
    /// be done now.
    pub(crate) fn room(&self) -> u64 {
        self.rules.segment_bytes.saturating_sub(self.length)
    }

    /// How much fits until it must end, in the middle of a line or not.
    pub(crate) fn hard_room(&self) -> u64 {
        let most = self.rules.segment_bytes.saturating_mul(2);
        most.saturating_sub(self.length)
    }

    /// Whether the segment must end here, in the middle of a line or not.
    pub(crate) fn is_overfull(&self) -> bool {
        self.length >= self.rules.segment_bytes.saturating_mul(2)
    }

    /// Whether the last byte is the end of a line (an empty segment has no line that it could split).
    pub(crate) fn at_line_end(&self) -> bool {
        let mut byte = [0];
        self.length == 0
            || (self.file.read_exact_at(&mut byte, self.length - 1).is_ok() && byte[0] == b'\n')
    }

    /// Takes note that this many bytes have been written.
    pub(crate) fn advance(&mut self, bytes: u64) {
        self.length += bytes;
        let now = forge_os::now();
        if now.saturating_sub(self.indexed_at) >= CHUNK_EVERY || now < self.indexed_at {
            self.put_chunk(now);
        }
    }

    /// Whether bytes have been written that the sidecar does not know of.
    pub(crate) fn is_behind(&self) -> bool {
        self.indexed < self.length
    }

    /// Brings the sidecar up to date.
    pub(crate) fn catch_up(&mut self) {
        if self.is_behind() {
            self.put_chunk(forge_os::now());
        }
    }

    /// Bytes are missing here.
    pub(crate) fn gap(&mut self, bytes: u64, since: u64) {
        self.put(IndexKind::Gap { bytes, since }, forge_os::now());
    }

    /// Whether the file has neither been removed nor cut, and, as often as it is time to look, whether it
    /// is still the one with its name.
    pub(crate) fn is_ours(&mut self) -> bool {
        // What is written to a file without a name can be read by nobody, and behind the end of one that
        // was emptied would stand behind a hole.
        let Ok(open) = self.file.metadata() else {
            return false;
        };
        if open.nlink() == 0 || open.len() != self.length {
            return false;
        }
        if self.checked.elapsed() < CHECK_EVERY {
            return true;
        }
        self.checked = Instant::now();
        let path = self.folder.join(segment_file(self.stream, self.number));
        let Ok(named) = std::fs::symlink_metadata(&path) else {
            return false;
        };
        (open.dev(), open.ino()) == (named.dev(), named.ino())
    }

    /// Begins the next segment, and removes what is too old.
    pub(crate) fn rotate(&mut self) -> io::Result<()> {
        self.catch_up();
        match std::fs::symlink_metadata(&self.folder) {
            Ok(_) => {}
            Err(_) => DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.folder)?,
        }
        let mut number = self.number + 1;
        let (file, index) = loop {
            match new_segment(&self.folder, self.stream, number) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                result => break result?,
            }
        };
        self.number = number;
        self.file = file;
        self.index = index;
        self.unwritten.clear();
        self.length = 0;
        self.indexed = 0;
        self.put(IndexKind::Run(self.run), forge_os::now());
        self.retain();
        Ok(())
    }

    /// Removes segments beyond those to keep.
    fn retain(&self) {
        let Ok(numbers) = segments(&self.folder, self.stream) else {
            return;
        };
        let keep = (self.rules.segments_kept as usize).max(1);
        for number in numbers.iter().rev().skip(keep) {
            if *number != self.number {
                self.remove(*number);
            }
        }
    }

    /// Removes the oldest segment but the present one, to make room. `false`: there is none.
    pub(crate) fn free_oldest(&self) -> bool {
        match segments(&self.folder, self.stream).as_deref() {
            Ok([oldest, ..]) if *oldest != self.number => {
                self.remove(*oldest);
                true
            }
            _ => false,
        }
    }

    fn remove(&self, number: u64) {
        let _ = std::fs::remove_file(self.folder.join(segment_file(self.stream, number)));
        let _ = std::fs::remove_file(self.folder.join(index_file(self.stream, number)));
    }

    fn put_chunk(&mut self, now: u64) {
        self.put(IndexKind::Chunk, now);
        self.indexed = self.length;
        self.indexed_at = now;
    }

    fn put(&mut self, kind: IndexKind, time: u64) {
        let record = IndexRecord {
            kind,
            offset: self.length,
            time,
        };
        let bytes = record.encode();
        if self.unwritten.is_empty() && self.write_index(&bytes).is_ok() {
            return;
        }
        // The times are worth less than memory: what a full disk does not take is kept to a bound.
        if self.unwritten.len() < 4096 || !matches!(kind, IndexKind::Chunk) {
            self.unwritten.extend_from_slice(&bytes);
        }
        let late = std::mem::take(&mut self.unwritten);
        if self.write_index(&late).is_err() {
            self.unwritten = late;
        }
    }

    /// Writes whole records or nothing.
    fn write_index(&mut self, bytes: &[u8]) -> io::Result<()> {
        let before = self.index.metadata()?.len();
        let result = self.index.write_all(bytes);
        if result.is_err() {
            let _ = self.index.set_len(before);
        }
        result
    }

    /// Makes the sidecar agree with the segment after a shim has died between writing one and the
    /// other; says whether it begins with a run.
    fn mend_index(&mut self) -> io::Result<bool> {
        let bytes = self.index.metadata()?.len();
        let whole = bytes - bytes % INDEX_RECORD_LEN as u64;
        if whole < bytes {
            self.index.set_len(whole)?;
        }
        let mut records = Vec::new();
        let tail = whole.saturating_sub(64 * INDEX_RECORD_LEN as u64);
        self.index.seek(SeekFrom::Start(tail))?;
        self.index.read_to_end(&mut records)?;
        let mut newest = None;
        for record in records.chunks_exact(INDEX_RECORD_LEN) {
            let record: &[u8; INDEX_RECORD_LEN] = record.try_into().expect("exact chunks");
            if let Some(record) = IndexRecord::decode(record) {
                newest = Some(record);
                if matches!(record.kind, IndexKind::Chunk) {
                    self.indexed = self.indexed.max(record.offset.min(self.length));
                }
            }
        }
        if let Some(IndexRecord { offset, .. }) = newest {
            self.indexed = self.indexed.max(offset.min(self.length));
        }
        if newest.is_none() && self.length > 0 {
            // The sidecar was lost: all that is there belongs to a run that is not known any more.
            let _ = self.write_index(&zero_run(self.file.metadata()?.mtime_nsec_total()));
        }
        if self.is_behind() {
            let written = self.file.metadata()?.mtime_nsec_total();
            self.put_chunk(written);
        }
        Ok(newest.is_some())
    }
}

fn zero_run(time: u64) -> [u8; INDEX_RECORD_LEN] {
    IndexRecord {
        kind: IndexKind::Run(RunId(0)),
        offset: 0,
        time,
    }
    .encode()
}

/// Modification time in nanoseconds since 1970.
pub(super) trait ModifiedNs {
    fn mtime_nsec_total(&self) -> u64;
}

impl ModifiedNs for std::fs::Metadata {
    fn mtime_nsec_total(&self) -> u64 {
        (self.mtime().max(0) as u64)
            .saturating_mul(1_000_000_000)
            .saturating_add(self.mtime_nsec() as u64)
    }
}

/// Numbers of the segments of a stream, ascending.
pub(in crate::shim) fn segments(folder: &Path, stream: Stream) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        if let Some(name) = entry?.file_name().to_str()
            && let Some((of, number)) = parse_segment_file(name)
            && of == stream
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn open_segment(folder: &Path, stream: Stream, number: u64) -> io::Result<(File, File)> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    let file = regular(&options, &folder.join(segment_file(stream, number)))?;
    let mut options = File::options();
    options.read(true).append(true).create(true);
    let index = regular(&options, &folder.join(index_file(stream, number)))?;
    Ok((file, index))
}

fn new_segment(folder: &Path, stream: Stream, number: u64) -> io::Result<(File, File)> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    let file = regular(&options, &folder.join(segment_file(stream, number)))?;
    let path = folder.join(index_file(stream, number));
    let _ = std::fs::remove_file(&path);
    let mut options = File::options();
    options.read(true).append(true).create_new(true);
    match regular(&options, &path) {
        Ok(index) => Ok((file, index)),
        Err(error) => {
            // A segment without a sidecar would be taken for the newest.
            let _ = std::fs::remove_file(folder.join(segment_file(stream, number)));
            Err(error)
        }
    }
}

/// Opens a regular file, 0600, no link; a FIFO in its place does not block.
fn regular(options: &std::fs::OpenOptions, path: &Path) -> io::Result<File> {
    let file = options
        .clone()
        .mode(0o600)
        .custom_flags(forge_os::NO_FOLLOW | forge_os::NO_BLOCK)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists));
    }
    Ok(file)
}
