//! Whether the kernel has killed for want of memory: its own counts, compared with what they were.

use std::path::PathBuf;

/// The counts of kills, as they were when last looked at.
#[derive(Debug)]
pub(crate) struct Kills {
    /// `memory.events` of the control group that Forge and its processes live in.
    group: Option<PathBuf>,
    last: Counts,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    group: Option<u64>,
    machine: Option<u64>,
}

impl Kills {
    pub(crate) fn new() -> Self {
        let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = groups.lines().find_map(|line| line.strip_prefix("0::/"));
        let group = own.map(|own| {
            PathBuf::from("/sys/fs/cgroup")
                .join(own)
                .join("memory.events")
        });
        let mut kills = Kills {
            group,
            last: Counts::default(),
        };
        kills.last = kills.count();
        kills
    }

    /// Remembers what the counts are: later kills are told from earlier ones.
    pub(crate) fn look(&mut self) {
        self.last = self.count();
    }

    /// Whether a process that was killed by SIGKILL since the last look was killed for want of memory;
    /// `None` where nothing tells.
    pub(crate) fn explain(&mut self) -> Option<bool> {
        let now = self.count();
        let before = std::mem::replace(&mut self.last, now);
        told(before, self.last)
    }

    fn count(&self) -> Counts {
        let read = |path: &std::path::Path| std::fs::read_to_string(path).ok();
        let group = self.group.as_deref().and_then(read);
        let machine = read(std::path::Path::new("/proc/vmstat"));
        Counts {
            group: group.and_then(|text| value(&text, "oom_kill")),
            machine: machine.and_then(|text| value(&text, "oom_kill")),
        }
    }
}

fn told(before: Counts, after: Counts) -> Option<bool> {
    let grown = |before: Option<u64>, after: Option<u64>| Some(after? > before?);
    match (
        grown(before.group, after.group),
        grown(before.machine, after.machine),
    ) {
        (Some(true), _) => Some(true),
        // Somebody was killed on this machine, though not in our group: it may have left the group.
        (_, Some(true)) => None,
        (Some(false), _) | (None, Some(false)) => Some(false),
        (None, None) => None,
    }
}

fn value(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let (_, value) = lines.find(|(key, _)| *key == name)?;
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_count_that_has_grown_tells_of_a_kill() {
        let counts = |group, machine| Counts { group, machine };
        for (before, after, expected) in [
            (
                counts(Some(1), Some(1)),
                counts(Some(2), Some(2)),
                Some(true),
            ),
            (
                counts(Some(1), Some(1)),
                counts(Some(1), Some(1)),
                Some(false),
            ),
            (counts(Some(1), Some(1)), counts(Some(1), Some(2)), None),
            (counts(None, Some(3)), counts(None, Some(3)), Some(false)),
            (counts(None, Some(3)), counts(None, Some(4)), None),
            (counts(None, None), counts(None, None), None),
        ] {
            assert_eq!(told(before, after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn counts_are_found_by_their_whole_name() {
        assert_eq!(
            value("low 0\noom_kill 3\noom_group_kill 1\n", "oom_kill"),
            Some(3)
        );
        assert_eq!(value("low 0\n", "oom_kill"), None);
    }
}
