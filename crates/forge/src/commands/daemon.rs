//! `forge daemon`: Forge's own background processes.

use std::time::{Duration, Instant};

use forge_api::{DaemonStatus, path};
use serde::Serialize;

use crate::args::{DaemonAllArgs, DaemonStatusArgs};
use crate::connect::{Link, daemon_status, lock_holders};
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::colour::Style;
use crate::output::text::safe;
use crate::place::{Bases, Place};

/// How long a supervisor may take to be replaced, a keeper to end.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a supervisor may take to begin with what it is asked for.
const HEARING: Duration = Duration::from_secs(3);
const SIGKILL: i32 = 9;
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug, Serialize)]
struct OfWorkspace {
    workspace: String,
    #[serde(flatten)]
    status: DaemonStatus,
}

#[derive(Debug, Serialize)]
struct All {
    workspaces: Vec<OfWorkspace>,
}

fn places(all: bool, context: &Context) -> Result<Vec<Place>, Failure> {
    if all {
        return Ok(Bases::from_environment()?.workspaces());
    }
    Ok(vec![context.place()?])
}

pub(crate) fn status(args: &DaemonStatusArgs, context: &Context) -> Outcome {
    let places = places(args.all, context)?;
    context.wait(async {
        let mut found = Vec::new();
        for place in places {
            // Looking must start nothing: what was left alone stays so.
            let status = match Link::open(&place).await? {
                Some(mut link) => daemon_status(&mut link).await?,
                None => lock_holders(&place),
            };
            found.push(OfWorkspace {
                workspace: place.workspace().to_string_lossy().into_owned(),
                status,
            });
        }
        if args.json && args.all {
            context.ui.out.json(&All { workspaces: found });
        } else if args.json {
            context.ui.out.json(&found.remove(0).status);
        } else {
            found.iter().for_each(|one| tell(one, context));
        }
        Ok(exit::DONE)
    })
}

fn tell(one: &OfWorkspace, context: &Context) {
    let ui = &context.ui;
    let pid = |process: &Option<forge_api::ProcessPid>| match process {
        Some(process) => format!("pid {}", process.pid),
        None => "does not run".to_string(),
    };
    ui.out.line(&ui.paint(Style::Bold, &safe(&one.workspace)));
    let version = one.status.version.as_deref().map(safe).unwrap_or_default();
    ui.out
        .line(&format!("  keeper      {}", pid(&one.status.keeper)));
    let supervisor = format!("  supervisor  {}  {version}", pid(&one.status.supervisor));
    ui.out.line(supervisor.trim_end());
    for (name, shim) in &one.status.shims {
        let child = one.status.processes.get(name);
        let child = child.map_or("no process".to_string(), |child| {
            format!("process {}", child.pid)
        });
        ui.out.line(&format!(
            "  shim        pid {}  {}  {child}",
            shim.pid,
            safe(name)
        ));
    }
}

pub(crate) fn restart(args: &DaemonAllArgs, context: &Context) -> Outcome {
    let places = places(args.all, context)?;
    context.wait(async {
        for place in places {
            let Some(mut link) = Link::open_if_any(&place).await? else {
                if !args.all {
                    context.ui.out.line("no supervisor runs here");
                }
                continue;
            };
            let pid = replace(&mut link, &place).await?;
            let workspace = safe(&place.workspace().to_string_lossy());
            context.ui.out.line(&format!(
                "{workspace}: the supervisor is replaced, its pid is {pid}"
            ));
        }
        Ok(exit::DONE)
    })
}

/// Tells the keeper which program is there now: the one that it knows may have been removed, and then
/// nobody else can tell it. Without effect where it cannot be reached.
fn name_program(place: &Place) {
    use std::os::unix::ffi::OsStrExt;
    let told = std::env::current_exe().and_then(|program| {
        let order = forge_facts::KeeperOrder::Replace {
            program: program.as_os_str().as_bytes().to_vec(),
        };
        let mut keeper = forge_os::connect_in(&place.layout.keeper_socket())?;
        std::io::Write::write_all(&mut keeper, &order.to_record().encode())?;
        // Its greeting: a connection that is closed before it was taken is not listened to.
        keeper.set_read_timeout(Some(HEARING))?;
        std::io::Read::read(&mut keeper, &mut [0; 256])
    });
    drop(told);
}

