//! `forge dev run`: a process that is not in the file.

use forge_api::{RunRequest, path};

use super::flow;
use crate::args::RunArgs;
use crate::connect::Link;
use crate::context::{Context, environment};
use crate::failure::{Failure, Outcome};
use crate::output::units::millis;

pub(crate) fn run(args: &RunArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    let cwd = match &args.cwd {
        Some(cwd) => std::path::absolute(cwd),
        None => std::env::current_dir(),
    };
    let cwd = cwd.map_err(|error| Failure::usage(format!("cannot use that folder: {error}")))?;
    let cwd = cwd.into_os_string().into_string().map_err(|cwd| {
        Failure::usage(format!("the folder {} is not UTF-8", cwd.to_string_lossy()))
    })?;
    context.wait_through(async {
        let mut link = Link::open_or_start(&place).await?;
        let mut request = RunRequest {
            name: args.name.clone(),
            command: args.command.clone(),
            port: args.port,
            cwd: Some(cwd),
            env: args.env.iter().cloned().collect(),
            tty: args.tty,
            agent: None,
            environment: environment(),
            wait: !args.frame.no_wait,
            timeout_ms: Some(millis(args.frame.timeout)),
        };
        flow::start_like(
            &mut link,
            path::RUN,
            &mut request,
            None,
            &args.frame,
            context,
        )
        .await
    })
}
