//! `forge dev monitor`: what the machine and each process use, now and over time.

mod live;

use std::io::IsTerminal;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use forge_api::{Monitor, MonitorProcess, System, path};
use forge_inspect::{Moment, Sampler};

use crate::args::MonitorArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::offline;
use crate::output::monitor::picture;
use crate::output::report::look;
use crate::place::Place;
use crate::targets::{Named, resolve};
use forge_api::query_string;

/// The time over which the machine's CPU is measured where nobody else does.
const LOOK: Duration = Duration::from_millis(200);
/// So many points of each series are enough for a picture.
const POINTS: &str = "120";
/// The series of which a picture shows the past.
const METRICS: &str = "cpu_percent,memory_bytes";

pub(crate) fn run(args: &MonitorArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    let terminal = context.ui.live && std::io::stdin().is_terminal();
    if !args.once && !args.json && terminal && !context.console {
        return context.wait_through(live::run(&place, args, context));
    }
    context.wait(async {
        let mut link = Link::open_if_any(&place).await?;
        if let Some(other) = link.as_ref().and_then(Link::other_version) {
            context.ui.warn(&other);
        }
        let monitor = fetch(&mut link, &place, args, context).await?;
        if args.json {
            context.ui.out.json(&monitor);
        } else {
            context
                .ui
                .out
                .lines(&picture(&monitor, now(), look(&context.ui)));
        }
        Ok(exit::DONE)
    })
}

/// What is used, as the supervisor tells it; without one, only the machine is looked at.
async fn fetch(
    link: &mut Option<Link>,
    place: &Place,
    args: &MonitorArgs,
    context: &Context,
) -> Result<Monitor, Failure> {
    let monitor = match link {
        Some(link) => {
            let since = args.since.map(forge_logs::rfc3339);
            // One target need not bring along the past of all others.
            let name = match args.targets.as_slice() {
                [one] => Some(one.as_str()),
                _ => None,
            };
            let brief = !args.json;
            let asked = query_string(&[
                ("name", name),
                ("since", since.as_deref()),
                ("points", brief.then_some(POINTS)),
                ("metrics", brief.then_some(METRICS)),
            ]);
            link.get(path::MONITOR, &asked).await?
        }
        None => without_supervisor(place, context).await?,
    };
    narrowed(monitor, &args.targets)
}

async fn without_supervisor(place: &Place, context: &Context) -> Result<Monitor, Failure> {
    let status = offline::status(place, context)?;
    Ok(Monitor {
        workspace: status.workspace,
        system: machine().await,
        processes: status
            .processes
            .into_iter()
            .map(|process| MonitorProcess {
                process,
                ..MonitorProcess::default()
            })
            .collect(),
        warnings: status.warnings,
    })
}

/// The machine as seen from here: two looks, as CPU is measured between them.
async fn machine() -> System {
    let Ok(mut sampler) = Sampler::open(forge_inspect::Settings::default()) else {
        return System::default();
    };
    sampler.sample(&[], Moment::now());
    tokio::time::sleep(LOOK).await;
    let machine = sampler.sample(&[], Moment::now()).machine;
    let fine = |value: f32| (f64::from(value) * 100.0).round() / 100.0;
    System {
        cpu_percent: machine.cpu_percent.map(fine),
        cores: machine.cores,
        memory_bytes: machine.memory_bytes,
        memory_total_bytes: machine.memory_total_bytes,
        swap_bytes: machine.swap_bytes,
        load: machine.load.map(|load| load.map(fine)),
        ..System::default()
    }
}

/// Only the processes that the targets mean.
fn narrowed(mut monitor: Monitor, targets: &[String]) -> Result<Monitor, Failure> {
    if targets.is_empty() {
        return Ok(monitor);
    }
    let known: Vec<Named> = monitor
        .processes
        .iter()
        .map(|one| Named {
            name: one.process.name.clone(),
            groups: one.process.groups.clone(),
        })
        .collect();
    let names = resolve(targets, &known)?;
    let wanted = |name: &String| names.contains(name);
    monitor.processes.retain(|one| wanted(&one.process.name));
    monitor
        .warnings
        .retain(|warning| warning.process.as_ref().is_none_or(wanted));
    Ok(monitor)
}

/// Seconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}
