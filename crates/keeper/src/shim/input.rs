//! What is written to the process: to its standard input, or typed into its terminal.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use forge_facts::{RunId, Spare, TerminalSize};
use forge_os::{Interest, Poller};

use super::run::{Outlet, Run};
use super::{Shim, token};

/// What may wait for a process that does not read.
const MOST: usize = 1 << 20;

/// Where input goes, and what waits to get there.
#[derive(Debug)]
pub(crate) struct Input {
    target: Target,
    waiting: VecDeque<u8>,
    /// Close it behind what waits.
    eof: bool,
}

#[derive(Debug)]
enum Target {
    /// The write end of a pipe, and whether room in it is waited for.
    Pipe {
        fd: OwnedFd,
        watched: bool,
    },
    /// The master of the terminal.
    Terminal,
    Closed,
}

impl Input {
    pub(super) fn pipe(fd: OwnedFd) -> Self {
        Input::to(Target::Pipe { fd, watched: false })
    }

    pub(super) fn terminal() -> Self {
        Input::to(Target::Terminal)
    }

    pub(super) fn closed() -> Self {
        Input::to(Target::Closed)
    }

    fn to(target: Target) -> Self {
        Input {
            target,
            waiting: VecDeque::new(),
            eof: false,
        }
    }

    /// The pipe, for the keeper's custody.
    pub(super) fn pipe_fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.target {
            Target::Pipe { fd, .. } => Some(fd.as_fd()),
            Target::Terminal | Target::Closed => None,
        }
    }

    /// Whether something waits to be typed into the terminal.
    pub(super) fn types(&self) -> bool {
        matches!(self.target, Target::Terminal) && !self.waiting.is_empty()
    }

    /// Takes it out of what is waited for.
    pub(super) fn forget(&mut self, poller: &Poller) {
        if let Target::Pipe { fd, watched: true } = &self.target {
            let _ = poller.remove(fd);
        }
        self.target = Target::Closed;
        self.waiting = VecDeque::new();
    }

    /// Writes as much as is taken. `WouldBlock`: the rest has to wait.
    fn write(&mut self, outlets: &[Outlet]) -> io::Result<()> {
        while !self.waiting.is_empty() {
            let fd = match &self.target {
                Target::Pipe { fd, .. } => fd.as_fd(),
                Target::Terminal => match outlets.first() {
                    Some(outlet) => outlet.channel.waits_on(),
                    None => return Err(io::ErrorKind::BrokenPipe.into()),
                },
                Target::Closed => return Err(io::ErrorKind::BrokenPipe.into()),
            };
            let (piece, _) = self.waiting.as_slices();
            let count = forge_os::write(fd, piece)?;
            self.waiting.drain(..count);
        }
        self.waiting.shrink_to(4096);
        Ok(())
    }

    /// Waits for room in the pipe exactly while something waits.
    fn settle(&mut self, poller: &Poller) {
        if let Target::Pipe { fd, watched } = &mut self.target {
            let wanted = !self.waiting.is_empty();
            if wanted && !*watched {
                *watched = poller.add(&*fd, token::STDIN, Interest::Write).is_ok();
            } else if !wanted && *watched {
                *watched = poller.remove(&*fd).is_err();
            }
        }
    }
}

impl Shim {
    /// Takes bytes for the process.
    pub(super) fn input(&mut self, id: RunId, data: &[u8], eof: bool) {
        let why = match self.run.as_mut().filter(|run| run.id == id) {
            None => "that run is over".to_string(),
            Some(run) => match take(run, data, eof) {
                Ok(()) => {
                    self.feed();
                    return;
                }
                Err(why) => why,
            },
        };
        self.refuse("input", Some(id), why);
    }

    /// Passes on what waits.
    pub(super) fn feed(&mut self) {
        let Some(run) = &mut self.run else {
            return;
        };
        let id = run.id;
        let result = run.input.write(&run.outlets);
        let ended = match result {
            Ok(()) => run.input.eof && run.input.pipe_fd().is_some(),
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        };
        if ended {
            run.input.forget(&self.poller);
        } else {
            run.input.settle(&self.poller);
        }
        let typing = run.input.types();
        if let Some(outlet) = run.terminal() {
            outlet.settle(typing, &self.poller);
        }
        if ended {
            self.release_custody(id, Some(Spare::Stdin));
        }
    }

    /// Tells the terminal its new size.
    pub(super) fn resize(&mut self, id: RunId, size: TerminalSize) {
        let run = self.run.as_mut().filter(|run| run.id == id);
        let why = match run.map(|run| run.terminal()) {
            None => "that run is over".to_string(),
            Some(None) => "it has no terminal".to_string(),
            Some(Some(outlet)) => {
                match forge_os::resize(outlet.channel.waits_on(), size.rows, size.cols) {
                    Ok(()) => return,
                    Err(error) => error.to_string(),
                }
            }
        };
        self.refuse("resize", Some(id), why);
    }
}

fn take(run: &mut Run, data: &[u8], eof: bool) -> Result<(), String> {
    let input = &mut run.input;
    if matches!(input.target, Target::Closed) || input.eof {
        return Err("its standard input is closed".to_string());
    }
    if input.waiting.len() + data.len() > MOST {
        return Err(format!(
            "it does not read: {} bytes wait for it already",
            input.waiting.len()
        ));
    }
    input.waiting.extend(data);
    if !eof {
        return Ok(());
    }
    match (&input.target, run.outlets.first()) {
        (Target::Terminal, Some(outlet)) => {
            let character = forge_os::end_of_file_character(outlet.channel.waits_on());
            input.waiting.push_back(character);
        }
        (Target::Pipe { .. } | Target::Closed | Target::Terminal, _) => input.eof = true,
    }
    Ok(())
}
