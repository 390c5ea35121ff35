//! Starting programs: fork, everything prepared, a gate, exec; every failure named exactly.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;

use super::fd::{check, read};
use super::{Pidfd, pipe, set_nonblocking, write};

/// In which session a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// A new one without a terminal.
    New,
    /// A new one, with descriptor 0 as its terminal.
    Terminal,
}

/// A program to start. Signals are unblocked and at their defaults, and nothing is open but `fds`.
#[derive(Debug)]
pub struct Spawn<'a> {
    /// Path of the program.
    pub program: CString,
    /// Arguments, the name first.
    pub argv: Vec<CString>,
    /// The whole environment; `None` is that of this process.
    pub env: Option<Vec<CString>>,
    /// Where it runs; `None` is where this process does.
    pub folder: Option<BorrowedFd<'a>>,
    /// What it has open, as 0, 1, 2, …
    pub fds: Vec<BorrowedFd<'a>>,
    /// Its session.
    pub session: Session,
    /// The soft limit of open files.
    pub open_files: Option<u64>,
    /// What to write to `oom_score_adj`, where the kernel lets us.
    pub oom_score: Option<i32>,
}

/// What a child was doing when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// setsid(2), or taking the terminal.
    Session,
    /// Arranging descriptors.
    Descriptors,
    /// Changing to its folder.
    Folder,
    /// Setting limits.
    Limits,
    /// execve(2).
    Exec,
}

impl Step {
    const ALL: [Step; 5] = [
        Step::Session,
        Step::Descriptors,
        Step::Folder,
        Step::Limits,
        Step::Exec,
    ];

    /// The word for it in journals.
    pub fn name(self) -> &'static str {
        match self {
            Step::Session => "session",
            Step::Descriptors => "descriptors",
            Step::Folder => "cwd",
            Step::Limits => "limits",
            Step::Exec => "exec",
        }
    }
}

/// Why a child has not become its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// What it was doing.
    pub step: Step,
    /// The error number.
    pub errno: i32,
}

/// The signal by which a child ends itself when its gate is closed before it was let go: nothing
/// of its program has run.
pub const GATE_LOST_SIGNAL: i32 = 64;

/// A child that waits to be let go. Dropped, it ends itself.
#[derive(Debug)]
pub struct Gated {
    /// Its pid.
    pub pid: i32,
    /// The process.
    pub pidfd: Pidfd,
    gate: OwnedFd,
    failure: OwnedFd,
}

