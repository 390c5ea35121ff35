//! A command's tree that never outlives the value which holds it.
//!
//! The command leads a process group of its own, so that one signal reaches what it started. Some
//! programs leave the group (`timeout`, `setsid`, an interactive shell), so its descendants are looked up and
//! killed one by one too, while the leader still holds them together. The leader is reaped last:
//! until then its number, which names the group, belongs to nobody else.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use tokio::io::Interest;
use tokio::net::unix::pipe;

/// Rounds of looking for descendants: each needs one more fork to have slipped through.
const ROUNDS: usize = 20;

/// How long a killed command is waited for before something else waits on.
const DEATH: Duration = Duration::from_secs(1);

/// A running command, killed with its tree when dropped.
pub(crate) struct Leash {
    child: Option<Child>,
    /// The leader's pidfd: readable once it has ended. It is no pipe, but any descriptor that can be
    /// polled is awaited in this way.
    ended: pipe::Receiver,
}

impl Leash {
    /// Starts a command as the leader of its own group.
    ///
    /// # Errors
    ///
    /// Those of spawning; nothing runs then.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        let mut child = command.process_group(0).spawn()?;
        let ended = pid_of(&child)
            .ok_or_else(|| io::Error::other("no pid"))
            .and_then(|pid| Ok(pidfd_open(pid, PidfdFlags::NONBLOCK)?))
            .and_then(pipe::Receiver::from_owned_fd_unchecked);
        match ended {
            Ok(ended) => Ok(Leash {
                child: Some(child),
                ended,
            }),
            Err(error) => {
                kill_tree(&child);
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Waits until the leader has ended; it is not reaped.
    pub(crate) async fn ended(&self) -> io::Result<()> {
        self.ended.ready(Interest::READABLE).await.map(drop)
    }

    /// Kills all that is left of the tree, and reaps the leader.
    ///
    /// `None` where it could not be reaped within a second (a process that hangs in the kernel): that goes
    /// on in the background.
    pub(crate) async fn kill(mut self) -> Option<ExitStatus> {
        if let Some(child) = &self.child {
            kill_tree(child);
        }
        let _ = tokio::time::timeout(DEATH, self.ended()).await;
        let status = self.child.as_mut()?.try_wait().ok().flatten();
        if status.is_some() {
            self.child = None;
        }
        status
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        kill_tree(&child);
        if let Ok(Some(_)) = child.try_wait() {
            return;
        }
        // Dying takes a moment, and nobody who drops a check wants to wait for it.
        let wait = move || {
            let _ = child.wait();
        };
        let _ = std::thread::Builder::new()
            .name("probe-reaper".to_string())
            .spawn(wait);
    }
}

fn pid_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Kills the descendants of a child that has not been reaped, its group and itself.
fn kill_tree(child: &Child) {
    let Some(leader) = pid_of(child) else {
        return;
    };
    // What is stopped neither forks nor reaps, so that the picture holds still.
    let _ = kill_process_group(leader, Signal::STOP);
    let mut held: HashMap<i32, OwnedFd> = HashMap::new();
    for _ in 0..ROUNDS {
        if !hold_children(leader, &mut held) {
            break;
        }
    }
    for pidfd in held.values() {
        let _ = pidfd_send_signal(pidfd, Signal::KILL);
    }
    let _ = kill_process_group(leader, Signal::KILL);
}

/// Stops every descendant that is not held yet; tells whether there was one.
fn hold_children(leader: Pid, held: &mut HashMap<i32, OwnedFd>) -> bool {
    let mut found = false;
    let mut parents = vec![leader.as_raw_pid()];
    while let Some(parent) = parents.pop() {
        for pid in children(parent) {
            parents.push(pid);
            if held.contains_key(&pid) {
                continue;
            }
            if let Some(pidfd) = hold(parent, pid) {
                let _ = pidfd_send_signal(pidfd.as_fd(), Signal::STOP);
                held.insert(pid, pidfd);
                found = true;
            }
        }
    }
    found
}

/// A handle on a child; none where the number has changed hands meanwhile.
fn hold(parent: i32, pid: i32) -> Option<OwnedFd> {
    let pidfd = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
    children(parent).contains(&pid).then_some(pidfd)
}

/// The children of a process, of all its threads (proc(5), `children`).
fn children(pid: i32) -> Vec<i32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok())
        .flat_map(|text| {
            text.split_ascii_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<i32>>()
        })
        .collect()
}
