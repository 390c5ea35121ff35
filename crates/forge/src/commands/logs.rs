//! `forge dev logs`: what processes have written. Read directly from disk; nothing needs to run.

mod export;
mod follow;
mod sink;
mod text;

use forge_facts::RunId;
use forge_logs::{Grep, Level, LevelRules, Logs, Query, QueryError, RunChoice};

use crate::args::{LogsArgs, Selection};
use crate::configuration;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::offline;
use crate::place::Place;
pub(super) use follow::{Live, Marks};
pub(super) use sink::{Form, Sink};
pub(super) use text::open;

/// Lines that a terminal gets before new ones are followed, when nothing else is asked for.
const LINES_BEFORE: usize = 100;

pub(crate) fn run(args: &LogsArgs, context: &Context) -> Outcome {
    if let Some(file) = &args.file {
        return text::run(file, args, context);
    }
    let place = context.place()?;
    let question = Question::new(&place, &args.targets, args.grep.as_deref(), &args.select)?;
    question.answer(&args.select, context)
}

/// What is asked of the logs, complete and checked.
pub(super) struct Question {
    logs: Logs,
    query: Query,
    /// All processes are meant, those to come too.
    all: bool,
}

impl Question {
    /// Reads what the arguments mean in this workspace.
    ///
    /// # Errors
    ///
    /// Unknown targets (3), a run id or an expression that is none (2).
    pub(super) fn new(
        place: &Place,
        targets: &[String],
        pattern: Option<&str>,
        select: &Selection,
    ) -> Result<Self, Failure> {
        let grep = expression(pattern, select)?;
        Ok(Question {
            query: Query {
                processes: offline::names(place, targets)?,
                since: select.since,
                until: select.until,
                level: select.level,
                grep,
                fields: select.fields.clone(),
                context: select.context.unwrap_or(0),
                tail: select.lines,
                within: None,
                run: select.run.as_deref().map(run_choice).transpose()?,
                whole_lines: false,
            },
            logs: logs_of(place),
            all: targets.is_empty(),
        })
    }

    /// Shows the lines that there are, and those to come where that is asked for.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read, a file that cannot be written.
    pub(super) fn answer(mut self, select: &Selection, context: &Context) -> Outcome {
        let mut form = Form::chosen(select, &self.query.processes, context);
        form.mark_newest(&self.logs, &self.query.processes);
        if let Some(file) = &select.export {
            return export::export(file, self.items()?, form, context);
        }
        let mut sink = Sink::new(form, context);
        if select.follow {
            let asked = self.query.since.is_some() || self.query.grep.is_some();
            if self.query.tail.is_none() && !asked && context.ui.live {
                self.query.tail = Some(LINES_BEFORE);
            }
            return context.wait(follow::follow(self, &mut sink, context));
        }
        for item in self.items()? {
            if context.ui.out.is_closed() {
                break;
            }
            sink.item(item.map_err(|error| unreadable(&error))?)?;
        }
        sink.flush()?;
        Ok(exit::DONE)
    }

    /// The items that are on disk now.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read; a run that no process has had (3).
    pub(super) fn items(&self) -> Result<forge_logs::Items, Failure> {
        self.logs.query(&self.query).map_err(|error| match error {
            QueryError::NoSuchRun { .. } => Failure::unknown(error.to_string()),
            QueryError::Io { .. } => Failure::failed(error.to_string()),
        })
    }
}

/// The expression that lines must match.
fn expression(pattern: Option<&str>, select: &Selection) -> Result<Option<Grep>, Failure> {
    let grep = pattern.map(|pattern| Grep::new(pattern, select.ignore_case));
    grep.transpose()
        .map_err(|error| Failure::usage(error.to_string()))
}

/// The logs of a workspace, with what its file says about levels.
pub(super) fn logs_of(place: &Place) -> Logs {
    let mut logs = Logs::new(&place.layout.processes());
    for (name, spec) in configuration::log_rules(place.workspace()) {
        if let Ok(rules) = rules(&spec) {
            logs.set_rules(&name, rules);
        }
    }
    logs
}

pub(super) fn unreadable(error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot read the logs: {error}"))
}

fn rules(spec: &forge_core::spec::LogSpec) -> Result<LevelRules, Failure> {
    let levels = spec
        .level
        .iter()
        .map(|(pattern, level)| (pattern.0.as_str(), level.parse::<Level>().ok()));
    let multiline = spec.multiline.as_ref().map(|pattern| pattern.0.as_str());
    LevelRules::new(levels, multiline).map_err(|error| Failure::usage(error.to_string()))
}

fn run_choice(text: &str) -> Result<RunChoice, Failure> {
    if text == "last" {
        return Ok(RunChoice::Last);
    }
    let id = text.parse::<RunId>().map_err(|error| {
        Failure::usage(error.to_string())
            .hint("`--run last` is the run before this one; `logs --json` shows the ids")
    })?;
    Ok(RunChoice::Id(id))
}
