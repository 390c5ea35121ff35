//! `forge dev graph`: who depends on whom.

use forge_api::{GraphAnswer, GraphNode, path};

use crate::args::GraphArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Outcome, exit};
use crate::offline;
use crate::output::colour::Style;
use crate::output::text::{pad, safe, width};
use forge_api::query_string;

pub(crate) fn run(args: &GraphArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait(async {
        let answer = match Link::open_if_any(&place).await? {
            Some(mut link) => {
                let query = query_string(&[("profile", args.profile.as_deref())]);
                link.get::<GraphAnswer>(path::GRAPH, &query).await?
            }
            None => offline::graph(&place, args.profile.as_deref(), context)?,
        };
        if args.json {
            context.ui.out.json(&answer);
        } else {
            tell(&answer.nodes, context);
        }
        Ok(exit::DONE)
    })
}

/// One line for each process, in an order in which they can start, indented by level.
fn tell(nodes: &[GraphNode], context: &Context) {
    let ui = &context.ui;
    let label =
        |node: &GraphNode| format!("{}{}", "  ".repeat(node.level.min(20)), safe(&node.name));
    let widest = nodes
        .iter()
        .map(|node| width(&label(node)))
        .max()
        .unwrap_or(0);
    for node in nodes {
        let status = pad(&safe(&node.status), 10);
        let status = ui.paint(Style::of_status(&node.status), &status);
        let needs: Vec<String> = node
            .needs
            .iter()
            .map(|(name, condition)| format!("{} ({})", safe(name), safe(condition)))
            .collect();
        let needs = match needs.is_empty() {
            true => String::new(),
            false => ui.paint(Style::Dim, &format!("← {}", needs.join(", "))),
        };
        let line = format!("{}  {status}  {needs}", pad(&label(node), widest));
        ui.out.line(line.trim_end());
    }
}
