//! `forge dev status`: what runs, how it is, and what has happened.

use std::time::{Duration, Instant};

use forge_api::{ClientError, Status, Totals, path};
use serde::Serialize;

use crate::args::StatusArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::offline;
use crate::output::progress::Block;
use crate::output::report::look;
use crate::output::status::picture;
use crate::place::{Bases, Place};
use crate::targets::{Named, resolve};

const LOOK_AGAIN: Duration = Duration::from_millis(250);

pub(crate) fn run(args: &StatusArgs, context: &Context) -> Outcome {
    if args.all {
        return context.wait(all(args, context));
    }
    let place = context.place()?;
    context.wait(async {
        if args.watch {
            return watch(&place, args, context).await;
        }
        let status = meant(fetch(&place, context).await?, &args.targets, &place)?;
        if args.json {
            context.ui.out.json(&status);
        } else {
            context.ui.out.lines(&picture(&status, look(&context.ui)));
        }
        Ok(exit::DONE)
    })
}

/// The status as the supervisor tells it; without one, everything is stopped.
///
/// # Errors
///
/// The supervisor's problem; without one, mistakes in the configuration.
pub(super) async fn fetch(place: &Place, context: &Context) -> Result<Status, Failure> {
    match Link::open_if_any(place).await? {
        Some(mut link) => {
            let status = link.get(path::STATUS, "").await?;
            if let Some(other) = link.other_version() {
                context.ui.warn(&other);
            }
            Ok(status)
        }
        None => offline::status(place, context),
    }
}

/// The same for processes that only the file knows, since nobody has started them: they are stopped.
fn meant(status: Status, targets: &[String], place: &Place) -> Result<Status, Failure> {
    let unknown = match narrowed(status.clone(), targets) {
        Ok(status) => return Ok(status),
        Err(unknown) => unknown,
    };
    Ok(Status {
        processes: offline::in_file(place, targets).ok_or(unknown)?,
        totals: Totals::default(),
        events: Vec::new(),
        warnings: Vec::new(),
        ..status
    })
}

/// Only the processes that the targets mean, with sums over these.
fn narrowed(mut status: Status, targets: &[String]) -> Result<Status, Failure> {
    if targets.is_empty() {
        return Ok(status);
    }
    let known: Vec<Named> = status
        .processes
        .iter()
        .map(|process| Named {
            name: process.name.clone(),
            groups: process.groups.clone(),
        })
        .collect();
    let names = resolve(targets, &known)?;
    let wanted = |name: &str| names.iter().any(|wanted| wanted == name);
    status.processes.retain(|process| wanted(&process.name));
    status
        .events
        .retain(|event| event.process.as_deref().is_some_and(wanted));
    status
        .warnings
        .retain(|warning| warning.process.as_deref().is_some_and(wanted));
    status.totals = Totals {
        running: status
            .processes
            .iter()
            .filter(|one| one.pid.is_some())
            .count(),
        cpu_percent: sum(status.processes.iter().map(|one| one.cpu_percent)),
        memory_bytes: sum(status.processes.iter().map(|one| one.memory_bytes)),
    };
    Ok(status)
}

/// The sum of what is known; `None` where nothing is.
fn sum<T: std::iter::Sum<T>>(values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let known: Vec<T> = values.flatten().collect();
    (!known.is_empty()).then(|| known.into_iter().sum())
}

#[derive(Debug, Serialize)]
struct All {
    workspaces: Vec<Status>,
}

async fn all(args: &StatusArgs, context: &Context) -> Outcome {
    let mut answer = All {
        workspaces: Vec::new(),
    };
    for place in Bases::from_environment()?.workspaces() {
        let status = fetch(&place, context).await;
        // One workspace that cannot be read must not hide the others.
        answer
            .workspaces
            .push(status.unwrap_or_else(|failure| offline::unreadable(&place, &failure)));
    }
    if args.json {
        context.ui.out.json(&answer);
        return Ok(exit::DONE);
    }
    if answer.workspaces.is_empty() {
        context
            .ui
            .out
            .line("no workspace has been used on this machine");
    }
    for (at, status) in answer.workspaces.iter().enumerate() {
        if at > 0 {
            context.ui.out.line("");
        }
        let mut brief = status.clone();
        brief.events.clear();
        context.ui.out.lines(&picture(&brief, look(&context.ui)));
    }
    Ok(exit::DONE)
}

