//! What is asked about a process now and then: its command, folder, environment, children.

use std::ffi::{CStr, CString, OsString};
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use rustix::fs::{CWD, Mode, OFlags};

use super::files::{PidPath, for_each_entry};
use super::stat::number;

/// The arguments of a process, the program first. Empty for kernel threads and ended processes.
///
/// A process can overwrite this text; nothing may be decided by it.
///
/// # Errors
/// Gone ([`super::is_gone`]).
pub fn command_line(pid: i32) -> io::Result<Vec<OsString>> {
    let mut text = read_memory(pid, "cmdline")?;
    // A program that renames itself often pads with NUL.
    while text.last() == Some(&0) {
        text.pop();
    }
    if text.is_empty() {
        return Ok(Vec::new());
    }
    Ok(text
        .split(|byte| *byte == 0)
        .map(|word| OsString::from_vec(word.to_vec()))
        .collect())
}

/// The current folder of a process.
///
/// # Errors
/// Gone, or not permitted: another user's process.
pub fn cwd(pid: i32) -> io::Result<PathBuf> {
    fs::read_link(format!("/proc/{pid}/cwd"))
}

/// The environment with which a process was started: `NAME=value` entries, as they lie in its memory.
///
/// # Errors
/// Gone, or not permitted: another user's process.
pub fn environment(pid: i32) -> io::Result<Vec<Vec<u8>>> {
    let text = read_memory(pid, "environ")?;
    Ok(text
        .split(|byte| *byte == 0)
        .filter(|entry| !entry.is_empty())
        .map(<[u8]>::to_vec)
        .collect())
}

/// The user that a process runs as (its effective id; root for one that forbids being looked into).
///
/// # Errors
/// Gone.
pub fn uid(pid: i32) -> io::Result<u32> {
    Ok(fs::metadata(format!("/proc/{pid}"))?.uid())
}

/// A number that is the same for processes which see the same network.
///
/// # Errors
/// Gone, or not permitted: another user's process.
pub fn network_namespace(pid: i32) -> io::Result<u64> {
    Ok(fs::metadata(format!("/proc/{pid}/ns/net"))?.ino())
}

/// The control groups of a process, as the kernel prints them: by these the processes of a container are
/// known.
///
/// # Errors
/// Gone.
pub fn control_groups(pid: i32) -> io::Result<Vec<u8>> {
    fs::read(format!("/proc/{pid}/cgroup"))
}

/// How many file descriptors a process may have open; `None` for as many as it likes.
///
/// # Errors
/// Gone, not permitted, or a file of unknown form.
pub fn open_files_limit(pid: i32) -> io::Result<Option<u64>> {
    let text = fs::read(format!("/proc/{pid}/limits"))?;
    parse_open_files_limit(&text).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("/proc/{pid}/limits has no line `Max open files`"),
        )
    })
}

pub(super) fn parse_open_files_limit(text: &[u8]) -> Option<Option<u64>> {
    let line = text
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"Max open files"))?;
    let soft = line
        .split(u8::is_ascii_whitespace)
        .find(|word| !word.is_empty())?;
    match soft {
        b"unlimited" => Some(None),
        digits => number(digits).map(Some),
    }
}

/// Memory of a process in bytes, where a page that several processes share counts for each in part.
///
/// Costs the kernel a walk through all its pages, for a large process milliseconds: not for every second.
///
/// # Errors
/// Gone, or not permitted: another user's process.
pub fn proportional_memory(pid: i32) -> io::Result<u64> {
    let text = fs::read(format!("/proc/{pid}/smaps_rollup"))?;
    text.split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"Pss:"))
        .and_then(|value| number(value.trim_ascii().strip_suffix(b" kB")?))
        .map(|kilobytes| kilobytes * 1024)
        .ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("/proc/{pid}/smaps_rollup has no line `Pss:`"),
            )
        })
}

/// Reads a file that shows a piece of a process's memory. Such a file is given in whole as far as there is room, so
/// less than there is room for is all of it; each further call would look for that memory again.
fn read_memory(pid: i32, name: &str) -> io::Result<Vec<u8>> {
    let mut path = PidPath::default();
    let path = [b"/proc/", path.of(pid, name).to_bytes()].concat();
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path.as_slice(), flags, Mode::empty())?;
    let mut text = vec![0; 8192];
    let mut len = 0;
    loop {
        let read = rustix::io::pread(&file, &mut text[len..], len as u64)?;
        len += read;
        if len < text.len() {
            text.truncate(len);
            return Ok(text);
        }
        text.resize(len * 2, 0);
    }
}

/// Children of a process.
pub type Children = Vec<i32>;

/// The children of a process, of all its threads, ended ones that nobody waited for included.
///
/// # Errors
/// Gone, or a kernel without `/proc/PID/task/TID/children`.
pub fn children_of(pid: i32) -> io::Result<Children> {
    let folder = CString::new(format!("/proc/{pid}/task")).unwrap_or_default();
    let mut children = Vec::new();
    let mut buffer = vec![0u8; 4096];
    for_each_entry(CWD, &folder, |dir, thread| {
        // A thread that ends while we look has handed its children to the others.
        let _ = read_children(dir, thread, &mut buffer, &mut children);
    })?;
    Ok(children)
}

fn read_children(
    task: impl AsFd,
    thread: &CStr,
    buffer: &mut Vec<u8>,
    children: &mut Children,
) -> io::Result<()> {
    let path = [thread.to_bytes(), b"/children"].concat();
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(task, path.as_slice(), flags, Mode::empty())?;
    let mut len = 0;
    loop {
        if len == buffer.len() {
            buffer.resize(len * 2, 0);
        }
        let read = rustix::io::pread(&file, &mut buffer[len..], len as u64)?;
        if read == 0 {
            break;
        }
        len += read;
    }
    let numbers = buffer[..len].split(|byte| *byte == b' ');
    children.extend(numbers.filter_map(|digits| i32::try_from(number(digits)?).ok()));
    Ok(())
}
