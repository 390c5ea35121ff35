//! What a container uses, from the engine's two readings a second apart.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What a container uses. `None` is what the engine does not tell.
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
    /// Bytes received since it was started.
    pub net_rx_bytes: Option<u64>,
    /// Bytes sent since it was started.
    pub net_tx_bytes: Option<u64>,
    /// Bytes read from storage since it was started.
    pub disk_read_bytes: Option<u64>,
    /// Bytes written to storage since it was started.
    pub disk_write_bytes: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Stats {
    cpu_stats: Cpu,
    precpu_stats: Cpu,
    memory_stats: Memory,
    pids_stats: Pids,
    networks: Option<BTreeMap<String, Network>>,
    blkio_stats: Storage,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Cpu {
    cpu_usage: CpuUsage,
    system_cpu_usage: Option<u64>,
    online_cpus: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CpuUsage {
    total_usage: u64,
    percpu_usage: Option<Vec<u64>>,
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

impl ContainerUsage {
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
        // What it was called in either version of control groups.
        let cache = ["inactive_file", "total_inactive_file"];
        let cache = cache.iter().find_map(|name| memory.stats.get(*name));
        ContainerUsage {
            cpu_percent: cpu_percent(&stats.cpu_stats, &stats.precpu_stats),
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
}

/// The container's share of what all cores could have done.
fn cpu_percent(now: &Cpu, before: &Cpu) -> Option<f32> {
    let system = now
        .system_cpu_usage?
        .checked_sub(before.system_cpu_usage?)?;
    let used = now
        .cpu_usage
        .total_usage
        .checked_sub(before.cpu_usage.total_usage)?;
    let cores = now.online_cpus.filter(|cores| *cores > 0);
    let counted = now
        .cpu_usage
        .percpu_usage
        .as_ref()
        .map(|cores| cores.len() as u32);
    let cores = cores.or(counted)?;
    (system > 0).then(|| (used as f64 / system as f64 * f64::from(cores) * 100.0) as f32)
}
