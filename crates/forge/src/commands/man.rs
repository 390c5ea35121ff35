//! `forge man`: a manual page, in roff.

use clap::CommandFactory;

use crate::args::{Cli, ManArgs};
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};

pub(crate) fn run(args: &ManArgs, context: &Context) -> Outcome {
    let mut root = Cli::command();
    // Gives every command its whole name (`forge-dev-start`) and the options that all of them have.
    root.build();
    let mut command = &root;
    for word in &args.command {
        command = command.find_subcommand(word).ok_or_else(|| {
            Failure::usage(format!("no command `{}`", args.command.join(" ")))
                .hint("`forge help` lists the commands")
        })?;
    }
    let page = clap_mangen::Man::new(command.clone()).manual("Forge");
    let mut bytes = Vec::new();
    page.render(&mut bytes)
        .map_err(|error| Failure::failed(format!("cannot write the page: {error}")))?;
    context.ui.out.bytes(&bytes);
    Ok(exit::DONE)
}
