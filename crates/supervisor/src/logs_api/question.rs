//! What is asked of the logs: read from the request and from what the loop knows, checked, and turned
//! into something that can be read from disk. Used beside the loop.

use std::path::PathBuf;

use forge_api::{LogsQuery, Problem};
use forge_core::spec::LogSpec;
use forge_facts::RunId;
use forge_logs::{Bound, Grep, Item, Level, LevelRules, Logs, Query, QueryError, RunChoice};
use jiff::Zoned;

use super::cursor::{Cursor, Key, Places, order_of};

/// What the loop knows about the logs.
pub(crate) struct LogPlace {
    /// The folder that holds a folder for each process.
    pub(crate) root: PathBuf,
    /// What the targets mean among the processes that are known; an error where one means nothing.
    pub(crate) names: Result<Vec<String>, Problem>,
    /// What the file says about levels.
    pub(crate) rules: Vec<(String, LogSpec)>,
}

/// What is asked, complete and checked.
pub(super) struct Question {
    pub(super) logs: Logs,
    /// Without `tail`.
    pub(super) query: Query,
    pub(super) tail: Option<usize>,
    pub(super) before: Option<Cursor>,
    pub(super) after: Option<Cursor>,
    pub(super) run: Option<RunId>,
    pub(super) styled: bool,
    pub(super) partial: bool,
}

/// The names in a query.
pub(super) fn targets(query: &LogsQuery) -> Vec<String> {
    let text = query.targets.as_deref().unwrap_or_default();
    let words = text.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_string)
        .collect()
}

impl Question {
    /// # Errors
    ///
    /// Unknown targets (3), anything else that means nothing (2).
    pub(super) fn new(place: LogPlace, asked: &LogsQuery) -> Result<Self, Problem> {
        let mut logs = Logs::new(&place.root);
        for (name, spec) in &place.rules {
            // The configuration has compiled them already.
            if let Ok(rules) = rules(spec) {
                logs.set_rules(name, rules);
            }
        }
        let targets = targets(asked);
        let processes = match (targets.is_empty(), place.names) {
            (true, _) => Vec::new(),
            (false, Ok(names)) => names,
            (false, Err(error)) => on_disk(&logs, &targets).ok_or(error)?,
        };
        let grep = asked.grep.as_deref().filter(|text| !text.is_empty());
        let grep = grep.map(|text| Grep::new(text, asked.ignore_case));
        let level = asked.level.as_deref().map(str::parse::<Level>);
        let cursor = |text: &Option<String>| text.as_deref().map(Cursor::read).transpose();
        let mut question = Question {
            query: Query {
                since: time(asked.since.as_deref(), Bound::Since, "since")?,
                until: time(asked.until.as_deref(), Bound::Until, "until")?,
                level: level.transpose().map_err(|error| usage(&error))?,
                grep: grep.transpose().map_err(|error| usage(&error))?,
                context: asked.context.unwrap_or(0).min(1_000),
                processes,
                ..Query::default()
            },
            logs,
            tail: asked.tail,
            before: cursor(&asked.before)?,
            after: cursor(&asked.after)?,
            run: None,
            styled: asked.styled,
            partial: asked.partial,
        };
        if question.before.is_some() && question.after.is_some() {
            return Err(Problem::usage("`before` and `after` exclude each other"));
        }
        question.choose_run(asked.run.as_deref())?;
        Ok(question)
    }

    /// `last` is of one process, so that a follower can tell its lines.
    fn choose_run(&mut self, run: Option<&str>) -> Result<(), Problem> {
        let Some(text) = run.filter(|text| !text.is_empty()) else {
            return Ok(());
        };
        if text != "last" {
            let id = text.parse::<RunId>().map_err(|error| usage(&error))?;
            self.run = Some(id);
            self.query.run = Some(RunChoice::Id(id));
            return Ok(());
        }
        self.query.run = Some(RunChoice::Last);
        if let [name] = self.query.processes.as_slice() {
            let runs = self.logs.runs(name).map_err(|error| unreadable(&error))?;
            self.run = runs.len().checked_sub(2).map(|at| runs[at]);
        } else if self.after.is_some() {
            return Err(Problem::usage(
                "`run=last` with `after` needs one process, by its name",
            ));
        }
        Ok(())
    }

