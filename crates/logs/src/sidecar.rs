//! Reading the sidecar of a segment: when bytes were written, where runs begin, where bytes are
//! missing.
//!
//! A sidecar has a record for each millisecond of output and can be a third of its segment's size,
//! so it is never decoded as a whole: records have a fixed size and grow in offset and time, and
//! are found by binary search and read by pages. Only where a record turns out to be damaged is the
//! whole file read, and what is sound in it kept in memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use forge_facts::{INDEX_RECORD_LEN, IndexKind, IndexRecord, RunId};

/// Records that are read at once.
const PAGE: usize = 1024;
const LEN: u64 = INDEX_RECORD_LEN as u64;

/// The sidecar of one segment.
pub(crate) struct Sidecar {
    path: PathBuf,
    file: Option<File>,
    records: usize,
    page_at: usize,
    page: Vec<u8>,
    /// The sound records of a file that holds damage.
    repaired: Option<Vec<IndexRecord>>,
    /// Index, beginning and end of the chunk that was looked up last, and its time.
    chunk: Option<(usize, u64, u64, u64)>,
    runs: Vec<(u64, RunId)>,
    runs_seen: usize,
}

/// How far a segment had been written at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// The end of the last chunk that was written by then.
    pub(crate) offset: u64,
    /// Since when that was so; `None`: nothing was written by then.
    pub(crate) since: Option<u64>,
    /// Until when it stayed so, where that is known.
    pub(crate) until: Option<u64>,
}

/// A record was damaged: look again, in what is sound.
struct Damaged;

impl Sidecar {
    /// Opens a sidecar; one that is missing is empty.
    pub(crate) fn open(path: &Path) -> Self {
        let mut sidecar = Sidecar::blank(path);
        sidecar.refresh();
        sidecar
    }

    /// Looks for records that were added since.
    pub(crate) fn refresh(&mut self) {
        let size = self.file().and_then(|file| file.metadata().ok());
        let records = (size.map_or(0, |meta| meta.len()) / LEN) as usize;
        if records == self.records {
            return;
        }
        if records < self.records {
            // Another file, or one that someone has cut.
            *self = Sidecar::blank(&self.path);
        }
        self.records = records;
        if self.repaired.is_some() {
            self.repair();
        }
    }

    fn blank(path: &Path) -> Self {
        Sidecar {
            path: path.to_path_buf(),
            file: None,
            records: 0,
            page_at: 0,
            page: Vec::new(),
            repaired: None,
            chunk: None,
            runs: Vec::new(),
            runs_seen: 0,
        }
    }

    /// Closes the file, which is opened again where it is needed.
    pub(crate) fn close(&mut self) {
        self.file = None;
    }

    fn file(&mut self) -> Option<&File> {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        self.file.as_ref()
    }

    /// Where the last chunk ends: bytes from there on have no time here (yet).
    pub(crate) fn end(&mut self) -> u64 {
        self.sound(|it| {
            let mut at = it.len();
            while at > 0 {
                at -= 1;
                if it.kind(at)? == 1 {
                    return Ok(it.get(at)?.offset);
                }
            }
            Ok(0)
        })
    }

    /// When the byte at `offset` was written; `None` behind the last chunk.
    pub(crate) fn time_at(&mut self, offset: u64) -> Option<u64> {
        if let Some((_, from, to, time)) = self.chunk
            && (from..to).contains(&offset)
        {
            return Some(time);
        }
        self.sound(|it| it.find_chunk(offset))
    }

    /// The time of the last chunk.
    pub(crate) fn last_time(&mut self) -> Option<u64> {
        let end = self.end();
        if end == 0 {
            None
        } else {
            self.time_at(end - 1)
        }
    }

    /// Index of the first record whose offset is not smaller than `offset`.
    pub(crate) fn first_from(&mut self, offset: u64) -> usize {
        self.sound(|it| it.first_where(|record| record.0 >= offset))
    }

    /// Runs and gaps from the record with index `from` on whose offset is smaller than `to`, and
    /// the index behind them.
    pub(crate) fn marks(&mut self, from: usize, to: u64) -> (Vec<IndexRecord>, usize) {
        self.sound(|it| {
            let mut at = from;
            let mut marks = Vec::new();
            while at < it.len() && it.raw(at)?.0 < to {
                if it.kind(at)? != 1 {
                    marks.push(it.get(at)?);
                }
                at += 1;
            }
            Ok((marks, at))
        })
    }

    /// The run that the byte at `offset` belongs to.
    pub(crate) fn run_at(&mut self, offset: u64) -> Option<RunId> {
        self.load_runs();
        let behind = self.runs.partition_point(|(from, _)| *from <= offset);
        behind.checked_sub(1).map(|at| self.runs[at].1)
    }

