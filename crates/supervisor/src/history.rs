//! What has happened: the latest in memory, all of it in a file that grows to a bound.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use forge_api::Event;
use tokio::sync::broadcast;

/// How many events are kept in memory and shown.
const KEPT: usize = 2_000;
/// The file is halved when it is larger.
const FILE_MAX: u64 = 8 << 20;

/// The events of a workspace.
pub(crate) struct History {
    path: PathBuf,
    file: Option<File>,
    size: u64,
    count: u64,
    latest: VecDeque<Event>,
    news: broadcast::Sender<Event>,
}

impl History {
    /// Opens the file at `path`; lines of it that cannot be read are left out.
    pub(crate) fn open(path: &Path) -> Self {
        let text = std::fs::read(path).unwrap_or_default();
        let mut latest: VecDeque<Event> = VecDeque::new();
        for line in text.split(|b| *b == b'\n').rev() {
            if let Ok(event) = serde_json::from_slice(line) {
                latest.push_front(event);
                if latest.len() == KEPT {
                    break;
                }
            }
        }
        let torn = !text.is_empty() && !text.ends_with(b"\n");
        let mut history = History {
            path: path.to_path_buf(),
            file: open_append(path).ok(),
            size: text.len() as u64,
            count: 0,
            latest,
            news: broadcast::channel(1_024).0,
        };
        if torn {
            history.write(b"\n");
        }
        history
    }

    /// Adds an event that happens now.
    pub(crate) fn add(&mut self, process: Option<&str>, kind: &str, message: String) {
        self.add_with(process, kind, message, serde_json::Map::new());
    }

    /// Adds an event with further fields.
    pub(crate) fn add_with(
        &mut self,
        process: Option<&str>,
        kind: &str,
        message: String,
        fields: serde_json::Map<String, serde_json::Value>,
    ) {
        let event = Event {
            time: crate::clock::rfc3339(crate::clock::unix_ns()),
            process: process.map(str::to_string),
            kind: kind.to_string(),
            message,
            fields,
        };
        if let Ok(mut line) = serde_json::to_vec(&event) {
            line.push(b'\n');
            self.write(&line);
        }
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(event.clone());
        self.count += 1;
        // Nobody listening is no error.
        let _ = self.news.send(event);
    }

    /// The latest events, oldest first.
    pub(crate) fn latest(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.latest.iter()
    }

    /// How many events there have been.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Those that came after so many, as far as they are kept.
    pub(crate) fn since(&self, count: u64) -> impl Iterator<Item = &Event> {
        let new = usize::try_from(self.count.saturating_sub(count)).unwrap_or(usize::MAX);
        self.latest
            .iter()
            .skip(self.latest.len().saturating_sub(new))
    }

    /// Every event from now on.
    pub(crate) fn follow(&self) -> broadcast::Receiver<Event> {
        self.news.subscribe()
    }

    /// A disk that takes nothing costs the file its lines, never the supervisor.
    fn write(&mut self, bytes: &[u8]) {
        if self.size > FILE_MAX {
            self.halve();
        }
        if let Some(file) = &mut self.file
            && file.write_all(bytes).is_ok()
        {
            self.size += bytes.len() as u64;
        }
    }

    fn halve(&mut self) {
        let mut text = Vec::new();
        for event in &self.latest {
            if serde_json::to_writer(&mut text, event).is_ok() {
                text.push(b'\n');
            }
        }
        if crate::memory::write_atomically(&self.path, &text).is_ok() {
            self.size = text.len() as u64;
            self.file = open_append(&self.path).ok();
        } else {
            // Tried again after as much has been written once more.
            self.size = 0;
        }
    }
}

fn open_append(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_and_a_torn_line_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut history = History::open(&path);
        history.add(Some("api"), "started", "started".into());
        drop(history);
        let mut text = std::fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"time\":\"2025");
        std::fs::write(&path, &text).unwrap();

        let mut history = History::open(&path);
        history.add(None, "warning", "disk nearly full".into());
        let kinds: Vec<_> = History::open(&path)
            .latest()
            .map(|event| event.kind.clone())
            .collect();
        assert_eq!(kinds, ["started", "warning"]);
    }
}
