//! What the supervisor holds of one process beside what the core knows: connection, tasks, choices.

use std::sync::Arc;
use std::sync::atomic::AtomicI32;

use forge_api::Conflict;
use forge_facts::{Launch, Order, RunId, Scope, TerminalSize};
use forge_inspect::Usage;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::adopt::Adopted;
use crate::containers::Published;
use crate::environment::Environment;
use crate::links::shim::ShimWriter;
use crate::output::Scan;
use crate::output_events::Printed;

/// One process, as the shell sees it.
pub(crate) struct Managed {
    /// The environment of the client that started it.
    pub(crate) environment: Arc<Environment>,
    /// It is not in the file.
    pub(crate) ad_hoc: bool,
    /// Debug mode is on.
    pub(crate) debug: bool,
    /// Where its debugger waits, while debug mode is on and its runtime opens a port.
    pub(crate) debug_port: Option<u16>,
    /// It ran before the machine was started anew, and was not begun again.
    pub(crate) to_restore: bool,
    /// The port that it has.
    pub(crate) port: Option<u16>,
    /// What to do when its port is taken, until it has been launched once.
    pub(crate) on_conflict: forge_api::OnConflict,
    /// Who has its port, when that stopped it.
    pub(crate) conflict: Option<Conflict>,
    /// Size of its terminal.
    pub(crate) terminal: TerminalSize,
    /// The connection to its shim.
    pub(crate) link: Link,
    /// Pid of its shim for those who ask beside the loop; 0 where none is known.
    pub(crate) shim_now: Arc<AtomicI32>,
    /// The last journal entry that is known.
    pub(crate) known: u64,
    /// Up to which entry its shim was told that they need not be kept.
    pub(crate) acknowledged: u64,
    /// Since when its shim has had nothing to do.
    pub(crate) idle_since: Option<Instant>,
    /// A run that is being brought about.
    pub(crate) launching: Option<Launching>,
    /// A run that is being ended.
    pub(crate) halting: Option<Halting>,
    /// The run that is there, from `spawned` to `gone`.
    pub(crate) present: Option<RunId>,
    /// Its health checks.
    pub(crate) probe: Option<Task>,
    /// Its notify socket.
    pub(crate) notify: Option<Task>,
    /// What is looked for in its output.
    pub(crate) scan: Option<Scan>,
    /// Whether it has answered HTTP on its port.
    pub(crate) http: Http,
    /// The address that it has printed.
    pub(crate) printed: Option<Printed>,
    /// The run whose leader has ended, while descendants may be left.
    pub(crate) leader_gone: Option<RunId>,
    /// A process that was running already and was taken over.
    pub(crate) adopted: Option<Adopted>,
    /// The watcher waits for a change that may mend it.
    pub(crate) awaits_change: bool,
    /// What the watcher watches for it.
    pub(crate) watched: Option<crate::watch::Rules>,
    /// How its run has ended, until it is told as a crash.
    pub(crate) ending: Option<Box<crate::crash::Ending>>,
    /// What the event of the crash says that is about to be told.
    pub(crate) told: crate::crash::Fields,
    /// What its tree uses, as it was last sampled.
    pub(crate) usage: Option<Usage>,
    /// Its tree since it became ready, until it is sampled again.
    pub(crate) fresh_tree: FreshTree,
    /// It waits for somebody to type something.
    pub(crate) waits_for_input: bool,
    /// It has been listening on its declared ports in its present or last run.
    pub(crate) listened: bool,
    /// Ports that lead to its containers.
    pub(crate) published: Published,
}

/// What is known of a port by asking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Http {
    /// It was not asked, or did not answer.
    Unknown,
    /// It is being asked.
    Asked(Instant),
    /// It has answered HTTP.
    Speaks,
}

impl Managed {
    pub(crate) fn new(environment: Arc<Environment>) -> Self {
        Managed {
            environment,
            ad_hoc: false,
            debug: false,
            debug_port: None,
            to_restore: false,
            port: None,
            on_conflict: forge_api::OnConflict::Fail,
            conflict: None,
            terminal: TerminalSize {
                rows: 24,
                cols: 120,
            },
            link: Link::None,
            shim_now: Arc::new(AtomicI32::new(0)),
            known: 0,
            acknowledged: 0,
            idle_since: None,
            launching: None,
            halting: None,
            present: None,
            probe: None,
            notify: None,
            scan: None,
            http: Http::Unknown,
            printed: None,
            leader_gone: None,
            adopted: None,
            awaits_change: false,
            watched: None,
            ending: None,
            told: crate::crash::Fields::new(),
            usage: None,
            fresh_tree: FreshTree::Sampled,
            waits_for_input: false,
            listened: false,
            published: Published::default(),
        }
    }

    /// The run that is there, or that is being brought about.
    pub(crate) fn run(&self) -> Option<RunId> {
        self.present.or(self.launching.as_ref().map(Launching::run))
    }

    /// Sends an order, if there is anybody to take it. What must not be lost is in `launching` and
    /// `halting` and is ordered anew on the next connection.
    pub(crate) fn order(&self, order: Order) {
        if let Link::Up { writer, .. } = &self.link {
            let _ = writer.send(order);
        }
    }

    /// Pid of its shim.
    pub(crate) fn shim_pid(&self) -> Option<i32> {
        match self.link {
            Link::Up { pid, .. } => Some(pid),
            Link::None | Link::Asked | Link::Connecting { .. } | Link::Releasing(_) => None,
        }
    }
}

/// The tree of a process that may have grown, and begun to listen, since its last sample.
pub(crate) enum FreshTree {
    /// The sample tells it.
    Sampled,
    /// It has become ready since, and nobody has looked.
    Unseen,
    /// What was found: its processes and the ports they listen on.
    Seen { pids: Vec<i32>, ports: Vec<u16> },
}

/// How far the connection to a shim is.
pub(crate) enum Link {
    /// No shim is needed.
    None,
    /// The keeper was asked for one.
    Asked,
    /// There is one; the connection of this number is on its way.
    Connecting { connection: u64 },
    /// It takes orders.
    Up {
        connection: u64,
        pid: i32,
        writer: ShimWriter,
    },
    /// The one on this connection was told to end.
    Releasing(u64),
}

/// A run that is being brought about.
pub(crate) enum Launching {
    /// `hooks.before_start` runs.
    Preparing(RunId, #[allow(dead_code)] Task),
    /// To be ordered as soon as there is a shim, and again when its connection was lost.
    Ordered(Box<Launch>),
}

impl Launching {
    pub(crate) fn run(&self) -> RunId {
        match self {
            Launching::Preparing(run, _) => *run,
            Launching::Ordered(launch) => launch.run,
        }
    }
}

/// A run that is being ended.
pub(crate) struct Halting {
    pub(crate) run: RunId,
    pub(crate) signal: i32,
    pub(crate) scope: Scope,
    pub(crate) timeout_ms: u64,
    /// `stop.command` runs first.
    pub(crate) command: Option<Task>,
}

impl Halting {
    pub(crate) fn order(&self) -> Order {
        Order::Stop {
            run: self.run,
            signal: self.signal,
            scope: self.scope,
            timeout_ms: self.timeout_ms,
        }
    }
}

/// A task beside the loop that ends with this value.
pub(crate) struct Task(JoinHandle<()>);

impl Task {
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Task(tokio::spawn(future))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
