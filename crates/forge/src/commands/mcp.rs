//! `forge mcp`: serves an agent on standard input and output.

mod install;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use forge_api::Problem;
use forge_mcp::{Connecting, Host, Options};
use serde_json::Value;

use super::detect::look;
use crate::args::{McpArgs, McpCommand};
use crate::connect;
use crate::context::{Context, environment};
use crate::failure::{Failure, Outcome, exit};
use crate::place::Place;

pub(crate) fn run(args: &McpArgs, context: &Context) -> Outcome {
    if let Some(McpCommand::Install(args)) = &args.command {
        return install::run(args, context);
    }
    if context.console {
        return Err(Failure::usage(
            "`mcp` speaks to agents, not within a console",
        ));
    }
    let options = Options {
        allow_foreign_kill: args.allow_foreign_kill,
        agent: std::env::var("FORGE_AGENT")
            .ok()
            .filter(|name| !is_switch(name)),
    };
    let surroundings = Arc::new(Surroundings {
        global: context.global.clone(),
    });
    // Not through `Context::wait`: an agent that goes away is no interruption.
    context.wait_through(async {
        match forge_mcp::serve(surroundings, options).await {
            Ok(()) => Ok(exit::DONE),
            Err(error) => Err(Failure::failed(format!("cannot speak to the agent: {error}"))
                .hint("this command is for agents; `forge mcp install` enters it in their configuration")),
        }
    })
}

/// `FORGE_AGENT=1` says that there is one, not what it is called.
fn is_switch(value: &str) -> bool {
    matches!(value, "" | "0" | "1" | "true" | "yes" | "on")
}

/// The workspace is looked for at each call: an agent may write its file while it is served.
struct Surroundings {
    global: crate::args::Global,
}

impl Surroundings {
    fn place(&self) -> Result<Place, Problem> {
        Place::find(&self.global).map_err(|failure| {
            let mut problem = problem(failure);
            problem.hint = Some(
                "`detect` suggests processes; write .forge/processes.yml, then call `start`"
                    .to_string(),
            );
            problem
        })
    }
}

impl Host for Surroundings {
    fn connect(&self) -> Connecting<'_> {
        Box::pin(async {
            let place = self.place()?;
            let client = connect::client(&place).await.map_err(problem)?;
            // What agents read goes on to others.
            Ok(client.masked())
        })
    }

    fn environment(&self) -> BTreeMap<String, String> {
        environment()
    }

    fn detect(&self, folder: Option<&Path>) -> Result<Value, Problem> {
        let found = match (folder, self.place()) {
            (Some(folder), _) => look(folder),
            (None, Ok(place)) => look(place.workspace()),
            (None, Err(_)) => look(self.global.workspace.as_deref().unwrap_or(Path::new("."))),
        };
        let found = found.map_err(problem)?;
        serde_json::to_value(&found).map_err(|error| Problem::failed(error.to_string()))
    }

    fn configuration(&self) -> Result<(String, String), Problem> {
        let file = self.place()?.workspace().join(forge_config::CONFIG_FILE);
        let shown = file.display().to_string();
        match std::fs::read_to_string(&file) {
            Ok(text) => Ok((shown, text)),
            Err(error) => Err(Problem::failed(format!("cannot read {shown}: {error}"))),
        }
    }
}

fn problem(failure: Failure) -> Problem {
    let problem = match failure.code {
        exit::USAGE => Problem::usage(failure.message),
        exit::UNKNOWN => Problem::unknown(failure.message),
        _ => Problem::failed(failure.message),
    };
    match failure.hint {
        Some(hint) => problem.with_hint(hint),
        None => problem,
    }
}
