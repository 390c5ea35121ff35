//! `forge dev attach`: the terminal of a process, here.
//!
//! What it writes is read from its log, as bytes; what is typed goes to it through the API. A
//! process without a terminal gets lines.

mod keys;
mod screen;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use forge_api::{InputRequest, Process, ResizeRequest, Status, path};
use forge_facts::Stream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Receiver;

use crate::args::AttachArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::offline;
use crate::output::text::safe;
use crate::place::Place;
use crate::tail::Tail;
use crate::targets::{self, Named};
use crate::terminal::{RawMode, size};
use keys::Keys;
use screen::Screen;

/// What is read back to show where the process stands.
const BACK: u64 = 64 * 1024;
/// How often its output is looked at while something happens, and while nothing does.
const BUSY: Duration = Duration::from_millis(5);
const QUIET: Duration = Duration::from_millis(40);
const CALM_AFTER: Duration = Duration::from_secs(2);

pub(crate) fn run(args: &AttachArgs, context: &Context) -> Outcome {
    if context.console {
        return Err(
            Failure::usage("attach needs standard input for itself").hint(format!(
                "`forge dev attach {}` in a shell of its own",
                args.name
            )),
        );
    }
    let place = context.place()?;
    context.wait_through(async {
        let Some(mut link) = Link::open_if_any(&place).await? else {
            return Err(offline::not_running(&place, &args.name));
        };
        let status: Status = link.get(path::STATUS, "").await?;
        let process = find(&status, &args.name)?;
        if process.pid.is_none() {
            return Err(Failure::failed(format!("{} does not run", args.name))
                .hint(format!("`forge dev start {}` starts it", args.name)));
        }
        let whole = process.tty && std::io::stdin().is_terminal() && context.ui.out_is_terminal();
        let attached = Attached {
            name: args.name.clone(),
            link,
            context,
            whole,
        };
        attached.go(&place, process.tty).await
    })
}

fn find<'a>(status: &'a Status, name: &str) -> Result<&'a Process, Failure> {
    let found = status.processes.iter().find(|process| process.name == name);
    found.ok_or_else(|| {
        let known: Vec<Named> = status
            .processes
            .iter()
            .map(|process| Named {
                name: process.name.clone(),
                groups: Vec::new(),
            })
            .collect();
        targets::unknown(name, &known)
    })
}

/// A connection between this terminal and a process.
struct Attached<'a> {
    name: String,
    link: Link,
    context: &'a Context,
    /// Both sides are terminals: every key, every byte.
    whole: bool,
}

/// Why it came to its end.
enum Left {
    ByKey,
    Ended(String),
    BySignal,
}

