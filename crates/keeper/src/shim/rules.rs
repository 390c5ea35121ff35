//! What a shim that takes over has to know of a run and cannot see: how its log is kept, and which
//! streams it has. One record in a file beside the journal.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use forge_facts::{LogRules, Order, Record, RunId, Stream};

use super::Shim;

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(super) rules: LogRules,
    pub(super) run: Option<RunId>,
    pub(super) streams: Vec<Stream>,
}

impl Kept {
    /// Writes the file, in place and in one write, which no kill divides; what an older, longer one
    /// leaves behind the line is not read.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        let record = self.streams.iter().fold(
            Order::Log(self.rules)
                .to_record()
                .with_some("run", self.run),
            |record, stream| record.with("stream", stream.name()),
        );
        std::fs::File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(forge_os::NO_FOLLOW | forge_os::NO_BLOCK)
            .open(path)?
            .write_all(&record.encode())
    }

    /// Reads the file; `None` where there is none that can be read.
    pub(super) fn load(path: &Path) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        let line = bytes.split_inclusive(|byte| *byte == b'\n').next()?;
        let record = Record::decode(line).ok()?;
        let Ok(Order::Log(rules)) = Order::from_record(&record) else {
            return None;
        };
        let streams = record
            .all("stream")
            .filter_map(|name| std::str::from_utf8(name).ok()?.parse().ok())
            .collect();
        Some(Kept {
            rules,
            run: record.parse_some("run").ok().flatten(),
            streams,
        })
    }
}

impl Shim {
    /// Writes down new rules for those who take over.
    pub(super) fn change_rules(&mut self, rules: LogRules) {
        let path = self.layout.rules(&self.name);
        let kept = match Kept::load(&path) {
            Some(kept) => Kept { rules, ..kept },
            None => Kept {
                rules,
                run: self.run.as_ref().map(|run| run.id),
                streams: self.run.as_ref().map_or_else(Vec::new, |run| {
                    run.outlets.iter().map(|o| o.channel.stream()).collect()
                }),
            },
        };
        if let Err(error) = kept.save(&path) {
            crate::say(&format!("{}: {error}", path.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_loaded_and_garbage_is_none() {
        let path = std::env::temp_dir().join(format!("forge-rules-{}", std::process::id()));
        let kept = Kept {
            rules: LogRules {
                segment_bytes: 7,
                segments_kept: 2,
                block_max_ms: 9,
            },
            run: Some(RunId::new(1, 2)),
            streams: vec![Stream::Stdout, Stream::Stderr],
        };
        kept.save(&path).expect("save");
        assert_eq!(Kept::load(&path), Some(kept.clone()));
        let shorter = Kept {
            streams: vec![Stream::Stdout],
            ..kept
        };
        shorter.save(&path).expect("save");
        assert_eq!(Kept::load(&path), Some(shorter));
        std::fs::write(&path, b"garbage").expect("write");
        assert_eq!(Kept::load(&path), None);
        std::fs::remove_file(&path).expect("remove");
        assert_eq!(Kept::load(&path), None);
    }
}
