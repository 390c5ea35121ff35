//! Starting shims, finding those of a former keeper, and starting again those that die.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use forge_facts::{Hello, KeeperFact, Role};
use forge_os::{Interest, Pidfd, signal};

use super::Keeper;
use super::shim::{Process, Shim, State};
use crate::link::Link;
use crate::open_run;
use crate::shim::Begin;

/// How long a shim may take until it is ready.
const BEGIN: Duration = Duration::from_secs(10);

/// How long one of a former keeper may take to answer a greeting.
const ANSWER: Duration = Duration::from_secs(3);

/// How soon it is looked again at a lock whose holder was ended.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The longest name: what is made of it must be a file's name.
const LONGEST_NAME: usize = 200;

impl Keeper {
    /// Finds the shims that live, and the runs that have lost theirs.
    pub(super) fn find_shims(&mut self) {
        let Ok(folders) = std::fs::read_dir(self.layout.processes()) else {
            return;
        };
        for folder in folders.flatten() {
            let Ok(name) = folder.file_name().into_string() else {
                continue;
            };
            if !is_name(&name) {
                continue;
            }
            let lives = !matches!(forge_os::holder(&self.layout.shim_lock(&name)), Ok(None));
            match open_run::of_file(&self.layout.journal(&name)) {
                Ok(None) if !lives => continue,
                Ok(_) => {}
                Err(error) => crate::say(&format!("{name}: journal: {error}")),
            }
            let mut shim = Shim::new(name);
            shim.look_first = lives;
            self.shims.push(shim);
        }
    }

    /// Sees to it that a process has a shim, and says so.
    pub(super) fn ensure(&mut self, name: String) {
        if !is_name(&name) {
            let why = "that is no name of a process".to_string();
            self.tell(&KeeperFact::ShimFailed { process: name, why });
            return;
        }
        let socket = self.layout.shim_socket(&name);
        match self.shims.iter_mut().find(|shim| shim.name == name) {
            None => self.shims.push(Shim::new(name)),
            Some(shim) => match &mut shim.state {
                // Somebody has emptied the folder: who lives cannot be reached, who comes can.
                // One that was released is on its way out in the same way.
                State::Up { .. } if !socket.exists() => {
                    shim.wanted = true;
                    shim.kill();
                }
                State::Up { .. } => {
                    if let Some(fact) = shim.fact() {
                        self.tell(&fact);
                    }
                }
                State::Coming { .. } => {}
                State::Down { start_at } => *start_at = Instant::now(),
            },
        }
    }

    /// Does what is due by the clock.
    pub(super) fn pursue_shims(&mut self, now: Instant) {
        let due = |shim: &Shim| shim.deadline().is_some_and(|at| now >= at);
        let due: Vec<String> = self
            .shims
            .iter()
            .filter(|shim| due(shim))
            .map(|shim| shim.name.clone())
            .collect();
        for name in due {
            let Some(place) = self.shims.iter().position(|shim| shim.name == name) else {
                continue;
            };
            match &mut self.shims[place].state {
                State::Down { .. } => self.begin_shim(place),
                State::Coming { process: None, .. } => self.replace_silent(place),
                State::Coming { until, .. } => {
                    *until = now + ANSWER;
                    crate::say(&format!("{name}: its shim does not begin: it is replaced"));
                    self.shims[place].kill();
                }
                State::Up { .. } => {}
            }
        }
    }

    /// Connects to the shim that lives, or starts one.
    fn begin_shim(&mut self, place: usize) {
        let name = self.shims[place].name.clone();
        let look = std::mem::take(&mut self.shims[place].look_first);
        let begun = match self.living_holder(&name) {
            Some(pid) if look => {
                let greeted = self.greet_shim(place);
                if let Err(error) = &greeted {
                    crate::say(&format!("{name}: its shim cannot be reached: {error}"));
                    self.end_holder(&name, pid);
                }
                greeted
            }
            Some(_) | None => self.start_shim(place),
        };
        if let Err(error) = begun {
            self.shims[place].why = Some(error.to_string());
            self.shim_failed(place);
        }
    }

