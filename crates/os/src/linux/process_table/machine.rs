//! What the machine as a whole does: CPU, memory, load, and whether any process was started.

use std::io;
use std::ops::RangeInclusive;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::stat::number;

/// CPU time of all cores since the machine started, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CpuTimes {
    /// Spent on work, time taken by other virtual machines (steal) included.
    pub busy: u64,
    /// Spent on anything, idling and waiting for storage included.
    pub total: u64,
    /// How many cores are switched on.
    pub cores: u32,
}

/// Memory of the machine, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// All that there is.
    pub total: u64,
    /// What new processes could get without swapping.
    pub available: u64,
    /// Swap space that there is.
    pub swap_total: u64,
    /// Swap space that is in use.
    pub swap_used: u64,
}

/// Room on the storage that holds a folder, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Storage {
    /// All that there is.
    pub total: u64,
    /// What this user can still write.
    pub available: u64,
    /// Names the storage: two folders with the same number share their room.
    pub id: u64,
}

/// How much room there is where a file or folder lies.
///
/// # Errors
/// When there is no such file, or it may not be looked at.
pub fn storage_of(path: &Path) -> io::Result<Storage> {
    let room = rustix::fs::statvfs(path)?;
    let bytes = |blocks: u64| blocks.saturating_mul(room.f_frsize.max(1));
    Ok(Storage {
        total: bytes(room.f_blocks),
        available: bytes(room.f_bavail),
        id: rustix::fs::stat(path)?.st_dev,
    })
}

/// The ports that the kernel gives to clients; `None` if it does not say.
pub fn ephemeral_ports() -> Option<RangeInclusive<u16>> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    Some(numbers.next()?.ok()?..=numbers.next()?.ok()?)
}

/// How many threads ran or wanted to, on average.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Over 1, 5 and 15 minutes.
    pub average: [f32; 3],
    /// The process or thread id that was given last. While it stays, nothing was started.
    pub last_pid: u64,
}

/// The machine's files, kept open.
#[derive(Debug)]
pub struct Machine {
    stat: OwnedFd,
    meminfo: OwnedFd,
    loadavg: OwnedFd,
    text: Vec<u8>,
}

impl Machine {
    /// Opens them.
    ///
    /// # Errors
    /// When `/proc` is not mounted or this process has no descriptor left.
    pub fn open() -> io::Result<Self> {
        let open =
            |path: &str| rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        Ok(Machine {
            stat: open("/proc/stat")?,
            meminfo: open("/proc/meminfo")?,
            loadavg: open("/proc/loadavg")?,
            text: vec![0; 16 * 1024],
        })
    }

    /// CPU time since the machine started.
    ///
    /// # Errors
    /// When the file cannot be read or has an unknown form.
    pub fn cpu(&mut self) -> io::Result<CpuTimes> {
        let text = read(&self.stat, &mut self.text)?;
        parse_cpu(text).ok_or_else(|| malformed("/proc/stat"))
    }

    /// Memory.
    ///
    /// # Errors
    /// When the file cannot be read or has an unknown form.
    pub fn memory(&mut self) -> io::Result<Memory> {
        let text = read(&self.meminfo, &mut self.text)?;
        parse_memory(text).ok_or_else(|| malformed("/proc/meminfo"))
    }

    /// Load, and the last pid.
    ///
    /// # Errors
    /// When the file cannot be read or has an unknown form.
    pub fn load(&mut self) -> io::Result<Load> {
        let text = read(&self.loadavg, &mut self.text)?;
        parse_load(text).ok_or_else(|| malformed("/proc/loadavg"))
    }
}

/// Reads the beginning of a file: what is wanted of `/proc/stat` comes before its long lines.
fn read<'a>(file: &OwnedFd, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let len = rustix::io::pread(file, &mut *buffer, 0)?;
    Ok(&buffer[..len])
}

pub(super) fn parse_cpu(text: &[u8]) -> Option<CpuTimes> {
    let mut lines = text.split(|byte| *byte == b'\n');
    let all = lines.next()?.strip_prefix(b"cpu ")?;
    let mut fields = [0u64; 8];
    let mut given = 0;
    for (place, word) in fields.iter_mut().zip(words(all)) {
        *place = number(word)?;
        given += 1;
    }
    if given < 4 {
        return None;
    }
    // The guest times behind these eight are already part of user and nice.
    let [user, nice, system, idle, iowait, irq, softirq, steal] = fields;
    let busy = user + nice + system + irq + softirq + steal;
    let cores = lines.take_while(|line| line.starts_with(b"cpu")).count();
    Some(CpuTimes {
        busy,
        total: busy + idle + iowait,
        cores: (cores as u32).max(1),
    })
}

pub(super) fn parse_memory(text: &[u8]) -> Option<Memory> {
    let mut total = None;
    let mut available = None;
    let mut free = 0;
    let mut reclaimable = 0;
    let mut swap_total = 0;
    let mut swap_free = 0;
    for line in text.split(|byte| *byte == b'\n') {
        let mut parts = words(line);
        let (Some(name), Some(value)) = (parts.next(), parts.next().and_then(number)) else {
            continue;
        };
        let bytes = value.saturating_mul(1024);
        match name {
            b"MemTotal:" => total = Some(bytes),
            b"MemAvailable:" => available = Some(bytes),
            b"MemFree:" => free = bytes,
            b"Buffers:" | b"Cached:" | b"SReclaimable:" => reclaimable += bytes,
            b"SwapTotal:" => swap_total = bytes,
            b"SwapFree:" => swap_free = bytes,
            _ => {}
        }
    }
    let total = total?;
    Some(Memory {
        total,
        available: available.unwrap_or(free + reclaimable).min(total),
        swap_total,
        swap_used: swap_total.saturating_sub(swap_free),
    })
}

pub(super) fn parse_load(text: &[u8]) -> Option<Load> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split_ascii_whitespace();
    let mut average = [0.0; 3];
    for place in &mut average {
        *place = words.next()?.parse().ok()?;
    }
    let last_pid = words.nth(1)?.parse().ok()?;
    Some(Load { average, last_pid })
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty())
}

fn malformed(file: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{file} has an unknown form"),
    )
}
