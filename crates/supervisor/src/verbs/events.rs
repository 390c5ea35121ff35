//! `events`: what has happened; and what follows from files that change and lines that match.

use forge_api::{Event as Told, EventsQuery, Problem};
use forge_core::event::Event;
use forge_core::spec::Pattern;
use forge_facts::{Exit, RunId};
use jiff::Timestamp;

use crate::supervisor::Supervisor;
use crate::watch::Change;

impl Supervisor {
    pub(crate) fn events(&self, query: &EventsQuery) -> Result<Vec<Told>, Problem> {
        let since = match &query.since {
            Some(text) => Some(text.parse::<Timestamp>().map_err(|error| {
                Problem::usage(format!("since: `{}`: {error}", text.escape_debug()))
            })?),
            None => None,
        };
        let is_wanted = |event: &&Told| match (since, event.time.parse::<Timestamp>()) {
            (Some(since), Ok(time)) => time >= since,
            (Some(_), Err(_)) => false,
            (None, _) => true,
        };
        let limit = query.limit.unwrap_or(usize::MAX);
        let latest = self.history.latest().filter(is_wanted).rev().take(limit);
        let mut events: Vec<Told> = latest.cloned().collect();
        events.reverse();
        Ok(events)
    }

    /// Output has matched what was looked for.
    pub(crate) fn matched(
        &mut self,
        name: String,
        run: RunId,
        pattern: Pattern,
        line: String,
        fails: bool,
    ) {
        self.tell(match fails {
            true => Event::StartFailed { name, run, line },
            false => Event::LogMatched { name, run, pattern },
        });
    }

    /// Files have changed that somebody watches, or waits for.
    pub(crate) fn changed_files(&mut self, change: &Change) {
        let Some(managed) = self.managed.get_mut(&change.key) else {
            return;
        };
        if std::mem::take(&mut managed.awaits_change) {
            self.watcher.remove(&change.key);
        }
        let shown = change.files.first().map(|file| {
            let short = file.strip_prefix(self.layout.workspace()).unwrap_or(file);
            short.display().to_string()
        });
        let what = match (shown, change.files.len()) {
            (Some(first), 0 | 1) => first,
            (Some(first), many) => format!("{first} and {} more", many - 1),
            (None, _) => "a file".to_string(),
        };
        self.tell(Event::FilesChanged {
            name: change.key.clone(),
            what,
        });
    }

    /// A process that was taken over has ended; how, nobody could see who is not its parent.
    pub(crate) fn adopted_gone(&mut self, name: &str, run: RunId) {
        let Some(managed) = self.managed.get_mut(name) else {
            return;
        };
        if managed
            .adopted
            .take_if(|adopted| adopted.run == run)
            .is_none()
        {
            return;
        }
        managed.present = None;
        managed.halting = None;
        let name = name.to_string();
        self.tell(Event::Exited {
            name: name.clone(),
            run,
            exit: Exit::Unknown,
            deterministic: false,
        });
        self.tell(Event::Gone { name, run });
    }
}
