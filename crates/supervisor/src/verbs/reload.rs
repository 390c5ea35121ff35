//! `reload`: an edited file is applied. Changed processes restart, removed ones stop, new ones start, the
//! rest are left alone.

use std::sync::Arc;

use forge_api::{OnConflict, Problem, ReloadRequest};
use forge_core::event::Event;

use super::begun::Begun;
use super::start::profile_of;
use crate::input::Sink;
use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn reload(&mut self, request: ReloadRequest, sink: Sink) {
        match self.begin_reload(&request) {
            Ok(begun) => self.follow_start(begun, request.wait, request.timeout_ms, sink),
            Err(problem) => sink.problem(problem),
        }
    }

    fn begin_reload(&mut self, request: &ReloadRequest) -> Result<Begun, Problem> {
        let profiles = self.profiles.clone();
        if profiles.is_empty() {
            return Err(
                Problem::failed("nothing was started that could be reloaded")
                    .with_hint("`forge dev start` reads the file"),
            );
        }
        let mut configs = Vec::new();
        for name in &profiles {
            // All are read before anything is done: a mistake changes nothing.
            let config = self.load_config(&request.environment, Some(name))?;
            profile_of(&config, Some(name))?;
            configs.push((name.clone(), config));
        }
        let environment = Arc::new(request.environment.clone());
        let (mut restarted, mut added, mut removed) = (Vec::new(), Vec::new(), Vec::new());
        for (name, config) in &configs {
            let profile = profile_of(config, Some(name))?.clone();
            let used = self.core.names().into_iter().any(|known| {
                let spec = self.core.latest_spec(known);
                spec.is_some_and(|spec| spec.profile == *name) && self.lives(known)
            });
            let edited = self.define(config, &profile, &environment);
            restarted.extend(edited.changed.into_iter().filter(|name| self.lives(name)));
            // A profile of which nothing runs is not begun by a reload.
            added.extend(edited.added.into_iter().filter(|name| {
                let spec = self.core.latest_spec(name);
                used && spec.is_some_and(|spec| spec.autostart)
            }));
            removed.extend(edited.removed);
        }
        let names: Vec<String> = restarted.iter().chain(&added).cloned().collect();
        self.give_environment(&names, &environment, OnConflict::Fail);
        for name in &restarted {
            if let Some(managed) = self.managed.get_mut(name) {
                managed.environment = environment.clone();
            }
        }
        let mut begun = self.begun(self.with_needs(&names));
        begun.already.retain(|name| !restarted.contains(name));
        begun.started.clone_from(&names);
        begun.notes = notes(&restarted, &added, &removed);
        self.note_former(&mut begun, &restarted);
        for name in &names {
            let message = "the file has changed".to_string();
            self.history.add(Some(name), "reload", message);
        }
        if !removed.is_empty() {
            self.tell(Event::Remove(removed));
        }
        if !restarted.is_empty() {
            self.tell(Event::Restart(restarted));
        }
        if !added.is_empty() {
            self.tell(Event::Start(added));
        }
        self.remember_now();
        Ok(begun)
    }
}

fn notes(restarted: &[String], added: &[String], removed: &[String]) -> Vec<String> {
    let lists = [
        ("changed, restarted", restarted),
        ("new, started", added),
        ("no longer in the file, stopped", removed),
    ];
    let notes: Vec<String> = lists
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{what}: {}", names.join(", ")))
        .collect();
    match notes.is_empty() {
        true => vec!["nothing has changed".to_string()],
        false => notes,
    }
}
