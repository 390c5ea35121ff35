//! `forge completions`: the script for a shell.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::env::Shells;

use crate::args::{Cli, CompletionsArgs, Shell};
use crate::completion;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};

pub(crate) fn run(args: &CompletionsArgs, context: &Context) -> Outcome {
    let mut script = Vec::new();
    if args.fixed {
        let shell = match args.shell {
            Shell::Bash => clap_complete::Shell::Bash,
            Shell::Zsh => clap_complete::Shell::Zsh,
            Shell::Fish => clap_complete::Shell::Fish,
            Shell::Elvish => clap_complete::Shell::Elvish,
            Shell::Powershell => clap_complete::Shell::PowerShell,
        };
        clap_complete::generate(shell, &mut Cli::command(), "forge", &mut script);
    } else {
        let name = match args.shell {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
            Shell::Elvish => "elvish",
            Shell::Powershell => "powershell",
        };
        let shells = Shells::builtins();
        let shell = shells
            .completer(name)
            .ok_or_else(|| Failure::failed(format!("there is no script for {name}")))?;
        shell
            .write_registration(
                completion::VARIABLE,
                "forge",
                "forge",
                &program(),
                &mut script,
            )
            .map_err(|error| Failure::failed(format!("cannot write the script: {error}")))?;
    }
    context.ui.out.bytes(&script);
    Ok(exit::DONE)
}

/// What the script calls: `forge` where the shell finds it, so that an upgrade needs no new script;
/// else this very file.
fn program() -> String {
    let found = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join("forge").is_file())
    });
    let own = std::env::current_exe().ok();
    match own {
        Some(own) if !found && own != Path::new("") => own.to_string_lossy().into_owned(),
        _ => "forge".to_string(),
    }
}
