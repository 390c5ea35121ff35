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
    /// Writes the file in one step.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        let record = self.streams.iter().fold(
            Order::Log(self.rules)
                .to_record()
                .with_some("run", self.run),
            |record, stream| record.with("stream", stream.name()),
        );
        let new = path.with_extension("new");
        let _ = std::fs::remove_file(&new);
        std::fs::File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)?
            .write_all(&record.encode())?;
        std::fs::rename(&new, path)
    }

    /// Reads the file; `None` where there is none that can be read.
    pub(super) fn load(path: &Path) -> Option<Self> {
        let record = Record::decode(&std::fs::read(path).ok()?).ok()?;
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
        assert_eq!(Kept::load(&path), Some(kept));
        std::fs::write(&path, b"garbage").expect("write");
        assert_eq!(Kept::load(&path), None);
        std::fs::remove_file(&path).expect("remove");
        assert_eq!(Kept::load(&path), None);
    }
}
