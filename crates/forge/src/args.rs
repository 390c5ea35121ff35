//! The grammar of the command line. Slash commands are the same grammar without the first word.

mod crash;
mod daemon;
mod exchange;
mod lifecycle;
mod logs;
mod mcp;
mod memory;
mod monitor;
mod ports;
mod process;
mod queries;
mod selftest;
mod setup;
pub(crate) mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use crash::{ChangesArgs, CrashArgs, CrashesArgs, ExplainArgs};
pub(crate) use daemon::{
    CompletionsArgs, DaemonAllArgs, DaemonCommand, DaemonStatusArgs, ManArgs, Shell,
};
pub(crate) use exchange::{ExportArgs, ImportArgs};
pub(crate) use lifecycle::{
    DebugArgs, Frame, ReloadArgs, RestartArgs, RunArgs, StartArgs, StopArgs, TargetsArgs, UpArgs,
};
pub(crate) use logs::{EventsArgs, LogsArgs, SearchArgs, Selection};
pub(crate) use mcp::{McpArgs, McpCommand, McpInstallArgs};
pub(crate) use memory::{HookArgs, HookShell, RestoreArgs, SaveArgs, TrustArgs};
pub(crate) use monitor::{HogsArgs, MonitorArgs};
pub(crate) use ports::{KillPortArgs, OrphansArgs, PortArgs, PortsArgs};
pub(crate) use process::{AttachArgs, ExecArgs, PsArgs, SendArgs, SignalArgs, WaitArgs};
pub(crate) use queries::{GraphArgs, JsonArgs, StatusArgs, WhyArgs};

pub(crate) use setup::{DetectArgs, InitArgs};

pub(crate) use selftest::{SelftestArgs, Victim};

use crate::output::colour::ColourWhen;

/// Starts, watches, explains and stops everything a project needs while it is being worked on.
#[derive(Debug, Parser)]
#[command(
    name = "forge",
    version,
    max_term_width = 100,
    after_help = "Example: forge dev start\n\n\
        Without a command, forge opens its console. With a pipe at its input, or with --plain, it reads commands line by line: /dev start, /dev logs backend, /quit.\n\n\
        Exit codes: 0 done, 1 failed, 2 bad usage or configuration, 3 no such process, 4 port conflict, 130 interrupted."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    /// Without a command: read commands line by line instead of opening the console, for screen readers
    #[arg(long)]
    pub(crate) plain: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Global {
    /// The workspace [default: the folder with .forge/processes.yml, from here upwards]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        value_hint = clap::ValueHint::DirPath,
        help_heading = "Options of every command"
    )]
    pub(crate) workspace: Option<PathBuf>,
    /// When to use colours: auto, always, never
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true,
        hide_default_value = true,
        help_heading = "Options of every command"
    )]
    pub(crate) color: ColourWhen,
}

/// The first word.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Processes of this workspace: start, stop, watch, understand
    #[command(
        subcommand,
        after_help = "Example: forge dev start && forge dev logs -f"
    )]
    Dev(DevCommand),
    /// Forge's own background processes
    #[command(subcommand, after_help = "Example: forge daemon status")]
    Daemon(DaemonCommand),
    /// Serve an agent: the Model Context Protocol on standard input and output
    Mcp(McpArgs),
    /// Explain the errors in a text: what failed, where in the code, what changed, what now
    Explain(ExplainArgs),
    /// Let a workspace's file be started by itself, as it is now
    Trust(TrustArgs),
    /// Print the script that tells forge where a shell goes
    Hook(HookArgs),
    /// Kill Forge's own processes at random while children write, and count what is lost: nothing
    Selftest(SelftestArgs),
    /// Print the JSON Schema of .forge/processes.yml
    #[command(after_help = "Example: forge schema > .forge/schema.json")]
    Schema,
    /// Print the script that teaches a shell to complete forge's commands and process names
    Completions(CompletionsArgs),
    /// Print a manual page
    Man(ManArgs),
}

