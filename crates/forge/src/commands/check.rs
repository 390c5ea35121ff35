//! `forge dev check`: the mistakes of the configuration, and nothing else.

use forge_config::Config;

use crate::args::JsonArgs;
use crate::configuration;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::colour::Style;
use crate::output::out::complain;
use crate::output::text::safe;
use crate::output::units::count;

pub(crate) fn run(args: &JsonArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    match configuration::load_all(place.workspace()) {
        Ok(config) if args.json => {
            let mut answer = serde_json::json!({
                "ok": true,
                "profiles": config.profiles.len(),
                "processes": processes(&config),
            });
            let warnings = config
                .warnings
                .iter()
                .map(forge_config::Diagnostic::to_json);
            answer["diagnostics"] = warnings.collect();
            context.ui.out.json(&answer);
            Ok(exit::DONE)
        }
        Ok(config) => {
            for warning in &config.warnings {
                complain(&warning.render(context.ui.colour_err));
            }
            let file = configuration::file(place.workspace());
            let file = safe(&file.to_string_lossy());
            let mark = context.ui.paint(Style::Good, "ok");
            context.ui.out.line(&format!(
                "{mark}: {file} ({}, {})",
                count(config.profiles.len(), "profile", "profiles"),
                count(processes(&config), "process", "processes"),
            ));
            Ok(exit::DONE)
        }
        // The mistakes are what was asked for: they are the document.
        Err(mistakes) if args.json => {
            let mut answer = mistakes.to_json();
            answer["ok"] = false.into();
            context.ui.out.json(&answer);
            Ok(exit::USAGE)
        }
        Err(mistakes) => Err(Failure::rendered(mistakes.render(context.ui.colour_err))),
    }
}

fn processes(config: &Config) -> usize {
    config.profiles.iter().map(|one| one.processes.len()).sum()
}