/// Shows the status anew on every change, until standard output closes.
async fn watch(place: &Place, args: &StatusArgs, context: &Context) -> Outcome {
    let mut shown = Shown::default();
    while !context.ui.out.is_closed() {
        let Some(mut link) = Link::open_if_any(place).await? else {
            let status = meant(offline::status(place, context)?, &args.targets, place)?;
            shown.show(status, args, context);
            tokio::time::sleep(LOOK_AGAIN).await;
            continue;
        };
        match stream(&mut link, &mut shown, args, place, context).await {
            Err(Broken::Failure(failure)) => return Err(failure),
            Ok(()) | Err(Broken::Connection) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
    Ok(exit::DONE)
}

enum Broken {
    Failure(Failure),
    Connection,
}

impl From<ClientError> for Broken {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Connection(_) => Broken::Connection,
            problem => Broken::Failure(problem.into()),
        }
    }
}

async fn stream(
    link: &mut Link,
    shown: &mut Shown,
    args: &StatusArgs,
    place: &Place,
    context: &Context,
) -> Result<(), Broken> {
    let mut stream = link.client().get_stream(path::STATUS_STREAM, "").await?;
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    while !context.ui.out.is_closed() {
        tokio::select! {
            event = stream.next() => match event? {
                Some(event) => {
                    let status: Status = event.read()?;
                    let status = meant(status, &args.targets, place).map_err(Broken::Failure)?;
                    shown.show(status, args, context);
                }
                None => return Ok(()),
            },
            _ = seconds.tick(), if context.ui.live && !args.json => shown.redraw(context),
        }
    }
    Ok(())
}

/// What stands on the screen.
#[derive(Default)]
struct Shown {
    block: Block,
    last: Option<(Status, Instant)>,
}

impl Shown {
    fn show(&mut self, status: Status, args: &StatusArgs, context: &Context) {
        if self.last.as_ref().is_some_and(|(last, _)| *last == status) {
            return;
        }
        self.last = Some((status, Instant::now()));
        match &self.last {
            Some((status, _)) if args.json => context.ui.out.json(status),
            Some((status, _)) if !context.ui.live => {
                context.ui.out.lines(&picture(status, look(&context.ui)));
                context.ui.out.line("");
            }
            _ => self.redraw(context),
        }
    }

    fn redraw(&mut self, context: &Context) {
        let Some((status, at)) = &self.last else {
            return;
        };
        let mut now = status.clone();
        let since = u64::try_from(at.elapsed().as_millis()).unwrap_or(0);
        for process in now.processes.iter_mut().filter(|one| one.pid.is_some()) {
            process.uptime_ms = process.uptime_ms.map(|ms| ms.saturating_add(since));
        }
        let mut lines = picture(&now, look(&context.ui));
        let rows = crate::terminal::size().map_or(24, |(rows, _)| usize::from(rows));
        lines.truncate(rows.saturating_sub(1).max(1));
        context.ui.out.text(&self.block.draw(&lines));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use forge_api::Process;

    #[test]
    fn sums_are_of_what_is_shown() {
        let process = |name: &str, cpu: Option<f64>| Process {
            name: name.into(),
            pid: cpu.map(|_| 7),
            cpu_percent: cpu,
            ..Process::default()
        };
        let status = Status {
            workspace: "/w".into(),
            profile: None,
            supervisor: None,
            keeper: None,
            totals: Totals::default(),
            processes: vec![
                process("a", Some(1.0)),
                process("b", Some(2.0)),
                process("c", None),
            ],
            events: Vec::new(),
            warnings: Vec::new(),
        };
        let two = narrowed(status.clone(), &["b".into(), "c".into()]).unwrap();
        assert_eq!((two.totals.running, two.totals.cpu_percent), (1, Some(2.0)));
        let none = narrowed(status.clone(), &["c".into()]).unwrap();
        assert_eq!(none.totals.cpu_percent, None);
        assert_eq!(narrowed(status, &["x".into()]).unwrap_err().code, 3);
    }
}
