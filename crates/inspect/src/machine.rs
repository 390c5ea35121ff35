//! What the machine as a whole uses.

use forge_os::process_table::{CpuTimes, Machine};

/// What the machine as a whole uses. `None` is what could not be read, or not yet.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MachineUsage {
    /// CPU in percent of all cores together: 100 is a machine with no core idle.
    pub cpu_percent: Option<f32>,
    /// Cores that are switched on.
    pub cores: Option<u32>,
    /// Memory that is not available to new processes, in bytes.
    pub memory_bytes: Option<u64>,
    /// All memory, in bytes.
    pub memory_total_bytes: Option<u64>,
    /// Swap space in use, in bytes.
    pub swap_bytes: Option<u64>,
    /// Load over 1, 5 and 15 minutes.
    pub load: Option<[f32; 3]>,
}

/// Reads it each second.
#[derive(Debug)]
pub(crate) struct MachineMeter {
    files: Option<Machine>,
    last: Option<CpuTimes>,
}

impl MachineMeter {
    pub(crate) fn new() -> Self {
        MachineMeter {
            files: Machine::open().ok(),
            last: None,
        }
    }

    /// The pid given last; while it stays, no process was started.
    pub(crate) fn last_pid(&mut self) -> Option<u64> {
        Some(self.files.as_mut()?.load().ok()?.last_pid)
    }

    pub(crate) fn read(&mut self) -> MachineUsage {
        let Some(files) = &mut self.files else {
            return MachineUsage::default();
        };
        let cpu = files.cpu().ok();
        let memory = files.memory().ok();
        let cpu_percent = cpu.zip(self.last).and_then(|(now, last)| share(now, last));
        self.last = cpu;
        MachineUsage {
            cpu_percent,
            cores: cpu.map(|cpu| cpu.cores),
            memory_bytes: memory.map(|memory| memory.total - memory.available),
            memory_total_bytes: memory.map(|memory| memory.total),
            swap_bytes: memory.map(|memory| memory.swap_used),
            load: files.load().ok().map(|load| load.average),
        }
    }
}

/// The busy share of the time between two readings, in percent. The kernel's counters may go back a
/// little when a core is switched off.
fn share(now: CpuTimes, last: CpuTimes) -> Option<f32> {
    let total = now.total.checked_sub(last.total).filter(|t| *t > 0)?;
    let busy = now.busy.saturating_sub(last.busy).min(total);
    Some((busy as f64 * 100.0 / total as f64) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_stays_between_nothing_and_all() {
        let at = |busy, total| CpuTimes {
            busy,
            total,
            cores: 1,
        };
        assert_eq!(share(at(30, 200), at(10, 100)), Some(20.0));
        assert_eq!(share(at(10, 100), at(10, 100)), None);
        assert_eq!(share(at(5, 200), at(10, 100)), Some(0.0));
        assert_eq!(share(at(500, 200), at(10, 100)), Some(100.0));
        assert_eq!(share(at(5, 50), at(10, 100)), None);
    }
}