/// The word behind `dev`.
#[derive(Debug, Subcommand)]
pub(crate) enum DevCommand {
    /// Start processes and wait until all are ready
    Start(StartArgs),
    /// Start in the foreground and follow the logs; Ctrl-C stops everything again
    Up(UpArgs),
    /// Stop processes and everything they have started
    Stop(StopArgs),
    /// Stop processes and start them again; ports, debug mode and history are kept
    Restart(RestartArgs),
    /// Apply an edited .forge/processes.yml: only what has changed is touched
    Reload(ReloadArgs),
    /// Halt processes where they are (SIGSTOP)
    #[command(after_help = "Example: forge dev pause worker")]
    Pause(TargetsArgs),
    /// Let paused processes go on
    #[command(after_help = "Example: forge dev resume worker")]
    Resume(TargetsArgs),
    /// Show what runs, how it is, and what has happened
    Status(StatusArgs),
    /// Show what the machine and each process use, now and over time
    Monitor(MonitorArgs),
    /// Show what uses most CPU and memory on this machine
    Hogs(HogsArgs),
    /// Show what processes have written
    Logs(LogsArgs),
    /// Search the logs: the number of hits first, then the lines
    Search(SearchArgs),
    /// Show what has happened: starts, crashes, restarts, health
    Events(EventsArgs),
    /// Send a signal to processes
    Signal(SignalArgs),
    /// Write text to the input of processes
    Send(SendArgs),
    /// Use the terminal of a process; Ctrl-] leaves it
    Attach(AttachArgs),
    /// Run a command that is not in the file, managed like any other process
    Run(RunArgs),
    /// Restart a process in debug mode, or back
    Debug(DebugArgs),
    /// Wait until a process is ready, has ended, or writes a line
    Wait(WaitArgs),
    /// Run a command in the folder and environment of a process
    Exec(ExecArgs),
    /// Explain why a process runs, or why it does not
    Why(WhyArgs),
    /// List crashes, the latest first
    Crashes(CrashesArgs),
    /// Explain a crash: its cause, where in the code, what changed, what can be done
    Crash(CrashArgs),
    /// Show what changed since the last healthy run of a process
    Changes(ChangesArgs),
    /// Show who depends on whom
    Graph(GraphArgs),
    /// Suggest processes for a repository: command, folder, port, and the reason
    Detect(DetectArgs),
    /// Write what is detected as .forge/processes.yml, after showing it
    Init(InitArgs),
    /// Take over the configuration of another tool as a profile
    Import(ImportArgs),
    /// Write a profile as the configuration of another tool
    Export(ExportArgs),
    /// Check .forge/processes.yml and do nothing else
    #[command(after_help = "Example: forge dev check")]
    Check(JsonArgs),
    /// List the profiles and their processes
    #[command(after_help = "Example: forge dev profiles")]
    Profiles(JsonArgs),
    /// Write what runs now into .forge/processes.yml as a profile
    Save(SaveArgs),
    /// Bring back what ran before a reboot or a kill of everything
    Restore(RestoreArgs),
    /// Show where configuration, state, logs and sockets lie
    #[command(after_help = "Example: rg timeout \"$(forge dev paths --json | jq -r .logs)\"")]
    Paths(JsonArgs),
    /// Show who listens on which port
    Ports(PortsArgs),
    /// Show who listens on one port
    Port(PortArgs),
    /// End who listens on a port, after showing and asking
    KillPort(KillPortArgs),
    /// Show what was left behind in this workspace, and end it
    Orphans(OrphansArgs),
    /// Show the process trees: every process that a command has started
    Ps(PsArgs),
    /// Check that this machine lets Forge do its work
    #[command(after_help = "Example: forge dev doctor")]
    Doctor(JsonArgs),
}

#[cfg(test)]
mod tests;
