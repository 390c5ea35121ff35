//! The segments of one stream as one run of bytes, of which the oldest may vanish at any time.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use forge_facts::layout::{index_file, parse_segment_file, segment_file};
use forge_facts::{IndexRecord, RunId, Stream};

use crate::line::{Place, Source};
use crate::sidecar::Sidecar;

/// One segment, as it was when last looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) mtime: u64,
    inode: u64,
}

/// The segments of one stream.
pub(crate) struct Segments {
    pub(crate) source: Arc<Source>,
    list: Vec<Segment>,
    open: Option<Open>,
    /// A segment in whose place there is another file now.
    replaced: Option<u64>,
}

/// The segment that is being read.
struct Open {
    number: u64,
    file: Option<File>,
    sidecar: Sidecar,
    /// The offset at which the sidecar was last asked for news.
    asked_at: Option<u64>,
}

/// How far behind the sidecar's end reading goes on before it is asked for news again, in bytes.
const ASK_AGAIN: u64 = 256 * 1024;

/// When a byte was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
    /// Whether the sidecar says so.
    pub(crate) exact: bool,
}

impl Segments {
    /// The segments that exist now. A folder that does not exist has none.
    pub(crate) fn list(source: Arc<Source>) -> io::Result<Self> {
        let mut segments = Segments {
            source,
            list: Vec::new(),
            open: None,
            replaced: None,
        };
        segments.refresh()?;
        Ok(segments)
    }

    /// The same segments, to be read at another place.
    pub(crate) fn fork(&self) -> Self {
        Segments {
            source: self.source.clone(),
            list: self.list.clone(),
            open: None,
            replaced: None,
        }
    }

    pub(crate) fn all(&self) -> &[Segment] {
        &self.list
    }

    /// The first byte that there is.
    pub(crate) fn start(&self) -> Place {
        Place::new(self.list.first().map_or(1, |s| s.number), 0)
    }

    /// Behind the last byte that there is.
    pub(crate) fn end(&self) -> Place {
        self.list
            .last()
            .map_or(Place::new(1, 0), |s| Place::new(s.number, s.size))
    }

    /// How many bytes there are between two places.
    pub(crate) fn bytes(&self, from: Place, to: Place) -> u64 {
        let own = |segment: &Segment| {
            let begin = match segment.number == from.segment() {
                true => from.offset(),
                false => 0,
            };
            let end = match segment.number == to.segment() {
                true => to.offset(),
                false => segment.size,
            };
            end.saturating_sub(begin)
        };
        let within = from.segment()..=to.segment();
        let list = self.list.iter().filter(|one| within.contains(&one.number));
        list.map(own).sum()
    }

    /// Looks for new segments, removed ones and new sizes.
    ///
    /// A segment is finished before the next one is made: sizes are taken after the names are known,
    /// so all but the last are final.
    pub(crate) fn refresh(&mut self) -> io::Result<()> {
        let mut numbers = segment_numbers(&self.source.dir, self.source.stream)?;
        numbers.sort_unstable();
        self.list
            .retain(|known| numbers.binary_search(&known.number).is_ok());
        for number in numbers {
            self.look_at(number)?;
        }
        Ok(())
    }

    /// Takes the present size of the last segment.
    pub(crate) fn refresh_last(&mut self) -> io::Result<()> {
        match self.list.last() {
            Some(last) => self.look_at(last.number),
            None => Ok(()),
        }
    }

