//! Everything that can reach the loop: one closed list.

use forge_api as api;
use forge_core::spec::Pattern;
use forge_facts::{Fact, KeeperFact, RunId};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

use crate::links::shim::ShimWriter;

/// Something that has happened outside of the loop.
pub(crate) enum Input {
    /// A client asks.
    Ask(Ask),
    /// The keeper tells.
    Keeper(KeeperFact),
    /// The keeper has ended.
    KeeperLost,
    /// A shim is connected; the number tells its connection from earlier ones.
    ShimUp {
        /// Process.
        name: String,
        /// Number of the connection.
        connection: u64,
        /// Pid of the shim.
        pid: i32,
        /// Takes orders.
        writer: ShimWriter,
    },
    /// A shim tells.
    Shim {
        /// Process.
        name: String,
        /// Number of the connection.
        connection: u64,
        /// What.
        fact: Fact,
    },
    /// The connection to a shim is gone, or did not come to be.
    ShimLost {
        /// Process.
        name: String,
        /// Number of the connection.
        connection: u64,
        /// Why.
        why: String,
    },
    /// A health check has an answer.
    Verdict {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// Whether it is well.
        healthy: bool,
        /// In words.
        detail: String,
    },
    /// `hooks.before_start` has ended.
    Prepared {
        /// Process.
        name: String,
        /// The run that waits for it.
        run: RunId,
        /// The error, if it failed.
        result: Result<(), String>,
    },
    /// `stop.command` has ended: the signal may follow.
    StopCommandDone {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
    },
    /// Output of a run has matched what was looked for.
    Matched {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// The pattern.
        pattern: Pattern,
        /// The line, safe to be shown.
        line: String,
        /// It matched `fail_on`, not a pattern that somebody waits for.
        fails: bool,
    },
    /// Whether a port has answered HTTP.
    SpeaksHttp {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// Whether it has.
        yes: bool,
    },
    /// A process that was taken over has ended.
    AdoptedGone {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
    },
    /// A port that was to be freed is free, or not.
    Freed {
        /// Process.
        name: String,
        /// The run that waits for it.
        run: RunId,
        /// The error, if it is not free.
        result: Result<(), String>,
    },
    /// A line that a client waits for has come, or cannot come any more.
    LineFound {
        /// Number of the waiter.
        waiter: u64,
        /// The line.
        line: Option<String>,
    },
    /// A shim is to be asked for again.
    AskAgain {
        /// Process.
        name: String,
    },
    /// Files that a process watches have changed.
    FilesChanged(crate::watch::Change),
    /// A service has told about itself, or has not.
    Measured {
        /// Process.
        name: String,
        /// Number of the task that asked.
        number: u64,
        /// What it told.
        found: crate::statistics::Found,
    },
    /// An engine has told of the containers of a process.
    Contained {
        /// Process.
        name: String,
        /// Number of the task that asked.
        number: u64,
        /// What they use.
        found: Vec<forge_services::containers::Measured>,
    },
    /// What the containers of a run left is ended.
    ContainersEnded {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// Whether somebody has killed what was left of its tree.
        killed: bool,
        /// What people should know.
        remark: Option<String>,
    },
    /// A line of output tells of something.
    Output {
        /// Process.
        name: String,
        /// The run that wrote it, where that is known.
        run: Option<RunId>,
        /// What.
        event: forge_logs::LogEvent,
    },
    /// All logs have been weighed, and what was too much is removed.
    LogsWeighed(std::io::Result<crate::log_cap::Trimmed>),
    /// How much room there is on the disks.
    Rooms(Vec<crate::warnings::Room>),
    /// The report of a crash is as complete as it will be, but for what changed since a healthy run.
    CrashKept(u64),
    /// Something worth an event, from a task beside the loop.
    Remark {
        /// Process.
        name: String,
        /// Kind of the event.
        kind: &'static str,
        /// For people.
        message: String,
    },
}

/// An answer to a client that is owed.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, api::Problem>>;

/// The answer to something that takes time: progress (only the latest counts), then the end.
pub(crate) struct Sink {
    progress: watch::Sender<Option<api::Progress>>,
    done: Reply<serde_json::Value>,
}

