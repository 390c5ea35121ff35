//! `forge dev profiles`.

use forge_api::{ProfilesAnswer, path};

use crate::args::JsonArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Outcome, exit};
use crate::offline;
use crate::output::colour::Style;
use crate::output::report::look;
use crate::output::table::{Cell, Column, Table};

pub(crate) fn run(args: &JsonArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait(async {
        let answer = match Link::open_if_any(&place).await? {
            Some(mut link) => link.get::<ProfilesAnswer>(path::PROFILES, "").await?,
            None => offline::profiles(&place, context)?,
        };
        if args.json {
            context.ui.out.json(&answer);
            return Ok(exit::DONE);
        }
        let mut table = Table::new(&[
            Column::text("PROFILE", u8::MAX).shrinking(8),
            Column::text("", 50),
            Column::text("RUNNING", 40),
            Column::text("PROCESSES", 60).shrinking(16),
        ]);
        for row in &answer.profiles {
            table.row(vec![
                Cell::new(&row.name),
                Cell::styled(if row.default { "default" } else { "" }, Style::Dim),
                match row.running.len() {
                    0 => Cell::new(""),
                    running => {
                        Cell::styled(format!("{running} of {}", row.processes.len()), Style::Good)
                    }
                },
                Cell::new(row.processes.join(", ")),
            ]);
        }
        let ui = &context.ui;
        ui.out.lines(&table.lines(look(ui).width, ui.colour));
        Ok(exit::DONE)
    })
}