/// Replaces the supervisor; returns when the new one answers.
async fn replace(link: &mut Link, place: &Place) -> Result<i32, Failure> {
    name_program(place);
    let before = match lock_holders(place).supervisor {
        Some(process) => Some(process.pid),
        None => daemon_status(link)
            .await?
            .supervisor
            .map(|process| process.pid),
    };
    let old = before.and_then(|pid| forge_os::Pidfd::open(pid).ok());
    let body = serde_json::json!({});
    let asked = link
        .client()
        .post::<serde_json::Value>(path::DAEMON_RESTART, &body);
    // Its answer may be cut off by its own end; what counts is the new one.
    let _ = tokio::time::timeout(HEARING, asked).await;
    let deadline = Instant::now() + PATIENCE;
    let patience = Instant::now() + HEARING;
    loop {
        let gone = old.as_ref().is_none_or(forge_os::Pidfd::has_ended);
        if gone {
            link.reconnect(deadline).await?;
            let now = daemon_status(link).await?.supervisor;
            if let Some(now) = now.filter(|now| Some(now.pid) != before) {
                return Ok(now.pid);
            }
        } else if let Some(old) = old.as_ref().filter(|_| Instant::now() >= patience) {
            // One that hears nothing is what a restart is wanted for. It may die at any moment.
            let _ = old.signal(SIGKILL);
        }
        if Instant::now() >= deadline {
            return Err(Failure::failed(format!(
                "the supervisor (pid {}) was not replaced within {} seconds",
                before.unwrap_or(0),
                PATIENCE.as_secs()
            ))
            .hint(format!(
                "the reason may stand in {}",
                place.layout.supervisor_log().display()
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

pub(crate) fn stop(args: &DaemonAllArgs, context: &Context) -> Outcome {
    let places = places(args.all, context)?;
    context.wait(async {
        let mut worst = exit::DONE;
        for place in places {
            match stop_one(&place, context).await {
                Ok(()) => {}
                Err(failure) if args.all => {
                    failure.tell(context.ui.colour_err);
                    worst = failure.code;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(worst)
    })
}

async fn stop_one(place: &Place, context: &Context) -> Result<(), Failure> {
    let workspace = safe(&place.workspace().to_string_lossy());
    let done = match shut_down(place).await? {
        true => "processes, supervisor and keeper are stopped",
        false => "nothing runs",
    };
    context.ui.out.line(&format!("{workspace}: {done}"));
    Ok(())
}

/// Stops the processes, then supervisor and keeper; returns when both are gone, with whether there
/// was anything.
///
/// # Errors
///
/// When the processes cannot be stopped, or keeper and supervisor do not end in time.
pub(super) async fn shut_down(place: &Place) -> Result<bool, Failure> {
    let workspace = safe(&place.workspace().to_string_lossy());
    let Some(mut link) = Link::open_if_any(place).await? else {
        return Ok(false);
    };
    let pinned = pinned(place);
    let body = serde_json::json!({});
    loop {
        match link
            .client()
            .post::<serde_json::Value>(path::DAEMON_STOP, &body)
            .await
        {
            Err(problem @ forge_api::ClientError::Problem(_)) => return Err(problem.into()),
            // An answer that is cut off is what the end of a supervisor looks like; only when the
            // keeper stays was it another end.
            Err(forge_api::ClientError::Connection(_)) => {
                tokio::time::sleep(PAUSE).await;
                match Link::open(place).await? {
                    Some(again) => link = again,
                    None => break,
                }
            }
            Ok(_) => break,
        }
    }
    let deadline = Instant::now() + PATIENCE;
    while pinned.iter().any(|(_, process)| !process.has_ended())
        || lock_holders(place).keeper.is_some()
    {
        if Instant::now() >= deadline {
            let left: Vec<String> = pinned
                .iter()
                .filter(|(_, process)| !process.has_ended())
                .map(|(pid, _)| pid.to_string())
                .collect();
            return Err(Failure::failed(format!(
                "{workspace}: pid {} is still there after {} seconds",
                left.join(" and "),
                PATIENCE.as_secs()
            ))
            .hint(format!(
                "the reason may stand in {}",
                place.layout.supervisor_log().display()
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(true)
}

/// Keeper and supervisor, so that their end is seen even when their pids are used again.
fn pinned(place: &Place) -> Vec<(i32, forge_os::Pidfd)> {
    let holders = lock_holders(place);
    [holders.keeper, holders.supervisor]
        .into_iter()
        .flatten()
        .filter_map(|process| Some((process.pid, forge_os::Pidfd::open(process.pid).ok()?)))
        .collect()
}