impl Gated {
    /// Lets it go. What comes back ends (reads 0 bytes) when the program runs, and holds a
    /// [`Failure`] ([`Failure::read`]) where it does not; it is non-blocking.
    pub fn release(self) -> io::Result<(i32, Pidfd, OwnedFd)> {
        set_nonblocking(&self.failure, true)?;
        // A child that failed before it came to the gate has closed it: that stands in `failure`.
        match write(&self.gate, b"g") {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
        Ok((self.pid, self.pidfd, self.failure))
    }
}

impl Failure {
    /// What has come through the pipe of [`Gated::release`]: `None` is success.
    ///
    /// # Errors
    ///
    /// `WouldBlock` where the child is still at it.
    pub fn read(pipe: impl AsFd) -> io::Result<Option<Failure>> {
        let mut bytes = [0u8; 8];
        if read(pipe, &mut bytes)? < 8 {
            return Ok(None);
        }
        let step = Step::ALL[usize::from(bytes[0]).min(Step::ALL.len() - 1)];
        let errno = i32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        Ok(Some(Failure { step, errno }))
    }
}

/// Forks; the child prepares everything and waits at the gate.
pub fn fork_gated(spawn: &Spawn<'_>) -> io::Result<Gated> {
    let (gate_read, gate) = pipe()?;
    let (failure, failure_write) = pipe()?;
    let prepared = Prepared::new(spawn, [&gate_read, &failure_write], [&gate, &failure]);
    // SAFETY: this process has one thread where it matters (keeper, shim), and the child calls only
    // async-signal-safe functions on memory that was prepared before.
    let pid = unsafe {
        let pid = check(libc::fork())?;
        if pid == 0 {
            prepared.become_program();
        }
        pid
    };
    let pidfd = Pidfd::open(pid)?;
    Ok(Gated {
        pid,
        pidfd,
        gate,
        failure,
    })
}

/// Starts a program and waits until it runs.
///
/// # Errors
///
/// The child's, too: its folder, exec. The failed child has been reaped then.
pub fn spawn(spawn: &Spawn<'_>) -> io::Result<(i32, Pidfd)> {
    let (pid, pidfd, failure) = fork_gated(spawn)?.release()?;
    set_nonblocking(&failure, false)?;
    if let Some(failure) = Failure::read(&failure)? {
        pidfd.wait_for(std::time::Duration::from_secs(1));
        let _ = super::reap(pid);
        return Err(io::Error::from_raw_os_error(failure.errno));
    }
    Ok((pid, pidfd))
}

/// Starts a program as nobody's child: its parent ends at once. Waits until it runs.
pub fn spawn_detached(spawn: &Spawn<'_>) -> io::Result<()> {
    let (gate_read, gate) = pipe()?;
    let (failure, failure_write) = pipe()?;
    let prepared = Prepared::new(spawn, [&gate_read, &failure_write], [&gate, &failure]);
    write(&gate, b"g")?;
    // SAFETY: the children call only async-signal-safe functions on memory that was prepared
    // before, so it does not matter what other threads of this process hold.
    let pid = unsafe {
        let pid = check(libc::fork())?;
        if pid == 0 {
            libc::setsid();
            match libc::fork() {
                0 => prepared.become_program(),
                -1 => libc::_exit(1),
                _ => libc::_exit(0),
            }
        }
        pid
    };
    drop(failure_write);
    let mut status = 0;
    // SAFETY: the kernel writes one int; the child ends by itself at once.
    unsafe {
        while libc::waitpid(pid, &mut status, 0) < 0
            && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
        {}
    }
    if status != 0 {
        return Err(io::Error::other("a process could not be forked"));
    }
    match Failure::read(&failure)? {
        Some(failure) => Err(io::Error::from_raw_os_error(failure.errno)),
        None => Ok(()),
    }
}

/// Everything that the child needs, laid out before the fork: it must not allocate.
struct Prepared {
    program: *const libc::c_char,
    argv: Vec<*const libc::c_char>,
    env: Option<Vec<*const libc::c_char>>,
    folder: Option<RawFd>,
    fds: Vec<RawFd>,
    session: Session,
    open_files: Option<u64>,
    oom_score: Option<Vec<u8>>,
    gate: RawFd,
    failure: RawFd,
    /// The parent's ends: the gate must end in the child when the parent dies.
    parents: [RawFd; 2],
}

impl Prepared {
    fn new(spawn: &Spawn<'_>, [gate, failure]: [&OwnedFd; 2], parents: [&OwnedFd; 2]) -> Self {
        let pointers = |strings: &[CString]| {
            let mut pointers: Vec<_> = strings.iter().map(|text| text.as_ptr()).collect();
            pointers.push(ptr::null());
            pointers
        };
        Prepared {
            program: spawn.program.as_ptr(),
            argv: pointers(&spawn.argv),
            env: spawn.env.as_deref().map(pointers),
            folder: spawn.folder.map(|fd| fd.as_raw_fd()),
            fds: spawn.fds.iter().map(|fd| fd.as_raw_fd()).collect(),
            session: spawn.session,
            open_files: spawn.open_files,
            oom_score: spawn.oom_score.map(|score| score.to_string().into_bytes()),
            gate: gate.as_raw_fd(),
            failure: failure.as_raw_fd(),
            parents: parents.map(AsRawFd::as_raw_fd),
        }
    }

    /// In the child: becomes the program, or says why not and ends.
    unsafe fn become_program(mut self) -> ! {
        // SAFETY: only async-signal-safe calls on memory that the parent has prepared.
        unsafe {
            let step = match self.arrange() {
                Ok(()) => Step::Exec,
                Err(step) => step,
            };
            let errno = *libc::__errno_location();
            let mut report = [0u8; 8];
            report[0] = Step::ALL
                .iter()
                .position(|known| *known == step)
                .unwrap_or(0) as u8;
            report[4..].copy_from_slice(&errno.to_le_bytes());
            libc::write(self.failure, report.as_ptr().cast(), 8);
            libc::_exit(127)
        }
    }