impl Attached<'_> {
    async fn go(mut self, place: &Place, tty: bool) -> Outcome {
        let folder = place.layout.process(&self.name);
        let streams: &[Stream] = match tty {
            true => &[Stream::Terminal],
            false => &[Stream::Stdout, Stream::Stderr],
        };
        let mut tails: Vec<Tail> = streams
            .iter()
            .map(|stream| Tail::near_end(&folder, *stream, BACK))
            .collect();
        let leave = if self.whole { "Ctrl-]" } else { "Ctrl-C" };
        let name = safe(&self.name);
        self.context
            .ui
            .note(&format!("attached to {name}; {leave} leaves it running"));
        let raw =
            if self.whole {
                Some(RawMode::enter().map_err(|error| {
                    Failure::failed(format!("cannot use this terminal: {error}"))
                })?)
            } else {
                None
            };
        let mut screen = Screen::new(self.whole);
        let left = self.converse(&mut tails, &mut screen).await;
        self.context.ui.out.text(&screen.leave());
        drop(raw);
        match left? {
            Left::ByKey => {
                self.context.ui.note(&format!("left {name}; it runs on"));
                Ok(exit::DONE)
            }
            Left::BySignal => {
                self.context.ui.note(&format!("left {name}; it runs on"));
                Ok(exit::INTERRUPTED)
            }
            Left::Ended(how) => {
                self.context
                    .ui
                    .note(&format!("{name} has ended: {}", safe(&how)));
                Ok(exit::DONE)
            }
        }
    }

    async fn converse(&mut self, tails: &mut [Tail], screen: &mut Screen) -> Result<Left, Failure> {
        self.show_past(tails, screen).await?;
        let mut keys = keys::read();
        let mut ends = self.watch_for_end().await?;
        let failed = |error| Failure::failed(format!("cannot hear signals: {error}"));
        let mut resized = signal(SignalKind::window_change()).map_err(failed)?;
        let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut active = Instant::now();
        loop {
            if self.show(tails, screen)? {
                active = Instant::now();
            }
            if self.context.ui.out.is_closed() {
                return Ok(Left::ByKey);
            }
            let pause = if active.elapsed() < CALM_AFTER {
                BUSY
            } else {
                QUIET
            };
            tokio::select! {
                typed = keys.recv() => {
                    active = Instant::now();
                    match typed {
                        Some(typed) => if self.send(typed).await? { return Ok(Left::ByKey) },
                        None => return Ok(Left::ByKey),
                    }
                }
                how = ends.recv() => {
                    self.show(tails, screen)?;
                    return Ok(Left::Ended(how.unwrap_or_default()));
                }
                _ = resized.recv(), if self.whole => self.resize().await?,
                _ = hangup.recv() => return Ok(Left::BySignal),
                _ = terminate.recv() => return Ok(Left::BySignal),
                () = self.context.interrupted(), if !self.whole => return Ok(Left::BySignal),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Shows where the process stands, and gives its terminal the size of this one.
    async fn show_past(&mut self, tails: &mut [Tail], screen: &mut Screen) -> Result<(), Failure> {
        for tail in &mut *tails {
            let mut past = Vec::new();
            loop {
                let piece = read(tail)?;
                if piece.is_empty() || past.len() as u64 > BACK {
                    break;
                }
                past.extend(piece);
            }
            self.context.ui.out.text(&screen.past(&past));
        }
        if !self.whole {
            return Ok(());
        }
        if screen.is_drawn_by_program() {
            // A program draws its screen anew only when the size really changes.
            let (rows, cols) = size().unwrap_or((24, 80));
            self.resize_to(rows.saturating_sub(1).max(1), cols).await?;
        }
        self.resize().await
    }

    /// Shows what has been written; true when there was something.
    fn show(&self, tails: &mut [Tail], screen: &mut Screen) -> Result<bool, Failure> {
        let mut any = false;
        for tail in tails {
            let bytes = read(tail)?;
            if !bytes.is_empty() {
                any = true;
                self.context.ui.out.bytes(&screen.now(&bytes));
            }
        }
        Ok(any)
    }

    /// Sends what was typed; true when that asks to leave.
    async fn send(&mut self, typed: Keys) -> Result<bool, Failure> {
        let (bytes, leave) = typed.split();
        if !bytes.is_empty() {
            let request = InputRequest {
                target: self.name.clone(),
                text: String::new(),
                bytes,
                eof: false,
            };
            let _: serde_json::Value = self.link.once(path::INPUT, &request).await?;
        }
        Ok(leave)
    }

    async fn resize(&mut self) -> Result<(), Failure> {
        let (rows, cols) = size().unwrap_or((24, 80));
        self.resize_to(rows, cols).await
    }

    async fn resize_to(&mut self, rows: u16, cols: u16) -> Result<(), Failure> {
        let request = ResizeRequest {
            target: self.name.clone(),
            rows,
            cols,
        };
        let _: serde_json::Value = self
            .link
            .ask(async |client| client.post(path::RESIZE, &request).await)
            .await?;
        Ok(())
    }

    /// Tells when the process is down for good.
    async fn watch_for_end(&self) -> Result<Receiver<String>, Failure> {
        let (tell, ends) = tokio::sync::mpsc::channel(1);
        let mut link = self.link.another().await?;
        let name = self.name.clone();
        tokio::spawn(async move {
            loop {
                // The supervisor may be replaced meanwhile; the process does not notice.
                if let Ok(Some(how)) = wait_for_end(&mut link, &name).await {
                    let _ = tell.send(how).await;
                    return;
                }
                tokio::time::sleep(QUIET).await;
                let deadline = Instant::now() + CALM_AFTER;
                let _ = link.reconnect(deadline).await;
            }
        });
        Ok(ends)
    }
}

async fn wait_for_end(
    link: &mut Link,
    name: &str,
) -> Result<Option<String>, forge_api::ClientError> {
    let mut stream = link.client().get_stream(path::STATUS_STREAM, "").await?;
    while let Some(event) = stream.next().await? {
        let status: Status = event.read()?;
        let Some(process) = status.processes.iter().find(|one| one.name == name) else {
            return Ok(Some("it is no longer there".to_string()));
        };
        if matches!(process.status.as_str(), "stopped" | "crashed" | "exited") {
            let how = match (&process.signal, process.exit_code) {
                (Some(signal), _) => signal.clone(),
                (None, Some(code)) => format!("exit code {code}"),
                (None, None) => process.status.clone(),
            };
            return Ok(Some(how));
        }
    }
    Ok(None)
}

fn read(tail: &mut Tail) -> Result<Vec<u8>, Failure> {
    tail.read()
        .map_err(|error| Failure::failed(format!("cannot read the log: {error}")))
}
