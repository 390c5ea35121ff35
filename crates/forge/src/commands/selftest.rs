//! `forge selftest`: kills Forge's own processes at random while children write numbered,
//! check-summed lines, and counts what is missing afterwards.
//!
//! Everything lies in a temporary folder of its own. The children are this program once more
//! ([`writer`]), on pipes and on terminals. One kill follows the other only when all is back: what is
//! promised is the death of any one, or of all at once.

mod strike;
mod verify;
pub(crate) mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use forge_api::{DaemonStatus, StartAnswer, StartRequest, Status, path};
use serde::Serialize;

use super::daemon;
use super::flow::{End, View, follow};
use crate::args::{SelftestArgs, Victim};
use crate::connect::{Link, daemon_status};
use crate::context::{Context, environment};
use crate::failure::{Failure, Outcome, exit};
use crate::output::progress::Aim;
use crate::place::{Bases, Place};
use verify::Damage;

/// Children on pipes and on terminals.
const ON_PIPES: [&str; 3] = ["pipe-1", "pipe-2", "pipe-3"];
const ON_TERMINALS: [&str; 2] = ["terminal-1", "terminal-2"];

/// How long Forge may take to be back, and children to end.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(2);
/// A kill comes at a moment of chance within this time.
const MOMENT: Duration = Duration::from_millis(40);

pub(crate) fn run(args: &SelftestArgs, context: &Context) -> Outcome {
    let failed = |error: std::io::Error| Failure::failed(format!("cannot make a folder: {error}"));
    let folder = tempfile::Builder::new()
        .prefix("forge-selftest-")
        .tempdir()
        .map_err(failed)?;
    let ground = Ground::prepare(folder.path())?;
    let tested = context.wait_through(async {
        let tested = tokio::select! {
            biased;
            () = context.interrupted() => Ok(None),
            tested = ground.test(args, context) => tested.map(Some),
        };
        // Also what has failed leaves no process behind.
        let stopped = daemon::shut_down(&ground.place).await;
        let report = match (tested?, stopped) {
            (None, _) => return Ok(exit::INTERRUPTED),
            (Some(_), Err(failure)) => return Err(failure),
            (Some(report), Ok(_)) => report,
        };
        let report = ground.judge(report)?;
        tell(&report, args, context);
        match report.ok {
            true => Ok(exit::DONE),
            false => Err(Failure::failed("the self test has found damage")
                .hint("the folder that it names holds all that was written")),
        }
    });
    if tested.as_ref().is_err() {
        let kept = folder.keep();
        context.ui.note(&format!("kept: {}", kept.display()));
    }
    tested
}

/// What is found.
#[derive(Debug, Default, Serialize)]
struct Report {
    ok: bool,
    seed: u64,
    /// All kills; `all` counts as one.
    kills: u64,
    by_kind: BTreeMap<&'static str, u64>,
    lines: u64,
    lost: u64,
    doubled: u64,
    torn: u64,
    /// Children that died, though none should, and ends whose exit status was not known.
    died: u64,
    unknown_ends: u64,
    /// How long it took until all was back.
    back_ms_median: u64,
    back_ms_max: u64,
}

fn tell(report: &Report, args: &SelftestArgs, context: &Context) {
    let out = &context.ui.out;
    if args.json {
        out.json(report);
        return;
    }
    let kinds: Vec<String> = report
        .by_kind
        .iter()
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    out.line(&format!(
        "kills    {}  ({})",
        report.kills,
        kinds.join(", ")
    ));
    out.line(&format!("lines    {}", report.lines));
    out.line(&format!("lost     {}", report.lost));
    out.line(&format!("doubled  {}", report.doubled));
    out.line(&format!("torn     {}", report.torn));
    out.line(&format!("died     {}", report.died));
    out.line(&format!(
        "back in  {} ms (median), {} ms (longest)",
        report.back_ms_median, report.back_ms_max
    ));
    out.line(&format!("seed     {}", report.seed));
}

/// The workspace of a self test.
struct Ground {
    place: Place,
}

impl Ground {
    fn prepare(folder: &Path) -> Result<Self, Failure> {
        let io = |error: std::io::Error| {
            Failure::failed(format!("cannot prepare {}: {error}", folder.display()))
        };
        let folder = folder.canonicalize().map_err(io)?;
        let workspace = folder.join("selftest");
        std::fs::create_dir_all(workspace.join(".forge")).map_err(io)?;
        let program = std::env::current_exe().map_err(io)?;
        let text = configuration(&program);
        std::fs::write(workspace.join(".forge/processes.yml"), text).map_err(io)?;
        let bases = Bases {
            state: folder.join("state"),
            runtime: folder.join("run"),
        };
        Ok(Ground {
            place: Place::of(&workspace, &bases),
        })
    }

    fn enough(&self) -> PathBuf {
        self.place.workspace().join(writer::ENOUGH)
    }

