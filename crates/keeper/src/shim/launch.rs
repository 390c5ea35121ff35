//! Beginning a run: everything is opened, the child waits at its gate, the journal is written, and
//! only then is it let go.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use forge_facts::{Entry, Identity, Launch, RunId, Spare, Stream};
use forge_os::{Gated, Interest, Session, Spawn};

use super::input::Input;
use super::pump::Channel;
use super::rules::Kept;
use super::run::{Kin, Leader, Outlet, Run};
use super::segment::Log;
use super::source::Source;
use super::stop::Ending;
use super::talk::hold_all;
use super::{ALIVE_EVERY, Shim, token};

/// The size of a pipe that is asked for. Larger ones use up a user's limit for all pipes together.
const PIPE_SIZE: usize = 256 << 10;

/// By how much the kernel should rather end a process than its shim when memory is short.
const OOM_STEP: i32 = 300;

/// What could not be done, for the entry `spawn-failed`.
struct Failed {
    step: &'static str,
    error: io::Error,
    subject: Vec<u8>,
}

fn failed(step: &'static str, subject: impl AsRef<[u8]>) -> impl FnOnce(io::Error) -> Failed {
    move |error| Failed {
        step,
        error,
        subject: subject.as_ref().to_vec(),
    }
}

/// What a child gets, and what stays here.
struct Streams {
    outlets: Vec<Outlet>,
    input: Input,
    slave: Option<OwnedFd>,
    /// 0, 1 and 2 of the child.
    child: Vec<OwnedFd>,
    merged: bool,
}

impl Streams {
    fn child_fds(&self) -> Vec<BorrowedFd<'_>> {
        match (&self.slave, self.child.as_slice()) {
            (Some(slave), _) => vec![slave.as_fd(); 3],
            (None, [input, output]) if self.merged => {
                vec![input.as_fd(), output.as_fd(), output.as_fd()]
            }
            (None, all) => all.iter().map(AsFd::as_fd).collect(),
        }
    }
}

impl Shim {
    /// Begins a run, or says again what became of it when it was begun before.
    pub(super) fn launch(&mut self, launch: &Launch) {
        let known = self.journal.of_run(launch.run);
        if !known.is_empty() {
            for (seq, entry) in known {
                self.tell_entry(seq, entry);
            }
            return;
        }
        if let Some(run) = &self.run {
            let why = format!("run {} is not over", run.id);
            self.refuse("launch", Some(launch.run), why);
            return;
        }
        if let Err(Failed {
            step,
            error,
            subject,
        }) = self.try_launch(launch)
        {
            let entry = Entry::SpawnFailed {
                run: launch.run,
                step: step.to_string(),
                errno: number_of(&error),
                subject,
                at: forge_os::now(),
            };
            if self.run.is_some() {
                self.end_run(entry);
            } else {
                self.record(entry);
                self.release_custody(launch.run, None);
            }
        }
    }

    fn try_launch(&mut self, launch: &Launch) -> Result<(), Failed> {
        let cwd = Path::new(OsStr::from_bytes(&launch.cwd));
        let folder = forge_os::working_folder(cwd).map_err(failed("cwd", &launch.cwd))?;
        let (program, argv) = program(launch, cwd)?;
        let env = strings(&launch.env).map_err(failed("exec", b"a variable"))?;
        // A journal that has no room is noticed when it is written.
        let _ = self.journal.make_room();
        let streams = self.streams(launch)?;
        let spawn = Spawn {
            program: c_string(program.as_os_str().as_bytes())
                .map_err(failed("exec", program.as_os_str().as_bytes()))?,
            argv,
            env: Some(env),
            folder: Some(folder.as_fd()),
            fds: streams.child_fds(),
            session: match streams.slave {
                Some(_) => Session::Terminal,
                None => Session::New,
            },
            open_files: launch.open_files.or(self.open_files),
            oom_score: Some(oom_score()),
        };
        let gated = forge_os::fork_gated(&spawn).map_err(failed("fork", b""))?;
        let written = self.write_down(launch.run, &gated).map_err(failed(
            "journal",
            self.layout.journal(&self.name).as_os_str().as_bytes(),
        ))?;
        drop(spawn);
        let mut all = held(&streams.outlets, &streams.input);
        all.push((Spare::Leader, gated.pidfd.as_fd()));
        hold_all(&mut self.keeper, &self.poller, launch.run, &all);
        let (pid, pidfd, outcome) = gated.release().map_err(failed("fork", b""))?;
        let watched = self.poller.add(&outcome, token::OUTCOME, Interest::Read);
        self.begin_run(Run {
            id: launch.run,
            leader: Leader::Alive { pid, pidfd },
            kin: Kin::Own,
            outlets: streams.outlets,
            input: streams.input,
            _slave: streams.slave,
            outcome: watched.is_ok().then_some(outcome),
            untold: Some(written),
            subject: program.as_os_str().as_bytes().to_vec(),
            ending: Ending::No,
            killed: false,
            empty: false,
        });
        if watched.is_err() {
            self.tell_spawned();
        }
        Ok(())
    }

