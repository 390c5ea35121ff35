//! Asking for lines: of which processes, since when, which level, which text, how many.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use forge_facts::{RunId, Stream};

use crate::clock::Clock;
use crate::fields::FieldIs;
use crate::grep::Grep;
use crate::level::{Level, LevelRules};
use crate::line::{Item, Place, Source};
use crate::merge::Merge;
use crate::reader::Want;
use crate::segments::Segments;
use crate::span::{Sought, Span, threads_each};
use crate::tail;

/// Which run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunChoice {
    /// The one before the newest.
    Last,
    /// This one.
    Id(RunId),
}

/// What is asked for. The default asks for everything.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Names of processes; none means all.
    pub processes: Vec<String>,
    /// Nothing that was written before (nanoseconds since 1970).
    pub since: Option<u64>,
    /// Nothing that was written after (nanoseconds since 1970).
    pub until: Option<u64>,
    /// Lines of this level and above; see [`Level::passes`].
    pub level: Option<Level>,
    /// Lines that match.
    pub grep: Option<Grep>,
    /// Structured lines with all of these fields.
    pub fields: Vec<FieldIs>,
    /// How many lines of the same stream before and after each match.
    pub context: usize,
    /// The last so many lines of the merged order (context comes in addition).
    pub tail: Option<usize>,
    /// Of each stream nothing before its last so many bytes: a bound for those who cannot wait. A line
    /// that begins before comes without its beginning, as a [`Part::Tail`](crate::Part::Tail).
    pub within: Option<u64>,
    /// One run only.
    pub run: Option<RunChoice>,
    /// Leave out a last line without an end: a follower that starts at [`Items::ends`] shows it.
    pub whole_lines: bool,
}

impl Query {
    pub(crate) fn want(&self) -> Want {
        Want {
            since: self.since,
            until: self.until,
            level: self.level,
            grep: self.grep.clone(),
            fields: self.fields.clone(),
            context: self.context,
        }
    }
}

/// The question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// A folder or file cannot be read.
    #[error("cannot read the logs in {path}: {error}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// No process asked for has had this run.
    #[error(
        "no log of a run {run}; `--run last` is the run before this one, an id is one of: {known}"
    )]
    NoSuchRun {
        /// The run.
        run: String,
        /// The newest runs that there are.
        known: String,
    },
}

/// The logs of all processes of a workspace, read directly from disk.
///
/// # The number of a line
///
/// [`Line::seq`](crate::Line::seq) is made of places: how far the line's own stream had come where
/// it begins (`(segment - 1) << 36 | offset`), plus how far each other stream of the process had come
/// at the time at which the line was written, plus 1. It grows from line to line of a process in
/// merged order, is the same at each reading, survives rotation and the removal of old segments, and
/// stays below 2^53 up to segment 131,072.
#[derive(Debug, Clone)]
pub struct Logs {
    root: PathBuf,
    rules: BTreeMap<String, Arc<LevelRules>>,
}

impl Logs {
    /// The logs below the folder that holds a folder for each process.
    pub fn new(root: &Path) -> Self {
        Logs {
            root: root.to_path_buf(),
            rules: BTreeMap::new(),
        }
    }

    /// Sets what the user says about the levels of a process.
    pub fn set_rules(&mut self, process: &str, rules: LevelRules) {
        self.rules.insert(process.to_string(), Arc::new(rules));
    }

