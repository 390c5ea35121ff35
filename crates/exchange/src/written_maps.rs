//! The parts of a spec that are maps of their own in the file: checks, restarts, stops, logs.

use std::time::Duration;

use forge_core::spec::*;

use crate::dollar;
use crate::draft::Draft;
use crate::value::Value;
use crate::written::{Writer, bare_time};

impl Writer<'_> {
    pub(super) fn restart(&self, draft: &mut Draft) {
        let (is, usual) = (&self.spec.restart, RestartSpec::default());
        match (is.policy, self.spec.oneshot) {
            (RestartPolicy::Never, false) => draft.set("auto_restart", Value::bare(false)),
            (RestartPolicy::Never, true) | (RestartPolicy::OnFailure, false) => {}
            (RestartPolicy::OnFailure, true) => {
                draft.set_in("restart", "policy", Value::text("on-failure"))
            }
            (RestartPolicy::Always, _) => draft.set_in("restart", "policy", Value::text("always")),
        }
        if is.delay != usual.delay {
            draft.set_in("restart", "delay", bare_time(is.delay));
        }
        if is.backoff != usual.backoff {
            draft.set_in(
                "restart",
                "backoff",
                Value::bare(format!("{:?}", is.backoff)),
            );
        }
        if is.max_delay != usual.max_delay.max(is.delay) {
            draft.set_in("restart", "max_delay", bare_time(is.max_delay));
        }
        if is.max_restarts != usual.max_restarts {
            draft.set_in("restart", "max_restarts", Value::bare(is.max_restarts));
        }
        if is.window != usual.window {
            draft.set_in("restart", "window", bare_time(is.window));
        }
        if is.success_codes != usual.success_codes {
            let codes = is.success_codes.iter().map(Value::bare).collect();
            draft.set_in("restart", "success_codes", Value::List(codes));
        }
        if is.on_deterministic == OnDeterministic::Retry {
            draft.set_in("restart", "on_deterministic", Value::text("retry"));
        }
    }

    pub(super) fn stop(&self, draft: &mut Draft) {
        let (is, usual) = (&self.spec.stop, StopSpec::default());
        if is.signal != usual.signal {
            draft.set_in("stop", "signal", signal(is.signal));
        }
        if is.scope != usual.scope {
            draft.set_in("stop", "scope", Value::text("leader"));
        }
        if is.timeout != usual.timeout {
            draft.set_in("stop", "timeout", bare_time(is.timeout));
        }
        if let Some(command) = &is.command {
            draft.set_in("stop", "command", self.command(command));
        }
        if let Some(keys) = &is.keys {
            draft.set_in("stop", "keys", Value::text(dollar::literal(keys)));
        }
    }

    pub(super) fn health(&self, check: &HealthCheck) -> Value {
        let usual = HealthCheck::new(Probe::OwnPort);
        let mut map = self.probe(&check.probe);
        let mut say = |key: &str, value: Value| map.push((key.to_string(), value));
        if check.interval != usual.interval {
            say("interval", bare_time(check.interval));
        }
        if check.timeout != usual.timeout {
            say("timeout", bare_time(check.timeout));
        }
        if check.retries != usual.retries {
            say("retries", Value::bare(check.retries));
        }
        if check.start_period != usual.start_period {
            say("start_period", bare_time(check.start_period));
        }
        if check.on_unhealthy == OnUnhealthy::Restart {
            say("on_unhealthy", Value::text("restart"));
        }
        if let Some(pattern) = &check.fail_on {
            say("fail_on", Value::text(dollar::literal(&pattern.0)));
        }
        match (&map[..], &check.probe) {
            ([(_, url)], Probe::Http { .. }) => url.clone(),
            _ => Value::Map(map),
        }
    }

    pub(super) fn probe(&self, probe: &Probe) -> Vec<(String, Value)> {
        let one = |key: &str, value: Value| vec![(key.to_string(), value)];
        match probe {
            Probe::Http {
                url,
                status,
                headers,
                body,
            } => {
                let mut map = one("http", self.template(url));
                if status != &[(200, 399)] {
                    let ranges = status.iter().map(|(from, to)| match from == to {
                        true => Value::bare(from),
                        false => Value::text(format!("{from}-{to}")),
                    });
                    map.push(("status".to_string(), Value::List(ranges.collect())));
                }
                if !headers.is_empty() {
                    let headers = headers
                        .iter()
                        .map(|(name, value)| (name.clone(), self.template(value)));
                    map.push(("headers".to_string(), Value::Map(headers.collect())));
                }
                if let Some(pattern) = body {
                    map.push(("body".to_string(), Value::text(dollar::literal(&pattern.0))));
                }
                map
            }
            Probe::Tcp { address } => one("tcp", self.template(address)),
            Probe::Command(command) => one("command", self.command(command)),
            Probe::Log(pattern) => one("log", Value::text(dollar::literal(&pattern.0))),
            Probe::Notify => one("notify", Value::bare(true)),
            Probe::OwnPort => Vec::new(),
        }
    }

    pub(super) fn log(&self, draft: &mut Draft) {
        let (is, usual) = (&self.spec.log, self.writing.log);
        if is.max_size != usual.max_size {
            draft.set_in("log", "max_size", Value::bare(is.max_size));
        }
        if is.keep != usual.keep {
            draft.set_in("log", "keep", Value::bare(is.keep));
        }
        let further = usual
            .level
            .iter()
            .filter(|level| !is.level.iter().any(|own| own.0 == level.0));
        let inherited = further.count() == 0 && is.level.ends_with(&usual.level);
        let own = match inherited {
            true => &is.level[..is.level.len() - usual.level.len()],
            false => &is.level[..],
        };
        if !own.is_empty() {
            let levels = own
                .iter()
                .map(|(pattern, word)| (dollar::literal(&pattern.0), Value::text(word)));
            draft.set_in("log", "level", Value::Map(levels.collect()));
        }
        if let Some(pattern) = is
            .multiline
            .as_ref()
            .filter(|_| is.multiline != usual.multiline)
        {
            draft.set_in("log", "multiline", Value::text(dollar::literal(&pattern.0)));
        }
    }
}

