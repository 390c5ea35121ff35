//! Listing `/proc` and reading the files that are read every second.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, RawDir, SeekFrom};

use super::stat::{Stat, number};

/// One entry of the listing of `/proc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Process id.
    pub pid: i32,
    /// The number by which the kernel knows the entry. It stays while the process lives (or changes,
    /// when memory is short); the next process with the same pid has another. So an entry whose two
    /// numbers were seen before is nothing new, and its `stat` need not be read.
    pub inode: u64,
}

/// Bytes that a process moved from and to storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Io {
    /// Fetched from storage; what the page cache had is not counted.
    pub read_bytes: u64,
    /// Sent towards storage, counted when a page becomes dirty.
    pub write_bytes: u64,
}

/// The files of one process that are read again and again, kept open.
///
/// Costs three file descriptors (one, if only `stat` is kept). Reading fails once the process is gone,
/// also where its pid lives on as another process.
#[derive(Debug)]
pub struct KeptFiles {
    stat: OwnedFd,
    io: Option<OwnedFd>,
    descriptors: Option<OwnedFd>,
}

/// A handle on `/proc` with the buffers that reading needs.
#[derive(Debug)]
pub struct ProcessTable {
    proc: OwnedFd,
    text: Box<[u8; 4096]>,
    entries: Vec<u8>,
    pub(super) size_counts_descriptors: bool,
}