    /// Starts, kills, and lets the children end by themselves.
    async fn test(&self, args: &SelftestArgs, context: &Context) -> Result<Report, Failure> {
        let mut chance = strike::Chance::new(args.seed);
        let mut report = Report {
            seed: chance.seed,
            ..Report::default()
        };
        self.start(context).await?;
        let mut pids = self.whole(context).await?.processes;
        let victims: Vec<Victim> = match args.kind.is_empty() {
            true => vec![
                Victim::Supervisor,
                Victim::Shim,
                Victim::Keeper,
                Victim::All,
            ],
            false => args.kind.clone(),
        };
        let (begun, mut back) = (Instant::now(), Vec::new());
        let over = |kills: u64| match args.kills {
            Some(wanted) => kills >= wanted,
            None => begun.elapsed() >= Duration::from_secs(args.seconds),
        };
        while !over(report.kills) {
            tokio::time::sleep(chance.within(MOMENT)).await;
            let victim = victims[chance.below(victims.len())];
            let struck = strike::strike(&self.place, victim, &mut chance)?;
            let at = Instant::now();
            if victim == Victim::All {
                self.start(context).await?;
            }
            let now = self.back(&struck, context).await?;
            back.push(u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX));
            report.kills += 1;
            *report.by_kind.entry(victim.word()).or_default() += 1;
            for (name, pid) in &now.processes {
                let may_die = victim == Victim::All && ON_TERMINALS.contains(&name.as_str());
                if pids.get(name) != Some(pid) && !may_die {
                    report.died += 1;
                }
            }
            pids = now.processes;
        }
        back.sort_unstable();
        report.back_ms_median = back.get(back.len() / 2).copied().unwrap_or(0);
        report.back_ms_max = back.last().copied().unwrap_or(0);
        report.unknown_ends = self.end().await?;
        Ok(report)
    }

    /// Starts what does not run.
    async fn start(&self, context: &Context) -> Result<(), Failure> {
        let mut link = Link::open_or_start(&self.place).await?;
        let request = StartRequest {
            environment: environment(),
            wait: true,
            timeout_ms: Some(u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX)),
            ..StartRequest::default()
        };
        let view = View::new(context, Aim::Up, true);
        match follow::<StartAnswer>(&mut link, path::START, &request, view).await? {
            End::Done(_) => Ok(()),
            End::Interrupted => Err(Failure::failed("interrupted")),
        }
    }

    /// Waits until none of these is there any more, and everything is.
    async fn back(&self, struck: &[i32], context: &Context) -> Result<DaemonStatus, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = self.whole(context).await?;
            let parts = now.shims.values().chain(&now.keeper).chain(&now.supervisor);
            if parts.into_iter().all(|part| !struck.contains(&part.pid)) {
                return Ok(now);
            }
            if Instant::now() >= deadline {
                return Err(Failure::failed(
                    "a process of Forge was not replaced in time",
                ));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until keeper, supervisor, shims and children are all there, and know of each other.
    async fn whole(&self, context: &Context) -> Result<DaemonStatus, Failure> {
        let deadline = Instant::now() + PATIENCE;
        let mut last = None;
        while Instant::now() < deadline {
            if let Some(mut link) = Link::open(&self.place).await?
                && let Ok(now) = daemon_status(&mut link).await
            {
                if strike::agrees(&self.place, &now) && ends_none(&now) {
                    return Ok(now);
                }
                let missing = ON_TERMINALS
                    .iter()
                    .any(|name| !now.processes.contains_key(*name));
                last = Some(now);
                // A terminal that was hung up: its child is known to have ended by now.
                if missing {
                    self.start(context).await?;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Failure::failed(format!(
            "Forge is not whole again after {} seconds: {last:?}",
            PATIENCE.as_secs()
        )))
    }

    /// Lets the children end; how many of their ends are not known as they were.
    async fn end(&self) -> Result<u64, Failure> {
        let enough = self.enough();
        std::fs::write(&enough, b"").map_err(|error| {
            Failure::failed(format!("cannot write {}: {error}", enough.display()))
        })?;
        let deadline = Instant::now() + PATIENCE;
        let mut link = Link::open_or_start(&self.place).await?;
        loop {
            let status: Status = link.get(path::STATUS, "").await?;
            let live = status
                .processes
                .iter()
                .filter(|one| one.pid.is_some())
                .count();
            if live == 0 {
                let well = |one: &&forge_api::Process| one.exit_code == Some(0);
                let known = status.processes.iter().filter(well).count();
                let all = ON_PIPES.len() + ON_TERMINALS.len();
                return Ok(u64::try_from(all.saturating_sub(known)).unwrap_or(u64::MAX));
            }
            if Instant::now() >= deadline {
                return Err(Failure::failed(format!("{live} children do not end")));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Reads what was kept.
    fn judge(&self, mut report: Report) -> Result<Report, Failure> {
        let mut damage = Damage::default();
        for name in ON_PIPES {
            damage.add(&verify::process(&self.place.layout, name, false)?);
        }
        for name in ON_TERMINALS {
            damage.add(&verify::process(&self.place.layout, name, true)?);
        }
        report.lines = damage.lines;
        report.lost = damage.lost;
        report.doubled = damage.doubled;
        report.torn = damage.torn;
        let harm = report.lost + report.doubled + report.torn + report.died + report.unknown_ends;
        report.ok = harm == 0;
        Ok(report)
    }
}

/// Whether every child is there and lives.
fn ends_none(now: &DaemonStatus) -> bool {
    let names = ON_PIPES.iter().chain(&ON_TERMINALS);
    names.into_iter().all(|name| {
        let child = now.processes.get(*name);
        child.is_some_and(|child| {
            forge_os::Pidfd::open(child.pid).is_ok_and(|child| !child.has_ended())
        })
    })
}

fn configuration(program: &Path) -> String {
    let command = serde_json::json!([program.to_string_lossy(), "selftest", writer::FLAG]);
    let mut text = "dev:\n".to_string();
    for (names, tty) in [(&ON_PIPES[..], false), (&ON_TERMINALS[..], true)] {
        for name in names {
            // Small files, so that kills meet rotations.
            text.push_str(&format!(
                "  - {{name: {name}, command: {command}, tty: {tty}, restart: {{policy: never}}, log: {{max_size: 1MB, keep: 10000}}}}\n"
            ));
        }
    }
    text
}