    /// Who holds the lock of a process's shim and lives. A dead one's child may hold it for a moment,
    /// until it ends at its gate.
    pub(super) fn living_holder(&self, name: &str) -> Option<i32> {
        let pid = forge_os::holder(&self.layout.shim_lock(name)).ok()??;
        let ended = pid > 0 && Pidfd::open(pid).map_or(true, |pidfd| pidfd.has_ended());
        (!ended).then_some(pid)
    }

    fn greet_shim(&mut self, place: usize) -> io::Result<()> {
        let stream = forge_os::connect_in(&self.layout.shim_socket(&self.shims[place].name))?;
        let token = self.new_token();
        let mut link = Link::new(stream, &self.poller, token)?;
        let pid = std::process::id() as i32;
        let hello = Hello::new(Role::Keeper, pid, env!("CARGO_PKG_VERSION"));
        link.send(&hello.to_record(), &self.poller);
        self.shims[place].state = State::Coming {
            process: None,
            link,
            until: Instant::now() + ANSWER,
        };
        Ok(())
    }

    /// It holds the lock and does not answer: ended, so that another one can take over.
    fn replace_silent(&mut self, place: usize) {
        let name = self.shims[place].name.clone();
        if let Some(pid) = self.living_holder(&name) {
            crate::say(&format!("{name}: its shim (pid {pid}) does not answer"));
            self.end_holder(&name, pid);
        }
        self.shims[place].look_first = true;
        self.shims[place].state = State::Down {
            start_at: Instant::now() + LOOK_AGAIN,
        };
    }

    fn end_holder(&self, name: &str, pid: i32) {
        let lock = self.layout.shim_lock(name);
        if let Ok(pidfd) = Pidfd::open(pid)
            && forge_os::holder(&lock).ok().flatten() == Some(pid)
        {
            let _ = pidfd.signal(signal::KILL);
        }
    }

    /// Starts a shim as a copy of this program, which is small: nothing has to be loaded.
    fn start_shim(&mut self, place: usize) -> io::Result<()> {
        let (ours, theirs) = forge_os::socket_pair()?;
        let (token, end) = (self.new_token(), self.new_token());
        let null = forge_os::null()?;
        let stderr = io::stderr();
        let shim = &self.shims[place];
        let mut fds: Vec<BorrowedFd<'_>> =
            vec![null.as_fd(), null.as_fd(), stderr.as_fd(), theirs.as_fd()];
        fds.extend(shim.spares.iter().map(|held| held.fd.as_fd()));
        let begin = Begin {
            name: shim.name.clone(),
            layout: self.layout.clone(),
            boot: self.boot.clone(),
            open_files: self.open_files,
            spares: shim.spares.iter().map(|held| held.what).collect(),
        };
        let title = self.title_of(&shim.name);
        let title = self.title.map(|room| (room, title.as_slice()));
        let (pid, pidfd) = forge_os::branch(&fds, title, move || crate::shim::run(begin))?;
        self.poller.add(&pidfd, end, Interest::Read)?;
        let process = Process {
            pid,
            pidfd,
            token: end,
            ours: true,
        };
        self.shims[place].state = State::Coming {
            process: Some(process),
            link: Link::new(ours, &self.poller, token)?,
            until: Instant::now() + BEGIN,
        };
        Ok(())
    }

    /// What people see of a shim in a list of processes.
    fn title_of(&self, name: &str) -> Vec<u8> {
        let mut title = format!("forge-keeper shim --process {name} --workspace ").into_bytes();
        title.extend_from_slice(self.layout.workspace().as_os_str().as_bytes());
        title
    }
}

/// Whether it may be a process's name, and so a part of paths.
fn is_name(name: &str) -> bool {
    let first = name.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphanumeric())
        && name.len() <= LONGEST_NAME
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}
