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
            Runtime::Deno | Runtime::Python | Runtime::Go | Runtime::Rust | Runtime::Dotnet => None,
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

/// Where a debugger attaches.
pub(crate) fn address(spec: &ProcessSpec, port: Option<u16>) -> Option<String> {
    let port = overlay(spec, port).port?;
    Some(format!("127.0.0.1:{port}"))
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
    match (runtime, port) {
        (Runtime::Node, Some(port)) => {
            set.insert("NODE_OPTIONS", format!("--inspect=127.0.0.1:{port}"));
        }
        (Runtime::Jvm, Some(port)) => {
            let agent = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1";
            set.insert("JAVA_TOOL_OPTIONS", format!("{agent}:{port}"));
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
            "java" | "mvn" | "mvnw" | "gradle" | "gradlew" | "kotlin" | "sbt" => Runtime::Jvm,
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
            ("./gradlew bootRun", Some(Runtime::Jvm)),
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
        assert_eq!(address(&node, None).as_deref(), Some("127.0.0.1:9229"));
        assert_eq!(address(&node, Some(9229)).as_deref(), Some("127.0.0.1:9230"));
        assert_eq!(address(&spec("redis-server"), None), None);
    }

    #[test]
    fn what_the_file_says_counts_more() {
        let mut node = spec("node server.js");
        let mut own = DebugSpec::default();
        own.port = Some(7000);
        own.env
            .insert("NODE_OPTIONS".into(), Some(Template::text("--mine")));
        node.debug = Some(own);
        assert_eq!(variable(&node, "NODE_OPTIONS").as_deref(), Some("--mine"));
        assert_eq!(address(&node, None).as_deref(), Some("127.0.0.1:7000"));
    }
}
