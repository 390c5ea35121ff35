//! The thread that writes reports: at once as the loop knows them, then again with what files and Git
//! say. One thread, so that a storm of crashes asks Git one question at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use forge_api::CrashReport;
use forge_diagnose::changes::Git;
use forge_facts::RunId;
use forge_facts::layout::Layout;

use super::healthy::{self, Made};
use super::memory::Kills;
use super::report::complete;
use super::store::Store;
use crate::input::{Inbox, Input, Reply};
use crate::secrets::Secrets;

/// Reports that are read when a supervisor begins, to know what was reported last.
const RECENT: usize = 16;
/// What has waited longer for its turn stays without what Git says.
const STALE: Duration = Duration::from_secs(30);

/// What the loop holds of crashes.
pub(crate) struct Crashes {
    jobs: mpsc::Sender<Job>,
    pub(crate) kills: Kills,
    next: u64,
    /// The last crash of each process.
    latest: BTreeMap<String, Brief>,
    /// Reports that are not finished.
    pending: BTreeSet<u64>,
    waiting: Vec<(u64, Reply<()>)>,
}

/// A crash in short.
#[derive(Debug, Clone)]
pub(crate) struct Brief {
    pub(crate) id: u64,
    pub(crate) run: String,
    /// Nanoseconds since 1970.
    pub(crate) at: u64,
    pub(crate) summary: String,
    /// The error, where the summary tells it word for word.
    pub(crate) why: Option<String>,
    /// `app/main.go:45`.
    pub(crate) location: Option<String>,
    /// The process with which it began.
    pub(crate) origin: Option<String>,
}

/// A report that is to be written.
pub(super) struct Job {
    pub(super) report: CrashReport,
    pub(super) secrets: Secrets,
    pub(super) workspace: PathBuf,
    pub(super) cwd: PathBuf,
    /// What the run was made of, and where its last healthy run is remembered.
    pub(super) made: Option<Made>,
}

impl Crashes {
    /// Reads what was reported last, and begins the thread.
    pub(crate) fn open(layout: &Layout, inbox: &Inbox) -> Self {
        let store = Store::of(layout);
        let ids = store.ids();
        let mut latest = BTreeMap::new();
        for id in ids.iter().rev().take(RECENT).rev() {
            match store.read(*id) {
                Some(report) => {
                    if let Some((name, brief)) = brief_of(&report) {
                        latest.insert(name, brief);
                    }
                }
                None => {
                    if let Some(aside) = store.set_aside(*id) {
                        eprintln!(
                            "supervisor: a crash report was damaged and is now {}",
                            aside.display()
                        );
                    }
                }
            }
        }
        let (jobs, work) = mpsc::channel();
        let inbox = inbox.clone();
        let begun = std::thread::Builder::new()
            .name("crashes".into())
            .spawn(move || write_all(&store, &work, &inbox));
        if let Err(error) = begun {
            eprintln!("supervisor: crashes cannot be kept: {error}");
        }
        Crashes {
            jobs,
            kills: Kills::new(),
            next: ids.last().map_or(1, |last| last + 1),
            latest,
            pending: BTreeSet::new(),
            waiting: Vec::new(),
        }
    }

    /// The last crash of a process.
    pub(crate) fn brief(&self, name: &str) -> Option<&Brief> {
        self.latest.get(name)
    }

    /// The id of a crash: the one it has, where it was told before the supervisor died.
    pub(super) fn id_for(&mut self, name: &str, run: RunId) -> u64 {
        let known = self.latest.get(name);
        if let Some(brief) = known.filter(|brief| brief.run == run.to_string()) {
            return brief.id;
        }
        self.next += 1;
        self.next - 1
    }

    /// Has a report written.
    pub(super) fn record(&mut self, job: Job) {
        if let Some((name, brief)) = brief_of(&job.report) {
            self.pending.insert(brief.id);
            self.latest.insert(name, brief);
        }
        if let Err(mpsc::SendError(job)) = self.jobs.send(job)
            && let Some(id) = job.report.id
        {
            self.finished(id);
        }
    }

