//! A crash becomes a report and an event.

use forge_api::CrashReport;
use forge_core::event::{Crash, SpawnCause, SpawnFailure};
use forge_diagnose::{Evidence, Kind, diagnose};
use forge_facts::{Exit, RunId};
use serde_json::{Map, Value};

use super::gather::{Ending, code_of, signal_of};
use super::healthy::PROVEN;
use super::recorder::Job;
use super::report::report_of;
use crate::clock;
use crate::secrets::Secrets;
use crate::supervisor::Supervisor;

/// What the event of a crash says beside its message.
pub(crate) type Fields = Map<String, Value>;

impl Supervisor {
    /// A run has ended that nobody asked to end; the notice of it follows.
    pub(crate) fn crashed(&mut self, crash: &Crash) {
        let name = crash.name.as_str();
        let known = self
            .managed
            .get_mut(name)
            .and_then(|managed| managed.ending.take());
        let ending = match known.filter(|ending| ending.run == crash.run) {
            Some(ending) => *ending,
            // Forge has ended it itself, because it was not well.
            None => self.gather(name, crash.run, crash.exit, clock::unix_ns()),
        };
        let report = CrashReport {
            exit_code: code_of(crash.exit),
            signal: signal_of(crash.exit).map(signal_name),
            uptime_ms: Some(millis(crash.uptime)),
            count_in_window: Some(crash.count_in_window),
            window_ms: Some(millis(crash.window)),
            next: Some(crash.next.clone()),
            ..self.report_of_ending(ending)
        };
        if crash.uptime < PROVEN {
            self.healthy.was_not(crash.run);
        }
        let mut fields = crash_fields(crash);
        self.keep(name, crash.run, report, &mut fields);
        if let Some(managed) = self.managed.get_mut(name) {
            managed.told = fields;
        }
    }

    /// A run did not come to be: its command or its folder is missing, say. If that counts as a
    /// crash, it is told.
    pub(crate) fn could_not_begin(&mut self, name: &str, run: RunId, failure: &SpawnFailure) {
        let (command, cwd) = (self.command_of(name), self.cwd_of(name));
        let diagnosis = diagnose(&Evidence {
            spawn_error: Some(&failure.message),
            spawn_kind: match failure.cause {
                SpawnCause::Program | SpawnCause::Hook | SpawnCause::System => None,
                SpawnCause::Folder => Some(Kind::MissingFile),
                SpawnCause::Setting => Some(Kind::Config),
                SpawnCause::Sibling | SpawnCause::Port => Some(Kind::PortInUse),
            },
            exit_code: failure.exit_code,
            cwd: Some(&cwd),
            workspace: Some(self.layout.workspace()),
            command: command.as_deref(),
            ..Evidence::default()
        });
        if let Some(managed) = self.managed.get_mut(name) {
            managed.ending = Some(Box::new(Ending::unbegun(run, diagnosis)));
        }
    }

    fn report_of_ending(&self, ending: Ending) -> CrashReport {
        CrashReport {
            time: Some(clock::rfc3339(ending.at)),
            health: ending.health,
            usage: ending.usage,
            holder: ending.holder,
            log: Some(ending.log),
            tail: Some(ending.tail),
            ..report_of(&ending.diagnosis)
        }
    }

    /// Adds what the loop knows, and has the report written.
    fn keep(&mut self, name: &str, run: RunId, mut report: CrashReport, fields: &mut Fields) {
        let id = self.crashes.id_for(name, run);
        report.id = Some(id);
        report.process = Some(name.to_string());
        report.run_id = Some(run.to_string());
        report.command = self.command_of(name);
        let cwd = self.cwd_of(name);
        report.cwd = Some(cwd.to_string_lossy().into_owned());
        report.debug = self.managed.get(name).is_some_and(|managed| managed.debug);
        self.add_context(name, &mut report);
        let secrets = Secrets::of(&self.environment_of(name, None).unwrap_or_default());
        report.summary = secrets.mask(&report.summary);
        fields.insert("id".into(), Value::from(id));
        fields.insert("summary".into(), Value::from(report.summary.as_str()));
        let location = report.location.as_ref().map(|at| match at.line {
            Some(line) => format!("{}:{line}", at.file),
            None => at.file.clone(),
        });
        fields.insert("location".into(), Value::from(location));
        if let Some(origin) = &report.began_with {
            fields.insert("began_with".into(), Value::from(origin.process.as_str()));
        }
        let job = Job {
            secrets,
            workspace: self.workspace(),
            cwd,
            made: self.made_of(name),
            report,
        };
        self.crashes.record(job);
    }
}

fn crash_fields(crash: &Crash) -> Fields {
    let mut fields = Fields::new();
    fields.insert("run_id".into(), Value::from(crash.run.to_string()));
    match crash.exit {
        Exit::Code(code) => {
            fields.insert("exit_code".into(), Value::from(code));
        }
        Exit::Signal { signal, .. } => {
            fields.insert("signal".into(), Value::from(signal_name(signal)));
        }
        Exit::Unknown => {}
    }
    fields.insert("uptime_ms".into(), Value::from(millis(crash.uptime)));
    fields.insert("count_in_window".into(), Value::from(crash.count_in_window));
    fields
}

fn signal_name(signal: i32) -> String {
    let name = forge_core::signal_name(signal).map(str::to_string);
    name.unwrap_or_else(|| signal.to_string())
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
