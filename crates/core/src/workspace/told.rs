//! From an event that names one process to what it is to that process.

use crate::event::Event;
use crate::process::Happening;
use crate::restart::Repeats;

/// To whom something has happened, and what; nothing for what people ask for.
pub(super) fn happening(event: Event) -> Option<(String, Happening)> {
    Some(match event {
        Event::Spawned { name, run, pid, at } => (name, Happening::Spawned { run, pid, at }),
        Event::NotSpawned { name, run, failure } => (name, Happening::NotSpawned { run, failure }),
        Event::Exited {
            name,
            run,
            exit,
            deterministic,
        } => {
            let repeats = match deterministic {
                true => Repeats::Surely,
                false => Repeats::Perhaps,
            };
            let uptime = None;
            let happening = Happening::Exited {
                run,
                exit,
                repeats,
                uptime,
            };
            (name, happening)
        }
        Event::Gone { name, run } => (name, Happening::Gone { run }),
        Event::Left { name, run, pids } => (name, Happening::Left { run, pids }),
        Event::Probed {
            name,
            run,
            healthy,
            detail,
        } => {
            let happening = Happening::Probed {
                run,
                healthy,
                detail,
            };
            (name, happening)
        }
        Event::LogMatched { name, run, pattern } => (name, Happening::Matched { run, pattern }),
        Event::StartFailed { name, run, line } => (name, Happening::StartFailed { run, line }),
        Event::Exceeded { name, run, what } => (name, Happening::Exceeded { run, what }),
        Event::FilesChanged { name, what } => (name, Happening::FilesChanged { what }),
        Event::Due { name } => (name, Happening::Due),
        Event::Define(_)
        | Event::Start(_)
        | Event::Stop { .. }
        | Event::Restart(_)
        | Event::Remove(_)
        | Event::Pause(_)
        | Event::Resume(_)
        | Event::Recall(_)
        | Event::Tick => return None,
    })
}
