//! Taking over the run of a shim that died: find the leader without doubt, get back the pipes, go on
//! where the log ends.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::time::{Duration, Instant, UNIX_EPOCH};

use forge_facts::{Entry, Exit, LogRules, RunId, Spare, Stream, mark};
use forge_os::{Interest, Member, Pidfd, Tree, process_table};

use super::ends::UNCLEAR;
use super::input::Input;
use super::pump::Channel;
use super::rules::Kept;
use super::run::{Kin, Leader, Outlet, Run};
use super::segment::Log;
use super::source::Source;
use super::stop::Ending;
use super::{Shim, token};
use crate::open_run::OpenRun;

/// Descriptors that the keeper held for the former shim.
#[derive(Debug)]
pub(crate) struct Spares {
    held: Vec<(Spare, OwnedFd)>,
    /// The keeper has held everything all the time: what is not here was given back.
    complete: bool,
}

impl Spares {
    pub(super) fn new(held: Vec<(Spare, OwnedFd)>) -> Self {
        let complete = held.iter().any(|(what, _)| *what != Spare::Listener);
        Spares { held, complete }
    }

    /// Takes one out.
    pub(super) fn take(&mut self, what: Spare) -> Option<OwnedFd> {
        let place = self.held.iter().position(|(held, _)| *held == what)?;
        Some(self.held.swap_remove(place).1)
    }
}

impl Shim {
    /// Goes on with the run that the journal leaves open.
    pub(super) fn recover(&mut self, open: OpenRun, mut spares: Spares) {
        let since = self.last_sign_of_life(&open);
        self.record(Entry::Recovered {
            run: open.run,
            at: forge_os::now(),
            since,
        });
        if open.leader.boot != self.boot {
            self.ended_by_reboot(&open, since);
            return;
        }
        let leader = self.find_leader(&open, since, &mut spares);
        let pid = match &leader {
            Leader::Alive { pid, .. } => Some(*pid),
            Leader::Unclear { .. } | Leader::Ended => None,
        };
        let known = match &leader {
            Leader::Alive { pid, pidfd } => pinned(*pid, pidfd),
            Leader::Unclear { .. } | Leader::Ended => Vec::new(),
        };
        let mark = format!("{}={}", mark::RUN_ID, open.run);
        let (outlets, slave) = self.reopen_output(&open, pid, &mut spares);
        let input = match &slave {
            Some(_) => Input::terminal(),
            None => reopen_input(pid, &mut spares),
        };
        self.begin_run(Run {
            id: open.run,
            leader,
            kin: Kin::Adopted(Tree::marked(mark.as_bytes(), known)),
            outlets,
            input,
            _slave: slave,
            outcome: None,
            untold: None,
            subject: Vec::new(),
            ending: Ending::No,
            killed: false,
            empty: false,
        });
        self.hold_run();
        self.watch_adopted();
    }

    fn watch_adopted(&mut self) {
        if let Some(Run {
            leader: Leader::Alive { pidfd, .. },
            ..
        }) = &self.run
            && let Err(error) = self.poller.add(pidfd, token::LEADER, Interest::Read)
        {
            crate::say(&format!("{}: epoll: {error}", self.name));
        }
        self.watch_members();
        self.pursue_exit(Instant::now());
        self.finish_if_gone();
    }

    /// The leader, pinned and compared with what the journal says of it.
    fn find_leader(&self, open: &OpenRun, since: u64, spares: &mut Spares) -> Leader {
        let pid = open.leader.pid;
        let spare = spares.take(Spare::Leader).map(Pidfd::from);
        if open.exited {
            return Leader::Ended;
        }
        let inode = open.leader.pidfd_inode;
        let same = |pidfd: &Pidfd| inode == 0 || pidfd.inode().is_ok_and(|is| is == inode);
        let pidfd = spare.filter(same).or_else(|| {
            let pidfd = Pidfd::open(pid).ok().filter(same)?;
            // Read after it is pinned: what is compared belongs to this process.
            let ticks = forge_os::stat(pid).ok()?.start_ticks;
            (ticks == open.leader.start_ticks).then_some(pidfd)
        });
        match pidfd {
            Some(pidfd) if !pidfd.has_ended() => Leader::Alive { pid, pidfd },
            pidfd => {
                let now = Instant::now();
                Leader::Unclear {
                    pid,
                    pidfd,
                    since,
                    until: now + UNCLEAR,
                    ask_at: now,
                }
            }
        }
    }

