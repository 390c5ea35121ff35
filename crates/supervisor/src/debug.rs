//! Debug mode: what a process is given so that a debugger can attach. Its own overlay, else what its
//! runtime understands.

use std::collections::BTreeMap;

use forge_core::spec::{CommandSpec, DebugSpec, ProcessSpec};
use forge_core::template::Template;

/// A runtime that Forge knows how to debug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runtime {
    Node,
    Deno,
    Python,
    Go,
    Rust,
    Jvm,
    /// A build tool that starts virtual machines.
    JvmTool,
    Ruby,
    Dotnet,
}

impl Runtime {
    /// The port on which its debugger waits by habit.
    pub(crate) fn port(self) -> Option<u16> {
        match self {
            Runtime::Node => Some(9229),
            Runtime::Jvm => Some(5005),
            Runtime::Ruby => Some(12345),
            Runtime::Deno
            | Runtime::JvmTool
            | Runtime::Python
            | Runtime::Go
            | Runtime::Rust
            | Runtime::Dotnet => None,
        }
    }
}

/// What debug mode changes of a process.
pub(crate) fn overlay(spec: &ProcessSpec, port: Option<u16>) -> DebugSpec {
    let own = spec.debug.clone().unwrap_or_default();
    let Some(runtime) = runtime_of(&text_of(&spec.command)) else {
        return own;
    };
    let Some(debug_port) = own.port.or_else(|| debug_port(runtime, port)) else {
        return with_variables(own, runtime, None);
    };
    with_variables(own, runtime, Some(debug_port))
}

/// How a debugger attaches to a process in debug mode, for people: address, and what VS Code needs.
pub(crate) fn attach(spec: &ProcessSpec, port: Option<u16>) -> Vec<String> {
    let runtime = runtime_of(&text_of(&spec.command));
    let overlay = overlay(spec, port);
    let name = &spec.name;
    let mut notes = vec![match (overlay.port, runtime) {
        (Some(port), _) => format!("{name}: a debugger attaches at 127.0.0.1:{port}"),
        (None, Some(Runtime::JvmTool)) => format!(
            "{name}: its output names the port: \"Listening for transport dt_socket at address\""
        ),
        (None, Some(Runtime::Python)) => format!(
            "{name}: Python's development mode is on; for a port, set `debug.command`, such as `python -m debugpy --listen 127.0.0.1:5678 app.py`"
        ),
        (None, Some(Runtime::Go | Runtime::Rust | Runtime::Dotnet)) => {
            format!("{name}: a debugger attaches to its pid, see `forge dev ps {name}`")
        }
        (None, _) => format!("{name}: debug mode is on; its runtime opens no port for a debugger"),
    }];
    notes.extend(runtime.and_then(|runtime| launch_json(runtime, name, overlay.port)));
    notes
}

