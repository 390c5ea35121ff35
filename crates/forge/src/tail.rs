//! The bytes that a process writes, as it writes them: read from the end of its newest segment on,
//! across rotation. For `attach`, which wants bytes and no lines.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use forge_facts::Stream;
use forge_facts::layout::{parse_segment_file, segment_file};

/// A place in the output of one stream.
#[derive(Debug)]
pub(crate) struct Tail {
    folder: PathBuf,
    stream: Stream,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    number: u64,
    file: File,
    offset: u64,
}

/// What is read at once; a flood is shown piece by piece, so that keys are heard in between.
const PIECE: usize = 64 * 1024;

impl Tail {
    /// At most `back` bytes before the end of what is there. Output that begins later is read from
    /// its beginning.
    pub(crate) fn near_end(folder: &Path, stream: Stream, back: u64) -> Self {
        let mut tail = Tail {
            folder: folder.to_path_buf(),
            stream,
            open: None,
        };
        if let Some(number) = tail.numbers().into_iter().max()
            && let Some(mut open) = tail.open_segment(number)
        {
            let length = open.file.metadata().map_or(0, |meta| meta.len());
            open.offset = length.saturating_sub(back);
            tail.open = Some(open);
        }
        tail
    }

    /// The bytes that have been added, at most a piece; empty when there are none.
    ///
    /// # Errors
    ///
    /// Those of reading the segment.
    pub(crate) fn read(&mut self) -> io::Result<Vec<u8>> {
        if self.open.is_none() {
            self.open = self
                .numbers()
                .into_iter()
                .min()
                .and_then(|first| self.open_segment(first));
        }
        let Some(open) = &mut self.open else {
            return Ok(Vec::new());
        };
        let mut bytes = vec![0; PIECE];
        let count = open.file.read_at(&mut bytes, open.offset)?;
        if count > 0 {
            open.offset += count as u64;
            bytes.truncate(count);
            return Ok(bytes);
        }
        let number = open.number;
        let next = self
            .numbers()
            .into_iter()
            .filter(|next| *next > number)
            .min();
        if let Some(next) = next.and_then(|next| self.open_segment(next)) {
            // The former one may have grown between the read above and the look into the folder.
            let last = self.read_rest()?;
            self.open = Some(next);
            return Ok(last);
        }
        Ok(Vec::new())
    }

    fn read_rest(&mut self) -> io::Result<Vec<u8>> {
        let Some(open) = &mut self.open else {
            return Ok(Vec::new());
        };
        let length = open.file.metadata()?.len();
        let mut bytes = vec![0; usize::try_from(length.saturating_sub(open.offset)).unwrap_or(0)];
        let count = open.file.read_at(&mut bytes, open.offset)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    fn open_segment(&self, number: u64) -> Option<Open> {
        let path = self.folder.join(segment_file(self.stream, number));
        File::open(path).ok().map(|file| Open {
            number,
            file,
            offset: 0,
        })
    }

    fn numbers(&self) -> Vec<u64> {
        let Ok(files) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        files
            .flatten()
            .filter_map(|file| parse_segment_file(file.file_name().to_str()?))
            .filter(|(stream, _)| *stream == self.stream)
            .map(|(_, number)| number)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn bytes_are_read_once_across_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let path = |number| folder.path().join(segment_file(Stream::Stdout, number));
        let mut tail = Tail::near_end(folder.path(), Stream::Stdout, 10);
        assert_eq!(tail.read().unwrap(), b"");
        let mut first = File::create(path(7)).unwrap();
        first.write_all(b"one ").unwrap();
        assert_eq!(tail.read().unwrap(), b"one ");
        first.write_all(b"two ").unwrap();
        std::fs::write(path(8), b"three").unwrap();
        let mut all = Vec::new();
        for _ in 0..4 {
            all.extend(tail.read().unwrap());
        }
        assert_eq!(all, b"two three");
    }

    #[test]
    fn it_begins_near_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(segment_file(Stream::Terminal, 1));
        std::fs::write(path, b"0123456789").unwrap();
        let mut tail = Tail::near_end(folder.path(), Stream::Terminal, 3);
        assert_eq!(tail.read().unwrap(), b"789");
        assert_eq!(tail.read().unwrap(), b"");
    }
}
