//! When a foreground session is over by itself, and with which exit code.

use forge_api::{Process, Status};

use crate::failure::exit;

/// Watches until none of the processes is up or will be.
#[derive(Debug)]
pub(super) struct Ending {
    names: Vec<String>,
    /// The exit code of a start that failed, where no process has one.
    start: Option<u8>,
    /// The exit code of the first process that failed.
    first: Option<u8>,
}

impl Ending {
    /// The end of these processes.
    pub(super) fn new(names: Vec<String>, start: Option<u8>) -> Self {
        Ending {
            names,
            start,
            first: None,
        }
    }

    /// Takes in a status; the exit code when all is over.
    pub(super) fn see(&mut self, status: &Status) -> Option<u8> {
        let ours = |process: &&Process| self.names.contains(&process.name);
        let crashed: Vec<&Process> = status
            .processes
            .iter()
            .filter(ours)
            .filter(|process| process.status == "crashed")
            .collect();
        if self.first.is_none() {
            // Several in one picture: the events tell which was first.
            let earliest = status.events.iter().find_map(|event| {
                let about = event
                    .process
                    .as_deref()
                    .filter(|_| event.kind == "crashed")?;
                crashed.iter().find(|process| process.name == about)
            });
            self.first = earliest.or(crashed.first()).map(|process| code(process));
        }
        let mut left = status.processes.iter().filter(ours);
        let over = left.all(|process| is_down(&process.status));
        over.then(|| self.first.or(self.start).unwrap_or(exit::DONE))
    }
}

fn is_down(status: &str) -> bool {
    matches!(status, "stopped" | "crashed" | "exited")
}

/// The exit code of a process, as shells say it; never a success.
fn code(process: &Process) -> u8 {
    let signal = process
        .signal
        .as_deref()
        .and_then(forge_config::signal_number);
    let code = match (signal, process.exit_code) {
        (Some(signal), _) => 128 + signal,
        (None, Some(code)) => code,
        (None, None) => 1,
    };
    u8::try_from(code)
        .ok()
        .filter(|code| *code != 0)
        .unwrap_or(exit::FAILED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use forge_api::Event;

    fn process(name: &str, status: &str, code: Option<i32>, signal: Option<&str>) -> Process {
        Process {
            name: name.into(),
            status: status.into(),
            exit_code: code,
            signal: signal.map(str::to_string),
            ..Process::default()
        }
    }

    fn status(processes: Vec<Process>, crashed: &[&str]) -> Status {
        let event = |name: &&str| Event {
            time: String::new(),
            process: Some((*name).to_string()),
            kind: "crashed".into(),
            message: String::new(),
            fields: serde_json::Map::new(),
        };
        Status {
            workspace: String::new(),
            profile: None,
            supervisor: None,
            keeper: None,
            totals: forge_api::Totals::default(),
            processes,
            events: crashed.iter().map(event).collect(),
            warnings: Vec::new(),
        }
    }

    fn ending() -> Ending {
        Ending::new(vec!["a".into(), "b".into()], None)
    }

    #[test]
    fn it_ends_when_nothing_is_up_or_will_be() {
        let other = process("other", "running", None, None);
        for alive in [
            "running",
            "starting",
            "waiting",
            "restarting",
            "stopping",
            "paused",
        ] {
            let now = vec![
                process("a", alive, None, None),
                process("b", "exited", Some(0), None),
            ];
            assert_eq!(ending().see(&status(now, &[])), None, "{alive}");
        }
        let now = vec![
            process("a", "stopped", None, None),
            process("b", "exited", Some(0), None),
            other,
        ];
        assert_eq!(ending().see(&status(now, &[])), Some(0));
    }

    #[test]
    fn it_ends_with_the_code_of_the_process_that_failed_first() {
        let both = vec![
            process("a", "crashed", Some(7), None),
            process("b", "crashed", None, Some("SIGKILL")),
        ];
        assert_eq!(ending().see(&status(both.clone(), &["b", "a"])), Some(137));
        assert_eq!(ending().see(&status(both.clone(), &[])), Some(7));
        let mut one_by_one = ending();
        let first = vec![process("a", "running", None, None), both[1].clone()];
        assert_eq!(one_by_one.see(&status(first, &[])), None);
        assert_eq!(one_by_one.see(&status(both, &["a", "b"])), Some(137));
    }

    #[test]
    fn a_failed_start_without_a_crash_keeps_its_own_code() {
        let mut ending = Ending::new(vec!["a".into()], Some(4));
        let now = vec![process("a", "stopped", None, None)];
        assert_eq!(ending.see(&status(now, &[])), Some(4));
    }
}
