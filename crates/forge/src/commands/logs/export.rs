//! Lines into a file, in the form that its ending names.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use forge_logs::Items;

use super::sink::{Form, PIECE};
use super::unreadable;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::units::count;

/// What the name of a file says about its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    /// One object for each line.
    pub(super) json: bool,
    /// Compressed.
    pub(super) gzip: bool,
}

impl Ending {
    /// Reads `app.log`, `app.jsonl`, `app.log.gz`, `app.json.gz`.
    pub(super) fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_ascii_lowercase();
        let bare = name.strip_suffix(".gz");
        let json = [".jsonl", ".json", ".ndjson"];
        let content = bare.unwrap_or(&name);
        Ending {
            json: json.iter().any(|ending| content.ends_with(ending)),
            gzip: bare.is_some(),
        }
    }
}

/// A file that appears complete or not at all.
pub(super) struct Export<'a> {
    path: &'a Path,
    out: Out,
    buffer: Vec<u8>,
}

enum Out {
    Plain(BufWriter<tempfile::NamedTempFile>),
    Gzip(Box<GzEncoder<BufWriter<tempfile::NamedTempFile>>>),
}

impl<'a> Export<'a> {
    /// Begins a file next to its final place.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub(super) fn new(path: &'a Path) -> Result<Self, Failure> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(path, &error))?;
        let file = BufWriter::new(file);
        let out = match Ending::of(path).gzip {
            true => Out::Gzip(Box::new(GzEncoder::new(file, Compression::fast()))),
            false => Out::Plain(file),
        };
        Ok(Export {
            path,
            out,
            buffer: Vec::new(),
        })
    }

    /// Where to append; [`Export::step`] takes it from there.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Writes what has been appended, when it is enough.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(super) fn step(&mut self) -> Result<(), Failure> {
        match self.buffer.len() >= PIECE {
            true => self.write(),
            false => Ok(()),
        }
    }

    fn write(&mut self) -> Result<(), Failure> {
        let written = match &mut self.out {
            Out::Plain(file) => file.write_all(&self.buffer),
            Out::Gzip(file) => file.write_all(&self.buffer),
        };
        self.buffer.clear();
        written.map_err(|error| failed(self.path, &error))
    }

    /// Puts the file in its place and says so.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(super) fn finish(mut self, lines: usize, context: &Context) -> Outcome {
        self.write()?;
        let path = self.path;
        let failed = |error: io::Error| failed(path, &error);
        let file = match self.out {
            Out::Plain(file) => file,
            Out::Gzip(file) => file.finish().map_err(failed)?,
        };
        let file = file
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        let shown = path.display();
        let lines = count(lines, "line", "lines");
        context.ui.note(&format!("{lines} written to {shown}"));
        Ok(exit::DONE)
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot write {}: {error}", path.display()))
}

/// Writes all items into a file.
///
/// # Errors
///
/// Logs that cannot be read, a file that cannot be written.
pub(super) fn export(path: &Path, items: Items, mut form: Form, context: &Context) -> Outcome {
    let mut file = Export::new(path)?;
    let mut lines = 0;
    for item in items {
        let item = item.map_err(|error| unreadable(&error))?;
        lines += usize::from(item.line().is_some());
        form.write(&item, 1, file.buffer())
            .map_err(|error| unreadable(&error))?;
        file.step()?;
    }
    file.finish(lines, context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_name_says_what_a_file_holds() {
        let of = |name: &str| {
            let ending = Ending::of(Path::new(name));
            (ending.json, ending.gzip)
        };
        assert_eq!(of("out/app.log"), (false, false));
        assert_eq!(of("app"), (false, false));
        assert_eq!(of("app.JSONL"), (true, false));
        assert_eq!(of("app.json"), (true, false));
        assert_eq!(of("app.log.gz"), (false, true));
        assert_eq!(of("app.ndjson.gz"), (true, true));
    }
}
