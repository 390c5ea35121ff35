//! Debug mode: what a process is given so that a debugger can attach. Its own overlay, else what its
//! runtime understands.

mod attach;
mod preload;
mod runtime;

use std::collections::BTreeMap;
use std::path::Path;

use forge_core::spec::{CommandSpec, DebugSpec, ProcessSpec};
use forge_core::template::Template;

pub(crate) use attach::attach;
pub(crate) use preload::{folder, write};
use runtime::{Runtime, asked_for, runtime_of};

/// What debug mode changes of a process: `port` is the one that was chosen for its debugger, `folder`
/// where the files lie that its runtime loads.
pub(crate) fn overlay(spec: &ProcessSpec, port: Option<u16>, folder: &Path) -> DebugSpec {
    let mut debug = spec.debug.clone().unwrap_or_default();
    let command = text_of(debug.command.as_ref().unwrap_or(&spec.command));
    let asked = asked_for(&command);
    let runtime = runtime_of(&command).filter(|_| debug.command.is_none() && asked.is_none());
    debug.port = debug.port.or(asked).or(port);
    let Some(runtime) = runtime else {
        return debug;
    };
    if runtime == Runtime::Deno {
        debug.command = debug.port.and_then(|port| with_inspector(&command, port));
    }
    for (name, value) in variables(runtime, debug.port, folder) {
        debug
            .env
            .entry(name.to_string())
            .or_insert_with(|| Some(Template::text(value)));
    }
    debug
}

/// The port on which the debugger of a process waits by habit, unless its file or command says so.
pub(crate) enum DebugPort {
    /// It is said.
    Said(u16),
    /// This one, or the next that is free.
    From(u16),
    /// Its runtime opens none.
    None,
}

/// Where the debugger of a process is to wait.
pub(crate) fn port_of(spec: &ProcessSpec) -> DebugPort {
    let own = spec.debug.as_ref();
    let own_command = own.and_then(|own| own.command.as_ref());
    let command = text_of(own_command.unwrap_or(&spec.command));
    if let Some(port) = own.and_then(|own| own.port).or_else(|| asked_for(&command)) {
        return DebugPort::Said(port);
    }
    let runtime = runtime_of(&command).filter(|_| own_command.is_none());
    let opens = |runtime: &Runtime| match runtime {
        Runtime::Deno => with_inspector(&command, 1).is_some(),
        Runtime::Node
        | Runtime::Bun
        | Runtime::Python
        | Runtime::Go
        | Runtime::Rust
        | Runtime::Jvm
        | Runtime::JvmTool
        | Runtime::Ruby
        | Runtime::Dotnet => true,
    };
    match runtime.filter(opens).and_then(Runtime::port) {
        Some(port) => DebugPort::From(port),
        None => DebugPort::None,
    }
}

fn variables(runtime: Runtime, port: Option<u16>, folder: &Path) -> BTreeMap<&'static str, String> {
    let mut set = BTreeMap::new();
    let agent = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1";
    match (runtime, port) {
        (Runtime::Node | Runtime::Bun, Some(port)) => {
            set.insert("NODE_OPTIONS", preload::node(folder));
            set.insert("FORGE_INSPECT", format!("--inspect=127.0.0.1:{port}"));
            if runtime == Runtime::Bun {
                set.insert("BUN_INSPECT", format!("ws://127.0.0.1:{port}/forge"));
            }
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
            set.insert("RUBYOPT", preload::ruby(folder));
        }
        (Runtime::Python, port) => {
            if let Some(port) = port {
                set.insert("PYTHONPATH", preload::python(folder));
                set.insert("FORGE_DEBUGPY", format!("127.0.0.1:{port}"));
            }
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
        (Runtime::Deno, _)
        | (Runtime::Node | Runtime::Bun | Runtime::Jvm | Runtime::Ruby, None) => {}
    }
    set
}

/// Deno is told by its command alone; its tasks start others, which cannot be told.
fn with_inspector(command: &str, port: u16) -> Option<CommandSpec> {
    ["deno run", "deno serve"].iter().find_map(|start| {
        let (before, rest) = command.split_once(start)?;
        let text = format!("{before}{start} --inspect=127.0.0.1:{port}{rest}");
        rest.starts_with(' ')
            .then(|| CommandSpec::Shell(Template::text(text)))
    })
}