    /// A report is finished.
    pub(crate) fn finished(&mut self, id: u64) {
        self.pending.remove(&id);
        let (done, rest) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(waits, _)| !self.pending.contains(waits));
        self.waiting = rest;
        let done: Vec<(u64, Reply<()>)> = done;
        for (_, reply) in done {
            let _ = reply.send(Ok(()));
        }
    }

    /// Answers when the report of this id, or the latest of these processes, is finished.
    pub(crate) fn when_finished(&mut self, id: Option<u64>, names: &[String], reply: Reply<()>) {
        let latest = names.iter().filter_map(|name| self.latest.get(name));
        let id = id.or(latest.map(|brief| brief.id).max());
        match id.filter(|id| self.pending.contains(id)) {
            Some(id) => self.waiting.push((id, reply)),
            None => {
                let _ = reply.send(Ok(()));
            }
        }
    }
}

fn brief_of(report: &CrashReport) -> Option<(String, Brief)> {
    let location = report.location.as_ref();
    let brief = Brief {
        id: report.id?,
        run: report.run_id.clone()?,
        at: crate::clock::parse(report.time.as_deref()?)?,
        summary: report.summary.clone(),
        why: report
            .error
            .clone()
            .filter(|error| report.summary.ends_with(error)),
        location: location.map(|at| match at.line {
            Some(line) => format!("{}:{line}", at.file),
            None => at.file.clone(),
        }),
        origin: report.began_with.as_ref().map(|one| one.process.clone()),
    };
    Some((report.process.clone()?, brief))
}

fn write_all(store: &Store, work: &mpsc::Receiver<Job>, inbox: &Inbox) {
    // What is compiled at its first use is compiled now: the first crash is told as fast as any.
    let _ = forge_diagnose::explain(WARM_UP);
    let _ = forge_diagnose::mask("password=warm token=up");
    let git = Git::default();
    let mut unfinished: Vec<(Instant, Job)> = Vec::new();
    loop {
        let next = match unfinished.is_empty() {
            true => work.recv().ok(),
            false => match work.try_recv() {
                Ok(job) => Some(job),
                Err(mpsc::TryRecvError::Empty) => {
                    // The newest is what people look at.
                    if let Some((since, job)) = unfinished.pop() {
                        finish(store, job, since, &git, inbox);
                    }
                    continue;
                }
                Err(mpsc::TryRecvError::Disconnected) => None,
            },
        };
        let Some(mut job) = next else {
            return;
        };
        job.secrets.mask_report(&mut job.report);
        write(store, &job.report);
        unfinished.push((Instant::now(), job));
    }
}

fn finish(store: &Store, mut job: Job, since: Instant, git: &Git, inbox: &Inbox) {
    let Some(id) = job.report.id else {
        return;
    };
    let fresh = since.elapsed() < STALE;
    if fresh {
        complete(&mut job.report, &job.workspace, &job.cwd, git);
        job.secrets.mask_places(&mut job.report);
        write(store, &job.report);
    }
    let _ = inbox.send(Input::CrashKept(id));
    if fresh && let Some(made) = &job.made {
        job.report.since_healthy = healthy::differences(made, git);
        if job.report.since_healthy.is_some() {
            write(store, &job.report);
        }
    }
    store.prune();
}

fn write(store: &Store, report: &CrashReport) {
    if let Err(error) = store.write(report) {
        eprintln!("supervisor: a crash report cannot be written: {error}");
    }
}

/// A little of each kind of trace.
const WARM_UP: &[u8] =
    b"panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/w/main.go:3 +0x1\nexit status 2\n\
Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nKeyError: 'a'\n\
/w/a.js:1\nthrow new Error('x')\n^\n\nError: x\n    at f (/w/a.js:1:2)\n\nNode.js v20.0.0\n\
thread 'main' panicked at src/main.rs:1:2:\nboom\n\
Exception in thread \"main\" java.lang.Error: x\n\tat a.B.c(B.java:1)\n\
a.rb:1:in `f': x (RuntimeError)\nError: listen EADDRINUSE: address already in use :::1\n\
sh: 1: nothing: not found\nSegmentation fault\n";
