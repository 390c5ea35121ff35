//! What the full-screen console is lent: the way to the supervisor, the grammar, the output of a
//! process.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::CommandFactory;
use forge_api::Status;
use forge_console::{Completion, Connecting, Host, Output, Setup};
use forge_facts::Stream;

use crate::args::Cli;
use crate::completion;
use crate::connect::Link;
use crate::context::{Context, environment};
use crate::failure::{Failure, Outcome, exit};
use crate::offline;
use crate::output::clock;
use crate::place::Place;
use crate::tail::Tail;

/// What is shown of the past of an attached process.
const BACK: u64 = 64 * 1024;
/// How long a supervisor that was replaced may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens the console on this terminal, until it is left.
///
/// # Errors
///
/// A terminal that cannot be used.
pub(crate) fn open(place: Place, context: &Context) -> Outcome {
    let setup = Setup {
        workspace: place.workspace().to_path_buf(),
        history: place.layout.state().join("console.history"),
        settings: settings_file(),
        environment: environment(),
        zone: clock::zone().clone(),
        colour: context.ui.colour,
    };
    completion::within(place.workspace());
    let host = Arc::new(Lent {
        colour: context.ui.colour,
        place,
    });
    context.wait_through(async {
        let ended = forge_console::run(setup, host).await;
        ended.map_err(|error| {
            Failure::failed(format!("cannot use this terminal: {error}"))
                .hint("`forge --plain` needs less of it")
        })?;
        Ok(exit::DONE)
    })
}

/// The user's file with keys and theme.
fn settings_file() -> PathBuf {
    let folder = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    folder("XDG_CONFIG_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".config")))
        .unwrap_or_default()
        .join("forge/console.toml")
}

struct Lent {
    place: Place,
    colour: bool,
}

impl Host for Lent {
    fn connect(&self, start: bool) -> Connecting {
        let place = self.place.clone();
        Box::pin(async move {
            let link = if start {
                Link::open_or_start(&place).await.map(Some)
            } else {
                Link::open_within(&place, Instant::now() + PATIENCE).await
            };
            match link {
                Ok(Some(link)) => Ok(link.into_client()),
                Ok(None) => Err("nothing runs here; a start begins anew".to_string()),
                Err(failure) => Err(failure.message),
            }
        })
    }

    fn stopped(&self) -> Result<Status, String> {
        offline::of_file(&self.place).map_err(|failure| failure.message)
    }

    fn complete(&self, line: &str) -> Vec<Completion> {
        complete(line)
    }

    fn command(&self, words: &[String]) -> Command {
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("forge"));
        let mut command = Command::new(program);
        let has = |option: &str| {
            words
                .iter()
                .any(|word| word.split('=').next() == Some(option))
        };
        if !has("--workspace") {
            command.arg("--workspace").arg(self.place.workspace());
        }
        if !has("--color") {
            let when = if self.colour { "always" } else { "never" };
            command.arg(format!("--color={when}"));
        }
        command.args(words);
        command
    }

    fn output(&self, process: &str, tty: bool) -> Box<dyn Output> {
        let streams: &[Stream] = match tty {
            true => &[Stream::Terminal],
            false => &[Stream::Stdout, Stream::Stderr],
        };
        let folder = self.place.layout.process(process);
        let tails = streams
            .iter()
            .map(|stream| Tail::near_end(&folder, *stream, BACK));
        Box::new(Tails(tails.collect()))
    }
}

/// The streams of one process.
struct Tails(Vec<Tail>);

impl Output for Tails {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        for tail in &mut self.0 {
            all.extend(tail.read()?);
        }
        Ok(all)
    }
}

/// The words that could stand at the end of a line, from the definitions that a shell's completion
/// uses.
fn complete(line: &str) -> Vec<Completion> {
    let ends_a_word = line.is_empty() || line.ends_with(char::is_whitespace);
    let Ok(mut words) = forge_console::split_words(line) else {
        return Vec::new();
    };
    if ends_a_word {
        words.push(String::new());
    }
    if words.first().is_some_and(|first| first == "forge") {
        words.remove(0);
    }
    let words: Vec<OsString> = std::iter::once("forge".into())
        .chain(words.into_iter().map(OsString::from))
        .collect();
    let last = words.len() - 1;
    let here = std::env::current_dir().ok();
    let found = clap_complete::engine::complete(&mut Cli::command(), words, last, here.as_deref());
    let found = found.unwrap_or_default();
    found
        .into_iter()
        .filter(|one| !one.is_hide_set())
        .map(|one| Completion {
            value: one.get_value().to_string_lossy().into_owned(),
            help: one
                .get_help()
                .map(|help| help.to_string())
                .unwrap_or_default(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(line: &str) -> Vec<String> {
        complete(line).into_iter().map(|one| one.value).collect()
    }

    #[test]
    fn a_line_is_completed_as_in_a_shell() {
        assert_eq!(values("dev sta"), ["start", "status"]);
        assert!(values("dev ").contains(&"logs".to_string()));
        assert!(values("dev start --on-conflict ").contains(&"next-port".to_string()));
        assert_eq!(values("dev send 'x"), [""; 0]);
    }
}
