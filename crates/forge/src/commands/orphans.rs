//! `forge dev orphans`: what was left behind in this workspace, and its end.

use forge_api::{OrphanRow, OrphansAnswer, path};
use forge_inspect::orphans::Live;
use forge_supervisor::machine;

use crate::args::OrphansArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::clock::local;
use crate::output::colour::Style;
use crate::output::report::look;
use crate::output::table::{Cell, Column, Table};
use crate::output::units::bytes;
use crate::place::Place;

pub(crate) fn run(args: &OrphansArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait(async {
        let answer = ask(&place, args.kill).await?;
        if args.json {
            context.ui.out.json(&answer);
        } else if answer.orphans.is_empty() {
            context.ui.out.line("nothing was left behind");
        } else {
            tell(&answer.orphans, context);
        }
        let all = answer.orphans.iter().all(|one| one.ended.unwrap_or(true));
        match all {
            true => Ok(exit::DONE),
            false => Err(Failure::failed("not all of them could be ended")
                .hint("another user's processes can be ended by that user or root")),
        }
    })
}

async fn ask(place: &Place, kill: bool) -> Result<OrphansAnswer, Failure> {
    // What was left alone by the death of all of Forge is no orphan: it is picked up first.
    if let Some(mut link) = Link::open_if_any(place).await? {
        return match kill {
            true => {
                let empty = serde_json::json!({});
                Ok(link.client().post(path::ORPHANS_KILL, &empty).await?)
            }
            false => link.get(path::ORPHANS, "").await,
        };
    }
    let live = Live::default();
    let found = machine::find_orphans(place.workspace(), &live, &[])
        .map_err(|error| Failure::failed(format!("cannot look for orphans: {error}")))?;
    Ok(match kill {
        true => machine::end_orphans(found, &live),
        false => OrphansAnswer {
            orphans: found.into_iter().map(|(_, row)| row).collect(),
        },
    })
}

fn tell(orphans: &[OrphanRow], context: &Context) {
    let mut table = Table::new(&[
        Column::number("PID", u8::MAX),
        Column::number("PROCESSES", 30),
        Column::text("PORTS", 60),
        Column::number("MEMORY", 50),
        Column::text("STARTED", 40),
        Column::text("COMMAND", u8::MAX).shrinking(16),
        Column::text("WHY", 70).shrinking(12),
    ]);
    for one in orphans {
        let ports: Vec<String> = one.ports.iter().map(u16::to_string).collect();
        let why = match one.ended {
            Some(true) => Cell::styled("ended", Style::Good),
            Some(false) => Cell::styled("could not be ended", Style::Bad),
            None => Cell::new(&one.reason),
        };
        table.row(vec![
            Cell::new(one.pid.to_string()),
            Cell::new(one.pids.len().to_string()),
            Cell::new(ports.join(", ")),
            Cell::new(bytes(one.memory_bytes)),
            Cell::new(one.started_at.as_deref().map(local).unwrap_or_default()),
            Cell::new(&one.command),
            why,
        ]);
    }
    let ui = &context.ui;
    ui.out.lines(&table.lines(look(ui).width, ui.colour));
}
