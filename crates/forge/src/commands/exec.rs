//! `forge dev exec`: a command in the folder and environment of a process.

use std::io::ErrorKind;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Command;

use forge_api::{ExecAnswer, ExecRequest, path};

use crate::args::ExecArgs;
use crate::connect::Link;
use crate::context::{Context, environment};
use crate::failure::{Failure, Outcome, exit};
use crate::offline;

pub(crate) fn run(args: &ExecArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    let Some((program, words)) = args.command.split_first() else {
        return Err(Failure::usage("no command behind --"));
    };
    let mut answer = ExecAnswer::default();
    context.wait(async {
        let mut link = match Link::open_if_any(&place).await? {
            Some(link) => link,
            None => {
                let targets = std::slice::from_ref(&args.name);
                offline::check_start(&place, args.profile.as_slice(), targets, context)?;
                Link::open_or_start(&place).await?
            }
        };
        let request = ExecRequest {
            name: args.name.clone(),
            profile: args.profile.clone(),
            environment: environment(),
        };
        answer = link
            .ask(async |client| client.post(path::EXEC, &request).await)
            .await?;
        Ok(exit::DONE)
    })?;
    let mut command = Command::new(program);
    command
        .args(words)
        .current_dir(&answer.cwd)
        .env_clear()
        .envs(&answer.environment);
    let error = if context.console {
        match command.status() {
            Ok(status) => return Ok(code(status)),
            Err(error) => error,
        }
    } else {
        // In place of this process: signals, the terminal and the exit code are the command's own.
        command.exec()
    };
    let name = program.to_string_lossy();
    // As shells say it.
    let code = match error.kind() {
        ErrorKind::NotFound => 127,
        _ => 126,
    };
    let cwd = &answer.cwd;
    Err(Failure::failed(format!("cannot run {name} in {cwd}: {error}")).with_code(code))
}

fn code(status: std::process::ExitStatus) -> u8 {
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(exit::FAILED)
}
