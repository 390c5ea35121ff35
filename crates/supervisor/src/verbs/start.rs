//! `start`: brings up what is named, and what it needs.

use std::sync::Arc;

use forge_api::{OnConflict, Problem, StartRequest};
use forge_config::{Config, resolve_targets};
use forge_core::event::Event;
use forge_core::spec::{PortSpec, ProcessSpec, Profile};

use super::begun::Begun;
use crate::environment::Environment;
use crate::input::Sink;
use crate::managed::Managed;
use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn start(&mut self, request: StartRequest, sink: Sink) {
        match self.begin_start(&request) {
            Ok(begun) => self.follow_start(begun, request.wait, request.timeout_ms, sink),
            Err(problem) => sink.problem(problem),
        }
    }

    /// All profiles that are meant, or none of them.
    fn begin_start(&mut self, request: &StartRequest) -> Result<Begun, Problem> {
        if self.is_ending() {
            let what = "everything is being stopped by `forge daemon stop`";
            return Err(Problem::failed(what).with_hint("start again once that is done"));
        }
        if request.also.is_empty() {
            return self.begin_profile(request, request.profile.clone());
        }
        if !request.targets.is_empty() {
            return Err(Problem::usage("targets are those of one profile")
                .with_hint("name one profile, or leave out the targets"));
        }
        let mut names: Vec<String> = Vec::new();
        for name in request.profile.iter().chain(&request.also) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let mut profiles: Vec<Profile> = Vec::new();
        for name in &names {
            let config = self.load_config(&request.environment, Some(name))?;
            let profile = profile_of(&config, Some(name))?.clone();
            refuse_double(&profiles, &profile)?;
            self.refuse_clashes(&profile)?;
            profiles.push(profile);
        }
        let mut begun = Begun::default();
        for name in names {
            begun.add(self.begin_profile(request, Some(name))?);
        }
        Ok(begun)
    }

    fn begin_profile(
        &mut self,
        request: &StartRequest,
        profile: Option<String>,
    ) -> Result<Begun, Problem> {
        let one_in_use = match self.profiles.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        };
        let name = profile.or(one_in_use);
        let config = self.load_config(&request.environment, name.as_deref())?;
        let profile = profile_of(&config, name.as_deref())?.clone();
        let names = chosen(&profile, &request.targets)?;
        self.refuse_clashes(&profile)?;
        let environment = Arc::new(request.environment.clone());
        let edited = self.define(&config, &profile, &environment);
        let listed = closure(&profile, &names);
        self.give_environment(&listed, &environment, request.on_conflict);
        let mut begun = self.begun(listed);
        // An edit of the file is picked up by the next start: what runs otherwise is begun anew.
        let stale: Vec<String> = edited
            .changed
            .iter()
            .filter(|name| begun.already.contains(name))
            .cloned()
            .collect();
        if request.targets.is_empty() && !edited.removed.is_empty() {
            begun.notes.push(format!(
                "{} no longer in the file: stopped",
                listed_with_verb(&edited.removed)
            ));
            self.tell(Event::Remove(edited.removed.clone()));
        }
        if !stale.is_empty() {
            begun.notes.push(format!(
                "{} restarted: the file has changed",
                listed_with_verb(&stale)
            ));
            self.begin_again(&mut begun, stale);
        }
        let dead = begun.already.iter().filter(|name| self.is_dead(name));
        let dead: Vec<String> = dead.cloned().collect();
        if !dead.is_empty() {
            self.begin_again(&mut begun, dead);
        }
        // Those that have to wait find their shims ready when it is their turn.
        for name in &begun.started {
            self.see_to_shim(name);
        }
        self.tell(Event::Start(names));
        self.remember_now();
        Ok(begun)
    }

    /// Two profiles that run together must not have processes of one name.
    fn refuse_clashes(&self, profile: &Profile) -> Result<(), Problem> {
        for spec in &profile.processes {
            let Some(known) = self.core.latest_spec(&spec.name) else {
                continue;
            };
            if known.profile != spec.profile && self.lives(&spec.name) {
                return Err(Problem::usage(format!(
                    "`{}` of profile `{}` runs already; two processes of one name cannot run together",
                    spec.name, known.profile
                ))
                .with_hint(format!("`forge dev stop {}` first", spec.name)));
            }
        }
        Ok(())
    }

    /// Whether anything of a process lives or is to.
    pub(crate) fn lives(&self, name: &str) -> bool {
        let up = self
            .managed
            .get(name)
            .is_some_and(|managed| managed.present.is_some() || managed.launching.is_some());
        up || self.core.view(name).is_some_and(|view| view.wanted)
    }

    /// Takes over the definitions of a profile.
    pub(crate) fn define(
        &mut self,
        config: &Config,
        profile: &Profile,
        environment: &Arc<Environment>,
    ) -> Edited {
        let mut edited = Edited::default();
        let specs = profile.processes.clone();
        let mut other_clients = Vec::new();
        for spec in &specs {
            match self.core.latest_spec(&spec.name) {
                Some(known) if known == spec => continue,
                Some(known)
                    if self.is_the_same_to_its_client(known, environment, &mut other_clients) => {}
                Some(_) => edited.changed.push(spec.name.clone()),
                None => edited.added.push(spec.name.clone()),
            }
        }
        for name in self.core.names() {
            let Some((known, managed)) = self.core.latest_spec(name).zip(self.managed.get(name))
            else {
                continue;
            };
            let listed = specs.iter().any(|spec| spec.name == name);
            if known.profile == profile.name && !managed.ad_hoc && !listed {
                edited.removed.push(name.to_string());
            }
        }
        let changed: Vec<ProcessSpec> = specs
            .into_iter()
            .filter(|spec| edited.changed.contains(&spec.name) || edited.added.contains(&spec.name))
            .collect();
        for spec in &changed {
            self.adjust(spec, environment);
        }
        if !changed.is_empty() {
            self.tell(Event::Define(changed));
        }
        if !self.profiles.contains(&profile.name) {
            // A profile of which nothing lives any more makes room for the next one.
            let in_use: Vec<String> = self.profiles_in_use();
            let gone: Vec<String> = self
                .core
                .names()
                .into_iter()
                .filter(|name| {
                    let spec = self.core.latest_spec(name);
                    spec.is_some_and(|spec| {
                        spec.profile != profile.name && !in_use.contains(&spec.profile)
                    })
                })
                .map(str::to_string)
                .collect();
            self.profiles.retain(|one| in_use.contains(one));
            if !gone.is_empty() {
                self.tell(Event::Remove(gone));
            }
            self.profiles.push(profile.name.clone());
        }
        self.apply_settings(config);
        edited
    }

    /// Whether a running process differs from the file only by variables of the client that asks now:
    /// to the one that started it, the file still says the same.
    fn is_the_same_to_its_client(
        &self,
        known: &ProcessSpec,
        asks: &Arc<Environment>,
        seen: &mut Vec<(Arc<Environment>, Option<Config>)>,
    ) -> bool {
        let Some(managed) = self.managed.get(&known.name) else {
            return false;
        };
        if managed.present.is_none() || managed.environment == *asks {
            return false;
        }
        let its = &managed.environment;
        if !seen.iter().any(|(environment, _)| environment == its) {
            let config = self.load_config(its, Some(&known.profile)).ok();
            seen.push((its.clone(), config));
        }
        let config = seen.iter().find(|(environment, _)| environment == its);
        let profile = config.and_then(|(_, config)| config.as_ref()?.profile(&known.profile));
        profile.is_some_and(|profile| profile.processes.contains(known))
    }

    fn profiles_in_use(&self) -> Vec<String> {
        let names = self.core.names().into_iter();
        let mut used: Vec<String> = names
            .filter(|name| self.lives(name))
            .filter_map(|name| self.core.latest_spec(name).map(|spec| spec.profile.clone()))
            .collect();
        used.sort_unstable();
        used.dedup();
        used
    }

    fn apply_settings(&mut self, config: &Config) {
        if self.settings != config.settings {
            self.settings = config.settings.clone();
            self.core.set_settings(&self.settings);
            self.sampling.set(&self.settings);
            self.log_cap.wake();
            self.change_event_rules();
        }
    }

    /// What a changed definition changes of what is held beside the core.
    fn adjust(&mut self, spec: &ProcessSpec, environment: &Arc<Environment>) {
        let known = self.core.latest_spec(&spec.name).map(|known| known.port);
        let managed = self
            .managed
            .entry(spec.name.clone())
            .or_insert_with(|| Managed::new(environment.clone()));
        if known.is_some_and(|known| known != spec.port) {
            // The file names another port now: the one that was chosen for it no longer counts.
            managed.port = None;
        }
        // Made known at once, so that others can refer to it before it runs.
        if managed.port.is_none()
            && let Some(PortSpec::Fixed(port)) = spec.port
        {
            managed.port = Some(port);
        }
    }

    /// Those that are down get the environment of the client that starts them.
    pub(crate) fn give_environment(
        &mut self,
        names: &[String],
        environment: &Arc<Environment>,
        on_conflict: OnConflict,
    ) {
        let automatic: Vec<String> = names
            .iter()
            .filter(|name| {
                let spec = self.core.latest_spec(name);
                spec.is_some_and(|spec| spec.port == Some(PortSpec::Auto))
            })
            .cloned()
            .collect();
        for name in names {
            let Some(managed) = self.managed.get_mut(name) else {
                continue;
            };
            managed.on_conflict = on_conflict;
            if managed.present.is_none() {
                managed.environment = environment.clone();
                managed.conflict = None;
                // A port that was taken the last time may be free again.
                if let Some(PortSpec::Fixed(port)) =
                    self.core.latest_spec(name).and_then(|s| s.port)
                {
                    managed.port = Some(port);
                }
            }
        }
        for name in automatic {
            self.choose_automatic_port(&name);
        }
    }
}

