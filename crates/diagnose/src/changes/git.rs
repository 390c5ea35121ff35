//! The `git` command, asked so that it changes nothing, asks nobody, and comes to an end.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Bytes of an answer that are read.
const LONGEST: u64 = 8 << 20;

/// How to ask Git.
#[derive(Debug, Clone)]
pub struct Git {
    program: PathBuf,
    patience: Duration,
}

impl Default for Git {
    fn default() -> Self {
        Self {
            program: "git".into(),
            patience: Duration::from_secs(3),
        }
    }
}

impl Git {
    /// Another program than the `git` in PATH, and how long one question may take.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, patience: Duration) -> Self {
        Self {
            program: program.into(),
            patience,
        }
    }

    /// The answer to a question; nothing where Git is missing, fails, or takes too long.
    pub(crate) fn run(&self, folder: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
        let mut child = self.command(folder, arguments).spawn().ok()?;
        let answer = self.answer(&mut child);
        if answer.is_none() {
            // It may have ended by itself meanwhile, which is as well.
            let _ = child.kill();
        }
        let status = child.wait().ok()?;
        answer.filter(|_| status.success())
    }

    fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(folder)
            .args([
                "--no-pager",
                "-c",
                "core.fsmonitor=false",
                "-c",
                "core.quotePath=false",
                "-c",
                "diff.external=",
            ])
            .args([
                "-c",
                "color.ui=false",
                "-c",
                "diff.noprefix=false",
                "-c",
                "diff.mnemonicPrefix=false",
            ])
            .args(arguments)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_PAGER", "cat")
            .env("LC_ALL", "C")
            .env_remove("GIT_EXTERNAL_DIFF")
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }

    /// What it writes until it closes its output, within the time it has.
    fn answer(&self, child: &mut Child) -> Option<Vec<u8>> {
        let output = child.stdout.take()?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = output.take(LONGEST).read_to_end(&mut bytes);
            // Nobody listens any more where it took too long.
            let _ = sender.send(read.ok().map(|_| bytes));
        });
        receiver.recv_timeout(self.patience).ok().flatten()
    }
}