    /// Every run that this segment knows, with where it begins.
    pub(crate) fn runs(&mut self) -> &[(u64, RunId)] {
        self.load_runs();
        &self.runs
    }

    /// What had been written by `time`.
    pub(crate) fn written_by(&mut self, time: u64) -> Written {
        self.sound(|it| {
            let behind = it.first_where(|(_, at)| at > time)?;
            let until = match behind < it.len() {
                true => Some(it.raw(behind)?.1),
                false => None,
            };
            let (offset, since) = match behind {
                0 => (0, None),
                _ => it.raw(behind - 1).map(|(offset, at)| (offset, Some(at)))?,
            };
            Ok(Written {
                offset,
                since,
                until,
            })
        })
    }

    fn load_runs(&mut self) {
        let (runs, seen) = self.sound(|it| {
            let mut runs = it.runs.clone();
            for at in it.runs_seen.min(it.len())..it.len() {
                if it.kind(at)? == 2
                    && let record = it.get(at)?
                    && let IndexKind::Run(run) = record.kind
                {
                    runs.push((record.offset, run));
                }
            }
            Ok((runs, it.len()))
        });
        (self.runs, self.runs_seen) = (runs, seen);
    }

    fn find_chunk(&mut self, offset: u64) -> Result<Option<u64>, Damaged> {
        let mut at = match self.chunk {
            // Reading forward, the next chunk is the one that follows.
            Some((at, _, to, _)) if offset >= to && offset - to < 1 << 16 => at + 1,
            _ => self.first_where(|record| record.0 > offset)?,
        };
        while at < self.len() {
            if self.kind(at)? == 1 && self.raw(at)?.0 > offset {
                let record = self.get(at)?;
                self.chunk = Some((at, offset, record.offset, record.time));
                return Ok(Some(record.time));
            }
            at += 1;
        }
        Ok(None)
    }

    /// Index of the first record whose (offset, time) fulfils what all later ones fulfil too.
    fn first_where(&mut self, holds: impl Fn((u64, u64)) -> bool) -> Result<usize, Damaged> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let record = self.get(middle)?;
            if holds((record.offset, record.time)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }

    fn len(&self) -> usize {
        self.repaired.as_ref().map_or(self.records, Vec::len)
    }

    fn kind(&mut self, at: usize) -> Result<u32, Damaged> {
        if let Some(records) = &self.repaired {
            return Ok(match records[at].kind {
                IndexKind::Chunk => 1,
                IndexKind::Run(_) => 2,
                IndexKind::Gap { .. } => 3,
            });
        }
        let kind = u32::from_le_bytes(self.bytes(at)?[..4].try_into().expect("4 bytes"));
        if (1..=3).contains(&kind) {
            Ok(kind)
        } else {
            Err(Damaged)
        }
    }

    /// Offset and time of a record, whose checksum is not looked at.
    fn raw(&mut self, at: usize) -> Result<(u64, u64), Damaged> {
        if let Some(records) = &self.repaired {
            return Ok((records[at].offset, records[at].time));
        }
        let bytes = self.bytes(at)?;
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        Ok((word(8), word(16)))
    }

    fn get(&mut self, at: usize) -> Result<IndexRecord, Damaged> {
        if let Some(records) = &self.repaired {
            return Ok(records[at]);
        }
        IndexRecord::decode(self.bytes(at)?).ok_or(Damaged)
    }

    fn bytes(&mut self, at: usize) -> Result<&[u8; INDEX_RECORD_LEN], Damaged> {
        let held = self.page.len() / INDEX_RECORD_LEN;
        if !(self.page_at..self.page_at + held).contains(&at) {
            self.page_at = at - at % PAGE;
            let wanted = PAGE.min(self.records - self.page_at) * INDEX_RECORD_LEN;
            self.page.resize(wanted, 0);
            let mut page = std::mem::take(&mut self.page);
            let from = self.page_at as u64 * LEN;
            let file = self.file().ok_or(Damaged)?;
            file.read_exact_at(&mut page, from).map_err(|_| Damaged)?;
            self.page = page;
        }
        let from = (at - self.page_at) * INDEX_RECORD_LEN;
        let record = &self.page[from..from + INDEX_RECORD_LEN];
        Ok(record.try_into().expect("the length of a record"))
    }

    /// Runs a look-up; where it meets damage, once more over what is sound.
    fn sound<T>(&mut self, look: impl Fn(&mut Self) -> Result<T, Damaged>) -> T {
        if let Ok(found) = look(self) {
            return found;
        }
        self.repair();
        match look(self) {
            Ok(found) => found,
            Err(Damaged) => unreachable!("repaired records are in memory"),
        }
    }

