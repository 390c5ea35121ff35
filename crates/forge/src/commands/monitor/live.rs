//! The live view: the picture on the whole screen, drawn anew each second.

use std::future::pending;
use std::io::Read;
use std::time::Duration;

use forge_api::Monitor;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{fetch, now};
use crate::args::MonitorArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::colour::Style;
use crate::output::monitor::live_picture;
use crate::output::report::look;
use crate::output::text::clip;
use crate::place::Place;
use crate::terminal::{FullScreen, size};

const EVERY: Duration = Duration::from_secs(1);
const FOOT: &str = "q quits, the arrows scroll";
/// From so many rows on each allows one line of warnings more.
const ROWS_OF_A_WARNING: usize = 6;

pub(super) async fn run(place: &Place, args: &MonitorArgs, context: &Context) -> Outcome {
    let mut resized = hear(SignalKind::window_change())?;
    let mut ended = [
        hear(SignalKind::interrupt())?,
        hear(SignalKind::terminate())?,
        hear(SignalKind::hangup())?,
    ];
    // Before the screen is taken: what is wrong with the command is told on the usual one.
    let mut link = Link::open_if_any(place).await?;
    let first = fetch(&mut link, place, args, context).await?;
    let screen = FullScreen::enter()
        .map_err(|error| Failure::failed(format!("cannot use this terminal: {error}")))?;
    let mut view = View {
        monitor: first,
        from: 0,
        context,
        screen: &screen,
    };
    let (send, mut news) = channel(1);
    let mut keys = keys();
    let feed = feed(link, place, args, context, send);
    tokio::pin!(feed);
    loop {
        view.draw();
        let [interrupt, terminate, hangup] = &mut ended;
        tokio::select! {
            biased;
            _ = interrupt.recv() => return Ok(exit::INTERRUPTED),
            _ = terminate.recv() => return Ok(exit::INTERRUPTED),
            _ = hangup.recv() => return Ok(exit::INTERRUPTED),
            typed = next(&mut keys) => match view.key(&typed) {
                Key::Quit => return Ok(exit::DONE),
                Key::Interrupt => return Ok(exit::INTERRUPTED),
                Key::Other => {}
            },
            _ = resized.recv() => {}
            Some(monitor) = news.recv() => view.monitor = monitor,
            failure = &mut feed => return Err(failure),
        }
    }
}

fn hear(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::failed(format!("cannot hear signals: {error}")))
}

/// Asks again and again; a supervisor that comes or goes meanwhile is found. Ends with what cannot be
/// overcome.
async fn feed(
    mut link: Option<Link>,
    place: &Place,
    args: &MonitorArgs,
    context: &Context,
    send: Sender<Monitor>,
) -> Failure {
    loop {
        tokio::time::sleep(EVERY).await;
        if link.is_none() {
            link = match Link::open_if_any(place).await {
                Ok(link) => link,
                Err(failure) => return failure,
            };
        }
        match fetch(&mut link, place, args, context).await {
            Ok(monitor) => {
                if send.send(monitor).await.is_err() {
                    return pending().await;
                }
            }
            // The supervisor may have ended on purpose; then nothing runs, which is no failure.
            Err(_) if link.take().is_some() => {}
            Err(failure) => return failure,
        }
    }
}

enum Key {
    Quit,
    Interrupt,
    Other,
}

struct View<'a> {
    monitor: Monitor,
    /// The first line that is shown.
    from: usize,
    context: &'a Context,
    screen: &'a FullScreen,
}

impl View<'_> {
    fn draw(&mut self) {
        let ui = &self.context.ui;
        let (rows, columns) = size().unwrap_or((24, 80));
        let (rows, columns) = (usize::from(rows), usize::from(columns));
        let mut look = look(ui);
        // A full line would wrap on some terminals.
        look.width = Some(columns.saturating_sub(1).max(1));
        let most = rows / ROWS_OF_A_WARNING;
        let lines = live_picture(&self.monitor, now(), look, most);
        let room = rows.saturating_sub(1);
        let all = lines.len();
        self.from = self.from.min(lines.len().saturating_sub(room));
        let mut shown: Vec<String> = lines.into_iter().skip(self.from).take(room).collect();
        if rows > 1 {
            shown.resize(room, String::new());
        }
        let foot = match all > room {
            true => {
                let last = (self.from + room).min(all);
                format!("{FOOT} · lines {}-{last} of {all}", self.from + 1)
            }
            false => FOOT.to_string(),
        };
        let foot = clip(&foot, columns.saturating_sub(1));
        shown.push(ui.paint(Style::Dim, &foot));
        self.screen.draw(&shown);
    }

    fn key(&mut self, typed: &[u8]) -> Key {
        let page = size().map_or(20, |(rows, _)| usize::from(rows).saturating_sub(2));
        match typed {
            b"\x1b[A" | b"\x1bOA" | b"k" => self.from = self.from.saturating_sub(1),
            b"\x1b[B" | b"\x1bOB" | b"j" => self.from = self.from.saturating_add(1),
            b"\x1b[5~" => self.from = self.from.saturating_sub(page),
            b"\x1b[6~" | b" " => self.from = self.from.saturating_add(page),
            b"\x1b[H" | b"g" => self.from = 0,
            b"\x1b[F" | b"G" => self.from = usize::MAX,
            other if other.contains(&3) => return Key::Interrupt,
            other if !other.starts_with(b"\x1b") && other.contains(&b'q') => return Key::Quit,
            _ => {}
        }
        Key::Other
    }
}

/// Reads standard input in a thread of its own; the channel ends with the input.
fn keys() -> Receiver<Vec<u8>> {
    let (send, receive) = channel(16);
    std::thread::spawn(move || {
        let mut room = [0; 256];
        let mut stdin = std::io::stdin().lock();
        while let Ok(count @ 1..) = stdin.read(&mut room) {
            if send.blocking_send(room[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receive
}

/// What was typed; nothing any more when the terminal is gone.
async fn next(keys: &mut Receiver<Vec<u8>>) -> Vec<u8> {
    match keys.recv().await {
        Some(typed) => typed,
        // SIGHUP follows.
        None => pending().await,
    }
}
