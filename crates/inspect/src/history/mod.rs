//! What was used over time: each second for a quarter of an hour, then averages of ten seconds, then
//! of a minute, up to a configured span.
//!
//! Each process has one series of fixed size, in memory and, as an image of that, in one
//! file. A slot is found by its time alone, so gaps, restarts and a clock that jumps need no care: a slot
//! that does not carry the time that is asked for holds nothing.

mod file;
mod series;
mod trend;

use std::collections::BTreeMap;
use std::time::Duration;

pub use file::Damage;
use series::Series;
pub use trend::Trend;

use crate::{MachineUsage, Moment, ProcessKey, Sample, Usage};

/// What is kept of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Metric {
    CpuPercent,
    MemoryBytes,
    Threads,
    OpenFiles,
    DiskReadBytesPerS,
    DiskWriteBytesPerS,
    NetRxBytesPerS,
    NetTxBytesPerS,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 8] = [
        Metric::CpuPercent,
        Metric::MemoryBytes,
        Metric::Threads,
        Metric::OpenFiles,
        Metric::DiskReadBytesPerS,
        Metric::DiskWriteBytesPerS,
        Metric::NetRxBytesPerS,
        Metric::NetTxBytesPerS,
    ];

    /// The name used in `--json`: that of the field of [`Usage`].
    pub fn name(self) -> &'static str {
        match self {
            Metric::CpuPercent => "cpu_percent",
            Metric::MemoryBytes => "memory_bytes",
            Metric::Threads => "threads",
            Metric::OpenFiles => "open_files",
            Metric::DiskReadBytesPerS => "disk_read_bytes_per_s",
            Metric::DiskWriteBytesPerS => "disk_write_bytes_per_s",
            Metric::NetRxBytesPerS => "net_rx_bytes_per_s",
            Metric::NetTxBytesPerS => "net_tx_bytes_per_s",
        }
    }

    /// Its value in a usage.
    pub fn of(self, usage: &Usage) -> Option<f32> {
        let whole = |value: Option<u64>| value.map(|value| value as f32);
        match self {
            Metric::CpuPercent => usage.cpu_percent,
            Metric::MemoryBytes => whole(usage.memory_bytes),
            Metric::Threads => whole(usage.threads.map(u64::from)),
            Metric::OpenFiles => whole(usage.open_files.map(u64::from)),
            Metric::DiskReadBytesPerS => whole(usage.disk_read_bytes_per_s),
            Metric::DiskWriteBytesPerS => whole(usage.disk_write_bytes_per_s),
            Metric::NetRxBytesPerS => whole(usage.net_rx_bytes_per_s),
            Metric::NetTxBytesPerS => whole(usage.net_tx_bytes_per_s),
        }
    }
}

/// What is kept of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum MachineMetric {
    CpuPercent,
    MemoryBytes,
    /// Over the last minute.
    Load,
}

impl MachineMetric {
    /// All of them.
    pub const ALL: [MachineMetric; 3] = [
        MachineMetric::CpuPercent,
        MachineMetric::MemoryBytes,
        MachineMetric::Load,
    ];

    /// The name used in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            MachineMetric::CpuPercent => "cpu_percent",
            MachineMetric::MemoryBytes => "memory_bytes",
            MachineMetric::Load => "load",
        }
    }

    /// Its value in a usage.
    pub fn of(self, usage: &MachineUsage) -> Option<f32> {
        match self {
            MachineMetric::CpuPercent => usage.cpu_percent,
            MachineMetric::MemoryBytes => usage.memory_bytes.map(|bytes| bytes as f32),
            MachineMetric::Load => usage.load.map(|load| load[0]),
        }
    }
}

/// A value and when it was: the second since 1970 in which its interval begins.
pub type Point = (u64, f32);

/// The history of a workspace's processes and of the machine.
#[derive(Debug)]
pub struct History {
    keep: Duration,
    machine: Series<3>,
    processes: BTreeMap<ProcessKey, Series<8>>,
}

impl History {
    /// An empty history that reaches back as long as `keep`, 60 days at most. Beyond 24 hours the
    /// oldest values are averages over more than a minute.
    pub fn new(keep: Duration) -> Self {
        History {
            keep,
            machine: Series::new(keep),
            processes: BTreeMap::new(),
        }
    }

    /// Takes in a sample. A process without a process is not recorded: that is a gap, not 0.
    pub fn record(&mut self, sample: &Sample) {
        let second = second_of(sample.at);
        let machine = MachineMetric::ALL.map(|metric| metric.of(&sample.machine));
        self.machine.record(second, machine);
        for (key, usage) in &sample.processes {
            if usage.pids.is_empty() {
                continue;
            }
            let values = Metric::ALL.map(|metric| metric.of(usage));
            if let Some(series) = self.processes.get_mut(key) {
                series.record(second, values);
            } else {
                let mut series = Series::new(self.keep);
                series.record(second, values);
                self.processes.insert(key.clone(), series);
            }
        }
    }

    /// The values of a process in the last `span` before `now`, oldest first, as fine as they are kept.
    /// What was not known then is left out.
    pub fn query(
        &self,
        key: &ProcessKey,
        metric: Metric,
        now: Moment,
        span: Duration,
    ) -> Vec<Point> {
        let series = self.processes.get(key);
        series.map_or_else(Vec::new, |series| {
            series.query(metric as usize, second_of(now), span)
        })
    }

    /// The same of the machine.
    pub fn query_machine(&self, metric: MachineMetric, now: Moment, span: Duration) -> Vec<Point> {
        self.machine.query(metric as usize, second_of(now), span)
    }

    /// Whose history there is.
    pub fn keys(&self) -> impl Iterator<Item = &ProcessKey> {
        self.processes.keys()
    }

    /// How much memory the history takes, in bytes.
    pub fn size(&self) -> usize {
        let processes = self.processes.values().map(Series::size).sum::<usize>();
        processes + self.machine.size()
    }
}

/// At most `count` points of the same values, each the mean of those that fall into an equal part of
/// the time between the first and the last.
pub fn condense(points: &[Point], count: usize) -> Vec<Point> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    if points.len() <= count || count == 0 {
        return points[..points.len().min(count)].to_vec();
    }
    let width = (last.0 - first.0 + 1).div_ceil(count as u64).max(1);
    points
        .chunk_by(|a, b| (a.0 - first.0) / width == (b.0 - first.0) / width)
        .map(|part| {
            let sum: f64 = part.iter().map(|(_, value)| f64::from(*value)).sum();
            (part[0].0, (sum / part.len() as f64) as f32)
        })
        .collect()
}

fn second_of(moment: Moment) -> u32 {
    u32::try_from(moment.unix.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