    /// From now on this run is watched.
    pub(super) fn begin_run(&mut self, mut run: Run) {
        for outlet in &mut run.outlets {
            if let Err(error) = outlet.watch(&self.poller) {
                crate::say(&format!("{}: epoll: {error}", self.name));
            }
        }
        self.run = Some(run);
        self.show_alive();
        self.alive_at = Instant::now() + ALIVE_EVERY;
    }

    /// Opens logs, pipes or a terminal.
    fn streams(&mut self, launch: &Launch) -> Result<Streams, Failed> {
        let kinds: &[Stream] = match (launch.terminal, launch.merge_stderr) {
            (Some(_), _) => &[Stream::Terminal],
            (None, true) => &[Stream::Stdout],
            (None, false) => &[Stream::Stdout, Stream::Stderr],
        };
        let rules = self.layout.rules(&self.name);
        let kept = Kept {
            rules: launch.log,
            run: Some(launch.run),
            streams: kinds.to_vec(),
        };
        if let Err(error) = kept.save(&rules) {
            crate::say(&format!("{}: {error}", rules.display()));
        }
        let mut streams = Streams {
            outlets: Vec::new(),
            input: Input::terminal(),
            slave: None,
            child: Vec::new(),
            merged: launch.merge_stderr,
        };
        if let Some(size) = launch.terminal {
            let terminal = forge_os::open_terminal(size.rows, size.cols)
                .map_err(failed("terminal", b"a pseudo-terminal"))?;
            let (read, write) = forge_os::pipe().map_err(failed("terminal", b"a pipe"))?;
            streams.slave = Some(terminal.slave);
            let source = Source::Terminal {
                master: terminal.master,
                read,
                write,
            };
            let outlet = self.outlet(launch, Stream::Terminal, source)?;
            streams.outlets.push(outlet);
            return Ok(streams);
        }
        let (read, write) = forge_os::pipe().map_err(failed("pipe", b"standard input"))?;
        forge_os::set_nonblocking(&write, true).map_err(failed("pipe", b"standard input"))?;
        streams.input = Input::pipe(write);
        streams.child.push(read);
        for stream in kinds {
            let path = self.layout.pipe(&self.name, *stream);
            let (ours, childs) =
                open_pipe(&path).map_err(failed("pipe", path.as_os_str().as_bytes()))?;
            let outlet = self.outlet(launch, *stream, Source::Pipe(ours))?;
            streams.outlets.push(outlet);
            streams.child.push(childs);
        }
        Ok(streams)
    }

    fn outlet(
        &mut self,
        launch: &Launch,
        stream: Stream,
        source: Source,
    ) -> Result<Outlet, Failed> {
        let folder = self.layout.process(&self.name);
        let log = Log::open(&folder, stream, launch.run, launch.log, false)
            .map_err(failed("log", folder.as_os_str().as_bytes()))?;
        let block_max = Duration::from_millis(launch.log.block_max_ms);
        let channel = Channel::new(stream, source, log, block_max);
        Ok(Outlet::new(channel))
    }

