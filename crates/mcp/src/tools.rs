//! The tools, one table: name, what it is for, what it takes, what it does to the world.

mod arguments;
mod crash;
mod inputs;
mod lifecycle;
mod logs;
mod ports;
mod questions;
mod status;
mod wait;

use std::pin::Pin;
use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::Value;

use crate::reply::Answer;
use crate::session::{Caller, Session};

type Working<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// A tool.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    title: &'static str,
    description: &'static str,
    schema: fn() -> JsonObject,
    effect: Effect,
    pub(crate) call: for<'a> fn(&'a Session, Value, &'a Caller) -> Working<'a>,
}

/// What a tool does to the world.
#[derive(Debug, Clone, Copy)]
enum Effect {
    /// Nothing.
    Reads,
    /// Something comes to be; twice is as once.
    Begins,
    /// Something comes to be, each time.
    Adds,
    /// Something ends; twice is as once.
    Ends,
    /// Something may end, each time.
    Disturbs,
}

macro_rules! tool {
    ($name:literal, $title:literal, $effect:ident, $arguments:ty, $function:path, $description:literal) => {
        Entry {
            name: $name,
            title: $title,
            description: $description,
            schema: arguments::schema::<$arguments>,
            effect: Effect::$effect,
            call: |session, given, caller| {
                Box::pin(async move {
                    let given: $arguments = arguments::read($name, given)?;
                    $function(session, given, caller).await
                })
            },
        }
    };
}

/// All of them, in the order in which they are listed.
pub(crate) const ALL: &[Entry] = &[
    tool!(
        "status",
        "Status of all processes",
        Reads,
        status::Status,
        status::status,
        "What runs, how it is, on which ports, what deserves a look. Look here first."
    ),
    tool!(
        "start",
        "Start processes",
        Begins,
        lifecycle::Start,
        lifecycle::start,
        "Start processes of .forge/processes.yml with all that they need, and wait until they are ready. What runs already is left alone, so calling it twice is harmless. Picks up an edited file."
    ),
    tool!(
        "stop",
        "Stop processes",
        Ends,
        lifecycle::Stop,
        lifecycle::stop,
        "Stop processes with all their descendants. Without targets: everything of this workspace, also what others use."
    ),
    tool!(
        "restart",
        "Restart processes",
        Disturbs,
        lifecycle::Restart,
        lifecycle::restart,
        "Stop and start processes that Forge manages, and wait until they are ready. Log history is kept. `debug` switches debug mode on or off."
    ),
    tool!(
        "reload",
        "Apply an edited configuration",
        Begins,
        lifecycle::Reload,
        lifecycle::reload,
        "After an edit of .forge/processes.yml: restarts what changed, stops what was removed, starts what is new, leaves the rest alone."
    ),
    tool!(
        "wait",
        "Wait for something",
        Reads,
        wait::Wait,
        wait::wait,
        "Wait until a process is ready, has ended, has written a line that matches, or a port is listened on. Use this instead of polling or sleeping."
    ),
    tool!(
        "logs",
        "Read output",
        Reads,
        logs::Logs,
        logs::logs,
        "Output of processes, newest last, repeats folded. `new: true` gives only what came since your last call for the same targets; `cursor` goes on from an earlier answer."
    ),
    tool!(
        "search_logs",
        "Search output",
        Reads,
        logs::Search,
        logs::search_logs,
        "Find lines by regular expression in all that processes have written, with their surroundings; the count comes first."
    ),
    tool!(
        "crash",
        "Crash report",
        Reads,
        crash::Crash,
        crash::crash,
        "Why a process crashed: kind of error, place in the user's own code with source, stack, recent changes there, last output, what to do. Without a name: the list of crashes."
    ),
    tool!(
        "why",
        "Why it runs, or does not",
        Reads,
        questions::Why,
        questions::why,
        "The chain of reasons why a process is or is not running, and where its settings come from."
    ),
    tool!(
        "changes",
        "Recent changes of code",
        Reads,
        crash::Changes,
        crash::changes,
        "What has changed in the files that a process runs: edits not yet committed and the last commits."
    ),
    tool!(
        "ports",
        "Who listens where",
        Reads,
        ports::Ports,
        ports::ports,
        "Listening ports with process and owner. `port` asks for one, `all` for the whole machine."
    ),
    tool!(
        "free_port",
        "Free a port",
        Ends,
        ports::FreePort,
        ports::free_port,
        "End what listens on a port. Ends only what Forge has started, unless the user allows more."
    ),
    tool!(
        "send",
        "Write to standard input",
        Adds,
        inputs::Send,
        inputs::send,
        "Write a line to the standard input or terminal of a process."
    ),
    tool!(
        "signal",
        "Send a signal",
        Disturbs,
        inputs::Signal,
        inputs::signal,
        "Send a signal such as SIGHUP or SIGUSR1 to a process. To end one, use `stop`."
    ),
    tool!(
        "run",
        "Run a command as a process",
        Disturbs,
        lifecycle::Run,
        lifecycle::run,
        "Start a command that is not in the file as a managed process: with logs, health, stop. For servers, watchers, tunnels; not for commands that you wait for. The same name again replaces it."
    ),
    tool!(
        "detect",
        "Detect what a repository needs",
        Reads,
        questions::Detect,
        questions::detect,
        "Read a repository and suggest processes and services for .forge/processes.yml, each with its reason. Needs no configuration."
    ),
    tool!(
        "profiles",
        "Profiles of the file",
        Reads,
        questions::Profiles,
        questions::profiles,
        "The profiles of .forge/processes.yml, their processes, and which of them run."
    ),
    tool!(
        "events",
        "What has happened",
        Reads,
        questions::Events,
        questions::events,
        "Events: started, ready, crashed, restarted, health, reloads, warnings. `new: true` gives only what came since your last call."
    ),
];

/// The tool of that name.
pub(crate) fn named(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}

impl Entry {
    pub(crate) fn described(&self) -> Tool {
        let base = ToolAnnotations::with_title(self.title).open_world(false);
        let annotations = match self.effect {
            Effect::Reads => base.read_only(true).destructive(false).idempotent(true),
            Effect::Begins => base.read_only(false).destructive(false).idempotent(true),
            Effect::Adds => base.read_only(false).destructive(false).idempotent(false),
            Effect::Ends => base.read_only(false).destructive(true).idempotent(true),
            Effect::Disturbs => base.read_only(false).destructive(true).idempotent(false),
        };
        Tool::new(self.name, self.description, Arc::new((self.schema)()))
            .with_title(self.title)
            .with_annotations(annotations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_bear_the_names_of_the_verbs() {
        let names: Vec<&str> = ALL.iter().map(|entry| entry.name).collect();
        for verb in [
            "start",
            "stop",
            "restart",
            "status",
            "wait",
            "logs",
            "search_logs",
            "crash",
            "why",
            "changes",
            "ports",
            "free_port",
            "send",
            "signal",
            "run",
            "detect",
            "profiles",
            "events",
        ] {
            assert!(names.contains(&verb), "{verb}");
        }
    }

    #[test]
    fn every_argument_is_explained_and_the_whole_list_is_short() {
        let mut size = 0;
        for entry in ALL {
            let tool = serde_json::to_value(entry.described()).unwrap();
            let schema = &tool["inputSchema"];
            assert_eq!(schema["type"], "object", "{}", entry.name);
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                let text = field["description"].as_str();
                assert!(text.is_some(), "{}.{name}: {field}", entry.name);
            }
            size += tool.to_string().len();
        }
        assert!(size < 20_000, "an agent reads all of this: {size} bytes");
    }
}
