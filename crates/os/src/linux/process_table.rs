//! What `/proc` says about processes and the machine, read as cheaply as the kernel allows.
//!
//! A supervisor looks at every process that it manages once a second, for days. What counts is
//! therefore the number of system calls and the text that the kernel has to format:
//!
//! * Files that are read again and again are kept open ([`KeptFiles`]) and read with `pread`. A kept
//!   file also belongs to its process for good: when the pid is given to somebody else, reading it
//!   fails instead of telling of a stranger.
//! * Resident memory, threads and times all stand in `stat`; no other file is needed for them.
//! * The number of open descriptors is the size of `/proc/PID/fd` (since Linux 6.2).
//! * Which processes are new is seen from the listing of `/proc` alone ([`Listed`]).
//!
//! A process may vanish between any two calls. That is an error of kind `NotFound`, or errno ESRCH,
//! for which [`is_gone`] asks; it is never a panic and never a row of zeros.

mod details;
mod files;
mod machine;
mod stat;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

pub use details::{
    Children, children_of, command_line, control_groups, cwd, environment, network_namespace,
    open_files_limit, proportional_memory, uid,
};
pub(in crate::platform) use files::for_each_entry;
pub use files::{Io, KeptFiles, Listed, ProcessTable};
pub use machine::{CpuTimes, Load, Machine, Memory, Storage, ephemeral_ports, storage_of};
pub use stat::{Comm, ProcessState, Stat};

/// Whether an error means that the process is no longer there.
pub fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

/// Size of a page of memory in bytes.
pub fn page_size() -> u64 {
    // SAFETY: sysconf takes a number and touches no memory of ours.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).unwrap_or(4096).max(1)
}

/// How many clock ticks, the unit of the times in `stat`, make a second.
pub fn ticks_per_second() -> u64 {
    // SAFETY: sysconf takes a number and touches no memory of ours.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).unwrap_or(100).max(1)
}

/// How many file descriptors this process may have open.
pub fn descriptor_limit() -> u64 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current.unwrap_or(u64::MAX)
}

/// Time since the machine started, time asleep included: the clock of [`Stat::start_ticks`].
pub fn since_boot() -> Duration {
    duration(ClockId::Boottime)
}

/// CPU time that the calling thread has used: what something costs, whatever else runs meanwhile.
pub fn thread_cpu_time() -> Duration {
    duration(ClockId::ThreadCPUTime)
}

/// When the machine started, as time since 1970.
///
/// The same at every call, so that what is computed from it can be compared, until somebody sets the
/// wall clock by more than a second.
pub fn boot_time() -> Duration {
    static KNOWN: AtomicU64 = AtomicU64::new(0);
    let now = duration(ClockId::Realtime).saturating_sub(since_boot());
    let known = Duration::from_nanos(KNOWN.load(Ordering::Relaxed));
    if now.abs_diff(known) <= Duration::from_secs(1) {
        return known;
    }
    let nanos = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
    KNOWN.store(nanos, Ordering::Relaxed);
    now
}

/// When a process started, as time since 1970, from [`Stat::start_ticks`].
pub fn started_at(start_ticks: u64) -> Duration {
    boot_time() + ticks_to_duration(start_ticks)
}

/// A count of ticks as time.
pub fn ticks_to_duration(ticks: u64) -> Duration {
    let per_second = ticks_per_second();
    let nanos = (ticks % per_second) * 1_000_000_000 / per_second;
    Duration::new(ticks / per_second, nanos as u32)
}

fn duration(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests;