    /// The last moment before the child runs: from here on it is in the journal.
    fn write_down(&mut self, run: RunId, gated: &Gated) -> io::Result<(u64, Entry)> {
        let identity = Identity {
            pid: gated.pid,
            boot: self.boot.clone(),
            start_ticks: forge_os::stat(gated.pid)?.start_ticks,
            pidfd_inode: gated.pidfd.inode()?,
        };
        let entry = Entry::Spawned {
            run,
            identity,
            at: forge_os::now(),
        };
        let seq = self.journal.write(&entry)?;
        Ok((seq, entry))
    }

    /// Gives everything of the run to a new keeper.
    pub(super) fn hold_run(&mut self) {
        let Some(run) = &self.run else {
            return;
        };
        let mut all = held(&run.outlets, &run.input);
        if let Leader::Alive { pidfd, .. } = &run.leader {
            all.push((Spare::Leader, pidfd.as_fd()));
        }
        hold_all(&mut self.keeper, &self.poller, run.id, &all);
    }
}

/// What of a run must not be closed by the death of its shim.
fn held<'a>(outlets: &'a [Outlet], input: &'a Input) -> Vec<(Spare, BorrowedFd<'a>)> {
    let mut all = Vec::with_capacity(4);
    for outlet in outlets {
        match outlet.channel.source() {
            Source::Pipe(pipe) => {
                let what = match outlet.channel.stream() {
                    Stream::Stderr => Spare::Stderr,
                    Stream::Stdout | Stream::Terminal => Spare::Stdout,
                };
                all.push((what, pipe.as_fd()));
            }
            Source::Terminal {
                master,
                read,
                write,
            } => {
                all.push((Spare::Master, master.as_fd()));
                all.push((Spare::StageRead, read.as_fd()));
                all.push((Spare::StageWrite, write.as_fd()));
            }
        }
    }
    all.extend(input.pipe_fd().map(|fd| (Spare::Stdin, fd)));
    all
}

/// The FIFO of a stream: our end, and the child's. Both are open for reading and writing, so that
/// neither ever breaks. That of the run before is empty, and nobody is left who has it open.
fn open_pipe(path: &Path) -> io::Result<(OwnedFd, OwnedFd)> {
    let ours = forge_os::open_fifo(path, true).or_else(|_| {
        forge_os::make_fifo(path)?;
        forge_os::open_fifo(path, true)
    })?;
    // The limit for all pipes of a user may be reached: a smaller one is slower, nothing else.
    let _ = forge_os::set_pipe_size(&ours, PIPE_SIZE);
    let childs = forge_os::open_fifo(path, false)?;
    Ok((ours, childs))
}

fn program(launch: &Launch, cwd: &Path) -> Result<(PathBuf, Vec<CString>), Failed> {
    let name = launch.argv.first().map(Vec::as_slice).unwrap_or_default();
    let path = launch
        .env
        .iter()
        .find_map(|variable| variable.strip_prefix(b"PATH="))
        .map(OsStr::from_bytes);
    let program =
        forge_os::find_program(OsStr::from_bytes(name), path, cwd).map_err(failed("exec", name))?;
    let argv = strings(&launch.argv).map_err(failed("exec", name))?;
    Ok((program, argv))
}

fn strings(list: &[Vec<u8>]) -> io::Result<Vec<CString>> {
    list.iter().map(|text| c_string(text)).collect()
}

fn c_string(text: &[u8]) -> io::Result<CString> {
    CString::new(text).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

/// The number of an error; those that the kernel has not given are those of a bad argument.
fn number_of(error: &io::Error) -> i32 {
    const EINVAL: i32 = 22;
    const ENOENT: i32 = 2;
    const EACCES: i32 = 13;
    error.raw_os_error().unwrap_or(match error.kind() {
        io::ErrorKind::NotFound => ENOENT,
        io::ErrorKind::PermissionDenied => EACCES,
        _ => EINVAL,
    })
}

fn oom_score() -> i32 {
    let own = std::fs::read_to_string("/proc/self/oom_score_adj");
    let own: i32 = own
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0);
    (own + OOM_STEP).min(1000)
}