    pub(crate) fn rules(&self, process: &str) -> Arc<LevelRules> {
        self.rules.get(process).cloned().unwrap_or_default()
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Names of all processes that have a folder, sorted.
    ///
    /// # Errors
    ///
    /// The folder cannot be read. One that does not exist is empty.
    pub fn processes(&self) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The runs of a process, oldest first: those that its log or its journal knows.
    ///
    /// # Errors
    ///
    /// Files cannot be read.
    pub fn runs(&self, process: &str) -> io::Result<Vec<RunId>> {
        let dir = self.root.join(process);
        let mut runs: Vec<RunId> = Vec::new();
        for stream in Stream::ALL {
            let source = Arc::new(Source::new(process, stream, &dir));
            runs.extend(
                Segments::list(source)?
                    .runs()
                    .into_iter()
                    .map(|(_, run)| run),
            );
        }
        let journal = forge_facts::journal::read(&dir.join("journal"))?;
        runs.extend(journal.entries.iter().filter_map(|(_, entry)| match entry {
            forge_facts::Entry::Spawned { run, .. } => Some(*run),
            _ => None,
        }));
        runs.sort_unstable();
        runs.dedup();
        Ok(runs)
    }

    /// Reads what is asked for, as it is on disk now, merged by time.
    ///
    /// # Errors
    ///
    /// Folders cannot be read, or no process has had the run asked for. Later errors come as items.
    pub fn query(&self, query: &Query) -> Result<Items, QueryError> {
        let io_error = |error| QueryError::Io {
            path: self.root.clone(),
            error,
        };
        let mut processes = match query.processes.is_empty() {
            true => self.processes().map_err(io_error)?,
            false => query.processes.clone(),
        };
        processes.sort_unstable();
        processes.dedup();
        let runs = self.choose_runs(query, &processes)?;
        let want = Arc::new(query.want());
        let mut spans = Vec::new();
        let mut ends = Vec::new();
        for process in &processes {
            for stream in Stream::ALL {
                let source = Arc::new(Source::new(process, stream, &self.root.join(process)));
                let segments = Segments::list(source).map_err(io_error)?;
                let run = runs.get(process).copied();
                if query.run.is_some() && run.is_none() || segments.all().is_empty() {
                    continue;
                }
                let span = Span::of(segments, query, run).map_err(io_error)?;
                ends.push(((process.clone(), stream), span.stop));
                spans.push((span, self.rules(process)));
            }
        }
        if let Some(count) = query.tail {
            tail::keep_last(&mut spans, &want, count).map_err(io_error)?;
        }
        let spans = spans.into_iter().filter(|(span, _)| !span.is_empty());
        let spans: Vec<_> = spans.collect();
        let threads = threads_each(&spans, &want);
        let readers: Result<Vec<Sought>, io::Error> = spans
            .into_iter()
            .map(|(span, rules)| span.sought(want.clone(), rules, threads))
            .collect();
        Ok(Items {
            merge: Merge::new(readers.map_err(io_error)?),
            clocks: BTreeMap::new(),
            ends,
            failed: false,
        })
    }

    fn choose_runs(
        &self,
        query: &Query,
        processes: &[String],
    ) -> Result<BTreeMap<String, RunId>, QueryError> {
        let Some(choice) = query.run else {
            return Ok(BTreeMap::new());
        };
        let mut chosen = BTreeMap::new();
        let mut known = Vec::new();
        for process in processes {
            let runs = self.runs(process).map_err(|error| QueryError::Io {
                path: self.root.join(process),
                error,
            })?;
            let run = match choice {
                RunChoice::Last => runs.len().checked_sub(2).map(|at| runs[at]),
                RunChoice::Id(run) => runs.contains(&run).then_some(run),
            };
            known.extend(runs);
            chosen.extend(run.map(|run| (process.clone(), run)));
        }
        if chosen.is_empty() {
            known.sort_unstable();
            let known: Vec<String> = known.iter().rev().take(5).map(RunId::to_string).collect();
            return Err(QueryError::NoSuchRun {
                run: match choice {
                    RunChoice::Last => "before the newest".to_string(),
                    RunChoice::Id(run) => run.to_string(),
                },
                known: known.join(", "),
            });
        }
        Ok(chosen)
    }
}

/// The answer to a [`Query`]: items in merged order.
pub struct Items {
    merge: Merge<Sought>,
    clocks: BTreeMap<String, Clock>,
    ends: Vec<((String, Stream), Place)>,
    failed: bool,
}

impl Items {
    /// Where each stream was when it was asked: where a [`Follower`](crate::Follower) goes on.
    pub fn ends(&self) -> Vec<((String, Stream), Place)> {
        self.ends.clone()
    }

    /// How many lines match, context not counted.
    ///
    /// # Errors
    ///
    /// Files cannot be read.
    pub fn count_matches(self) -> io::Result<u64> {
        let mut count = 0;
        for item in self {
            count += u64::from(item?.line().is_some_and(|line| line.matched));
        }
        Ok(count)
    }

    fn next_item(&mut self) -> io::Result<Option<Item>> {
        let Some((_, mut item)) = self.merge.next_of()? else {
            return Ok(None);
        };
        if let Item::Line(line) = &mut item {
            if !self.clocks.contains_key(line.process()) {
                let clock = Clock::new(line.process(), &line.source.dir)?;
                self.clocks.insert(line.process().to_string(), clock);
            }
            if let Some(clock) = self.clocks.get_mut(&line.source.process) {
                line.seq = clock.number(line);
            }
        }
        Ok(Some(item))
    }
}

impl Iterator for Items {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<io::Result<Item>> {
        if self.failed {
            return None;
        }
        let next = self.next_item();
        self.failed = next.is_err();
        next.transpose()
    }
}