/// Of two profiles that are started together, each name belongs to one.
fn refuse_double(others: &[Profile], profile: &Profile) -> Result<(), Problem> {
    for spec in &profile.processes {
        let has = |other: &&Profile| other.processes.iter().any(|one| one.name == spec.name);
        if let Some(other) = others.iter().find(has) {
            return Err(Problem::usage(format!(
                "`{}` is in profile `{}` and in profile `{}`; two processes of one name cannot run together",
                spec.name, other.name, profile.name
            ))
            .with_hint("rename one of them, or start one of the profiles"));
        }
    }
    Ok(())
}

/// What an edited file says anew.
#[derive(Default)]
pub(crate) struct Edited {
    pub(crate) added: Vec<String>,
    pub(crate) changed: Vec<String>,
    pub(crate) removed: Vec<String>,
}

/// The profile that is meant.
///
/// # Errors
///
/// An unknown one, or one that cannot run here (2).
pub(crate) fn profile_of<'a>(
    config: &'a Config,
    name: Option<&str>,
) -> Result<&'a Profile, Problem> {
    let found = match name {
        Some(name) => config.profile(name),
        None => config.default_profile(),
    };
    if let Some(found) = found {
        return Ok(found);
    }
    let name = name.unwrap_or("dev");
    if let Some(mistakes) = config.unusable.get(name) {
        return Err(Problem::configuration(mistakes.render(false)));
    }
    let known: Vec<&str> = config
        .profiles
        .iter()
        .map(|profile| profile.name.as_str())
        .collect();
    Err(
        Problem::usage(format!("no profile `{name}` in .forge/processes.yml"))
            .with_hint(format!("there are {}", known.join(", "))),
    )
}

/// The processes that targets name; without targets those that start by themselves.
fn chosen(profile: &Profile, targets: &[String]) -> Result<Vec<String>, Problem> {
    if targets.is_empty() {
        let auto = profile.processes.iter().filter(|spec| spec.autostart);
        return Ok(auto.map(|spec| spec.name.clone()).collect());
    }
    resolve_targets(profile, targets).map_err(|unknown| Problem::unknown(unknown.to_string()))
}

/// These and all that they need, in the order of the profile.
fn closure(profile: &Profile, names: &[String]) -> Vec<String> {
    let mut found: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut at = 0;
    while let Some(name) = found.get(at).copied() {
        at += 1;
        let spec = profile.processes.iter().find(|spec| spec.name == name);
        for need in spec.into_iter().flat_map(|spec| &spec.depends_on) {
            if !found.contains(&need.on.as_str()) {
                found.push(&need.on);
            }
        }
    }
    let all = profile.processes.iter().map(|spec| &spec.name);
    all.filter(|name| found.contains(&name.as_str()))
        .cloned()
        .collect()
}

fn listed_with_verb(names: &[String]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}
