//! Values that are one word of a closed list.

use forge_core::spec::{
    OUTPUT_EVENTS, OnDeterministic, OnDown, OnExceed, OnExit, OnUnhealthy, RestartPolicy, Scope,
    StderrMode, StopOrder,
};
use serde_json::{Value, json};

use crate::near::did_you_mean;
use crate::reader::{Read, Reader};
use crate::tree::Node;

/// Reads one word of a closed list.
fn choose<T: Copy>(words: &[(&str, T)], node: &Node, reader: &mut Reader<'_>) -> Option<T> {
    let list: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
    let what = match list.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        all => all.concat(),
    };
    let filled = reader.filled(&what, node)?;
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == filled.text) {
        return Some(*value);
    }
    let help = match filled.replaced {
        true => None,
        false => did_you_mean(&filled.text, words.iter().map(|(word, _)| *word)),
    };
    reader.expected_text(&what, &filled).maybe_help(help);
    None
}

fn words_schema<T>(words: &[(&str, T)]) -> Value {
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": "\\$\\{" }] })
}

/// Values that are one word of a closed list.
macro_rules! words {
    ($($ty:ident { $($word:literal => $value:expr),* $(,)? })*) => { $(
        impl $ty {
            const WORDS: &'static [(&'static str, $ty)] = &[$(($word, $value)),*];
        }
        words!(@read $ty, Self::WORDS);
    )* };
    (foreign $($ty:ident { $($word:literal => $value:expr),* $(,)? })*) => { $(
        words!(@read $ty, &[$(($word, $value)),*]);
    )* };
    (@read $ty:ident, $words:expr) => {
        impl Read for $ty {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                choose($words, node, reader)
            }

            fn schema() -> Value {
                words_schema::<$ty>($words)
            }
        }
    };
}

words! { foreign
    OnExit { "none" => OnExit::None, "stop-all" => OnExit::StopAll, "stop-all-on-failure" => OnExit::StopAllOnFailure }
    StderrMode { "separate" => StderrMode::Separate, "merge" => StderrMode::Merge }
    OnDown { "ignore" => OnDown::Ignore, "restart" => OnDown::Restart, "stop" => OnDown::Stop }
    OnUnhealthy { "warn" => OnUnhealthy::Warn, "restart" => OnUnhealthy::Restart }
    RestartPolicy { "never" => RestartPolicy::Never, "on-failure" => RestartPolicy::OnFailure, "always" => RestartPolicy::Always }
    OnDeterministic { "wait" => OnDeterministic::Wait, "retry" => OnDeterministic::Retry }
    Scope { "tree" => Scope::Tree, "leader" => Scope::Leader }
    OnExceed { "warn" => OnExceed::Warn, "restart" => OnExceed::Restart, "stop" => OnExceed::Stop }
    StopOrder { "dependency" => StopOrder::Dependency, "parallel" => StopOrder::Parallel }
}

/// The conditions that need no argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConditionWord {
    Started,
    Healthy,
    Completed,
    Exited,
}

/// The name of a log level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LevelWord(pub(crate) &'static str);

/// The kind of an event that output can state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventWord(pub(crate) &'static str);

impl Read for EventWord {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        choose(&event_words(), node, reader)
    }

    fn schema() -> Value {
        words_schema(&event_words())
    }
}

fn event_words() -> [(&'static str, EventWord); OUTPUT_EVENTS.len()] {
    OUTPUT_EVENTS.map(|word| (word, EventWord(word)))
}

words! {
    ConditionWord {
        "started" => ConditionWord::Started,
        "healthy" => ConditionWord::Healthy,
        "completed" => ConditionWord::Completed,
        "exited" => ConditionWord::Exited,
    }
    LevelWord {
        "trace" => LevelWord("trace"),
        "debug" => LevelWord("debug"),
        "info" => LevelWord("info"),
        "warn" => LevelWord("warn"),
        "error" => LevelWord("error"),
        "fatal" => LevelWord("fatal"),
    }
}
