//! `forge dev crashes`: what has crashed, the latest first.

use forge_api::{CrashReport, CrashesAnswer, path};
use forge_supervisor::crash::Store;

use super::crash::{wanted, where_of};
use crate::args::CrashesArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Outcome, exit};
use crate::output::clock::local;
use crate::output::colour::Style;
use crate::output::crash::ended_by;
use crate::output::table::{Cell, Column, Table};
use forge_api::query_string;

pub(crate) fn run(args: &CrashesArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait(async {
        let name = args.name.as_deref();
        let answer = match Link::open(&place).await? {
            Some(mut link) => {
                link.get(path::CRASHES, &query_string(&[("name", name)]))
                    .await?
            }
            None => {
                let store = Store::of(&place.layout);
                let names = wanted(&place, name, &store)?;
                CrashesAnswer {
                    crashes: store.list(|one| names.is(one), None),
                }
            }
        };
        match args.json {
            true => context.ui.out.json(&answer),
            false => tell(&answer.crashes, context),
        }
        Ok(exit::DONE)
    })
}

fn tell(crashes: &[CrashReport], context: &Context) {
    let ui = &context.ui;
    if crashes.is_empty() {
        return ui.note("nothing has crashed");
    }
    let mut table = Table::new(&[
        Column::number("ID", u8::MAX),
        Column::text("TIME", 20),
        Column::text("PROCESS", 40),
        Column::text("ENDED BY", 20),
        Column::text("WHERE", 30),
        Column::text("CAUSE", u8::MAX).shrinking(20),
    ]);
    for crash in crashes {
        table.row(vec![
            Cell::new(crash.id.map(|id| id.to_string()).unwrap_or_default()),
            Cell::new(crash.time.as_deref().map(local).unwrap_or_default()),
            Cell::new(crash.process.as_deref().unwrap_or_default()),
            Cell::new(ended_by(crash)),
            Cell::new(where_of(crash).unwrap_or_default()),
            Cell::new(&crash.summary),
        ]);
    }
    ui.out.lines(&table.lines(ui.width(), ui.colour));
    let hint = "`forge dev crash NAME ID` explains one";
    ui.out.line(&ui.paint(Style::Dim, hint));
}
