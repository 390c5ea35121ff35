//! `hogs`: what uses most CPU and memory on this machine. Two looks with time between them: in a thread
//! beside the loop.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use forge_api::{self as api, Problem};
use forge_inspect::hogs::Snapshot;
use forge_inspect::{Moment, Viewpoint};

use crate::input::Reply;
use crate::machine;
use crate::supervisor::Supervisor;

/// The time between the two looks.
const BETWEEN: Duration = Duration::from_millis(500);

impl Supervisor {
    pub(crate) fn hogs(&self, count: usize, reply: Reply<api::Hogs>) {
        let mut managed: HashMap<i32, String> = HashMap::new();
        for (name, one) in &self.managed {
            if one.present.is_some() {
                let pids = one.usage.iter().flat_map(|usage| usage.pids.iter());
                managed.extend(pids.map(|pid| (*pid, name.clone())));
            }
        }
        let workspace = self.workspace();
        tokio::spawn(async move {
            let earlier = tokio::task::spawn_blocking(|| Snapshot::take(Moment::now())).await;
            tokio::time::sleep(BETWEEN).await;
            let work = move || look(earlier, &workspace, &managed, count);
            let found = match tokio::task::spawn_blocking(work).await {
                Ok(found) => found.map_err(|error| {
                    Problem::failed(format!("cannot read the table of processes: {error}"))
                }),
                Err(_) => Err(Problem::failed("the look at the machine was broken off")),
            };
            // A client that has left does not want its answer.
            let _ = reply.send(found);
        });
    }
}

type Taken = Result<std::io::Result<Snapshot>, tokio::task::JoinError>;

fn look(
    earlier: Taken,
    workspace: &Path,
    managed: &HashMap<i32, String>,
    count: usize,
) -> std::io::Result<api::Hogs> {
    let earlier = earlier.map_err(std::io::Error::other)??;
    let viewpoint = Viewpoint {
        workspace: Some(workspace),
        managed: &|pid| managed.get(&pid).cloned(),
    };
    let hogs = Snapshot::take(Moment::now())?.hogs_since(&earlier, count, &viewpoint)?;
    Ok(api::Hogs {
        processes: hogs.into_iter().map(machine::hog).collect(),
    })
}
