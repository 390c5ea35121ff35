//! What one look found.

use std::net::IpAddr;

use crate::{MachineUsage, Moment, ProcessKey};

/// What the whole tree of one managed process uses.
///
/// Rates are over the time since the look before. `None` is what could not be read, or not yet: a rate
/// needs two looks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Usage {
    /// The processes of the tree, oldest member first; ended ones that nobody waited for are left out.
    pub pids: Vec<i32>,
    /// CPU in percent of one core, of children that have ended meanwhile too.
    pub cpu_percent: Option<f32>,
    /// Resident memory in bytes; pages that processes of the tree share count for each of them.
    pub memory_bytes: Option<u64>,
    /// Memory in bytes with shared pages divided among those who share them. Measured rarely.
    pub memory_pss_bytes: Option<u64>,
    /// Threads.
    pub threads: Option<u32>,
    /// Open file descriptors, of those processes where they can be counted.
    pub open_files: Option<u32>,
    /// Open file descriptors of the one process that has most of them: what its limit counts.
    pub open_files_most: Option<u32>,
    /// That process.
    pub open_files_most_pid: Option<i32>,
    /// Bytes read from storage each second, of those processes where this can be read.
    pub disk_read_bytes_per_s: Option<u64>,
    /// Bytes written towards storage each second, likewise.
    pub disk_write_bytes_per_s: Option<u64>,
    /// Bytes received by TCP each second. Traffic between two processes of one tree counts on both ends.
    pub net_rx_bytes_per_s: Option<u64>,
    /// Bytes sent by TCP each second.
    pub net_tx_bytes_per_s: Option<u64>,
    /// Where the tree listens by TCP, sorted.
    pub listening: Option<Vec<(u16, IpAddr)>>,
}

impl Usage {
    /// The ports it listens on, sorted, each once.
    pub fn ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.listening.iter().flatten().map(|l| l.0).collect();
        ports.dedup();
        ports
    }
}

/// What one look found: the machine and every managed process.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Moment,
    /// The machine as a whole.
    pub machine: MachineUsage,
    /// One for each root that was asked for, in that order.
    pub processes: Vec<(ProcessKey, Usage)>,
}