pub(super) fn watch_value(watch: &WatchSpec) -> Value {
    let globs = |globs: &[String]| Value::texts(globs.iter().map(|glob| dollar::literal(glob)));
    let quiet = Duration::from_millis(300);
    if watch.ignore.is_empty() && watch.debounce == quiet {
        return globs(&watch.paths);
    }
    let mut map = vec![("paths".to_string(), globs(&watch.paths))];
    if !watch.ignore.is_empty() {
        map.push(("ignore".to_string(), globs(&watch.ignore)));
    }
    if watch.debounce != quiet {
        map.push(("debounce".to_string(), bare_time(watch.debounce)));
    }
    Value::Map(map)
}

pub(super) fn condition(need: &Dependency) -> Value {
    let mut how = Vec::new();
    match &need.condition {
        Condition::Started => how.push(("condition".to_string(), Value::text("started"))),
        Condition::Healthy => how.push(("condition".to_string(), Value::text("healthy"))),
        Condition::Completed => how.push(("condition".to_string(), Value::text("completed"))),
        Condition::Exited => how.push(("condition".to_string(), Value::text("exited"))),
        Condition::Log(pattern) => {
            how.push(("log".to_string(), Value::text(dollar::literal(&pattern.0))));
        }
    }
    match need.on_down {
        OnDown::Ignore => {}
        OnDown::Restart => how.push(("on_down".to_string(), Value::text("restart"))),
        OnDown::Stop => how.push(("on_down".to_string(), Value::text("stop"))),
    }
    Value::Map(how)
}

/// A signal by its usual name, else its number.
pub(crate) fn signal(number: i32) -> Value {
    match signal_name(number) {
        Some(name) => Value::text(name),
        None => Value::bare(number),
    }
}

/// Names of the signals by which programs are stopped.
pub(crate) fn signal_name(number: i32) -> Option<&'static str> {
    let names = [
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGWINCH",
    ];
    names
        .into_iter()
        .find(|name| forge_config::signal_number(name) == Some(number))
}
