//! The shim: the parent of one process. Spawns it, moves its output to disk, writes down its end,
//! stops its tree.

mod begin;
mod ends;
mod input;
mod journal;
mod launch;
mod orders;
mod output;
mod pump;
mod recover;
mod rules;
mod run;
mod segment;
mod source;
mod stop;
mod talk;

use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use forge_facts::layout::Layout;
use forge_facts::{Entry, Spare};
use forge_os::{Event, Lock, Poller, Signals};

use crate::link::Link;
use journal::Journal;
use run::Run;

/// What a wake was for.
mod token {
    pub(super) const SIGNALS: u64 = 0;
    pub(super) const LISTENER: u64 = 1;
    pub(super) const STDOUT: u64 = 2;
    pub(super) const STDERR: u64 = 3;
    pub(super) const STDIN: u64 = 4;
    pub(super) const OUTCOME: u64 = 5;
    pub(super) const LEADER: u64 = 6;
    pub(super) const MEMBER: u64 = 7;
    /// Connections have this one and greater ones.
    pub(super) const LINKS: u64 = 16;
}

/// After a wake that moved more than this, output may gather for a moment: it saves most of the calls.
const MUCH: usize = 8 << 10;
const GATHER: Duration = Duration::from_micros(200);

/// How often it is shown that a run is watched.
const ALIVE_EVERY: Duration = Duration::from_secs(10);

/// How often a disk that has not taken an entry is tried again.
const LATE_EVERY: Duration = Duration::from_secs(1);

/// How long a shim without a run stays when neither keeper nor supervisor is there to need it.
const ALONE_MAX: Duration = Duration::from_secs(5);

/// The shim of one process.
pub(crate) struct Shim {
    layout: Layout,
    name: String,
    boot: String,
    /// The soft limit of open files that children get.
    open_files: Option<u64>,
    poller: Poller,
    signals: Signals,
    listener: UnixListener,
    keeper: Option<Link>,
    supervisor: Option<Link>,
    /// Connections that have not said who they are.
    strangers: Vec<(u64, Link)>,
    next_token: u64,
    journal: Journal,
    run: Option<Run>,
    /// Somebody wants to hear once of new output.
    watched: bool,
    released: bool,
    alive_at: Instant,
    late_at: Option<Instant>,
    /// When it ends, if it has nothing to watch and nobody to speak to.
    alone_until: Option<Instant>,
    _lock: Lock,
}

/// What a shim is told by the keeper that it is a copy of.
#[derive(Debug)]
pub(crate) struct Begin {
    /// The process that it is for.
    pub(crate) name: String,
    pub(crate) layout: Layout,
    /// The id of the present boot.
    pub(crate) boot: String,
    /// The soft limit of open files that children get.
    pub(crate) open_files: Option<u64>,
    /// What the descriptors from 4 on are.
    pub(crate) spares: Vec<Spare>,
}

/// Becomes this shim; returns its exit code when it has ended.
pub(crate) fn run(begin: Begin) -> u8 {
    let ended = Shim::begin(begin).and_then(|shim| match shim {
        Some(mut shim) => shim.work(),
        None => Ok(()),
    });
    match ended {
        Ok(()) => 0,
        Err(why) => {
            crate::say(&why);
            1
        }
    }
}

impl Shim {
    fn work(&mut self) -> Result<(), String> {
        let mut events = Vec::new();
        while !self.released {
            self.flush_links();
            let now = Instant::now();
            let patience = self.deadline().map(|at| at.saturating_duration_since(now));
            self.poller
                .wait(&mut events, patience)
                .map_err(|error| format!("cannot wait for events: {error}"))?;
            let mut moved = 0;
            for event in &events {
                moved += self.handle(*event);
            }
            self.look_at_clock();
            self.drop_broken();
            self.look_whether_alone();
            if moved > MUCH {
                forge_os::pause(GATHER);
            }
        }
        self.flush_links();
        self.tidy_away();
        Ok(())
    }

    /// Deals with one event; says how many bytes of output were moved.
    fn handle(&mut self, event: Event) -> usize {
        match event.token {
            token::SIGNALS => {
                self.signals.drain();
                self.children_ended();
            }
            token::LISTENER => self.accept(),
            token::STDOUT | token::STDERR => return self.output_came(event),
            token::STDIN => self.feed(),
            token::OUTCOME => self.outcome_came(),
            token::LEADER => self.leader_ended(),
            token::MEMBER => self.member_ended(),
            link => self.link_came(link, event),
        }
        0
    }

    /// When something is to be done though nothing happens.
    fn deadline(&self) -> Option<Instant> {
        let run = self.run.as_ref();
        let alive = run.map(|_| self.alive_at);
        let watch = run.and_then(Run::deadline);
        let times = [
            self.late_at,
            alive,
            watch,
            self.alone_until,
            self.journal.sync_at(),
        ];
        times.into_iter().flatten().min()
    }

    /// Ends when it is of no use: what comes after a death of all starts shims of its own.
    fn look_whether_alone(&mut self) {
        let alone = self.run.is_none()
            && self.keeper.is_none()
            && self.supervisor.is_none()
            && self.strangers.is_empty()
            && self.late_at.is_none();
        if !alone {
            self.alone_until = None;
            return;
        }
        let now = Instant::now();
        let until = *self.alone_until.get_or_insert(now + ALONE_MAX);
        self.released |= now >= until;
    }

    fn look_at_clock(&mut self) {
        let now = Instant::now();
        if self.late_at.is_some_and(|at| now >= at) {
            let _ = self.journal.write_late();
            self.late_at = self.journal.is_late().then(|| now + LATE_EVERY);
        }
        if self.journal.sync_at().is_some_and(|at| now >= at) {
            self.sync();
        }
        if self.run.is_none() {
            return;
        }
        if now >= self.alive_at {
            self.alive_at = now + ALIVE_EVERY;
            self.show_alive();
        }
        self.retry_output(now);
        self.pursue_exit(now);
        self.pursue_stop(now);
        self.finish_if_gone();
    }

    /// Writes down what has happened, and tells it.
    fn record(&mut self, entry: Entry) {
        let (seq, result) = self.journal.note(&entry);
        if let Err(error) = result {
            crate::say(&format!("{}: journal: {error}", self.name));
            self.late_at = Some(Instant::now() + LATE_EVERY);
        }
        self.tell_entry(seq, entry);
    }

    fn sync(&mut self) {
        if let Err(error) = self.journal.sync() {
            crate::say(&format!("{}: journal: {error}", self.name));
        }
    }

    /// Shows to those who come after a death of all that a run was watched until now.
    fn show_alive(&self) {
        use std::os::unix::fs::OpenOptionsExt;
        let path = self.layout.alive(&self.name);
        let file = std::fs::File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(forge_os::NO_FOLLOW | forge_os::NO_BLOCK)
            .open(path);
        if let Ok(file) = file {
            let _ = forge_os::touch(&file);
        }
    }

    /// The socket goes, since nobody listens to it any more. FIFOs and the like stay for the next
    /// run: to make a file new that was just removed is dear on some file systems.
    fn tidy_away(&mut self) {
        let _ = std::fs::remove_file(self.layout.shim_socket(&self.name));
        self.sync();
    }
}
