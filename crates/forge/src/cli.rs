//! From words to a command and from its outcome to an exit code.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command, DaemonCommand, DevCommand, Global};
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::out::complain;
use crate::output::ui::Ui;
use crate::{commands, completion, console};

/// The whole program, but for its background processes.
pub(crate) fn main(words: Vec<OsString>) -> ExitCode {
    if completion::answer(&words) {
        return ExitCode::SUCCESS;
    }
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(tell_usage(&error)),
    };
    ExitCode::from(finish(cli))
}

fn finish(cli: Cli) -> u8 {
    let context = Context {
        ui: Ui::new(cli.global.color),
        global: cli.global,
        console: false,
    };
    let outcome = match cli.command {
        Some(command) => run(command, &context),
        None if !std::io::stdin().is_terminal() => {
            console::read_lines(&context, &mut std::io::stdin().lock(), None)
        }
        None if cli.plain => {
            console::read_lines(&context, &mut std::io::stdin().lock(), Some("forge> "))
        }
        None => commands::overview::run(&context),
    };
    settle(outcome, &context)
}

/// One line of a console: the same grammar without the first word.
pub(crate) fn run_line(words: Vec<String>, outer: &Context) -> u8 {
    let words = std::iter::once("forge".to_string()).chain(words);
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return tell_usage(&error),
    };
    let Some(command) = cli.command else {
        return settle(
            Err(Failure::usage("no command").hint("/help lists the commands")),
            outer,
        );
    };
    let color = match cli.global.color {
        crate::output::colour::ColourWhen::Auto => outer.global.color,
        chosen => chosen,
    };
    let context = Context {
        ui: Ui::new(color),
        global: Global {
            workspace: cli.global.workspace.or(outer.global.workspace.clone()),
            color,
        },
        console: true,
    };
    let outcome = run(command, &context);
    settle(outcome, &context)
}

/// Tells a failure and finds the exit code.
fn settle(outcome: Outcome, context: &Context) -> u8 {
    let code = match outcome {
        Ok(code) => code,
        Err(failure) => {
            failure.tell(context.ui.colour_err);
            failure.code
        }
    };
    match context.ui.out.take_failure() {
        Some(error) => {
            let failure = Failure::failed(format!("cannot write to standard output: {error}"));
            failure.tell(context.ui.colour_err);
            if code == exit::DONE {
                failure.code
            } else {
                code
            }
        }
        None => code,
    }
}

/// Prints clap's message: help on standard output (0), mistakes on standard error (2).
fn tell_usage(error: &clap::Error) -> u8 {
    if error.print().is_err() && error.use_stderr() {
        complain("error: bad usage");
    }
    u8::try_from(error.exit_code()).unwrap_or(exit::USAGE)
}

fn run(command: Command, context: &Context) -> Outcome {
    match command {
        Command::Dev(command) => run_dev(command, context),
        Command::Daemon(DaemonCommand::Status(args)) => commands::daemon::status(&args, context),
        Command::Daemon(DaemonCommand::Restart(args)) => commands::daemon::restart(&args, context),
        Command::Daemon(DaemonCommand::Stop(args)) => commands::daemon::stop(&args, context),
        Command::Mcp(args) => commands::mcp::run(&args, context),
        Command::Explain(args) => commands::explain::run(&args, context),
        Command::Trust(args) => commands::trust::run(&args, context),
        Command::Hook(args) => commands::hook::run(&args, context),
        Command::Selftest(args) => commands::selftest::run(&args, context),
        Command::Schema => commands::schema::run(context),
        Command::Completions(args) => commands::completions::run(&args, context),
        Command::Man(args) => commands::man::run(&args, context),
    }
}

fn run_dev(command: DevCommand, context: &Context) -> Outcome {
    match command {
        DevCommand::Start(args) => commands::start::run(&args, context),
        DevCommand::Up(args) => commands::up::run(&args, context),
        DevCommand::Stop(args) => commands::stop::run(&args, context),
        DevCommand::Restart(args) => commands::restart::run(&args, context),
        DevCommand::Reload(args) => commands::reload::run(&args, context),
        DevCommand::Pause(args) => commands::pause::pause(&args, context),
        DevCommand::Resume(args) => commands::pause::resume(&args, context),
        DevCommand::Status(args) => commands::status::run(&args, context),
        DevCommand::Monitor(args) => commands::monitor::run(&args, context),
        DevCommand::Hogs(args) => commands::hogs::run(&args, context),
        DevCommand::Logs(args) => commands::logs::run(&args, context),
        DevCommand::Search(args) => commands::search::run(&args, context),
        DevCommand::Events(args) => commands::events::run(&args, context),
        DevCommand::Signal(args) => commands::signal::run(&args, context),
        DevCommand::Send(args) => commands::send::run(&args, context),
        DevCommand::Attach(args) => commands::attach::run(&args, context),
        DevCommand::Run(args) => commands::run::run(&args, context),
        DevCommand::Debug(args) => commands::debug::run(&args, context),
        DevCommand::Wait(args) => commands::wait::run(&args, context),
        DevCommand::Exec(args) => commands::exec::run(&args, context),
        DevCommand::Why(args) => commands::why::run(&args, context),
        DevCommand::Crashes(args) => commands::crashes::run(&args, context),
        DevCommand::Crash(args) => commands::crash::run(&args, context),
        DevCommand::Changes(args) => commands::changes::run(&args, context),
        DevCommand::Graph(args) => commands::graph::run(&args, context),
        DevCommand::Detect(args) => commands::detect::run(&args, context),
        DevCommand::Init(args) => commands::init::run(&args, context),
        DevCommand::Import(args) => commands::import::run(&args, context),
        DevCommand::Export(args) => commands::export::run(&args, context),
        DevCommand::Check(args) => commands::check::run(&args, context),
        DevCommand::Profiles(args) => commands::profiles::run(&args, context),
        DevCommand::Save(args) => commands::save::run(&args, context),
        DevCommand::Restore(args) => commands::restore::run(&args, context),
        DevCommand::Paths(args) => commands::paths::run(&args, context),
        DevCommand::Ports(args) => commands::ports::all(&args, context),
        DevCommand::Port(args) => commands::ports::one(&args, context),
        DevCommand::KillPort(args) => commands::kill_port::run(&args, context),
        DevCommand::Orphans(args) => commands::orphans::run(&args, context),
        DevCommand::Ps(args) => commands::ps::run(&args, context),
        DevCommand::Doctor(args) => commands::doctor::run(&args, context),
    }
}
