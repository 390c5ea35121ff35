//! `forge dev why`: why it runs, or why it does not.

use forge_api::{WhyAnswer, path};

use crate::args::WhyArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Outcome, exit};
use crate::offline;
use crate::output::colour::Style;
use crate::output::report::look;
use crate::output::table::{Cell, Column, Table};
use crate::output::text::safe;
use forge_api::query_string;

pub(crate) fn run(args: &WhyArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait(async {
        let answer = match Link::open_if_any(&place).await? {
            Some(mut link) => {
                let secrets = args.show_secrets.then_some("true");
                let query = query_string(&[("name", Some(&args.name)), ("secrets", secrets)]);
                link.get::<WhyAnswer>(path::WHY, &query).await?
            }
            None => offline::why(&place, &args.name, args.show_secrets, context)?,
        };
        if args.json {
            context.ui.out.json(&answer);
        } else {
            tell(&answer, context);
        }
        Ok(exit::DONE)
    })
}

fn tell(answer: &WhyAnswer, context: &Context) {
    let ui = &context.ui;
    let status = ui.paint(Style::of_status(&answer.status), &safe(&answer.status));
    ui.out.line(&format!(
        "{}  {status}  {}",
        ui.paint(Style::Bold, &safe(&answer.name)),
        safe(&answer.summary)
    ));
    for (depth, reason) in answer.because.iter().enumerate() {
        let indent = "  ".repeat((depth + 1).min(12));
        ui.out
            .line(&format!("{indent}because {}", safe(&reason.text)));
    }
    if answer.settings.is_empty() {
        return;
    }
    let mut table = Table::new(&[
        Column::text("SETTING", u8::MAX).shrinking(12),
        Column::text("VALUE", u8::MAX).shrinking(12),
        Column::text("FROM", 10).shrinking(10),
    ]);
    for setting in &answer.settings {
        table.row(vec![
            Cell::new(&setting.key),
            Cell::new(&setting.value),
            Cell::styled(&setting.from, Style::Dim),
        ]);
    }
    ui.out.line("");
    ui.out.lines(&table.lines(look(ui).width, ui.colour));
}
