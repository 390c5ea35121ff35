//! Starting the supervisor, noticing when it dies or hangs, and starting it again.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use forge_facts::{KeeperFact, KeeperOrder};
use forge_os::{Event, Interest, Pidfd, Session, Spawn, Status, signal};

use super::{From, Keeper, begin, token};
use crate::link::Link;
use crate::options::places;

/// How long it is waited before the next start, by the number of early deaths in a row.
const DELAYS_MS: [u64; 8] = [0, 100, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000];

/// Who was killed from outside did not fail: it is waited no longer than this, and at first not at all.
const KILLED_MS: [u64; 8] = [0, 0, 0, 0, 20, 50, 100, 200];

/// One that has lived this long did not die early.
const LIVED: Duration = Duration::from_secs(10);

/// How often it is asked whether it is there, and how many questions in a row it may miss.
const PING_EVERY: Duration = Duration::from_secs(5);
const MISSES: u32 = 6;

/// How long one that belongs to a former keeper may take to end by itself.
const FORMER: Duration = Duration::from_secs(5);

/// The supervisor, as the keeper knows it.
#[derive(Debug)]
pub(crate) struct Supervisor {
    program: PathBuf,
    state: State,
    /// Early deaths in a row.
    deaths: usize,
    /// Since when it was seen to be stopped.
    pub(super) stopped_since: Option<Instant>,
}

#[derive(Debug)]
enum State {
    Down {
        /// `None`: it is not to be started.
        start_at: Option<Instant>,
    },
    /// One of a former keeper: it ends as soon as it sees that that one is gone.
    Former { pidfd: Pidfd, kill_at: Instant },
    Up {
        pid: i32,
        pidfd: Pidfd,
        link: Link,
        since: Instant,
        ping_at: Instant,
        missed: u32,
    },
}

impl Supervisor {
    pub(super) fn new(program: PathBuf) -> Self {
        Supervisor {
            program,
            state: State::Down {
                start_at: Some(Instant::now()),
            },
            deaths: 0,
            stopped_since: None,
        }
    }

    pub(super) fn link(&mut self) -> Option<&mut Link> {
        match &mut self.state {
            State::Up { link, .. } => Some(link),
            State::Down { .. } | State::Former { .. } => None,
        }
    }

    pub(super) fn pid(&self) -> Option<i32> {
        match self.state {
            State::Up { pid, .. } => Some(pid),
            State::Down { .. } | State::Former { .. } => None,
        }
    }

    pub(super) fn start_now(&mut self) {
        if let State::Down { start_at } = &mut self.state {
            *start_at = Some(Instant::now());
        }
    }

    /// Ends it at once; a new one follows.
    pub(super) fn kill(&mut self) {
        if let State::Up { pidfd, .. } | State::Former { pidfd, .. } = &self.state {
            let _ = pidfd.signal(signal::KILL);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Down { start_at } => *start_at,
            State::Former { kill_at, .. } => Some(*kill_at),
            State::Up { ping_at, .. } => Some(*ping_at),
        }
    }
}

impl Keeper {
    /// Looks for a supervisor that a former keeper has left.
    pub(super) fn find_former_supervisor(&mut self) {
        let lock = self.layout.supervisor_lock();
        let holder = || forge_os::holder(&lock).ok().flatten();
        let Some(pid) = holder() else {
            return;
        };
        let Ok(pidfd) = Pidfd::open(pid) else {
            return;
        };
        // Asked again when it is pinned: the pid may have been a dead one's.
        if holder() == Some(pid)
            && self
                .poller
                .add(&pidfd, token::FORMER, Interest::Read)
                .is_ok()
        {
            self.supervisor.state = State::Former {
                pidfd,
                kill_at: Instant::now() + FORMER,
            };
        }
    }

    pub(super) fn former_supervisor_ended(&mut self) {
        if matches!(self.supervisor.state, State::Former { .. }) {
            self.supervisor.state = State::Down {
                start_at: Some(Instant::now()),
            };
        }
    }

    pub(super) fn pursue_supervisor(&mut self, now: Instant) {
        match &mut self.supervisor.state {
            State::Down { start_at } if start_at.is_some_and(|at| now >= at) => {
                self.start_supervisor();
            }
            State::Former { pidfd, kill_at } if now >= *kill_at => {
                let _ = pidfd.signal(signal::KILL);
                *kill_at = now + FORMER;
            }
            State::Up {
                link,
                ping_at,
                missed,
                pidfd,
                ..
            } if now >= *ping_at => {
                *ping_at = now + PING_EVERY;
                *missed += 1;
                if *missed > MISSES {
                    crate::say("the supervisor does not answer: it is replaced");
                    let _ = pidfd.signal(signal::KILL);
                } else {
                    link.send(&KeeperFact::Ping.to_record(), &self.poller);
                    self.look_at_strangers(now);
                }
            }
            State::Down { .. } | State::Former { .. } | State::Up { .. } => {}
        }
    }

