//! A check by a command that must exit with 0.
//!
//! Nothing here makes `std` fork by hand: with an environment of its own and a program given by its path
//! it spawns by posix_spawn, whose cost does not grow with the memory of the caller.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::{env, io};

use tokio::net::unix::pipe;
use tokio::time::timeout_at;

use crate::check::{Failure, Limit, Run, Stage};
use crate::leash::Leash;
use crate::text;

/// How much of the end of the output is kept.
const TAIL: usize = 4096;

/// Where programs are when the environment does not say.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

pub(crate) async fn check(
    run: &Run,
    cwd: &Path,
    env: &[(OsString, OsString)],
    limit: Limit,
) -> Result<String, Failure> {
    let unasked = |why| Failure::new(Stage::Start, why);
    let mut command = command(run, cwd, env).map_err(unasked)?;
    let (reader, writer) = io::pipe()
        .map_err(|error| unasked(format!("cannot make a pipe: {}", text::io_error(&error))))?;
    let cannot_run = |error: &io::Error| {
        let why = match cwd.is_dir() {
            true => text::io_error(error),
            false => format!("no such folder `{}`", cwd.display()),
        };
        unasked(format!("cannot run `{}`: {why}", name(run)))
    };
    let second = writer.try_clone().map_err(|error| cannot_run(&error))?;
    let output =
        pipe::Receiver::from_owned_fd(reader.into()).map_err(|error| cannot_run(&error))?;
    command
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(second)
        .current_dir(cwd);
    let leash = Leash::spawn(&mut command).map_err(|error| cannot_run(&error))?;
    // The command holds the writing ends of the pipe, which is ours no longer.
    drop(command);
    watch(leash, output, limit).await
}

/// Waits for the end of the command, and keeps the end of its output.
async fn watch(leash: Leash, output: pipe::Receiver, limit: Limit) -> Result<String, Failure> {
    let mut tail = Tail::default();
    let end = timeout_at(limit.at, async {
        let mut open = true;
        loop {
            tokio::select! {
                biased;
                ended = leash.ended() => return ended,
                readable = output.readable(), if open => {
                    open = readable.is_ok() && tail.read(&output);
                }
            }
        }
    });
    let end = end.await;
    // What it left running is no part of a check, and would hold the pipe.
    let status = leash.kill().await;
    tail.drain(&output);
    match (end, status) {
        (Err(_), _) => {
            let detail = format!("no end within {:?}", limit.whole);
            Err(Failure::new(Stage::Talk, tail.tell(&detail)))
        }
        (Ok(Ok(())), Some(status)) if status.success() => Ok(tail.tell("exit code 0")),
        (Ok(Ok(())), Some(status)) => Err(Failure::new(Stage::Answer, tail.tell(&ending(status)))),
        (Ok(_), _) => Err(Failure::new(Stage::Talk, tail.tell("its end was not seen"))),
    }
}

/// The end of an output.
#[derive(Default)]
struct Tail(Vec<u8>);

impl Tail {
    /// Takes what can be read; whether there may be more later.
    fn read(&mut self, output: &pipe::Receiver) -> bool {
        let mut buffer = [0; 16 * 1024];
        match output.try_read(&mut buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.push(&buffer[..count]);
                true
            }
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        }
    }

    /// Takes what still lies in the pipe, without asking the runtime whether there is anything. No
    /// more than a pipe holds: whoever fled the group may write on and on.
    fn drain(&mut self, output: &pipe::Receiver) {
        let mut buffer = [0; 16 * 1024];
        for _ in 0..4 {
            match rustix::io::read(output, &mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(count) => self.push(&buffer[..count]),
            }
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        let surplus = self.0.len().saturating_sub(TAIL);
        self.0.drain(..surplus);
    }

    /// What was said, behind `outcome`.
    fn tell(&self, outcome: &str) -> String {
        match text::last_line(&self.0) {
            Some(line) => format!("{outcome}: {line}"),
            None => outcome.to_string(),
        }
    }
}

fn command(run: &Run, cwd: &Path, env: &[(OsString, OsString)]) -> Result<Command, String> {
    let mut command = match run {
        Run::Shell(line) => {
            let mut command = Command::new("/bin/sh");
            command.arg0("sh").arg("-c").arg(line);
            command
        }
        Run::Argv(argv) => {
            let (program, arguments) = argv.split_first().ok_or("the command is empty")?;
            let path = env
                .iter()
                .rev()
                .find(|(name, _)| name == "PATH")
                .map_or(OsStr::new(DEFAULT_PATH), |(_, value)| value);
            let found = find(program, cwd, path)
                .ok_or_else(|| format!("command not found: `{}`", text::one_line(program)))?;
            let mut command = Command::new(found);
            command.arg0(program).args(arguments);
            command
        }
    };
    command.env_clear();
    for (name, value) in env {
        // A name that no environment can hold would fail the spawn for all.
        if !name.is_empty() && !name.as_bytes().contains(&b'=') {
            command.env(name, value);
        }
    }
    Ok(command)
}

/// The program, as a shell in that folder would find it.
fn find(program: &str, cwd: &Path, path: &OsStr) -> Option<PathBuf> {
    use rustix::fs::{Access, access};
    let runs = |file: &PathBuf| file.is_file() && access(file, Access::EXEC_OK).is_ok();
    if program.contains('/') {
        return Some(cwd.join(program)).filter(|file| file.exists());
    }
    if program.is_empty() {
        return None;
    }
    env::split_paths(path)
        .map(|folder| cwd.join(folder).join(program))
        .find(runs)
}

fn name(run: &Run) -> String {
    let name = match run {
        Run::Shell(line) => line.as_str(),
        Run::Argv(argv) => argv.first().map_or("", String::as_str),
    };
    text::one_line(name)
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => match signal_name(signal) {
            Some(name) => format!("killed by {name}"),
            None => format!("killed by signal {signal}"),
        },
        (None, None) => status.to_string(),
    }
}

/// The signals by which programs end.
fn signal_name(signal: i32) -> Option<&'static str> {
    use rustix::process::Signal;
    Some(match Signal::from_named_raw(signal)? {
        Signal::HUP => "SIGHUP",
        Signal::INT => "SIGINT",
        Signal::QUIT => "SIGQUIT",
        Signal::ILL => "SIGILL",
        Signal::TRAP => "SIGTRAP",
        Signal::ABORT => "SIGABRT",
        Signal::BUS => "SIGBUS",
        Signal::FPE => "SIGFPE",
        Signal::KILL => "SIGKILL",
        Signal::SEGV => "SIGSEGV",
        Signal::PIPE => "SIGPIPE",
        Signal::ALARM => "SIGALRM",
        Signal::TERM => "SIGTERM",
        Signal::USR1 => "SIGUSR1",
        Signal::USR2 => "SIGUSR2",
        Signal::XCPU => "SIGXCPU",
        Signal::SYS => "SIGSYS",
        _ => return None,
    })
}