/// Options that add to those that are there: a process's own heap size outlives debug mode.
pub(crate) fn beside(name: &str, there: Option<&String>, text: String, debug: bool) -> String {
    let there = there.filter(|there| debug && !there.is_empty() && !there.contains(&text));
    match (there, name) {
        (Some(there), "NODE_OPTIONS" | "JAVA_TOOL_OPTIONS" | "RUBYOPT") => {
            format!("{there} {text}")
        }
        (Some(there), "PYTHONPATH") => format!("{text}:{there}"),
        (Some(_) | None, _) => text,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(command: &str) -> ProcessSpec {
        let command = CommandSpec::Shell(Template::text(command));
        ProcessSpec::new("dev", "x", command, "/".into())
    }

    fn variable(spec: &ProcessSpec, name: &str) -> Option<String> {
        let debug = overlay(spec, Some(9229), Path::new("/s t/debug"));
        debug.env.get(name)?.as_ref().map(ToString::to_string)
    }

    #[test]
    fn node_gets_an_inspector_and_its_address_is_told() {
        let node = spec("node server.js");
        assert_eq!(
            variable(&node, "NODE_OPTIONS").as_deref(),
            Some("--require \"/s t/debug/node/inspect.cjs\"")
        );
        assert_eq!(
            variable(&node, "FORGE_INSPECT").as_deref(),
            Some("--inspect=127.0.0.1:9229")
        );
        let notes = attach(&node, Some(9229));
        assert!(notes[0].ends_with("at 127.0.0.1:9229"));
        let json = notes[1].strip_prefix("launch.json: ").unwrap();
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
            ("python3 app.py", "FORGE_DEBUGPY", "127.0.0.1:5678"),
            ("go run .", "GOTRACEBACK", "attaches to its pid"),
            ("cargo run", "RUST_BACKTRACE", "attaches to its pid"),
            ("dotnet run", "DOTNET_ENVIRONMENT", "attaches to its pid"),
            ("java -jar a.jar", "JAVA_TOOL_OPTIONS", "127.0.0.1:5005"),
            ("bun run dev", "BUN_INSPECT", "127.0.0.1:9229"),
            (
                "./gradlew bootRun",
                "JAVA_TOOL_OPTIONS",
                "its output names the port",
            ),
            ("bundle exec rails s", "RUBYOPT", "127.0.0.1:12345"),
        ] {
            let spec = spec(command);
            assert!(variable(&spec, variable_name).is_some(), "{command}");
            let port = match port_of(&spec) {
                DebugPort::Said(port) | DebugPort::From(port) => Some(port),
                DebugPort::None => None,
            };
            let notes = attach(&spec, port);
            assert!(notes[0].contains(told), "{command}: {notes:?}");
        }
    }

    #[test]
    fn deno_is_told_by_its_command() {
        let debug = overlay(&spec("deno run -A main.ts"), Some(9230), Path::new("/s"));
        assert_eq!(
            text_of(debug.command.as_ref().unwrap()),
            "deno run --inspect=127.0.0.1:9230 -A main.ts"
        );
        assert!(matches!(port_of(&spec("deno task dev")), DebugPort::None));
    }

    #[test]
    fn options_that_are_there_stay() {
        let there = "--max-old-space-size=4096".to_string();
        let load = || "--require \"/x\"".to_string();
        let both = beside("NODE_OPTIONS", Some(&there), load(), true);
        assert_eq!(both, "--max-old-space-size=4096 --require \"/x\"");
        assert_eq!(beside("NODE_OPTIONS", Some(&there), load(), false), load());
        let path = beside(
            "PYTHONPATH",
            Some(&"/lib".to_string()),
            "/hook".into(),
            true,
        );
        assert_eq!(path, "/hook:/lib");
        assert_eq!(
            beside("GOTRACEBACK", Some(&there), "all".into(), true),
            "all"
        );
    }

    #[test]
    fn what_the_file_and_the_command_say_counts_more() {
        let mut node = spec("node server.js");
        let mut own = DebugSpec {
            port: Some(7000),
            ..DebugSpec::default()
        };
        own.env
            .insert("NODE_OPTIONS".into(), Some(Template::text("--mine")));
        node.debug = Some(own);
        assert_eq!(variable(&node, "NODE_OPTIONS").as_deref(), Some("--mine"));
        assert!(matches!(port_of(&node), DebugPort::Said(7000)));
        let asks = spec("node --inspect=9300 server.js");
        assert_eq!(variable(&asks, "NODE_OPTIONS"), None);
        assert!(matches!(port_of(&asks), DebugPort::Said(9300)));
    }
}
