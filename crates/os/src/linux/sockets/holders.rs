//! Which sockets a process holds.

use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

use rustix::fs::CWD;

use crate::platform::process_table::for_each_entry;

/// The number of a socket, unique among those that are open.
pub type Inode = u64;

/// Calls `visit` with the inode of each socket that a process has open, once for each descriptor.
///
/// # Errors
/// Gone, or not permitted: another user's process.
pub fn sockets_of(pid: i32, mut visit: impl FnMut(Inode)) -> io::Result<()> {
    let folder = CString::new(format!("/proc/{pid}/fd")).unwrap_or_default();
    for_each_entry(CWD, &folder, |dir, descriptor| {
        if let Some(inode) = socket_behind(dir, descriptor) {
            visit(inode);
        }
    })
}

/// Reads the link rather than the file behind it: that never waits, whatever the file is.
fn socket_behind(dir: BorrowedFd<'_>, descriptor: &CStr) -> Option<Inode> {
    let mut buffer = [MaybeUninit::uninit(); 40];
    let (target, _) = rustix::fs::readlinkat_raw(dir, descriptor, &mut buffer).ok()?;
    let digits = target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
