//! `forge dev paths`: where everything lies.

use serde::Serialize;

use crate::args::JsonArgs;
use crate::configuration;
use crate::context::Context;
use crate::failure::{Outcome, exit};
use crate::output::table::pairs;
use crate::output::text::safe;

#[derive(Debug, Serialize)]
struct Paths {
    config: String,
    state: String,
    logs: String,
    runtime: String,
    socket: String,
}

pub(crate) fn run(args: &JsonArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    let layout = &place.layout;
    let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let paths = Paths {
        config: text(&configuration::file(place.workspace())),
        state: text(layout.state()),
        logs: text(&layout.processes()),
        runtime: text(layout.runtime()),
        socket: text(&layout.api_socket()),
    };
    if args.json {
        context.ui.out.json(&paths);
        return Ok(exit::DONE);
    }
    let rows = [
        ("config", &paths.config),
        ("state", &paths.state),
        ("logs", &paths.logs),
        ("runtime", &paths.runtime),
        ("socket", &paths.socket),
    ]
    .map(|(key, value)| (key.to_string(), safe(value)));
    context.ui.out.lines(&pairs(&rows, context.ui.colour));
    Ok(exit::DONE)
}