    fn reopen_output(
        &mut self,
        open: &OpenRun,
        pid: Option<i32>,
        spares: &mut Spares,
    ) -> (Vec<Outlet>, Option<OwnedFd>) {
        let (rules, streams) = self.kept_of(open.run);
        let mut outlets = Vec::new();
        let mut slave = None;
        for stream in streams {
            let source = match stream {
                Stream::Terminal => terminal(spares).map(|(source, other)| {
                    slave = Some(other);
                    source
                }),
                Stream::Stdout => self.pipe_of(stream, Spare::Stdout, 1, pid, spares),
                Stream::Stderr => self.pipe_of(stream, Spare::Stderr, 2, pid, spares),
            };
            let Some(source) = source else {
                crate::say(&format!("{}: {stream} cannot be taken over", self.name));
                continue;
            };
            let folder = self.layout.process(&self.name);
            match Log::open(&folder, stream, open.run, rules, true) {
                Ok(log) => {
                    let block_max = Duration::from_millis(rules.block_max_ms);
                    let channel = Channel::new(stream, source, log, block_max);
                    outlets.push(Outlet::new(channel));
                }
                Err(error) => crate::say(&format!("{}: log: {error}", self.name)),
            }
        }
        (outlets, slave)
    }

    /// How the log is kept and which streams there are; where nobody has written that down, what
    /// the pipes tell.
    fn kept_of(&self, run: RunId) -> (LogRules, Vec<Stream>) {
        match Kept::load(&self.layout.rules(&self.name)) {
            Some(kept) if kept.run == Some(run) && !kept.streams.is_empty() => {
                (kept.rules, kept.streams)
            }
            kept => {
                let streams = [Stream::Stdout, Stream::Stderr];
                let there = |stream: &Stream| self.layout.pipe(&self.name, *stream).exists();
                (
                    kept.map(|kept| kept.rules).unwrap_or_default(),
                    streams.into_iter().filter(there).collect(),
                )
            }
        }
    }

    /// The FIFO of a stream: the keeper's, the one that has its name, or the leader's own.
    fn pipe_of(
        &self,
        stream: Stream,
        what: Spare,
        number: i32,
        pid: Option<i32>,
        spares: &mut Spares,
    ) -> Option<Source> {
        let by_name = || {
            let fifo = forge_os::open_fifo(&self.layout.pipe(&self.name, stream), true).ok()?;
            // Where the leader tells, it must be the one that it writes into.
            let theirs = pid.and_then(|pid| reopen_pipe(pid, number, true).ok());
            match theirs {
                Some(theirs) if forge_os::inode(&theirs).ok() != forge_os::inode(&fifo).ok() => {
                    Some(theirs)
                }
                Some(_) | None => Some(fifo),
            }
        };
        spares
            .take(what)
            .or_else(by_name)
            .or_else(|| reopen_pipe(pid?, number, true).ok())
            .map(Source::Pipe)
    }

    /// The last time at which the former shim, or anything of the run, is known to have lived.
    fn last_sign_of_life(&self, open: &OpenRun) -> u64 {
        let modified = |path: std::path::PathBuf| {
            let time = std::fs::metadata(path).ok()?.modified().ok()?;
            Some(time.duration_since(UNIX_EPOCH).ok()?.as_nanos() as u64)
        };
        let alive = modified(self.layout.alive(&self.name)).unwrap_or(0);
        alive.max(open.at).min(forge_os::now())
    }

    /// Nothing outlives a boot.
    fn ended_by_reboot(&mut self, open: &OpenRun, since: u64) {
        let boot = process_table::boot_time().as_nanos() as u64;
        if !open.exited {
            self.record(Entry::Exited {
                run: open.run,
                exit: Exit::Unknown,
                at: boot.max(since).min(forge_os::now()),
                since,
            });
        }
        self.record(Entry::Gone {
            run: open.run,
            at: forge_os::now(),
            killed: false,
        });
    }
}

fn pinned(pid: i32, pidfd: &Pidfd) -> Vec<Member> {
    match pidfd.try_clone() {
        Ok(pidfd) => vec![Member { pid, pidfd }],
        Err(_) => Vec::new(),
    }
}

/// The terminal out of custody; without its master it is gone, and its processes got SIGHUP.
fn terminal(spares: &mut Spares) -> Option<(Source, OwnedFd)> {
    let master = spares.take(Spare::Master)?;
    let slave = forge_os::reopen_slave(&master).ok()?;
    let (read, write) = match (
        spares.take(Spare::StageRead),
        spares.take(Spare::StageWrite),
    ) {
        (Some(read), Some(write)) => (read, write),
        _ => forge_os::pipe().ok()?,
    };
    let source = Source::Terminal {
        master,
        read,
        write,
    };
    Some((source, slave))
}

fn reopen_input(pid: Option<i32>, spares: &mut Spares) -> Input {
    let fd = match spares.take(Spare::Stdin) {
        // It was closed for good, and must not be opened again.
        None if spares.complete => None,
        None => pid.and_then(|pid| reopen_pipe(pid, 0, false).ok()),
        fd => fd,
    };
    fd.map_or_else(Input::closed, Input::pipe)
}

/// Opens the pipe that a process has under this number.
fn reopen_pipe(pid: i32, number: i32, read: bool) -> io::Result<OwnedFd> {
    let path = format!("/proc/{pid}/fd/{number}");
    if !std::fs::metadata(&path)?.file_type().is_fifo() {
        return Err(io::Error::from(io::ErrorKind::NotFound));
    }
    let file = File::options()
        .read(read)
        .write(true)
        .custom_flags(forge_os::NO_BLOCK)
        .open(path)?;
    Ok(file.into())
}
