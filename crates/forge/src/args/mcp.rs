//! Arguments of `mcp`.

use clap::{Args, Subcommand};

#[derive(Debug, Clone, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  forge mcp install            enter it in the configuration of your agent\n  forge mcp                    what the agent then runs; speaks MCP on standard input and output\n\ndocs/agents.md shows a session."
)]
pub(crate) struct McpArgs {
    /// Let the agent end processes that Forge did not start
    #[arg(long)]
    pub(crate) allow_foreign_kill: bool,
    #[command(subcommand)]
    pub(crate) command: Option<McpCommand>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum McpCommand {
    /// Enter this server in the configuration of agents, after showing and asking
    Install(McpInstallArgs),
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge mcp install claude-code cursor\n\nKnown: claude-code, cursor, vscode, codex, gemini, opencode, zed, windsurf."
)]
pub(crate) struct McpInstallArgs {
    /// Which agents [default: those that seem to be used here]
    #[arg(value_name = "AGENT")]
    pub(crate) agents: Vec<String>,
    /// Write without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
}