    /// Keeps what is sound in memory: each record whose checksum is right, at whatever byte it
    /// begins, and whose offset is not smaller than the one before.
    fn repair(&mut self) {
        let bytes = self.file().map(read_all).transpose();
        let bytes = bytes.ok().flatten().unwrap_or_default();
        let mut records: Vec<IndexRecord> = Vec::new();
        let mut at = 0;
        while at + INDEX_RECORD_LEN <= bytes.len() {
            let record: &[u8; INDEX_RECORD_LEN] = bytes[at..at + INDEX_RECORD_LEN]
                .try_into()
                .expect("the length of a record");
            let plausible = matches!(record[..4], [1..=3, 0, 0, 0]);
            match plausible.then(|| IndexRecord::decode(record)).flatten() {
                Some(record) => {
                    if records
                        .last()
                        .is_none_or(|last| last.offset <= record.offset)
                    {
                        records.push(record);
                    }
                    at += INDEX_RECORD_LEN;
                }
                None => at += 1,
            }
        }
        self.repaired = Some(records);
        self.chunk = None;
        self.runs.clear();
        self.runs_seen = 0;
    }
}

fn read_all(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; file.metadata()?.len() as usize];
    let mut have = 0;
    while have < bytes.len() {
        match file.read_at(&mut bytes[have..], have as u64) {
            Ok(0) => break,
            Ok(more) => have += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(have);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(
        records: &[IndexRecord],
        damage: impl Fn(&mut Vec<u8>),
    ) -> (tempfile::TempDir, Sidecar) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("stdout.00000001.idx");
        let mut bytes: Vec<u8> = records.iter().flat_map(|r| r.encode()).collect();
        damage(&mut bytes);
        std::fs::write(&path, bytes).expect("written");
        let sidecar = Sidecar::open(&path);
        (dir, sidecar)
    }

    fn sample(chunks: u64) -> Vec<IndexRecord> {
        let mut records = vec![IndexRecord {
            kind: IndexKind::Run(RunId(7)),
            offset: 0,
            time: 5,
        }];
        records.extend((1..=chunks).map(|n| IndexRecord {
            kind: IndexKind::Chunk,
            offset: n * 10,
            time: n * 100,
        }));
        records
    }

    #[test]
    fn a_byte_has_the_time_of_the_chunk_that_holds_it() {
        let (_dir, mut sidecar) = file(&sample(5000), |_| {});
        for offset in [0, 9, 10, 11, 49_999, 25_005, 25_014, 3] {
            assert_eq!(sidecar.time_at(offset), Some((offset / 10 + 1) * 100));
        }
        assert_eq!(sidecar.time_at(50_000), None);
        assert_eq!(
            (sidecar.end(), sidecar.last_time()),
            (50_000, Some(500_000))
        );
        assert_eq!(sidecar.run_at(123), Some(RunId(7)));
        assert_eq!(sidecar.written_by(250).offset, 20);
        assert_eq!(
            sidecar.written_by(200),
            Written {
                offset: 20,
                since: Some(200),
                until: Some(300)
            }
        );
        assert_eq!(sidecar.written_by(1).since, None);
    }

    #[test]
    fn damage_costs_the_records_that_it_hits_and_no_more() {
        let (_dir, mut sidecar) = file(&sample(100), |bytes| {
            bytes[40 * 50 + 9] ^= 1;
            bytes.splice(40 * 20..40 * 20, *b"junk that shifts all");
        });
        assert_eq!(sidecar.time_at(5), Some(100));
        assert_eq!(
            sidecar.time_at(495),
            Some(5100),
            "the damaged one merged into the next"
        );
        assert_eq!(sidecar.time_at(999), Some(10_000));
        assert_eq!(sidecar.run_at(999), Some(RunId(7)));
    }

    #[test]
    fn what_is_missing_or_cut_is_empty_and_grows_later() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.idx");
        let mut sidecar = Sidecar::open(&path);
        assert_eq!(sidecar.time_at(0), None);
        let bytes: Vec<u8> = sample(2).iter().flat_map(|r| r.encode()).collect();
        std::fs::write(&path, &bytes[..90]).expect("written");
        sidecar.refresh();
        assert_eq!((sidecar.time_at(9), sidecar.time_at(10)), (Some(100), None));
        std::fs::write(&path, &bytes).expect("written");
        sidecar.refresh();
        assert_eq!(sidecar.time_at(10), Some(200));
    }
}