/// The other end of a [`Sink`].
pub(crate) struct Source {
    pub(crate) progress: watch::Receiver<Option<api::Progress>>,
    pub(crate) done: oneshot::Receiver<Result<serde_json::Value, api::Problem>>,
}

impl Sink {
    pub(crate) fn new() -> (Sink, Source) {
        let (progress, progress_source) = watch::channel(None);
        let (done, done_source) = oneshot::channel();
        let source = Source {
            progress: progress_source,
            done: done_source,
        };
        (Sink { progress, done }, source)
    }

    /// Whether nobody listens any longer.
    pub(crate) fn abandoned(&self) -> bool {
        self.done.is_closed()
    }

    /// Replaces what was last said.
    pub(crate) fn progress(&self, progress: api::Progress) {
        self.progress.send_if_modified(|last| {
            if last
                .as_ref()
                .is_some_and(|last| is_no_news(last, &progress))
            {
                return false;
            }
            *last = Some(progress);
            true
        });
    }

    /// Ends well.
    pub(crate) fn done(self, answer: &impl Serialize) {
        let answer = serde_json::to_value(answer)
            .map_err(|error| api::Problem::failed(format!("cannot write the answer: {error}")));
        // A client that has left does not want its answer.
        let _ = self.done.send(answer);
    }

    /// Ends with an error.
    pub(crate) fn problem(self, problem: api::Problem) {
        let _ = self.done.send(Err(problem));
    }
}

/// Whether only time has passed: who shows it counts that by himself.
fn is_no_news(last: &api::Progress, now: &api::Progress) -> bool {
    let same = |(last, now): (&api::ProgressLine, &api::ProgressLine)| {
        last.name == now.name
            && last.outcome == now.outcome
            && last.status == now.status
            && last.detail == now.detail
            && last.port == now.port
    };
    last.processes.len() == now.processes.len()
        && last.processes.iter().zip(&now.processes).all(same)
}

/// What clients ask, one for each verb.
pub(crate) enum Ask {
    Status(Vec<String>, Reply<api::Status>),
    Start(api::StartRequest, Sink),
    Stop(api::StopRequest, Sink),
    Restart(api::RestartRequest, Sink),
    Reload(api::ReloadRequest, Sink),
    Run(api::RunRequest, Sink),
    Restore(api::RestoreRequest, Sink),
    Running(Reply<api::RunningAnswer>),
    Pause(api::TargetsRequest, Reply<api::NamesAnswer>),
    Resume(api::TargetsRequest, Reply<api::NamesAnswer>),
    Signal(api::SignalRequest, Reply<api::NamesAnswer>),
    Input(api::InputRequest, Reply<api::NamesAnswer>),
    Resize(api::ResizeRequest, Reply<api::NamesAnswer>),
    Wait(api::WaitRequest, Reply<api::WaitAnswer>),
    Exec(api::ExecRequest, Reply<api::ExecAnswer>),
    Events(api::EventsQuery, Reply<Vec<api::Event>>),
    FollowEvents(Reply<tokio::sync::broadcast::Receiver<api::Event>>),
    FollowStatus(Reply<watch::Receiver<u64>>),
    LogPlace(Vec<String>, Reply<crate::logs_api::LogPlace>),
    Why(String, bool, Reply<api::WhyAnswer>),
    Secrets(Reply<crate::secrets::Secrets>),
    CrashPlace(Option<String>, Reply<crate::verbs::CrashPlace>),
    CrashFinished(Option<String>, Option<u64>, Reply<()>),
    Changes(String, Reply<crate::crash::Compared>),
    Graph(Option<String>, Reply<api::GraphAnswer>),
    Profiles(Reply<api::ProfilesAnswer>),
    Ps(Vec<String>, Reply<api::PsAnswer>),
    Monitor(api::MonitorQuery, Reply<api::Monitor>),
    Hogs(usize, Reply<api::Hogs>),
    Ports(Option<u16>, bool, Reply<api::PortsAnswer>),
    KillPort(api::KillPortRequest, Reply<api::KillPortAnswer>),
    Orphans(bool, Reply<api::OrphansAnswer>),
    Daemon(Reply<api::DaemonStatus>),
    DaemonStop(Sink),
    DaemonRestart(Reply<api::DaemonStatus>),
}

/// Where tasks put what they have.
pub(crate) type Inbox = mpsc::UnboundedSender<Input>;
