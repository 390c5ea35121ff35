//! `forge` alone on a terminal: the console. Where a screen cannot be redrawn: what runs here, and what
//! can be done now.

use crate::commands::status;
use crate::console;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::report::{look, next_commands};
use crate::output::status::picture;

const RUNNING: &[(&str, &str)] = &[
    ("forge dev logs -f", "follow the output"),
    ("forge dev status --watch", "keep an eye on it"),
    ("forge dev stop", "stop everything"),
    ("forge --help", "all commands"),
];

const STOPPED: &[(&str, &str)] = &[
    ("forge dev start", "start everything of the default profile"),
    ("forge dev up", "start, and follow the output until Ctrl-C"),
    ("forge dev check", "check .forge/processes.yml"),
    ("forge --help", "all commands"),
];

pub(crate) fn run(context: &Context) -> Outcome {
    let place = match context.place() {
        Ok(place) => place,
        Err(failure) => return no_workspace(failure, context),
    };
    if context.ui.live && context.ui.can_ask {
        return console::open(place, context);
    }
    context.wait(async {
        let status = status::fetch(&place, context).await?;
        context.ui.out.lines(&picture(&status, look(&context.ui)));
        let runs = status.processes.iter().any(|process| process.pid.is_some());
        next_commands(&context.ui, if runs { RUNNING } else { STOPPED });
        Ok(exit::DONE)
    })
}

fn no_workspace(failure: Failure, context: &Context) -> Outcome {
    context
        .ui
        .out
        .line("Forge starts, watches, explains and stops everything a project needs while it is being worked on.");
    next_commands(&context.ui, &[("forge --help", "all commands")]);
    Err(failure)
}
