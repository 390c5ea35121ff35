//! Commands of the user around the life of a process: hooks and `stop.command`.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use forge_core::spec::CommandSpec;
use forge_core::template::NoPort;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::environment::Environment;

/// How long a hook may run.
pub(crate) const HOOK_MAX: Duration = Duration::from_secs(60);

/// A command with all it needs.
pub(crate) struct Errand {
    argv: Vec<String>,
    cwd: PathBuf,
    environment: Environment,
}

impl Errand {
    /// Fills in ports.
    ///
    /// # Errors
    ///
    /// When a port is needed that is unknown.
    pub(crate) fn new(
        command: &CommandSpec,
        cwd: PathBuf,
        environment: Environment,
        port_of: &dyn Fn(&str) -> Option<u16>,
    ) -> Result<Self, NoPort> {
        Ok(Errand {
            argv: argv(command, port_of)?,
            cwd,
            environment,
        })
    }

    /// Runs it to its end; its whole process group is killed when it takes too long or nobody
    /// waits for it any longer.
    ///
    /// # Errors
    ///
    /// Says how it failed, with the end of its output.
    pub(crate) async fn run(self, limit: Duration) -> Result<(), String> {
        let shown = self.argv.last().cloned().unwrap_or_default();
        let mut child = Command::new(&self.argv[0])
            .args(&self.argv[1..])
            .current_dir(&self.cwd)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("`{shown}`: {error}"))?;
        let group = Group(child.id());
        let output = child.stdout.take().ok_or("no pipe")?;
        let errors = child.stderr.take().ok_or("no pipe")?;
        let work = async {
            let (output, errors) = tokio::join!(last_line(output), last_line(errors));
            // What went wrong is said on the one; who says nothing there may have said it on the other.
            let text = if errors.is_empty() { output } else { errors };
            (child.wait().await, text)
        };
        match tokio::time::timeout(limit, work).await {
            Err(_) => Err(format!(
                "`{shown}` did not end within {}",
                crate::clock::short(limit)
            )),
            Ok((Ok(status), _)) if status.success() => {
                group.forget();
                Ok(())
            }
            Ok((Ok(status), text)) => {
                group.forget();
                match text.is_empty() {
                    true => Err(format!("`{shown}`: {status}")),
                    false => Err(format!("`{shown}`: {status}: {text}")),
                }
            }
            Ok((Err(error), _)) => Err(format!("`{shown}`: {error}")),
        }
    }
}

/// Reads to the end, and keeps the last line that is not empty, safe to be shown.
async fn last_line(mut from: impl AsyncReadExt + Unpin) -> String {
    let mut text = Vec::new();
    let mut buffer = [0u8; 4096];
    while let Ok(read) = from.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        text.extend_from_slice(&buffer[..read]);
        let surplus = text.len().saturating_sub(4096);
        text.drain(..surplus);
    }
    let lines = text.split(|byte| *byte == b'\n');
    let mut lines = lines.map(|line| forge_logs::safe(line, false));
    lines
        .rfind(|line| !line.trim().is_empty())
        .map_or(String::new(), |line| line.trim().to_string())
}

/// Program and arguments of a command, ports filled in.
///
/// # Errors
///
/// When a port is needed that is unknown.
pub(crate) fn argv(
    command: &CommandSpec,
    port_of: &dyn Fn(&str) -> Option<u16>,
) -> Result<Vec<String>, NoPort> {
    match command {
        CommandSpec::Shell(text) => {
            let text = text.resolve(port_of)?;
            Ok(vec!["/bin/sh".to_string(), "-c".to_string(), text])
        }
        CommandSpec::Argv(words) => words.iter().map(|word| word.resolve(port_of)).collect(),
    }
}

/// Kills the process group of a command that nobody waits for. The leader is not reaped before the
/// kill (tokio reaps dropped children later), so the number still belongs to the group.
struct Group(Option<u32>);

impl Group {
    fn forget(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(pid) = self.0.and_then(|pid| i32::try_from(pid).ok()) else {
            return;
        };
        if let Some(pid) = rustix::process::Pid::from_raw(pid) {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }
}
