//! What a container uses, from two readings of what it has used.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

/// What a container has used up to a time. `None` is what the engine does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reading {
    /// When, since 1970.
    pub at: Option<Duration>,
    /// CPU time.
    pub cpu: Option<Duration>,
    /// Memory in bytes, without what the kernel only caches.
    pub memory_bytes: Option<u64>,
    /// The most that it may have.
    pub memory_limit_bytes: Option<u64>,
    /// Processes and threads.
    pub threads: Option<u32>,
    /// Bytes received since it was started.
    pub net_rx_bytes: Option<u64>,
    /// Bytes sent since it was started.
    pub net_tx_bytes: Option<u64>,
    /// Bytes read from storage since it was started.
    pub disk_read_bytes: Option<u64>,
    /// Bytes written to storage since it was started.
    pub disk_write_bytes: Option<u64>,
}

/// What a container uses. `None` is what the engine does not tell, or not yet: a rate needs two readings.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ContainerUsage {
    /// CPU in percent of one core.
    pub cpu_percent: Option<f32>,
    /// Memory in bytes, without what the kernel only caches.
    pub memory_bytes: Option<u64>,
    /// The most that it may have.
    pub memory_limit_bytes: Option<u64>,
    /// Processes and threads.
    pub threads: Option<u32>,
    /// Bytes received each second.
    pub net_rx_bytes_per_s: Option<u64>,
    /// Bytes sent each second.
    pub net_tx_bytes_per_s: Option<u64>,
    /// Bytes read from storage each second.
    pub disk_read_bytes_per_s: Option<u64>,
    /// Bytes written to storage each second.
    pub disk_write_bytes_per_s: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Stats {
    read: String,
    cpu_stats: Cpu,
    memory_stats: Memory,
    pids_stats: Pids,
    networks: Option<BTreeMap<String, Network>>,
    blkio_stats: Storage,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Cpu {
    cpu_usage: CpuUsage,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CpuUsage {
    /// Nanoseconds.
    total_usage: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Memory {
    usage: Option<u64>,
    limit: Option<u64>,
    stats: BTreeMap<String, u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pids {
    current: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Network {
    rx_bytes: u64,
    tx_bytes: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Storage {
    io_service_bytes_recursive: Option<Vec<Amount>>,
}

#[derive(Deserialize)]
struct Amount {
    op: String,
    value: u64,
}

impl Reading {
    pub(super) fn of(stats: &Stats) -> Self {
        let network = |of: fn(&Network) -> u64| {
            let networks = stats.networks.as_ref()?;
            Some(networks.values().map(of).sum())
        };
        let storage = |op: &str| {
            let amounts = stats.blkio_stats.io_service_bytes_recursive.as_ref()?;
            let amounts = amounts
                .iter()
                .filter(|amount| amount.op.eq_ignore_ascii_case(op));
            Some(amounts.map(|amount| amount.value).sum())
        };
        let memory = &stats.memory_stats;
        // What it is called in either version of control groups; the older has one that leaves out what is below.
        let cache = ["total_inactive_file", "inactive_file"];
        let cache = cache.iter().find_map(|name| memory.stats.get(*name));
        Reading {
            at: super::engine::time(&stats.read),
            cpu: stats
                .cpu_stats
                .cpu_usage
                .total_usage
                .map(Duration::from_nanos),
            memory_bytes: memory
                .usage
                .map(|all| all.saturating_sub(cache.copied().unwrap_or(0))),
            memory_limit_bytes: memory.limit,
            threads: stats.pids_stats.current,
            net_rx_bytes: network(|network| network.rx_bytes),
            net_tx_bytes: network(|network| network.tx_bytes),
            disk_read_bytes: storage("read"),
            disk_write_bytes: storage("write"),
        }
    }

    /// What was used between an earlier reading and this one.
    pub fn since(&self, before: Option<&Reading>) -> ContainerUsage {
        let seconds = before
            .and_then(|before| self.at?.checked_sub(before.at?))
            .map(|time| time.as_secs_f64())
            .filter(|seconds| *seconds > 0.0);
        let rate = |of: fn(&Reading) -> Option<u64>| {
            // What went back is another life of the container.
            let grown = of(self)?.checked_sub(of(before?)?)?;
            Some((grown as f64 / seconds?).round() as u64)
        };
        let cpu = before.and_then(|before| self.cpu?.checked_sub(before.cpu?));
        ContainerUsage {
            cpu_percent: cpu
                .zip(seconds)
                .map(|(cpu, seconds)| (cpu.as_secs_f64() / seconds * 100.0) as f32),
            memory_bytes: self.memory_bytes,
            memory_limit_bytes: self.memory_limit_bytes,
            threads: self.threads,
            net_rx_bytes_per_s: rate(|one| one.net_rx_bytes),
            net_tx_bytes_per_s: rate(|one| one.net_tx_bytes),
            disk_read_bytes_per_s: rate(|one| one.disk_read_bytes),
            disk_write_bytes_per_s: rate(|one| one.disk_write_bytes),
        }
    }
}
