//! Writes logs as a shim does, for tests and benchmarks.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use forge_facts::layout::{index_file, segment_file};
use forge_facts::{IndexKind, IndexRecord, RunId, Stream};

/// Writes one stream of a process.
pub struct Writer {
    dir: PathBuf,
    stream: Stream,
    number: u64,
    run: Option<RunId>,
    log: File,
    index: File,
    offset: u64,
}

impl Writer {
    /// Begins segment 1 of a stream in a process's folder, which is made where it is missing.
    ///
    /// # Errors
    ///
    /// Those of the file system, as for all of the functions here.
    pub fn new(dir: &Path, stream: Stream) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let (log, index) = open(dir, stream, 1)?;
        Ok(Writer {
            dir: dir.to_path_buf(),
            stream,
            number: 1,
            run: None,
            log,
            index,
            offset: 0,
        })
    }

    /// Begins a run.
    pub fn run(&mut self, run: RunId, time: u64) -> io::Result<()> {
        self.run = Some(run);
        self.record(IndexKind::Run(run), time)
    }

    /// Writes bytes and their chunk.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>, time: u64) -> io::Result<()> {
        self.write_unindexed(bytes)?;
        self.record(IndexKind::Chunk, time)
    }

    /// Writes bytes whose chunk is not (yet) there.
    pub fn write_unindexed(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.log.write_all(bytes.as_ref())?;
        self.offset += bytes.as_ref().len() as u64;
        Ok(())
    }

    /// Writes the chunk of all that was written.
    pub fn chunk(&mut self, time: u64) -> io::Result<()> {
        self.record(IndexKind::Chunk, time)
    }

    /// Records bytes that could not be kept.
    pub fn gap(&mut self, bytes: u64, since: u64, time: u64) -> io::Result<()> {
        self.record(IndexKind::Gap { bytes, since }, time)
    }

    /// Goes over to the next segment.
    pub fn rotate(&mut self, time: u64) -> io::Result<()> {
        self.number += 1;
        (self.log, self.index) = open(&self.dir, self.stream, self.number)?;
        self.offset = 0;
        match self.run {
            Some(run) => self.record(IndexKind::Run(run), time),
            None => Ok(()),
        }
    }

    /// Removes a segment, as rotation does with the oldest.
    pub fn remove(&self, number: u64) -> io::Result<()> {
        std::fs::remove_file(self.dir.join(segment_file(self.stream, number)))?;
        std::fs::remove_file(self.dir.join(index_file(self.stream, number)))
    }

    fn record(&mut self, kind: IndexKind, time: u64) -> io::Result<()> {
        let record = IndexRecord {
            kind,
            offset: self.offset,
            time,
        };
        self.index.write_all(&record.encode())
    }
}

fn open(dir: &Path, stream: Stream, number: u64) -> io::Result<(File, File)> {
    let append = |name: String| {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(dir.join(name))
    };
    Ok((
        append(segment_file(stream, number))?,
        append(index_file(stream, number))?,
    ))
}
