//! `forge dev ps`: the process trees.

use forge_api::{PsAnswer, path};

use crate::args::PsArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Outcome, exit};
use crate::offline;
use crate::output::colour::Style;
use crate::output::report::look;
use crate::output::table::{Cell, Column, Table};
use crate::output::units::bytes;
use forge_api::query_string;

pub(crate) fn run(args: &PsArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait(async {
        let answer = match Link::open_if_any(&place).await? {
            Some(mut link) => {
                let query = query_string(&[("name", args.name.as_deref())]);
                link.get::<PsAnswer>(path::PS, &query).await?
            }
            None => {
                let targets: Vec<String> = args.name.iter().cloned().collect();
                offline::names(&place, &targets)?;
                PsAnswer::default()
            }
        };
        if args.json {
            context.ui.out.json(&answer);
        } else if answer.rows.is_empty() {
            context.ui.out.line("nothing runs");
        } else {
            tell(&answer, context);
        }
        Ok(exit::DONE)
    })
}

fn tell(answer: &PsAnswer, context: &Context) {
    let mut table = Table::new(&[
        Column::text("NAME", u8::MAX).shrinking(8),
        Column::number("PID", u8::MAX),
        Column::text("STATE", 30),
        Column::number("CPU TIME", 40),
        Column::number("MEMORY", 50),
        Column::number("THREADS", 20),
        Column::text("COMMAND", u8::MAX).shrinking(12),
    ]);
    for row in &answer.rows {
        let indent = "  ".repeat(row.depth.min(30));
        table.row(vec![
            Cell::new(if row.depth == 0 {
                row.name.as_str()
            } else {
                ""
            }),
            Cell::new(row.pid.to_string()),
            Cell::styled(state_word(&row.state), Style::Dim),
            Cell::new(format!("{:.1}s", row.cpu_seconds)),
            Cell::new(bytes(row.memory_bytes)),
            Cell::new(row.threads.to_string()),
            Cell::new(format!("{indent}{}", row.command)),
        ]);
    }
    let ui = &context.ui;
    ui.out.lines(&table.lines(look(ui).width, ui.colour));
}

/// The letter of proc_pid_stat(5) in a word.
fn state_word(letter: &str) -> &str {
    match letter {
        "R" => "running",
        "S" | "I" => "sleeping",
        "D" => "uninterruptible",
        "T" | "t" => "stopped",
        "Z" => "zombie",
        other => other,
    }
}
