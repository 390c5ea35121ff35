//! Other programs: command lines with their output in a pane, those that get the terminal, and the
//! bytes that an attached process writes.

use std::process::Stdio;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::Shared;
use crate::message::{External, Message};

/// How often output is looked for: often while there is some.
const BUSY: Duration = Duration::from_millis(8);
const QUIET: Duration = Duration::from_millis(40);

/// Runs a command line; its output and end are told. What is sent interrupts it, twice kills it.
pub(super) fn run(
    shared: &Rc<Shared>,
    id: u64,
    words: &[String],
    columns: u16,
) -> mpsc::Sender<()> {
    let (end, ends) = mpsc::channel(4);
    let mut command = shared.host.command(words);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.env("COLUMNS", columns.saturating_sub(4).max(20).to_string());
    let shared = shared.clone();
    tokio::task::spawn_local(async move {
        let code = match tokio::process::Command::from(command)
            .kill_on_drop(true)
            .spawn()
        {
            Ok(child) => follow(&shared, id, child, ends).await,
            Err(error) => {
                let text = format!("cannot run this program again: {error}");
                let _ = shared.tell.send(Message::Output(id, text)).await;
                1
            }
        };
        let _ = shared.tell.send(Message::Ended(id, code)).await;
    });
    end
}

async fn follow(
    shared: &Shared,
    id: u64,
    mut child: tokio::process::Child,
    mut ends: mpsc::Receiver<()>,
) -> i32 {
    let outputs = (child.stdout.take(), child.stderr.take());
    let reading = async {
        tokio::join!(pass(shared, id, outputs.0), pass(shared, id, outputs.1));
    };
    tokio::pin!(reading);
    let mut asked = 0;
    loop {
        tokio::select! {
            () = &mut reading => break,
            Some(()) = ends.recv() => {
                asked += 1;
                interrupt(&mut child, asked > 1);
            }
        }
    }
    loop {
        tokio::select! {
            status = child.wait() => {
                return status.ok().and_then(|status| status.code()).unwrap_or(130);
            }
            Some(()) = ends.recv() => interrupt(&mut child, true),
        }
    }
}

fn interrupt(child: &mut tokio::process::Child, hard: bool) {
    if hard {
        // It may have ended meanwhile.
        let _ = child.start_kill();
        return;
    }
    let pid = child
        .id()
        .and_then(|pid| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?));
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
    }
}

/// Passes on what comes, in whole characters.
async fn pass(shared: &Shared, id: u64, source: Option<impl AsyncRead + Unpin>) {
    let Some(mut source) = source else { return };
    let mut kept: Vec<u8> = Vec::new();
    let mut room = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = source.read(&mut room).await {
        kept.extend_from_slice(&room[..count]);
        let whole = match std::str::from_utf8(&kept) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => kept.len(),
        };
        let text: Vec<u8> = kept.drain(..whole).collect();
        let text = String::from_utf8_lossy(&text).into_owned();
        if shared.tell.send(Message::Output(id, text)).await.is_err() {
            return;
        }
    }
}

/// Finds completions beside the loop.
pub(super) fn complete(shared: &Rc<Shared>, line: String) {
    let shared = shared.clone();
    tokio::task::spawn_local(async move {
        let host = shared.host.clone();
        let asked = line.clone();
        let found = tokio::task::spawn_blocking(move || host.complete(&asked)).await;
        let found = found.unwrap_or_default();
        let _ = shared.tell.send(Message::Completions(line, found)).await;
    });
}

/// The program for something that is not the console's work.
pub(super) fn words(shared: &Shared, external: &External) -> std::process::Command {
    let chosen = |names: &[&str], usual: &str| {
        let own = names.iter().find_map(|name| {
            shared
                .setup
                .environment
                .get(*name)
                .filter(|own| !own.is_empty())
        });
        own.cloned().unwrap_or_else(|| usual.to_string())
    };
    let mut command = std::process::Command::new("sh");
    match external {
        External::Editor { file, line } => {
            let editor = chosen(&["VISUAL", "EDITOR"], "vi");
            command
                .arg("-c")
                .arg(format!("{editor} \"$@\""))
                .arg("editor");
            command
                .arg(format!("+{line}"))
                .arg(shared.setup.workspace.join(file));
        }
        External::Pager(words) => {
            let pager = chosen(&["PAGER"], "less -R +G");
            let own = shared.host.command(words);
            command
                .arg("-c")
                .arg(format!("\"$@\" | {pager}"))
                .arg("pager");
            command.arg(own.get_program()).args(own.get_args());
        }
        External::Written(words) => {
            let editor = chosen(&["VISUAL", "EDITOR"], "vi");
            let own = shared.host.command(words);
            let script = format!(
                "file=$(mktemp) && \"$@\" >\"$file\" && {editor} \"$file\"; code=$?; rm -f \"$file\"; exit $code"
            );
            command.arg("-c").arg(script).arg("editor");
            command.arg(own.get_program()).args(own.get_args());
        }
        External::Browser(url) => {
            let open = "for one in \"$BROWSER\" xdg-open open; do \
                [ -n \"$one\" ] && command -v \"$one\" >/dev/null 2>&1 && exec \"$one\" \"$1\" >/dev/null 2>&1; done; \
                echo \"$1\"; echo 'no browser was found; press Enter'; read -r _";
            command.arg("-c").arg(open).arg("browser").arg(url);
        }
    }
    command.current_dir(&shared.setup.workspace);
    command
}

/// Runs a program on the terminal to its end.
///
/// # Errors
///
/// When it cannot be run.
pub(super) async fn wait(command: std::process::Command) -> Result<(), String> {
    let status = tokio::process::Command::from(command).status().await;
    match status {
        Ok(status) if status.code() == Some(127) => {
            Err("the program was not found: set $VISUAL, $EDITOR or $PAGER".to_string())
        }
        Ok(_) => Ok(()),
        Err(error) => Err(format!("cannot run a shell: {error}")),
    }
}

/// Reads what an attached process writes.
pub(super) fn read_output(shared: &Rc<Shared>, id: u64, process: String, tty: bool) -> AbortHandle {
    let shared = shared.clone();
    let task = tokio::task::spawn_local(async move {
        let mut output = shared.host.output(&process, tty);
        loop {
            let message = match output.read() {
                Ok(bytes) if bytes.is_empty() => {
                    tokio::time::sleep(QUIET).await;
                    continue;
                }
                Ok(bytes) => Message::Screen(id, bytes),
                Err(error) => Message::ScreenGone(id, format!("cannot read its output: {error}")),
            };
            let gone = matches!(message, Message::ScreenGone(..));
            if shared.tell.send(message).await.is_err() || gone {
                return;
            }
            tokio::time::sleep(BUSY).await;
        }
    });
    task.abort_handle()
}
