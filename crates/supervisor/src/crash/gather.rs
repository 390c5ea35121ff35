//! What the end of a run tells, looked at in the loop: the last lines of its output and their
//! diagnosis, and whether another try would only end so again.

use std::path::PathBuf;
use std::time::Duration;

use forge_api::{CrashUsage, Health, LogPosition};
use forge_core::spec::CommandSpec;
use forge_diagnose::{Diagnosis, Evidence, Kind, diagnose};
use forge_facts::{Exit, RunId};
use forge_logs::{Item, Logs, Part, Query, RunChoice, safe};

use crate::supervisor::Supervisor;
use crate::{clock, ports};

/// What is kept of the output, and how much of it and of a line is read for the diagnosis.
const LINES: usize = 200;
const TEXT: usize = 64 << 10;
const LINE: usize = 16 << 10;
const TAIL_LINE: usize = 4 << 10;

/// How far back is looked for the last lines, in bytes: the loop waits meanwhile, whatever was written.
const WITHIN: u64 = 1 << 20;

/// A run that ends within this time has not got through its start: what stopped it is still there.
const START: Duration = Duration::from_secs(20);

const SIGKILL: i32 = 9;

/// By these codes a shell says that there is no such command, or that it cannot be run.
const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;

/// What is known of the end of a run.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) run: RunId,
    /// Nanoseconds since 1970.
    pub(crate) at: u64,
    pub(crate) diagnosis: Diagnosis,
    pub(crate) tail: Vec<String>,
    pub(crate) log: LogPosition,
    pub(crate) health: Option<Health>,
    pub(crate) usage: Option<CrashUsage>,
    pub(crate) holder: Option<forge_api::PortHolder>,
}

impl Ending {
    /// The end of a run that did not begin.
    pub(super) fn unbegun(run: RunId, diagnosis: Diagnosis) -> Self {
        Ending {
            run,
            at: clock::unix_ns(),
            diagnosis,
            tail: Vec::new(),
            log: LogPosition::default(),
            health: None,
            usage: None,
            holder: None,
        }
    }
}

/// The last words of a run.
#[derive(Debug, Default)]
struct Words {
    text: Vec<u8>,
    tail: Vec<String>,
    log: LogPosition,
}

impl Supervisor {
    /// Looks at the end of a run, and says whether another one would only end so again.
    pub(crate) fn look_at_end(&mut self, name: &str, run: RunId, exit: Exit, at: u64) -> bool {
        let Some((spec, managed)) = self.core.spec(name).zip(self.managed.get(name)) else {
            return false;
        };
        let asked = managed.halting.as_ref().is_some_and(|one| one.run == run);
        let well = matches!(exit, Exit::Code(code) if spec.restart.success_codes.contains(&code));
        if asked || well || managed.adopted.is_some() {
            return false;
        }
        let shell = matches!(spec.command, CommandSpec::Shell(_));
        let refused = matches!(exit, Exit::Code(NOT_EXECUTABLE | NOT_FOUND)) && shell;
        let uptime = self.uptime(name);
        let ending = self.gather(name, run, exit, at);
        let taken = ending.holder.is_some();
        let repeats = refused || repeats(&ending.diagnosis, uptime, taken);
        if let Some(managed) = self.managed.get_mut(name) {
            managed.ending = Some(Box::new(ending));
        }
        repeats
    }

