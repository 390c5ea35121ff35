//! The size of all logs of the workspace together: beyond it the oldest segments are removed, beside the
//! loop. Shims keep each stream within its own bounds; only here somebody sees all of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use forge_facts::Stream;
use forge_facts::layout::{index_file, parse_segment_file, segment_file};
use tokio::time::Instant;

use crate::input::Input;
use crate::supervisor::Supervisor;

/// How often they are weighed while something runs.
const EVERY: Duration = Duration::from_secs(5);

/// When the next look is due.
#[derive(Default)]
pub(crate) struct LogCap {
    next: Option<Instant>,
    weighing: bool,
}

impl LogCap {
    pub(crate) fn due(&self) -> Option<Instant> {
        self.next.filter(|_| !self.weighing)
    }

    /// Something writes, or there is another bound.
    pub(crate) fn wake(&mut self) {
        self.next.get_or_insert_with(Instant::now);
    }

    /// A look has ended.
    pub(crate) fn weighed(&mut self) {
        self.weighing = false;
    }
}

impl Supervisor {
    /// Weighs all logs, and removes what is too much.
    pub(crate) fn weigh_logs(&mut self) {
        let runs = self
            .managed
            .values()
            .any(|managed| managed.present.is_some());
        self.log_cap.next = runs.then(|| Instant::now() + EVERY);
        self.log_cap.weighing = true;
        let (root, most) = (self.layout.processes(), self.settings.log_total);
        let inbox = self.inbox.clone();
        tokio::task::spawn_blocking(move || {
            let removed = trim(&root, most);
            let _ = inbox.send(Input::LogsWeighed(removed));
        });
    }

    /// What was removed is told to those who look for it: the log itself shows no gap at its beginning.
    pub(crate) fn logs_weighed(&mut self, result: io::Result<Trimmed>) {
        self.log_cap.weighed();
        match result {
            Ok(trimmed) if trimmed.files > 0 => eprintln!(
                "supervisor: all logs together were beyond {} bytes: the {} oldest segments are removed ({} bytes)",
                self.settings.log_total, trimmed.files, trimmed.bytes
            ),
            Ok(_) => {}
            Err(error) => eprintln!("supervisor: cannot weigh the logs: {error}"),
        }
    }
}

/// What was removed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Trimmed {
    files: u64,
    bytes: u64,
}

/// A segment with its sidecar; the oldest comes first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Segment {
    /// When it was last written.
    age: (i64, i64),
    /// Which stream it belongs to, by number.
    stream: usize,
    number: u64,
    bytes: u64,
}

/// The finished segments of one stream, the newest first, and where they lie.
struct Row {
    folder: PathBuf,
    stream: Stream,
    older: Vec<(u64, u64, (i64, i64))>,
}

/// Removes the oldest finished segments until all logs fit.
fn trim(root: &Path, most: u64) -> io::Result<Trimmed> {
    let (mut total, mut rows) = (0, Vec::new());
    for folder in std::fs::read_dir(root)? {
        let folder = folder?.path();
        for stream in Stream::ALL {
            let row = weigh(&folder, stream, &mut total)?;
            rows.push(row);
        }
    }
    let mut trimmed = Trimmed::default();
    let mut oldest: BinaryHeap<Reverse<Segment>> = BinaryHeap::new();
    for (at, row) in rows.iter_mut().enumerate() {
        oldest.extend(next_of(row, at).map(Reverse));
    }
    while total > most {
        // Within a stream by number, so that no hole comes to be.
        let Some(Reverse(segment)) = oldest.pop() else {
            break;
        };
        let row = &mut rows[segment.stream];
        remove(&row.folder.join(index_file(row.stream, segment.number)))?;
        remove(&row.folder.join(segment_file(row.stream, segment.number)))?;
        total -= segment.bytes;
        trimmed.files += 1;
        trimmed.bytes += segment.bytes;
        oldest.extend(next_of(row, segment.stream).map(Reverse));
    }
    Ok(trimmed)
}

fn next_of(row: &mut Row, stream: usize) -> Option<Segment> {
    let (number, bytes, age) = row.older.pop()?;
    Some(Segment {
        age,
        stream,
        number,
        bytes,
    })
}

/// The segments of a stream but for the last one, which is the one that is written.
fn weigh(folder: &Path, stream: Stream, total: &mut u64) -> io::Result<Row> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => Some(entries),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => None,
        Err(error) => return Err(error),
    };
    let mut older = Vec::new();
    for entry in entries.into_iter().flatten() {
        let entry = entry?;
        let name = entry.file_name();
        let Some((of, number)) = name.to_str().and_then(parse_segment_file) else {
            continue;
        };
        // It may be gone since, as one of the oldest of its stream.
        let (true, Ok(data)) = (of == stream, entry.metadata()) else {
            continue;
        };
        let index = std::fs::metadata(folder.join(index_file(stream, number)));
        let bytes = data.len() + index.map_or(0, |index| index.len());
        *total += bytes;
        older.push((number, bytes, (data.mtime(), data.mtime_nsec())));
    }
    older.sort_unstable_by_key(|(number, ..)| Reverse(*number));
    if !older.is_empty() {
        older.remove(0);
    }
    Ok(Row {
        folder: folder.to_path_buf(),
        stream,
        older,
    })
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn segment(root: &Path, name: &str, stream: Stream, number: u64, bytes: usize, age: u64) {
        let folder = root.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(segment_file(stream, number));
        std::fs::write(&path, vec![b'x'; bytes]).unwrap();
        std::fs::write(folder.join(index_file(stream, number)), [0; 10]).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(age);
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
    }

    fn left(root: &Path) -> Vec<String> {
        let mut left: Vec<String> = std::fs::read_dir(root)
            .unwrap()
            .flatten()
            .flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten())
            .filter_map(|file| {
                let path = file.path();
                let text = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_string();
                text.ends_with(".log").then_some(text)
            })
            .collect();
        left.sort();
        left
    }

    #[test]
    fn the_oldest_of_any_process_go_first_and_never_the_last_of_a_stream() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let out = Stream::Stdout;
        segment(root, "web", out, 7, 90, 100);
        segment(root, "web", out, 8, 90, 400);
        segment(root, "web", out, 9, 90, 900);
        segment(root, "api", out, 1, 90, 200);
        segment(root, "api", out, 2, 90, 300);
        segment(root, "api", Stream::Stderr, 1, 90, 1);
        std::fs::write(root.join("api/journal"), [0; 500]).unwrap();
        assert_eq!(trim(root, 600).unwrap(), Trimmed::default());
        let two = Trimmed {
            files: 2,
            bytes: 200,
        };
        assert_eq!(trim(root, 400).unwrap(), two);
        let names = |list: &[&str]| {
            list.iter()
                .map(|one| (*one).to_string())
                .collect::<Vec<_>>()
        };
        let kept = [
            "api/stderr.00000001.log",
            "api/stdout.00000002.log",
            "web/stdout.00000008.log",
            "web/stdout.00000009.log",
        ];
        assert_eq!(left(root), names(&kept));
        assert_eq!(trim(root, 0).unwrap().files, 1);
        let kept = [
            "api/stderr.00000001.log",
            "api/stdout.00000002.log",
            "web/stdout.00000009.log",
        ];
        assert_eq!(left(root), names(&kept));
        assert!(!root.join("web/stdout.00000008.idx").exists());
        assert!(root.join("api/journal").exists());
    }
}
