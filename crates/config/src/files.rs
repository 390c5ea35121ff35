//! The files of one load: read once, within limits, and kept for places and excerpts.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::finding::Sink;
use crate::tree::Span;

/// No file that people write by hand is larger.
pub(crate) const MAX_FILE: u64 = 1 << 20;

/// A file that was read, or should have been.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// How it is named to people: relative to the workspace where it lies in it.
    pub(crate) shown: String,
    /// Its text; empty where it could not be read.
    pub(crate) text: String,
    /// Holds values of variables, which no message may show.
    pub(crate) secret: bool,
    lines: Vec<u32>,
}

/// Line and column, counted from 1; columns are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// All files of a load.
#[derive(Debug, Default)]
pub(crate) struct Files {
    list: Vec<SourceFile>,
}

/// Why there is no text.
pub(crate) enum Unread {
    /// There is no such file.
    Missing,
    /// It has been reported.
    Reported,
    /// It cannot be read; said in words.
    Failed(String),
}

impl Files {
    /// Keeps a text under a name; `path` need not exist.
    pub(crate) fn add(&mut self, path: PathBuf, shown: String, text: String, secret: bool) -> u32 {
        let lines = std::iter::once(0)
            .chain(
                text.bytes()
                    .enumerate()
                    .filter(|(_, byte)| *byte == b'\n')
                    .map(|(at, _)| at as u32 + 1),
            )
            .collect();
        self.list.push(SourceFile {
            path,
            shown,
            text,
            secret,
            lines,
        });
        self.list.len() as u32 - 1
    }

    /// Reads a text file of at most [`MAX_FILE`] bytes. Text that is no UTF-8 is reported with its
    /// place.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        shown: String,
        secret: bool,
        sink: &mut Sink,
    ) -> Result<u32, Unread> {
        let bytes = read_bytes(path)?;
        let (text, bad) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let lossy = String::from_utf8_lossy(&error.into_bytes()).into_owned();
                (lossy, Some(at))
            }
        };
        let id = self.add(path.to_path_buf(), shown, text, secret);
        let Some(at) = bad else { return Ok(id) };
        let span = Span {
            file: id,
            start: at as u32,
            end: at as u32 + '\u{fffd}'.len_utf8() as u32,
        };
        sink.error(span, "this is not UTF-8 text")
            .help("save the file as UTF-8");
        Err(Unread::Reported)
    }

    /// The file of this number.
    pub(crate) fn file(&self, id: u32) -> &SourceFile {
        &self.list[id as usize]
    }

    /// All, in the order in which they were read.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.list.iter()
    }

    /// The text at a place.
    pub(crate) fn slice(&self, span: Span) -> &str {
        self.file(span.file)
            .text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    /// `.forge/processes.yml:12`
    pub(crate) fn line_name(&self, span: Span) -> String {
        let file = self.file(span.file);
        format!("{}:{}", file.shown, file.position(span.start).line)
    }
}

impl SourceFile {
    /// Line and column of a byte.
    pub(crate) fn position(&self, offset: u32) -> Position {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let before = self
            .text
            .get(self.lines[line - 1] as usize..offset as usize)
            .unwrap_or_default();
        let mark = usize::from(line == 1 && before.starts_with('\u{feff}'));
        let column = before.chars().count() - mark + 1;
        Position { line, column }
    }

    /// The line that holds a byte, without its end, and where it starts.
    pub(crate) fn line_at(&self, offset: u32) -> (usize, &str) {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines[line - 1] as usize;
        let end = self
            .lines
            .get(line)
            .map_or(self.text.len(), |next| *next as usize);
        (start, self.text[start..end].trim_end_matches(['\n', '\r']))
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Unread> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Unread::Missing,
        _ => Unread::Failed(format!("cannot be read: {error}")),
    };
    let meta = std::fs::metadata(path).map_err(failed)?;
    if !meta.is_file() {
        // A FIFO or a device would be waited for, or read, for ever.
        return Err(Unread::Failed("is not a regular file".to_string()));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Unread::Failed("is larger than 1 MiB".to_string()));
    }
    Ok(bytes)
}