    /// Reads the last words of a run and diagnoses them.
    pub(crate) fn gather(&mut self, name: &str, run: RunId, exit: Exit, at: u64) -> Ending {
        let words = self.last_words(name, run);
        let killed = matches!(
            exit,
            Exit::Signal {
                signal: SIGKILL,
                ..
            }
        );
        let out_of_memory = if killed {
            self.crashes.kills.explain()
        } else {
            None
        };
        let managed = self.managed.get(name);
        let usage = managed.and_then(|managed| managed.usage.as_ref());
        let asked = managed
            .is_some_and(|managed| managed.halting.as_ref().is_some_and(|one| one.run == run));
        let command = self.command_of(name);
        let cwd = self.cwd_of(name);
        let mut diagnosis = diagnose(&Evidence {
            text: &words.text,
            exit_code: code_of(exit),
            signal: signal_of(exit),
            killed_by_forge: asked,
            out_of_memory,
            memory_bytes: usage.and_then(|usage| usage.memory_bytes),
            cwd: Some(&cwd),
            workspace: Some(self.layout.workspace()),
            command: command.as_deref(),
            ..Evidence::default()
        });
        let usage = usage.map(|usage| CrashUsage {
            cpu_percent: usage.cpu_percent.map(f64::from),
            memory_bytes: usage.memory_bytes,
            open_files: usage.open_files.map(u64::from),
            threads: usage.threads.map(u64::from),
        });
        let health = self.core.view(name).map(|view| Health {
            state: view.health.name().to_string(),
            detail: view
                .health_detail
                .as_ref()
                .map(|(detail, _)| detail.clone()),
            checked_at: view.health_detail.map(|(_, at)| clock::rfc3339(at)),
        });
        let holder = self.holder_of(name, &mut diagnosis);
        Ending {
            run,
            at,
            diagnosis,
            tail: words.tail,
            log: words.log,
            health,
            usage,
            holder,
        }
    }

    /// Who has the port that a process could not have; where it is the process's own port, a start
    /// that waits for it has the same choices as one that found it taken before.
    fn holder_of(
        &mut self,
        name: &str,
        diagnosis: &mut Diagnosis,
    ) -> Option<forge_api::PortHolder> {
        if diagnosis.kind != Some(Kind::PortInUse) {
            return None;
        }
        let own = self.port_of(name);
        let port = diagnosis.port.or(own)?;
        diagnosis.port = Some(port);
        let spec = self.core.spec(name)?.clone();
        let taken = ports::taken(&self.listening, self.layout.workspace(), port)?;
        let live = self.live();
        let conflict = taken.conflict(&spec, &live);
        let holder = forge_api::PortHolder {
            port,
            pid: conflict.pid,
            command: conflict.command.clone(),
            process: taken.live_owner(&spec, &live),
            old_run: conflict.old_run,
        };
        if let Some(managed) = self.managed.get_mut(name)
            && own == Some(port)
            && holder.process.is_none()
        {
            managed.conflict = Some(conflict);
        }
        Some(holder)
    }

    /// The last lines that a run has written, safe to be shown.
    pub(crate) fn last_lines(&self, name: &str, run: RunId, count: usize) -> Vec<String> {
        let mut tail = self.last_words(name, run).tail;
        tail.split_off(tail.len().saturating_sub(count))
    }

    fn last_words(&self, name: &str, run: RunId) -> Words {
        let query = Query {
            processes: vec![name.to_string()],
            run: Some(RunChoice::Id(run)),
            tail: Some(LINES),
            within: Some(WITHIN),
            ..Query::default()
        };
        let Ok(items) = Logs::new(&self.layout.processes()).query(&query) else {
            // It has written nothing.
            return Words::default();
        };
        let lines: Vec<_> = items
            .flatten()
            .filter_map(|item| match item {
                Item::Line(line) => Some(line),
                Item::Gap(_) | Item::Run(_) => None,
            })
            .collect();
        let mut room = TEXT;
        let lengths = lines.iter().rev().map(|line| line.text.len().min(LINE) + 1);
        let kept = lengths.take_while(|length| {
            let fits = *length <= room;
            room = room.saturating_sub(*length);
            fits
        });
        let kept = &lines[lines.len() - kept.count()..];
        let mut words = Words {
            log: LogPosition {
                from_seq: kept.first().map(|line| line.seq),
                to_seq: kept.last().map(|line| line.seq),
            },
            ..Words::default()
        };
        for line in kept {
            words
                .text
                .extend_from_slice(&line.text[..line.text.len().min(LINE)]);
            words.text.push(b'\n');
            let mut shown = safe(&line.text[..line.text.len().min(TAIL_LINE)], false);
            if line.part == Part::Tail {
                shown.insert(0, '…');
            }
            if line.text.len() > TAIL_LINE || line.hidden() > 0 {
                shown.push('…');
            }
            words.tail.push(shown);
        }
        words
    }

