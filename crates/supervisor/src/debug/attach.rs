//! How a debugger attaches to a process in debug mode, for people.

use forge_core::spec::ProcessSpec;

use super::runtime::{Runtime, runtime_of};
use super::text_of;

/// The address, and what VS Code needs. `port` is the debugger's.
pub(crate) fn attach(spec: &ProcessSpec, port: Option<u16>) -> Vec<String> {
    let own = spec.debug.as_ref().and_then(|own| own.command.as_ref());
    let command = text_of(own.unwrap_or(&spec.command));
    let runtime = runtime_of(&command);
    let name = &spec.name;
    let mut notes = vec![match (port, runtime) {
        (Some(port), Some(Runtime::Python)) if !command.contains("debugpy") => format!(
            "{name}: a debugger attaches at 127.0.0.1:{port} where debugpy is installed; Python's development mode is on"
        ),
        (Some(port), _) => format!("{name}: a debugger attaches at 127.0.0.1:{port}"),
        (None, Some(Runtime::JvmTool)) => format!(
            "{name}: its output names the port: \"Listening for transport dt_socket at address\""
        ),
        (None, Some(Runtime::Go)) => format!(
            "{name}: a debugger attaches to its pid (`dlv attach PID`), see `forge dev ps {name}`; a panic shows all goroutines"
        ),
        (None, Some(Runtime::Rust)) => format!(
            "{name}: a debugger attaches to its pid (`rust-gdb -p PID`), see `forge dev ps {name}`; a panic shows a full backtrace"
        ),
        (None, Some(Runtime::Dotnet)) => {
            format!("{name}: a debugger attaches to its pid, see `forge dev ps {name}`")
        }
        (None, Some(Runtime::Deno)) => format!(
            "{name}: debug mode is on; for a debugger, set `debug.command`, such as `deno run --inspect=127.0.0.1:9229 main.ts`"
        ),
        (None, _) => format!(
            "{name}: debug mode is on; no runtime is known by its command, so set `debug.env` or `debug.command` for a debugger"
        ),
    }];
    notes.extend(runtime.and_then(|runtime| launch_json(runtime, name, port)));
    notes
}

/// A configuration for the list in `.vscode/launch.json`.
fn launch_json(runtime: Runtime, name: &str, port: Option<u16>) -> Option<String> {
    let (kind, rest) = match (runtime, port) {
        (Runtime::Node | Runtime::Deno, Some(port)) => (
            "node",
            format!("\"address\": \"127.0.0.1\", \"port\": {port}"),
        ),
        (Runtime::Bun, Some(port)) => ("bun", format!("\"url\": \"ws://127.0.0.1:{port}/forge\"")),
        (Runtime::Python, Some(port)) => (
            "debugpy",
            format!("\"connect\": {{\"host\": \"127.0.0.1\", \"port\": {port}}}"),
        ),
        (Runtime::Jvm | Runtime::JvmTool, Some(port)) => (
            "java",
            format!("\"hostName\": \"127.0.0.1\", \"port\": {port}"),
        ),
        (Runtime::Ruby, Some(port)) => ("rdbg", format!("\"debugPort\": \"127.0.0.1:{port}\"")),
        (Runtime::Go, _) => (
            "go",
            "\"mode\": \"local\", \"processId\": \"${command:pickProcess}\"".to_string(),
        ),
        (Runtime::Rust, _) => ("lldb", "\"pid\": \"${command:pickProcess}\"".to_string()),
        (Runtime::Dotnet, _) => (
            "coreclr",
            "\"processId\": \"${command:pickProcess}\"".to_string(),
        ),
        (
            Runtime::Node
            | Runtime::Bun
            | Runtime::Deno
            | Runtime::Python
            | Runtime::Jvm
            | Runtime::JvmTool
            | Runtime::Ruby,
            None,
        ) => return None,
    };
    let name = serde_json::Value::from(format!("Attach to {name}"));
    Some(format!(
        "launch.json: {{\"name\": {name}, \"type\": \"{kind}\", \"request\": \"attach\", {rest}}}"
    ))
}