    /// Returns only when something fails; a failed exec is `Ok`.
    unsafe fn arrange(&mut self) -> Result<(), Step> {
        // SAFETY: as above.
        unsafe {
            for fd in self.parents {
                libc::close(fd);
            }
            libc::setsid();
            default_signals();
            self.place_fds().ok_or(Step::Descriptors)?;
            if self.session == Session::Terminal && libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                return Err(Step::Session);
            }
            if let Some(folder) = self.folder
                && libc::fchdir(folder) < 0
            {
                return Err(Step::Folder);
            }
            self.limits().ok_or(Step::Limits)?;
            let mut go = 0u8;
            loop {
                let count = libc::read(self.gate, (&raw mut go).cast(), 1);
                if count == 1 {
                    break;
                }
                if count == 0 || *libc::__errno_location() != libc::EINTR {
                    libc::raise(GATE_LOST_SIGNAL);
                    libc::_exit(127);
                }
            }
            match &self.env {
                Some(env) => libc::execve(self.program, self.argv.as_ptr(), env.as_ptr()),
                None => libc::execv(self.program, self.argv.as_ptr()),
            };
            Ok(())
        }
    }

    /// Puts `fds` to 0, 1, 2, … and lets all others close at exec.
    unsafe fn place_fds(&mut self) -> Option<()> {
        let count = self.fds.len() as RawFd;
        let base = count.max(3);
        let up = |fd: RawFd| {
            // SAFETY: plain call.
            let fd = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, base) };
            (fd >= 0).then_some(fd)
        };
        // First all of them out of the way, so that no target overwrites a later source.
        self.gate = up(self.gate)?;
        self.failure = up(self.failure)?;
        if let Some(folder) = self.folder {
            self.folder = Some(up(folder)?);
        }
        for place in 0..self.fds.len() {
            self.fds[place] = up(self.fds[place])?;
        }
        // SAFETY: plain calls; dup2 clears close-on-exec.
        unsafe {
            for place in 0..self.fds.len() {
                if libc::dup2(self.fds[place], place as RawFd) < 0 {
                    return None;
                }
            }
            // All of ours are close-on-exec anyway; this is for what others left open in us.
            libc::syscall(
                libc::SYS_close_range,
                count as u32,
                u32::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            );
        }
        Some(())
    }

    unsafe fn limits(&self) -> Option<()> {
        // SAFETY: plain calls on memory of this frame.
        unsafe {
            if let Some(files) = self.open_files {
                let mut limit = libc::rlimit {
                    rlim_cur: 0,
                    rlim_max: 0,
                };
                if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) < 0 {
                    return None;
                }
                limit.rlim_cur = files;
                limit.rlim_max = limit.rlim_max.max(files);
                if libc::setrlimit(libc::RLIMIT_NOFILE, &limit) < 0 {
                    // Beyond the hard limit: as much as there is.
                    libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
                    limit.rlim_cur = limit.rlim_max;
                    libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
                }
            }
            if let Some(score) = &self.oom_score {
                let path = c"/proc/self/oom_score_adj".as_ptr();
                let file = libc::open(path, libc::O_WRONLY | libc::O_CLOEXEC);
                if file >= 0 {
                    libc::write(file, score.as_ptr().cast(), score.len());
                    libc::close(file);
                }
            }
        }
        Some(())
    }
}

/// No signal blocked, none ignored.
unsafe fn default_signals() {
    // struct kernel_sigaction: handler, flags, restorer, mask. By the system call itself: the C library
    // refuses the two signals that it keeps for itself, which may have been inherited as ignored.
    let default = [0_usize; 4];
    // SAFETY: the kernel refuses what may not be changed and touches nothing else; only
    // async-signal-safe calls.
    unsafe {
        for signal in 1..=64 {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                ptr::null_mut::<libc::c_void>(),
                size_of::<u64>(),
            );
        }
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
    }
}