impl ProcessTable {
    /// Opens `/proc`.
    ///
    /// # Errors
    /// When it is not mounted or this process has no descriptor left.
    pub fn open() -> io::Result<Self> {
        let proc = rustix::fs::open(
            c"/proc",
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        // This very process has a descriptor open, so a size of 0 means a kernel before 6.2.
        let own = rustix::fs::statat(&proc, c"self/fd", AtFlags::empty())?;
        Ok(ProcessTable {
            proc,
            text: Box::new([0; 4096]),
            entries: Vec::with_capacity(32 * 1024),
            size_counts_descriptors: own.st_size > 0,
        })
    }

    /// Puts every process that this user may see into `out`, sorted by pid. Threads are not listed.
    ///
    /// # Errors
    /// When `/proc` cannot be read; `out` is then incomplete.
    pub fn list(&mut self, out: &mut Vec<Listed>) -> io::Result<()> {
        out.clear();
        rustix::fs::seek(&self.proc, SeekFrom::Start(0))?;
        let mut entries = RawDir::new(&self.proc, self.entries.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            if let Some(pid) = pid_of(entry.file_name()) {
                out.push(Listed {
                    pid,
                    inode: entry.ino(),
                });
            }
        }
        if !out.is_sorted_by_key(|listed| listed.pid) {
            out.sort_unstable_by_key(|listed| listed.pid);
        }
        Ok(())
    }

    /// Reads `stat` of a process.
    ///
    /// # Errors
    /// Gone ([`super::is_gone`]), or hidden by how `/proc` is mounted (which looks the same).
    pub fn stat(&mut self, pid: i32) -> io::Result<Stat> {
        let file = self.open_file(pid, "stat")?;
        read_stat(file.as_fd(), &mut self.text)
    }

    /// Reads how much a process read from and wrote to storage.
    ///
    /// # Errors
    /// Gone, or not permitted: another user's process, or one that forbids being looked into.
    pub fn io(&mut self, pid: i32) -> io::Result<Io> {
        let file = self.open_file(pid, "io")?;
        read_io(file.as_fd(), &mut self.text)
    }

    /// Opens the files of a process that are read each second.
    ///
    /// # Errors
    /// Gone, or no descriptor left.
    pub fn keep(&self, pid: i32) -> io::Result<KeptFiles> {
        // All are opened below one directory, so they are of one process even if the pid changes
        // hands in between.
        let dir = self.open_at(pid, "", OFlags::PATH | OFlags::DIRECTORY)?;
        let read = OFlags::RDONLY | OFlags::CLOEXEC;
        let look = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(KeptFiles {
            stat: rustix::fs::openat(&dir, c"stat", read, Mode::empty())?,
            io: rustix::fs::openat(&dir, c"io", read, Mode::empty()).ok(),
            descriptors: rustix::fs::openat(&dir, c"fd", look, Mode::empty()).ok(),
        })
    }

    /// Opens only `stat` of a process.
    ///
    /// # Errors
    /// Gone, or no descriptor left.
    pub fn keep_stat(&self, pid: i32) -> io::Result<KeptFiles> {
        Ok(KeptFiles {
            stat: self.open_file(pid, "stat")?,
            io: None,
            descriptors: None,
        })
    }

    /// Reads `stat` by a kept file.
    ///
    /// # Errors
    /// Gone.
    pub fn kept_stat(&mut self, files: &KeptFiles) -> io::Result<Stat> {
        read_stat(files.stat.as_fd(), &mut self.text)
    }

    /// Reads the storage counters by a kept file.
    ///
    /// # Errors
    /// Gone or not permitted; both can change while the file is open.
    pub fn kept_io(&mut self, files: &KeptFiles) -> io::Result<Io> {
        match &files.io {
            Some(io) => read_io(io.as_fd(), &mut self.text),
            None => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    /// How many file descriptors a process has open, by a kept folder.
    ///
    /// # Errors
    /// Gone; before Linux 6.2 also not permitted for other users' processes.
    pub fn kept_open_files(&self, files: &KeptFiles) -> io::Result<u32> {
        let Some(folder) = &files.descriptors else {
            return Err(io::ErrorKind::PermissionDenied.into());
        };
        if self.size_counts_descriptors {
            return Ok(size(&rustix::fs::fstat(folder)?));
        }
        count_entries(folder.as_fd(), c".")
    }

    /// How many file descriptors a process has open.
    ///
    /// # Errors
    /// Gone; before Linux 6.2 also not permitted for other users' processes.
    pub fn open_files(&self, pid: i32) -> io::Result<u32> {
        let mut path = PidPath::default();
        let path = path.of(pid, "fd");
        if self.size_counts_descriptors {
            let folder = rustix::fs::statat(&self.proc, path, AtFlags::empty())?;
            return Ok(size(&folder));
        }
        count_entries(self.proc.as_fd(), path)
    }

    fn open_file(&self, pid: i32, name: &str) -> io::Result<OwnedFd> {
        self.open_at(pid, name, OFlags::RDONLY)
    }

    fn open_at(&self, pid: i32, name: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let mut path = PidPath::default();
        Ok(rustix::fs::openat(
            &self.proc,
            path.of(pid, name),
            flags | OFlags::CLOEXEC,
            Mode::empty(),
        )?)
    }
}

fn size(folder: &rustix::fs::Stat) -> u32 {
    u32::try_from(folder.st_size).unwrap_or(u32::MAX)
}

fn count_entries(below: BorrowedFd<'_>, path: &CStr) -> io::Result<u32> {
    let mut count = 0;
    for_each_entry(below, path, |_, _| count += 1)?;
    Ok(count)
}

/// Calls `visit` with the folder and the name of each entry of a folder whose entries are numbers, such
/// as `fd` and `task`.
///
/// # Errors
/// When it cannot be opened or read to its end.
pub(in crate::platform) fn for_each_entry(
    below: BorrowedFd<'_>,
    path: &CStr,
    mut visit: impl FnMut(BorrowedFd<'_>, &CStr),
) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = rustix::fs::openat(below, path, flags, Mode::empty())?;
    let mut buffer = [const { std::mem::MaybeUninit::uninit() }; 4096];
    let mut entries = RawDir::new(&dir, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        if entry.file_name().to_bytes()[0] != b'.' {
            visit(dir.as_fd(), entry.file_name());
        }
    }
    Ok(())
}

/// The path of a file of a process below `/proc`, made without allocating.
#[derive(Default)]
pub(in crate::platform) struct PidPath([u8; 32]);

impl PidPath {
    /// `PID/NAME`. Names are ours and short.
    pub(in crate::platform) fn of(&mut self, pid: i32, name: &str) -> &CStr {
        use std::io::Write;
        self.0 = [0; 32];
        let mut place = &mut self.0[..31];
        // A name that does not fit ends early and finds no file; all of ours fit.
        let _ = write!(place, "{pid}/{name}");
        CStr::from_bytes_until_nul(&self.0).unwrap_or(c"")
    }
}

fn pid_of(name: &CStr) -> Option<i32> {
    i32::try_from(number(name.to_bytes())?).ok()
}

fn read_stat(file: BorrowedFd<'_>, buffer: &mut [u8; 4096]) -> io::Result<Stat> {
    let len = rustix::io::pread(file, &mut buffer[..], 0)?;
    Stat::parse(&buffer[..len]).ok_or_else(|| malformed("stat"))
}

fn read_io(file: BorrowedFd<'_>, buffer: &mut [u8; 4096]) -> io::Result<Io> {
    let len = rustix::io::pread(file, &mut buffer[..], 0)?;
    parse_io(&buffer[..len]).ok_or_else(|| malformed("io"))
}

pub(super) fn parse_io(text: &[u8]) -> Option<Io> {
    let mut read_bytes = None;
    let mut write_bytes = None;
    for line in text.split(|byte| *byte == b'\n') {
        if let Some(value) = line.strip_prefix(b"read_bytes: ") {
            read_bytes = number(value);
        } else if let Some(value) = line.strip_prefix(b"write_bytes: ") {
            write_bytes = number(value);
        }
    }
    Some(Io {
        read_bytes: read_bytes?,
        write_bytes: write_bytes?,
    })
}

fn malformed(file: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the kernel's {file} file of a process has an unknown form"),
    )
}
