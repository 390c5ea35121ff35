//! Values with a form of their own.

use std::time::Duration;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use forge_api::{OnConflict, WaitFor};
use forge_logs::{Bound, Level};

/// Reads a duration.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    crate::output::units::parse_duration(text)
}

/// `--since`: nanoseconds since 1970.
pub(crate) fn since(text: &str) -> Result<u64, String> {
    moment(text, Bound::Since)
}

/// `--until`: nanoseconds since 1970.
pub(crate) fn until(text: &str) -> Result<u64, String> {
    moment(text, Bound::Until)
}

fn moment(text: &str, bound: Bound) -> Result<u64, String> {
    forge_logs::parse_time(text, bound, &jiff::Zoned::now()).map_err(|error| error.to_string())
}

/// `--level`.
pub(crate) fn level(text: &str) -> Result<Level, String> {
    text.parse()
        .map_err(|error: forge_logs::NotALevel| error.to_string())
}

/// `--on-conflict`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConflictChoice(pub(crate) OnConflict);

impl ValueEnum for ConflictChoice {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            ConflictChoice(OnConflict::Ask),
            ConflictChoice(OnConflict::Kill),
            ConflictChoice(OnConflict::NextPort),
            ConflictChoice(OnConflict::Attach),
            ConflictChoice(OnConflict::Fail),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self.0 {
            OnConflict::Ask => ("ask", "ask; without a terminal the same as fail"),
            OnConflict::Kill => ("kill", "end who has the port"),
            OnConflict::NextPort => ("next-port", "take the next free port"),
            OnConflict::Attach => ("attach", "manage who has the port, without its logs"),
            OnConflict::Fail => ("fail", "give up with exit code 4"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

/// `--for`: `ready`, `exit` or `log=RE`.
pub(crate) fn wait_for(text: &str) -> Result<WaitFor, String> {
    match text.split_once('=') {
        None if text == "ready" => Ok(WaitFor::Ready),
        None if text == "exit" => Ok(WaitFor::Exit),
        Some(("log", pattern)) if !pattern.is_empty() => match regex::Regex::new(pattern) {
            Ok(_) => Ok(WaitFor::Log(pattern.to_string())),
            Err(error) => Err(error.to_string()),
        },
        _ => Err("write ready, exit or log=REGEX".to_string()),
    }
}

/// `K=V`.
pub(crate) fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_string(), value.to_string())),
        _ => Err("write NAME=VALUE".to_string()),
    }
}

/// `on` or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// With the debug overlay
    On,
    /// As the file says
    Off,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_wait_for_is_read_or_refused() {
        assert_eq!(wait_for("ready"), Ok(WaitFor::Ready));
        assert_eq!(wait_for("exit"), Ok(WaitFor::Exit));
        assert_eq!(wait_for("log=a=b"), Ok(WaitFor::Log("a=b".into())));
        for wrong in ["", "log", "log=", "log=(", "ready=1", "up"] {
            assert!(wait_for(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_variable_may_be_empty_but_not_nameless() {
        assert_eq!(variable("A="), Ok(("A".into(), String::new())));
        assert_eq!(variable("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(variable("=b").is_err() && variable("A").is_err());
    }
}
