//! A console on a pseudo-terminal: keys go in, the screen is read back.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::common::Workspace;

pub(crate) const ROWS: u16 = 24;
pub(crate) const COLUMNS: u16 = 90;

/// A console on a terminal of its own.
pub(crate) struct Console {
    pub(crate) workspace: Workspace,
    master: File,
    slave: OwnedFd,
    pub(crate) child: Child,
    pub(crate) screen: vt100::Parser,
    /// Everything that was written to the terminal.
    raw: Vec<u8>,
}

impl Console {
    pub(crate) fn open(config: &str) -> Self {
        Console::open_in(Workspace::new(config), &[])
    }

    /// Opens it in a workspace, with variables.
    pub(crate) fn open_in(workspace: Workspace, variables: &[(&str, &str)]) -> Self {
        let terminal = forge_os::open_terminal(ROWS, COLUMNS).expect("a terminal");
        let end = || Stdio::from(terminal.slave.try_clone().expect("a descriptor"));
        let child = workspace
            .command(&[])
            .env("TERM", "xterm-256color")
            .envs(variables.iter().copied())
            // Ctrl-Z stops its whole group, which must not be that of the tests.
            .process_group(0)
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("it runs");
        let size = |length| std::num::NonZeroU16::new(length).expect("not zero");
        Console {
            workspace,
            master: File::from(terminal.master),
            slave: terminal.slave,
            child,
            screen: vt100::Parser::new(size(ROWS), size(COLUMNS), 0),
            raw: Vec::new(),
        }
    }

    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Everything that was written to the terminal so far.
    pub(crate) fn heard(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// Reads until the screen shows this text.
    pub(crate) fn shows(&mut self, text: &str) {
        self.until(&format!("{text:?}"), |screen| screen.contains(text));
    }

    pub(crate) fn until(&mut self, what: &str, is: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(40);
        while !is(&self.text()) {
            assert!(Instant::now() < deadline, "no {what} in\n{}", self.text());
            self.read();
        }
    }

    pub(crate) fn read(&mut self) {
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        let patience = Timespec::try_from(Duration::from_millis(200)).expect("short");
        if poll(&mut fds, Some(&patience)).expect("it can be waited for") == 0 {
            return;
        }
        let mut room = [0; 16 * 1024];
        if let Ok(count) = self.master.read(&mut room) {
            self.screen.process(&room[..count]);
            self.raw.extend_from_slice(&room[..count]);
        }
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("typed");
    }

    /// Waits for its end; the exit code.
    pub(crate) fn end(&mut self) -> Option<i32> {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.child.try_wait().expect("it is ours").is_none() {
            assert!(
                Instant::now() < deadline,
                "it does not end:\n{}",
                self.text()
            );
            self.read();
        }
        for _ in 0..4 {
            self.read();
        }
        self.child.wait().expect("it is ours").code()
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&self.master, size).expect("it has a size");
        let length = |length| std::num::NonZeroU16::new(length).expect("not zero");
        self.screen.set_size(length(rows), length(columns));
        // Nobody has this terminal as its own, so the kernel tells nobody.
        kill_process(Pid::from_child(&self.child), Signal::WINCH).expect("it lives");
    }

    /// Where this text stands, for the mouse: column and row, from 1 on.
    pub(crate) fn place(&self, text: &str) -> (usize, usize) {
        let screen = self.text();
        let mut rows = screen.lines().enumerate();
        let found = rows.find_map(|(row, line)| Some((line.find(text)?, row, line)));
        let (at, row, line) = found.unwrap_or_else(|| panic!("no {text:?} in\n{screen}"));
        (line[..at].chars().count() + 1, row + 1)
    }

    /// Presses the left button on a text and releases it.
    pub(crate) fn clicks(&mut self, text: &str) {
        let (column, row) = self.place(text);
        self.types(&format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
    }

    pub(crate) fn gave_the_terminal_back(&self) -> bool {
        let modes = tcgetattr(&self.slave).expect("modes").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
            && !self.screen.screen().alternate_screen()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.workspace.command(&["daemon", "stop"]).output();
    }
}