/// A configuration for the list in `.vscode/launch.json`.
fn launch_json(runtime: Runtime, name: &str, port: Option<u16>) -> Option<String> {
    let (kind, rest) = match (runtime, port) {
        (Runtime::Node, Some(port)) => ("node", format!("\"port\": {port}")),
        (Runtime::Python, Some(port)) => (
            "debugpy",
            format!("\"connect\": {{\"host\": \"127.0.0.1\", \"port\": {port}}}"),
        ),
        (Runtime::Jvm, Some(port)) => (
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
        (Runtime::Node | Runtime::Python | Runtime::Jvm | Runtime::Ruby, None)
        | (Runtime::Deno | Runtime::JvmTool, _) => return None,
    };
    let name = serde_json::Value::from(format!("Attach to {name}"));
    Some(format!(
        "launch.json: {{\"name\": {name}, \"type\": \"{kind}\", \"request\": \"attach\", {rest}}}"
    ))
}

/// Its habitual port, moved away from the process's own.
fn debug_port(runtime: Runtime, own: Option<u16>) -> Option<u16> {
    let port = runtime.port()?;
    match own {
        Some(own) if own == port => port.checked_add(1),
        _ => Some(port),
    }
}

fn with_variables(mut debug: DebugSpec, runtime: Runtime, port: Option<u16>) -> DebugSpec {
    let mut set: BTreeMap<&str, String> = BTreeMap::new();
    let agent = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1";
    match (runtime, port) {
        (Runtime::Node, Some(port)) => {
            set.insert("NODE_OPTIONS", format!("--inspect=127.0.0.1:{port}"));
        }
        (Runtime::Jvm, Some(port)) => {
            set.insert("JAVA_TOOL_OPTIONS", format!("{agent}:{port}"));
        }
        (Runtime::JvmTool, _) => {
            // The tool is a virtual machine too, and starts others: one that finds its port taken ends.
            set.insert("JAVA_TOOL_OPTIONS", format!("{agent}:0"));
        }
        (Runtime::Ruby, Some(port)) => {
            set.insert("RUBY_DEBUG_PORT", port.to_string());
            set.insert("RUBY_DEBUG_HOST", "127.0.0.1".to_string());
            set.insert("RUBYOPT", "-rdebug/open_nonstop".to_string());
        }
        (Runtime::Python, _) => {
            // debugpy cannot be switched on by the environment; the development mode can.
            set.insert("PYTHONDEVMODE", "1".to_string());
            set.insert("PYTHONFAULTHANDLER", "1".to_string());
        }
        (Runtime::Go, _) => {
            set.insert("GOTRACEBACK", "all".to_string());
        }
        (Runtime::Rust, _) => {
            set.insert("RUST_BACKTRACE", "full".to_string());
        }
        (Runtime::Dotnet, _) => {
            set.insert("DOTNET_ENVIRONMENT", "Development".to_string());
            set.insert("ASPNETCORE_ENVIRONMENT", "Development".to_string());
        }
        (Runtime::Deno, _) | (Runtime::Node | Runtime::Jvm | Runtime::Ruby, None) => {}
    }
    if matches!(runtime, Runtime::Node | Runtime::Jvm | Runtime::Ruby) {
        debug.port = port;
    }
    for (name, value) in set {
        debug
            .env
            .entry(name.to_string())
            .or_insert_with(|| Some(Template::text(value)));
    }
    debug
}

/// Options that add to those that are there: a process's own heap size outlives debug mode.
pub(crate) fn beside(name: &str, there: Option<&String>, text: String, debug: bool) -> String {
    let adds = ["NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "RUBYOPT"].contains(&name);
    match there {
        Some(there) if debug && adds && !there.is_empty() && !there.contains(&text) => {
            format!("{there} {text}")
        }
        Some(_) | None => text,
    }
}

/// The command in one line.
pub(crate) fn text_of(command: &CommandSpec) -> String {
    match command {
        CommandSpec::Shell(text) => text.to_string(),
        CommandSpec::Argv(words) => {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            words.join(" ")
        }
    }
}

/// The runtime that a command line begins.
pub(crate) fn runtime_of(command: &str) -> Option<Runtime> {
    let words = command
        .split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')'))
        .filter(|word| !word.is_empty() && !word.contains('='));
    for word in words {
        let name = word.rsplit('/').next().unwrap_or(word);
        let base = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let runtime = match base {
            "node" | "npm" | "npx" | "pnpm" | "yarn" | "tsx" | "ts-node" | "nodemon" | "next"
            | "vite" | "nest" => Runtime::Node,
            "deno" => Runtime::Deno,
            "python" | "uvicorn" | "gunicorn" | "flask" | "celery" | "poetry" | "uv" | "pipenv"
            | "manage.py" => Runtime::Python,
            "go" | "air" => Runtime::Go,
            "cargo" => Runtime::Rust,
            "java" | "kotlin" => Runtime::Jvm,
            "mvn" | "mvnw" | "gradle" | "gradlew" | "sbt" => Runtime::JvmTool,
            "ruby" | "bundle" | "rails" | "rake" | "puma" | "sidekiq" | "rackup" => Runtime::Ruby,
            "dotnet" => Runtime::Dotnet,
            _ => continue,
        };
        return Some(runtime);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(command: &str) -> ProcessSpec {
        let command = CommandSpec::Shell(Template::text(command));
        ProcessSpec::new("dev", "x", command, "/".into())
    }

    fn variable(spec: &ProcessSpec, name: &str) -> Option<String> {
        let debug = overlay(spec, None);
        debug.env.get(name)?.as_ref().map(ToString::to_string)
    }

    #[test]
    fn the_runtime_is_known_by_the_command() {
        for (command, runtime) in [
            ("npm run dev", Some(Runtime::Node)),
            ("NODE_ENV=x /usr/bin/node server.js", Some(Runtime::Node)),
            ("cd api && python3.11 -m flask run", Some(Runtime::Python)),
            ("./gradlew bootRun", Some(Runtime::JvmTool)),
            ("java -jar app.jar", Some(Runtime::Jvm)),
            ("redis-server", None),
            ("", None),
        ] {
            assert_eq!(runtime_of(command), runtime, "{command}");
        }
    }

    #[test]
    fn node_gets_an_inspector_and_its_address_is_known() {
        let node = spec("node server.js");
        assert_eq!(
            variable(&node, "NODE_OPTIONS").as_deref(),
            Some("--inspect=127.0.0.1:9229")
        );
        assert!(attach(&node, None)[0].ends_with("at 127.0.0.1:9229"));
        assert!(attach(&node, Some(9229))[0].ends_with("at 127.0.0.1:9230"));
        let snippet = attach(&node, None)[1].clone();
        let json = snippet.strip_prefix("launch.json: ").unwrap();
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(
            (&json["type"], &json["port"]),
            (&"node".into(), &9229.into())
        );
        assert_eq!(attach(&spec("redis-server"), None).len(), 1);
    }

    #[test]
    fn every_runtime_is_told_how_to_attach() {
        for (command, variable_name, told) in [
            ("python3 app.py", "PYTHONDEVMODE", "development mode"),
            ("go run .", "GOTRACEBACK", "attaches to its pid"),
            ("cargo run", "RUST_BACKTRACE", "attaches to its pid"),
            ("dotnet run", "DOTNET_ENVIRONMENT", "attaches to its pid"),
            ("java -jar a.jar", "JAVA_TOOL_OPTIONS", "127.0.0.1:5005"),
            (
                "./gradlew bootRun",
                "JAVA_TOOL_OPTIONS",
                "its output names the port",
            ),
            ("bundle exec rails s", "RUBYOPT", "127.0.0.1:12345"),
        ] {
            let spec = spec(command);
            assert!(variable(&spec, variable_name).is_some(), "{command}");
            let notes = attach(&spec, None);
            assert!(notes[0].contains(told), "{command}: {notes:?}");
        }
    }

    #[test]
    fn options_that_are_there_stay() {
        let there = "--max-old-space-size=4096".to_string();
        let inspect = || "--inspect=127.0.0.1:9229".to_string();
        let both = beside("NODE_OPTIONS", Some(&there), inspect(), true);
        assert_eq!(both, "--max-old-space-size=4096 --inspect=127.0.0.1:9229");
        assert_eq!(
            beside("NODE_OPTIONS", Some(&there), inspect(), false),
            inspect()
        );
        assert_eq!(
            beside("GOTRACEBACK", Some(&there), "all".into(), true),
            "all"
        );
    }

    #[test]
    fn what_the_file_says_counts_more() {
        let mut node = spec("node server.js");
        let mut own = DebugSpec {
            port: Some(7000),
            ..DebugSpec::default()
        };
        own.env
            .insert("NODE_OPTIONS".into(), Some(Template::text("--mine")));
        node.debug = Some(own);
        assert_eq!(variable(&node, "NODE_OPTIONS").as_deref(), Some("--mine"));
        assert!(attach(&node, None)[0].ends_with("at 127.0.0.1:7000"));
    }
}