    /// How long the present run of a process has gone on.
    pub(crate) fn uptime(&self, name: &str) -> Duration {
        let Some(view) = self.core.view(name) else {
            return Duration::ZERO;
        };
        let now = clock::now();
        let by_time = view
            .started_unix_ns
            .map(|at| Duration::from_nanos(now.unix_ns.saturating_sub(at)));
        let mono = view.started_mono.map(|at| now.mono.saturating_sub(at));
        mono.or(by_time).unwrap_or_default()
    }

    /// The command of a process in one line.
    pub(crate) fn command_of(&self, name: &str) -> Option<String> {
        let spec = self.core.spec(name)?;
        let debug = self.debug_of(name, spec).and_then(|debug| debug.command);
        Some(crate::debug::text_of(
            debug.as_ref().unwrap_or(&spec.command),
        ))
    }

    /// The folder in which a process runs.
    pub(crate) fn cwd_of(&self, name: &str) -> PathBuf {
        let cwd = self.core.spec(name).map(|spec| spec.cwd.clone());
        cwd.unwrap_or_else(|| self.workspace())
    }
}

pub(super) fn code_of(exit: Exit) -> Option<i32> {
    match exit {
        Exit::Code(code) => Some(code),
        Exit::Signal { .. } | Exit::Unknown => None,
    }
}

pub(super) fn signal_of(exit: Exit) -> Option<i32> {
    match exit {
        Exit::Signal { signal, .. } => Some(signal),
        Exit::Code(_) | Exit::Unknown => None,
    }
}

/// Whether another run would only end so again: what stopped a start is still there, while what ends
/// a run after hours may be over; only what stands in its files is as it was in any case.
fn repeats(diagnosis: &Diagnosis, uptime: Duration, port_is_taken: bool) -> bool {
    let starting = uptime < START;
    let Some(kind) = diagnosis.kind else {
        return false;
    };
    match kind {
        Kind::Syntax
        | Kind::Compile
        | Kind::MissingModule
        | Kind::Config
        | Kind::ExecFormat
        | Kind::CommandNotFound => diagnosis.deterministic,
        Kind::PortInUse => starting && port_is_taken,
        Kind::MissingEnv
        | Kind::MissingFile
        | Kind::Permission
        | Kind::NilDereference
        | Kind::Exception
        | Kind::Panic
        | Kind::UnhandledRejection
        | Kind::ConnectionRefused
        | Kind::OutOfMemory
        | Kind::StackOverflow
        | Kind::Segfault
        | Kind::Sanitizer
        | Kind::Assertion
        | Kind::Killed
        | Kind::Signal
        | Kind::Exit => starting && diagnosis.deterministic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnosis(text: &str) -> Diagnosis {
        let evidence = Evidence {
            exit_code: Some(1),
            ..Evidence::text(text.as_bytes())
        };
        diagnose(&evidence)
    }

    #[test]
    fn what_stands_in_files_repeats_whenever_it_happens_and_the_rest_only_at_the_start() {
        let syntax =
            "  File \"app.py\", line 3\n    def f(:\n          ^\nSyntaxError: invalid syntax\n";
        let file = "Traceback (most recent call last):\n  File \"app.py\", line 1, in <module>\n    open('x.json')\nFileNotFoundError: [Errno 2] No such file or directory: 'x.json'\n";
        let refused = "Error: connect ECONNREFUSED 127.0.0.1:5432\n";
        let port = "Error: listen EADDRINUSE: address already in use :::3000\n";
        let (soon, late) = (Duration::from_secs(1), Duration::from_secs(7200));
        for (text, uptime, taken, expected) in [
            (syntax, soon, false, true),
            (syntax, late, false, true),
            (file, soon, false, true),
            (file, late, false, false),
            (refused, soon, false, false),
            (refused, late, false, false),
            (port, soon, true, true),
            (port, soon, false, false),
            ("it went wrong\n", soon, false, false),
        ] {
            let found = diagnosis(text);
            assert_eq!(
                repeats(&found, uptime, taken),
                expected,
                "{text} {uptime:?} {found:?}"
            );
        }
    }
}