    /// Reads a query.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read; a run that no process has had (3).
    pub(super) fn read(&self, query: &Query) -> Result<forge_logs::Items, Problem> {
        self.logs.query(query).map_err(|error| match error {
            QueryError::NoSuchRun { .. } => Problem::unknown(error.to_string()),
            QueryError::Io { .. } => Problem::failed(error.to_string()),
        })
    }

    /// Where each stream is now: behind its last whole line.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read.
    pub(super) fn ends(&self) -> Result<Places, Problem> {
        let items = self.read(&Query {
            processes: self.query.processes.clone(),
            tail: Some(0),
            whole_lines: true,
            ..Query::default()
        })?;
        Ok(items.ends().into_iter().collect())
    }

    /// Where each stream's first line is that was written at `since` or later and, where a line is
    /// given, lies behind it.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read.
    pub(super) fn places_since(
        &self,
        since: u64,
        behind: Option<&Cursor>,
    ) -> Result<Places, Problem> {
        let mut processes = self.query.processes.clone();
        if processes.is_empty() {
            processes = self.logs.processes().map_err(|error| unreadable(&error))?;
        }
        let mut places = Places::new();
        for process in processes {
            let items = self.read(&Query {
                processes: vec![process],
                since: Some(since),
                whole_lines: true,
                ..Query::default()
            })?;
            let ends: Places = items.ends().into_iter().collect();
            let mut missing: Vec<Key> = ends.keys().cloned().collect();
            places.extend(ends);
            for item in items {
                if missing.is_empty() {
                    break;
                }
                let item = item.map_err(|error| unreadable(&error))?;
                if item.line().is_none() || behind.is_some_and(|cursor| !is_behind(&item, cursor)) {
                    continue;
                }
                let key = (item.source().process.clone(), item.source().stream);
                if let Some(at) = missing.iter().position(|one| *one == key) {
                    missing.swap_remove(at);
                    places.insert(key, item.place());
                }
            }
        }
        Ok(places)
    }
}

/// Whether the item comes after the line that the cursor names.
fn is_behind(item: &Item, cursor: &Cursor) -> bool {
    match cursor {
        Cursor::Line(order) => order_of(item) > *order,
        Cursor::Streams(..) => !cursor.is_after(item),
    }
}

/// Processes that have written once, whether the file still names them or not.
fn on_disk(logs: &Logs, targets: &[String]) -> Option<Vec<String>> {
    let folders = logs.processes().ok()?;
    let mut names = Vec::new();
    for target in targets {
        let glob = globset::Glob::new(target).ok()?.compile_matcher();
        let found: Vec<&String> = folders
            .iter()
            .filter(|name| *name == target || glob.is_match(name.as_str()))
            .collect();
        if found.is_empty() {
            return None;
        }
        names.extend(found.into_iter().cloned());
    }
    Some(names)
}

fn time(text: Option<&str>, bound: Bound, field: &str) -> Result<Option<u64>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let time = forge_logs::parse_time(text, bound, &Zoned::now());
    time.map(Some)
        .map_err(|error| Problem::usage(format!("{field}: {error}")))
}

fn rules(spec: &LogSpec) -> Result<LevelRules, Problem> {
    let levels = spec
        .level
        .iter()
        .map(|(pattern, level)| (pattern.0.as_str(), level.parse::<Level>().ok()));
    let multiline = spec.multiline.as_ref().map(|pattern| pattern.0.as_str());
    LevelRules::new(levels, multiline).map_err(|error| usage(&error))
}

pub(super) fn usage(error: &impl ToString) -> Problem {
    Problem::usage(error.to_string())
}

pub(super) fn unreadable(error: &std::io::Error) -> Problem {
    Problem::failed(format!("cannot read the logs: {error}"))
}
