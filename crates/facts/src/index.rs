//! The sidecar of a log segment: when its bytes were written, in which run, and what is missing.

use std::fmt;
use std::str::FromStr;

use crate::RunId;
use crate::record::{Malformed, crc32};

/// Which output of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// File descriptor 1; with `stderr: merge` both.
    Stdout,
    /// File descriptor 2.
    Stderr,
    /// A pseudo-terminal, which is both.
    Terminal,
}

impl Stream {
    /// All of them.
    pub const ALL: [Stream; 3] = [Stream::Stdout, Stream::Stderr, Stream::Terminal];

    /// The name used in file names and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
            Stream::Terminal => "terminal",
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Stream {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Stream::ALL
            .into_iter()
            .find(|stream| stream.name() == text)
            .ok_or_else(|| Malformed(format!("unknown stream {text}")))
    }
}

/// Length of a record on disk.
pub const INDEX_RECORD_LEN: usize = 40;

/// What a record of a sidecar says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexKind {
    /// The bytes up to `offset`, from the record before, were written at `time`. At most one each
    /// millisecond; the size of the segment, not this, says how many bytes there are.
    Chunk,
    /// From `offset` on, the bytes belong to this run. Stands first in every segment.
    Run(RunId),
    /// At `offset`, this many bytes are missing: they could not be kept from `since` (nanoseconds since
    /// 1970) until `time`.
    Gap {
        /// How many.
        bytes: u64,
        /// Since when.
        since: u64,
    },
}

/// One record of a sidecar.
///
/// On disk 40 bytes, little endian: kind u32 (1 chunk, 2 run, 3 gap), CRC-32 of the other 36 bytes
/// (kind, then those behind the checksum) u32, offset u64, time u64, and two u64 that depend on the
/// kind (run id, 0; bytes, since). A record whose checksum is wrong is ignored; an incomplete one
/// at the end is being written, or was when its shim died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexRecord {
    /// What it says.
    pub kind: IndexKind,
    /// A position in the segment, in bytes.
    pub offset: u64,
    /// Nanoseconds since 1970.
    pub time: u64,
}

impl IndexRecord {
    /// The record as it lies on disk.
    pub fn encode(&self) -> [u8; INDEX_RECORD_LEN] {
        let (kind, a, b) = match self.kind {
            IndexKind::Chunk => (1u32, 0, 0),
            IndexKind::Run(run) => (2, run.0, 0),
            IndexKind::Gap { bytes, since } => (3, bytes, since),
        };
        let mut record = [0u8; INDEX_RECORD_LEN];
        record[..4].copy_from_slice(&kind.to_le_bytes());
        record[8..16].copy_from_slice(&self.offset.to_le_bytes());
        record[16..24].copy_from_slice(&self.time.to_le_bytes());
        record[24..32].copy_from_slice(&a.to_le_bytes());
        record[32..].copy_from_slice(&b.to_le_bytes());
        let sum = checksum(&record);
        record[4..8].copy_from_slice(&sum.to_le_bytes());
        record
    }

    /// Reads a record; `None` where it is damaged or of a kind that this version does not know.
    pub fn decode(record: &[u8; INDEX_RECORD_LEN]) -> Option<Self> {
        let word = |at: usize| u64::from_le_bytes(record[at..at + 8].try_into().expect("8 bytes"));
        let half = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().expect("4 bytes"));
        if half(4) != checksum(record) {
            return None;
        }
        let kind = match half(0) {
            1 => IndexKind::Chunk,
            2 => IndexKind::Run(RunId(word(24))),
            3 => IndexKind::Gap {
                bytes: word(24),
                since: word(32),
            },
            _ => return None,
        };
        Some(IndexRecord {
            kind,
            offset: word(8),
            time: word(16),
        })
    }
}

fn checksum(record: &[u8; INDEX_RECORD_LEN]) -> u32 {
    let mut covered = [0u8; INDEX_RECORD_LEN - 4];
    covered[..4].copy_from_slice(&record[..4]);
    covered[4..].copy_from_slice(&record[8..]);
    crc32(&covered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_and_damage_is_noticed() {
        let kinds = [
            IndexKind::Chunk,
            IndexKind::Run(RunId(u64::MAX)),
            IndexKind::Gap { bytes: 5, since: 6 },
        ];
        for kind in kinds {
            let record = IndexRecord {
                kind,
                offset: 1 << 40,
                time: 42,
            };
            let bytes = record.encode();
            assert_eq!(IndexRecord::decode(&bytes), Some(record));
            for place in 0..INDEX_RECORD_LEN {
                let mut bad = bytes;
                bad[place] ^= 0x10;
                assert_eq!(IndexRecord::decode(&bad), None, "flipped at {place}");
            }
        }
    }
}
