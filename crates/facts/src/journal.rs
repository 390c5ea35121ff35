//! Reading a process's journal: every entry that is whole, and how much was not.

use std::io;
use std::path::Path;

use crate::fact::Entry;
use crate::record::Record;

/// What a journal holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    /// Entries with their numbers, in order.
    pub entries: Vec<(u64, Entry)>,
    /// Lines that could not be read (not counting an incomplete last one).
    pub damaged: usize,
    /// Whether the last line lacks its newline: a write that was cut off.
    pub torn_tail: bool,
}

impl Journal {
    /// The number of the last entry, 0 where there is none.
    pub fn last_seq(&self) -> u64 {
        self.entries.last().map_or(0, |(seq, _)| *seq)
    }
}

/// Reads the journal at `path`; one that does not exist is empty.
///
/// # Errors
///
/// Only those of the file system. Damage is counted, not an error.
pub fn read(path: &Path) -> io::Result<Journal> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(parse(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Journal::default()),
        Err(error) => Err(error),
    }
}

/// Reads a journal's bytes.
pub fn parse(bytes: &[u8]) -> Journal {
    let mut journal = Journal {
        torn_tail: !bytes.is_empty() && !bytes.ends_with(b"\n"),
        ..Journal::default()
    };
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let whole = line.ends_with(b"\n");
        match Record::decode(line).map(|record| Entry::from_record(&record)) {
            Ok(Ok(Some(entry))) => journal.entries.push(entry),
            Ok(Ok(None)) => {}
            Ok(Err(_)) | Err(_) if whole => journal.damaged += 1,
            Ok(Err(_)) | Err(_) => {}
        }
    }
    journal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunId;

    fn sample() -> Vec<u8> {
        let run = RunId::new(1, 1);
        let mut bytes = Vec::new();
        for seq in 1..=5 {
            let entry = Entry::Gone {
                run,
                at: seq,
                killed: false,
            };
            bytes.extend(entry.to_record(seq).encode());
        }
        bytes
    }

    #[test]
    fn cut_at_any_byte_it_loses_at_most_the_entry_that_was_cut() {
        let bytes = sample();
        for cut in 0..bytes.len() {
            let journal = parse(&bytes[..cut]);
            let whole = bytes[..cut].iter().filter(|b| **b == b'\n').count();
            assert!(journal.entries.len() >= whole, "cut at {cut}");
            assert_eq!(journal.damaged, 0);
        }
    }

    #[test]
    fn a_damaged_line_costs_only_itself() {
        let mut bytes = sample();
        bytes[12] ^= 0x55;
        let journal = parse(&bytes);
        assert_eq!((journal.entries.len(), journal.damaged), (4, 1));
        assert_eq!(journal.last_seq(), 5);
    }
}
