//! Who is in the way when a process is about to start and its port is taken: an old run of that process, which may go
//! or be taken over, or a stranger, about whom somebody has to decide.

use std::path::Path;

use forge_os::process_table::{self, ProcessTable};

use crate::orphans::Live;
use crate::ports::Port;
use crate::tree::command_text;
use crate::{Owner, ending};

/// What is about to start.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Its folder.
    pub cwd: &'a Path,
    /// Its command, as it stands in the configuration, words with spaces between.
    pub command: &'a str,
    /// What is alive and accounted for.
    pub live: &'a Live,
}

/// How who holds a port relates to what is about to start there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// A process of this workspace, in a run that is live.
    Live {
        /// Its name.
        process: String,
    },
    /// Left behind by this workspace.
    OldRun {
        /// The name of the process that it was of.
        process: String,
    },
    /// Nothing marks it, but it does the same in the same folder: started by hand, perhaps.
    SameCommand,
    /// A process of another workspace.
    OtherWorkspace,
    /// A container's.
    Container,
    /// Another user's, which cannot be seen.
    Hidden,
    /// Anything else.
    Stranger,
}

/// How the holder of a port relates to what is about to start there.
pub fn relation(holder: &Port, expected: &Expected<'_>) -> Relation {
    let Some(pid) = holder.pid else {
        return Relation::Hidden;
    };
    match (holder.owner, &holder.name) {
        (Owner::ThisWorkspace, Some(name)) => {
            let run = holder.run_id.as_ref();
            let live = match run {
                Some(run) => expected.live.run_ids.contains(run),
                // Known to the supervisor without looking, or marked by a run that has no id.
                None => true,
            };
            let process = name.clone();
            if live || descends(pid, expected.live) {
                Relation::Live { process }
            } else {
                Relation::OldRun { process }
            }
        }
        (Owner::OtherWorkspace, _) => Relation::OtherWorkspace,
        (Owner::Container, _) => Relation::Container,
        (Owner::Unknown, _) => Relation::Hidden,
        (Owner::ThisWorkspace | Owner::Outside, _) if does_the_same(pid, expected) => {
            Relation::SameCommand
        }
        (Owner::ThisWorkspace | Owner::Outside, _) => Relation::Stranger,
    }
}

/// Whether a process descends from one that is live.
fn descends(pid: i32, live: &Live) -> bool {
    line(pid).iter().any(|pid| live.pids.contains(pid))
}

/// The same folder, and the same command for it or one above it in that folder: a shell or a package manager may stand
/// between.
fn does_the_same(pid: i32, expected: &Expected<'_>) -> bool {
    let here = |pid: i32| process_table::cwd(pid).is_ok_and(|cwd| cwd == expected.cwd);
    let line = line(pid).into_iter().take_while(|pid| here(*pid));
    let wanted: Vec<&str> = expected.command.split_whitespace().collect();
    let same = |pid: i32| says(&command_text(pid, ""), &wanted);
    line.into_iter().any(same)
}

/// Whether a command line holds these words, one after the other. The program itself may stand there by its full path.
fn says(command: &str, wanted: &[&str]) -> bool {
    let Some((program, rest)) = wanted.split_first() else {
        return false;
    };
    let base_name = |word: &str| word.rsplit('/').next().unwrap_or(word).to_string();
    let words: Vec<&str> = command.split_whitespace().collect();
    words
        .windows(wanted.len())
        .any(|part| base_name(part[0]) == base_name(program) && &part[1..] == rest)
}

fn line(pid: i32) -> Vec<i32> {
    let Ok(mut table) = ProcessTable::open() else {
        return vec![pid];
    };
    ending::line_of(&ending::everybody(&mut table).unwrap_or_default(), pid)
}

#[cfg(test)]
mod tests {
    use super::says;

    #[test]
    fn a_command_is_known_behind_a_shell_and_by_its_full_path() {
        for (command, wanted, expected) in [
            ("sh -c npm run dev", "npm run dev", true),
            ("/usr/bin/node server.js --x", "node server.js", true),
            ("node other.js", "node server.js", false),
            ("node", "node server.js", false),
            ("node", "", false),
            ("", "node", false),
        ] {
            let wanted: Vec<&str> = wanted.split_whitespace().collect();
            assert_eq!(says(command, &wanted), expected, "{command} {wanted:?}");
        }
    }
}
