//! Who is killed, and when: by chance, from a seed that can be given again.

use std::path::PathBuf;
use std::time::Duration;

use forge_api::DaemonStatus;
use forge_os::Pidfd;

use super::{ON_PIPES, ON_TERMINALS};
use crate::args::Victim;
use crate::failure::Failure;
use crate::place::Place;

const SIGSTOP: i32 = 19;
const SIGKILL: i32 = 9;

/// Numbers of chance (xorshift).
pub(super) struct Chance {
    pub(super) seed: u64,
    state: u64,
}

impl Chance {
    pub(super) fn new(seed: Option<u64>) -> Self {
        let seed = seed.unwrap_or_else(|| forge_os::now() % 1_000_000_000);
        // Zero would stay zero.
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Chance { seed, state }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    /// A number below this one, which is not zero.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count.max(1)).unwrap_or(1);
        usize::try_from(self.next() % count).unwrap_or(0)
    }

    pub(super) fn within(&mut self, time: Duration) -> Duration {
        let micros = u64::try_from(time.as_micros()).unwrap_or(1).max(1);
        Duration::from_micros(self.next() % micros)
    }
}

/// Kills; returns the pids of who was killed once they are gone.
///
/// # Errors
///
/// When who is to be killed cannot be found.
pub(super) fn strike(
    place: &Place,
    victim: Victim,
    chance: &mut Chance,
) -> Result<Vec<i32>, Failure> {
    let layout = &place.layout;
    let locks: Vec<PathBuf> = match victim {
        Victim::Supervisor => vec![layout.supervisor_lock()],
        Victim::Keeper => vec![layout.keeper_lock()],
        Victim::Shim => {
            let names: Vec<&&str> = names().collect();
            vec![layout.shim_lock(names[chance.below(names.len())])]
        }
        Victim::All => [layout.supervisor_lock(), layout.keeper_lock()]
            .into_iter()
            .chain(names().map(|name| layout.shim_lock(name)))
            .collect(),
    };
    let mut targets = Vec::with_capacity(locks.len());
    for lock in &locks {
        let missing = || Failure::failed(format!("nobody holds {}", lock.display()));
        let pid = holder(lock).ok_or_else(missing)?;
        let process = Pidfd::open(pid).map_err(|_| missing())?;
        targets.push((pid, process));
    }
    // All at once: none sees the end of another.
    for signal in [SIGSTOP, SIGKILL] {
        if signal == SIGSTOP && victim != Victim::All {
            continue;
        }
        for (pid, process) in &targets {
            process
                .signal(signal)
                .map_err(|error| Failure::failed(format!("cannot kill pid {pid}: {error}")))?;
        }
    }
    for (_, process) in &targets {
        process.wait_for(Duration::from_secs(10));
    }
    Ok(targets.into_iter().map(|(pid, _)| pid).collect())
}

/// Whether what the supervisor says of Forge's processes is what their locks say.
pub(super) fn agrees(place: &Place, now: &DaemonStatus) -> bool {
    let layout = &place.layout;
    let is = |part: Option<&forge_api::ProcessPid>, lock: PathBuf| {
        part.is_some_and(|part| holder(&lock) == Some(part.pid))
    };
    is(now.keeper.as_ref(), layout.keeper_lock())
        && is(now.supervisor.as_ref(), layout.supervisor_lock())
        && names().all(|name| is(now.shims.get(*name), layout.shim_lock(name)))
}

fn names() -> impl Iterator<Item = &'static &'static str> {
    ON_PIPES.iter().chain(&ON_TERMINALS)
}

fn holder(lock: &std::path::Path) -> Option<i32> {
    let pid = forge_os::holder(lock).ok().flatten()?;
    (pid > 1).then_some(pid)
}
