//! `forge dev hogs`: what uses most CPU and memory on this machine, managed or not. Looked at from
//! here: no supervisor is needed.

use std::path::Path;
use std::time::Duration;

use forge_api::{Hog, Hogs};
use forge_inspect::{Moment, Viewpoint, hogs};
use forge_supervisor::machine;

use crate::args::HogsArgs;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::colour::Style;
use crate::output::report::look;
use crate::output::table::{Cell, Column, Table};
use crate::output::units::{bytes, percent};

/// How many by CPU and by memory a screen shows, and how many a script is told, which has room for more.
const FOR_PEOPLE: usize = 10;
const FOR_SCRIPTS: usize = 50;
/// The time between the two looks.
const BETWEEN: Duration = Duration::from_millis(500);

pub(crate) fn run(args: &HogsArgs, context: &Context) -> Outcome {
    let place = context.place().ok();
    context.wait(async {
        let earlier = hogs::Snapshot::take(Moment::now()).map_err(unreadable)?;
        tokio::time::sleep(BETWEEN).await;
        let now = hogs::Snapshot::take(Moment::now()).map_err(unreadable)?;
        let viewpoint = match &place {
            Some(place) => Viewpoint::of_workspace(place.workspace()),
            None => Viewpoint::outside(),
        };
        let usual = if args.json { FOR_SCRIPTS } else { FOR_PEOPLE };
        let found = now
            .hogs_since(&earlier, args.limit.unwrap_or(usual), &viewpoint)
            .map_err(unreadable)?;
        let answer = Hogs {
            processes: found.into_iter().map(machine::hog).collect(),
        };
        if args.json {
            context.ui.out.json(&answer);
        } else {
            show(&answer, context);
        }
        Ok(exit::DONE)
    })
}

fn unreadable(error: std::io::Error) -> Failure {
    Failure::failed(format!("cannot read the table of processes: {error}"))
}

fn show(answer: &Hogs, context: &Context) {
    let mut table = Table::new(&[
        Column::number("PID", u8::MAX),
        Column::number("CPU", u8::MAX),
        Column::number("MEMORY", u8::MAX),
        Column::text("PROCESS", 40).shrinking(10),
        Column::text("WHOSE", 30).shrinking(10),
        Column::text("COMMAND", u8::MAX).shrinking(12),
    ]);
    for hog in &answer.processes {
        let own = hog.owner == "this-workspace";
        table.row(vec![
            Cell::new(hog.pid.to_string()),
            Cell::new(hog.cpu_percent.map(percent).unwrap_or_default()),
            Cell::new(bytes(hog.memory_bytes)),
            Cell::styled(
                hog.name.as_deref().unwrap_or_default(),
                if own { Style::Accent } else { Style::Plain },
            ),
            Cell::styled(whose(hog), Style::Dim),
            Cell::new(&hog.command),
        ]);
    }
    let ui = &context.ui;
    ui.out.lines(&table.lines(look(ui).width, ui.colour));
}

/// Whose it is, in words.
fn whose(hog: &Hog) -> String {
    match (hog.owner.as_str(), &hog.workspace) {
        ("this-workspace", _) => "this workspace".to_string(),
        ("other-workspace", Some(workspace)) => {
            let name = Path::new(workspace).file_name();
            let name = name.map_or(workspace.clone(), |name| {
                name.to_string_lossy().into_owned()
            });
            format!("workspace {name}")
        }
        ("container", _) => "a container".to_string(),
        ("unknown", _) => "another user".to_string(),
        _ => String::new(),
    }
}
