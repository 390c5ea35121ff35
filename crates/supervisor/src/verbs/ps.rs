//! `ps`: the trees of processes as they are now.

use forge_api::{Problem, PsAnswer, PsRow};

use crate::clock;
use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn ps(&self, targets: &[String]) -> Result<PsAnswer, Problem> {
        let mut rows = Vec::new();
        for name in self.resolve(targets)? {
            let Some(managed) = self.managed.get(&name).filter(|one| one.present.is_some()) else {
                continue;
            };
            let pids = match (&managed.adopted, managed.shim_pid()) {
                (Some(adopted), _) => {
                    let mut pids = vec![adopted.pid];
                    pids.extend(descendants(adopted.pid)?);
                    pids
                }
                (None, Some(shim)) => descendants(shim)?,
                (None, None) => self
                    .core
                    .view(&name)
                    .and_then(|view| view.pid)
                    .into_iter()
                    .collect(),
            };
            let nodes = forge_inspect::tree::forest(&pids, |_| None)
                .map_err(|error| Problem::failed(format!("cannot read /proc: {error}")))?;
            rows.extend(nodes.into_iter().map(|node| {
                PsRow {
                    name: name.clone(),
                    pid: node.pid,
                    ppid: node.ppid,
                    depth: node.depth,
                    state: letter(node.state.name()).to_string(),
                    command: node.command,
                    cpu_seconds: node.cpu_time.as_secs_f64(),
                    memory_bytes: node.memory_bytes,
                    threads: u64::from(node.threads),
                    started_at: u64::try_from(node.started_at.as_nanos())
                        .ok()
                        .map(clock::rfc3339),
                }
            }));
        }
        Ok(PsAnswer { rows })
    }
}

fn descendants(pid: i32) -> Result<Vec<i32>, Problem> {
    forge_inspect::tree::descendants(pid)
        .map_err(|error| Problem::failed(format!("cannot read /proc: {error}")))
}

/// The letter of proc_pid_stat(5) for a state.
fn letter(state: &str) -> &str {
    match state {
        "running" => "R",
        "sleeping" => "S",
        "waiting for disk" | "uninterruptible" => "D",
        "stopped" => "T",
        "traced" => "t",
        "zombie" => "Z",
        "idle" => "I",
        other => other,
    }
}