    fn start_supervisor(&mut self) {
        begin::bound_log();
        self.keep_sockets();
        if let Err(error) = self.try_start_supervisor() {
            let program = self.supervisor.program.display();
            crate::say(&format!("cannot start the supervisor {program}: {error}"));
            self.plan_supervisor(Duration::ZERO, &DELAYS_MS);
            return;
        }
        let facts: Vec<_> = self.shims.iter().filter_map(|shim| shim.fact()).collect();
        for fact in facts {
            self.answer(From::Supervisor, &fact);
        }
    }

    fn try_start_supervisor(&mut self) -> io::Result<()> {
        let (ours, theirs) = forge_os::socket_pair()?;
        let null = forge_os::null()?;
        let stderr = io::stderr();
        let program = c_string(self.supervisor.program.as_os_str())?;
        let mut argv = vec![program.clone(), c"daemon".into(), c"run".into()];
        for (name, path) in places(&self.layout) {
            argv.push(c_string(OsStr::new(name))?);
            argv.push(c_string(path.as_os_str())?);
        }
        let (pid, pidfd) = forge_os::spawn(&Spawn {
            program,
            argv,
            env: None,
            folder: None,
            fds: vec![
                null.as_fd(),
                null.as_fd(),
                stderr.as_fd(),
                theirs.as_fd(),
                self.api.as_fd(),
            ],
            session: Session::New,
            open_files: self.open_files,
            oom_score: None,
        })?;
        let token = self.new_token();
        let now = Instant::now();
        self.supervisor.state = State::Up {
            pid,
            pidfd,
            link: Link::new(ours, &self.poller, token)?,
            since: now,
            ping_at: now + PING_EVERY,
            missed: 0,
        };
        Ok(())
    }

    /// Deals with an event of the supervisor's connection; `false`: it is not that one's.
    pub(super) fn supervisor_came(&mut self, token: u64, event: Event) -> bool {
        let State::Up {
            link,
            missed,
            pidfd,
            ..
        } = &mut self.supervisor.state
        else {
            return false;
        };
        if link.token() != token {
            return false;
        }
        if event.writable {
            link.flush(&self.poller);
        }
        let mut orders = Vec::new();
        if event.readable {
            link.fill();
            while let Some(record) = link.next() {
                *missed = 0;
                orders.extend(KeeperOrder::from_record(&record).ok());
            }
        }
        if link.is_broken() {
            // It has ended, or cannot be spoken to any more: both end in a new one.
            let _ = pidfd.signal(signal::KILL);
            link.silence(&self.poller);
        }
        for order in orders {
            self.obey(From::Supervisor, order);
        }
        true
    }

    /// It has ended, and was seen to.
    pub(super) fn supervisor_ended(&mut self, status: Status) {
        let State::Up { since, link, .. } = &mut self.supervisor.state else {
            return;
        };
        let lived = since.elapsed();
        // What it said last counts: that it is to be replaced, or that it was meant to end.
        link.fill();
        let mut orders = Vec::new();
        while let Some(record) = link.next() {
            orders.extend(KeeperOrder::from_record(&record).ok());
        }
        link.silence(&self.poller);
        for order in orders {
            self.obey(From::Supervisor, order);
        }
        self.supervisor.state = State::Down { start_at: None };
        if !self.begin_closing() {
            let killed = status
                .signal()
                .is_some_and(|(number, _)| number == signal::KILL);
            self.plan_supervisor(lived, if killed { &KILLED_MS } else { &DELAYS_MS });
        }
    }

    fn plan_supervisor(&mut self, lived: Duration, delays_ms: &[u64; 8]) {
        let supervisor = &mut self.supervisor;
        if lived >= LIVED {
            supervisor.deaths = 0;
        }
        let delay = delays_ms[supervisor.deaths.min(delays_ms.len() - 1)];
        supervisor.deaths += 1;
        supervisor.state = State::Down {
            start_at: Some(Instant::now() + Duration::from_millis(delay)),
        };
    }

    /// The next one is started from this program, and at once.
    pub(super) fn replace_supervisor(&mut self, program: &[u8]) {
        let path = Path::new(OsStr::from_bytes(program));
        if path.is_absolute() {
            self.supervisor.program = path.to_path_buf();
        }
        self.supervisor.deaths = 0;
        if let State::Down { start_at: Some(at) } = &mut self.supervisor.state {
            *at = Instant::now();
        }
    }
}

pub(super) fn c_string(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}