    fn look_at(&mut self, number: u64) -> io::Result<()> {
        let at = self.list.partition_point(|known| known.number < number);
        let known = self.list.get(at).is_some_and(|s| s.number == number);
        // What stands there and is no file (a link, say) is none of ours, as if there were nothing.
        let meta = match std::fs::symlink_metadata(self.path(number)) {
            Ok(meta) => Some(meta).filter(std::fs::Metadata::is_file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(meta) = meta else {
            if known {
                self.list.remove(at);
            }
            return Ok(());
        };
        let segment = Segment {
            number,
            size: meta.len(),
            mtime: (meta.mtime().max(0) as u64) * 1_000_000_000 + meta.mtime_nsec().max(0) as u64,
            inode: meta.ino(),
        };
        if !known {
            self.list.insert(at, segment);
            return Ok(());
        }
        let before = std::mem::replace(&mut self.list[at], segment);
        let replaced = before.inode != segment.inode || segment.size < before.size;
        if replaced {
            self.replaced = Some(number);
        }
        if replaced && self.open.as_ref().is_some_and(|open| open.number == number) {
            self.open = None;
        }
        Ok(())
    }

    /// Whether another file has taken the place of this segment since it was last asked.
    pub(crate) fn take_replaced(&mut self, number: u64) -> bool {
        let replaced = self.replaced == Some(number);
        if replaced {
            self.replaced = None;
        }
        replaced
    }

    /// The segment with this number; the next one that exists; the one before.
    pub(crate) fn get(&self, number: u64) -> Option<Segment> {
        let at = self.list.partition_point(|s| s.number < number);
        self.list.get(at).copied().filter(|s| s.number == number)
    }

    pub(crate) fn after(&self, number: u64) -> Option<Segment> {
        let at = self.list.partition_point(|s| s.number <= number);
        self.list.get(at).copied()
    }

    pub(crate) fn before(&self, number: u64) -> Option<Segment> {
        let at = self.list.partition_point(|s| s.number < number);
        at.checked_sub(1).map(|at| self.list[at])
    }

    /// Reads from a place on, within its segment. 0 bytes: the segment ends there, or is gone.
    pub(crate) fn read(&mut self, place: Place, buffer: &mut [u8]) -> io::Result<usize> {
        self.open_segment(place.segment());
        let open = self.open.as_mut().expect("opened above");
        if open.file.is_none() {
            open.file = match File::open(path_of(&self.source, open.number)) {
                Ok(file) => Some(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
                Err(error) => return Err(error),
            };
        }
        let file = open.file.as_ref().expect("opened above");
        let mut have = 0;
        while have < buffer.len() {
            match file.read_at(&mut buffer[have..], place.offset() + have as u64) {
                Ok(0) => break,
                Ok(more) => have += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(have)
    }

    /// Closes the segment's file, which is opened again where it is needed: with many processes,
    /// descriptors are few.
    pub(crate) fn close(&mut self) {
        if let Some(open) = &mut self.open {
            open.file = None;
            open.sidecar.close();
        }
    }

    /// When the byte at this place was written.
    pub(crate) fn moment(&mut self, place: Place) -> Moment {
        if let Some(time) = self.sidecar(place.segment()).time_at(place.offset()) {
            return Moment { time, exact: true };
        }
        let open = self.open.as_mut().expect("opened by sidecar()");
        let asked = open.asked_at.replace(place.offset());
        if asked.is_none_or(|asked| place.offset().abs_diff(asked) > ASK_AGAIN) {
            open.sidecar.refresh();
            if let Some(time) = open.sidecar.time_at(place.offset()) {
                return Moment { time, exact: true };
            }
        } else {
            open.asked_at = asked;
        }
        let last = open.sidecar.last_time().unwrap_or(0);
        // A segment that was removed while it is read was written before the one that is kept.
        let kept = self
            .get(place.segment())
            .or_else(|| self.list.first().copied());
        let mtime = kept.map_or(0, |segment| segment.mtime);
        Moment {
            time: last.max(mtime),
            exact: false,
        }
    }

    /// Behind the last byte whose time the sidecar of this segment knows.
    pub(crate) fn indexed(&mut self, number: u64) -> Place {
        let sidecar = self.sidecar(number);
        sidecar.refresh();
        Place::new(number, sidecar.end())
    }

    /// Index of the first record of a segment's sidecar at or behind an offset.
    pub(crate) fn first_mark(&mut self, place: Place) -> usize {
        self.sidecar(place.segment()).first_from(place.offset())
    }

    /// Runs and gaps of a segment: see [`Sidecar::marks`].
    pub(crate) fn marks(&mut self, number: u64, from: usize, to: u64) -> (Vec<IndexRecord>, usize) {
        let growing = self.list.last().is_some_and(|last| last.number == number);
        let sidecar = self.sidecar(number);
        if growing {
            sidecar.refresh();
        }
        sidecar.marks(from, to)
    }

    /// The run that the byte at this place belongs to.
    pub(crate) fn run_at(&mut self, place: Place) -> Option<RunId> {
        self.sidecar(place.segment()).run_at(place.offset())
    }

    /// The run that the byte before this place belongs to.
    pub(crate) fn run_before(&mut self, place: Place) -> Option<RunId> {
        if place.offset() > 0 {
            return self.run_at(Place::new(place.segment(), place.offset() - 1));
        }
        let before = self.before(place.segment())?;
        self.run_at(Place::new(before.number, before.size))
    }

    /// Every run that is known, with where its bytes begin, in order.
    pub(crate) fn runs(&mut self) -> Vec<(Place, RunId)> {
        let mut all: Vec<(Place, RunId)> = Vec::new();
        for at in 0..self.list.len() {
            let number = self.list[at].number;
            for (offset, run) in self.sidecar(number).runs().to_vec() {
                if all.last().is_none_or(|(_, last)| *last != run) {
                    all.push((Place::new(number, offset), run));
                }
            }
        }
        all
    }

    /// The first byte that may have been written at `time` or later.
    ///
    /// The time of a file may be later than that of its last byte, as when it was copied: sidecars
    /// decide.
    pub(crate) fn since(&mut self, time: u64) -> Place {
        let later = self.list.iter().filter(|s| s.mtime >= time);
        let later: Vec<Segment> = later.copied().collect();
        for segment in later {
            let sidecar = self.sidecar(segment.number);
            let offset = sidecar.written_by(time.saturating_sub(1)).offset;
            if offset < segment.size {
                return Place::new(segment.number, offset);
            }
        }
        self.end()
    }

    pub(crate) fn sidecar(&mut self, number: u64) -> &mut Sidecar {
        self.open_segment(number);
        &mut self.open.as_mut().expect("opened above").sidecar
    }

    fn open_segment(&mut self, number: u64) {
        if self.open.as_ref().is_none_or(|open| open.number != number) {
            let name = index_file(self.source.stream, number);
            self.open = Some(Open {
                number,
                file: None,
                sidecar: Sidecar::open(&self.source.dir.join(name)),
                asked_at: None,
            });
        }
    }

    fn path(&self, number: u64) -> PathBuf {
        path_of(&self.source, number)
    }
}

pub(crate) fn path_of(source: &Source, number: u64) -> PathBuf {
    source.dir.join(segment_file(source.stream, number))
}

fn segment_numbers(dir: &Path, stream: Stream) -> io::Result<Vec<u64>> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        if let Some((of, number)) = name.to_str().and_then(parse_segment_file)
            && of == stream
        {
            numbers.push(number);
        }
    }
    Ok(numbers)
}
