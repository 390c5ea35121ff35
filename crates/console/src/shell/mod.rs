//! The imperative part: hears keys, signals and tasks, lets the model change, draws, does what is
//! asked for.

mod api;
mod feed;
mod history;
mod pace;
mod programs;
mod requests;
mod terminal;

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{Event, EventStream, MouseEventKind};
use futures_core::Stream;
use jiff::Timestamp;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, LocalSet};

use crate::message::{Command, Message, Pane};
use crate::model::Model;
use crate::model::dialog::Dialog;
use crate::settings::Settings;
use crate::setup::{Host, Setup};
use crate::theme::Theme;
use crate::update::{deadline, update};
use crate::view;
use pace::Pace;
use terminal::Terminal;

/// How long messages are taken in before keys are looked at again.
const SLICE: Duration = Duration::from_millis(8);
/// Messages that may wait.
const WAITING: usize = 32;

/// Opens the console on the terminal of this process, until it is left.
///
/// Must be called within a current-thread tokio runtime.
///
/// # Errors
///
/// A terminal that cannot be used.
pub async fn run(setup: Setup, host: Arc<dyn Host>) -> io::Result<()> {
    let local = LocalSet::new();
    local
        .run_until(async { Shell::open(setup, host)?.run().await })
        .await
}

/// What all tasks need.
struct Shared {
    host: Arc<dyn Host>,
    setup: Setup,
    tell: mpsc::Sender<Message>,
}

struct Shell {
    model: Model,
    shared: Rc<Shared>,
    heard: mpsc::Receiver<Message>,
    terminal: Terminal,
    keys: Option<EventStream>,
    signals: Signals,
    feeds: HashMap<Pane, AbortHandle>,
    programs: HashMap<u64, mpsc::Sender<()>>,
    attached: Option<AbortHandle>,
    inputs: mpsc::UnboundedSender<requests::Typed>,
    dirty: bool,
    /// A key waits for its picture.
    pressed: bool,
    pace: Pace,
    left: bool,
}

struct Signals {
    end: [Signal; 3],
    go_on: Signal,
}

impl Signals {
    /// Ctrl-C in another program was meant for that program.
    async fn forget_interrupts(&mut self) {
        loop {
            tokio::select! {
                biased;
                _ = self.end[2].recv() => {}
                () = std::future::ready(()) => return,
            }
        }
    }
}

/// What has been heard first.
enum Heard {
    Key(Option<io::Result<Event>>),
    Message(Option<Message>),
    End,
    GoOn,
    Draw,
    Time,
}

impl Shell {
    fn open(setup: Setup, host: Arc<dyn Host>) -> io::Result<Self> {
        let settings = Settings::read(&setup.settings, setup.colour);
        let now = Timestamp::now();
        let workspace = setup.workspace.to_string_lossy().into_owned();
        let theme = Theme::new(settings.theme);
        let mut model = Model::new(&workspace, theme, settings.keys, setup.zone.clone(), now);
        if let Some(mistake) = settings.mistakes.first() {
            model.complain(mistake.clone());
        }
        model.history = history::read(&setup.history);
        match host.stopped() {
            Ok(status) => model.status = Some(status),
            Err(mistakes) => model.dialog = Some(mistaken(&mistakes)),
        }
        let signals = Signals {
            end: [
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
                signal(SignalKind::interrupt())?,
            ],
            go_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        };
        let terminal = Terminal::enter()?;
        model.size = terminal.size();
        let (tell, heard) = mpsc::channel(WAITING);
        let shared = Rc::new(Shared { host, setup, tell });
        Ok(Shell {
            inputs: requests::typist(&shared),
            model,
            shared,
            heard,
            terminal,
            keys: Some(EventStream::new()),
            signals,
            feeds: HashMap::new(),
            programs: HashMap::new(),
            attached: None,
            dirty: true,
            pressed: false,
            pace: Pace::default(),
            left: false,
        })
    }

    async fn run(mut self) -> io::Result<()> {
        api::follow(&self.shared);
        self.draw()?;
        while !self.left {
            match self.hear().await {
                Heard::Key(Some(Ok(event))) => self.event(event).await?,
                // Without keys nobody could leave.
                Heard::Key(_) | Heard::End => self.left = true,
                Heard::Message(Some(message)) => self.messages(message).await?,
                Heard::Message(None) => self.left = true,
                Heard::GoOn => {
                    self.terminal.resume()?;
                    self.look_again()?;
                }
                Heard::Draw => self.draw()?,
                Heard::Time => self.change(Message::Tick).await?,
            }
        }
        self.terminal.leave();
        for ends in self.programs.values() {
            let _ = ends.try_send(());
        }
        Ok(())
    }

    async fn hear(&mut self) -> Heard {
        let due = self.pace.due(self.pressed, Instant::now());
        let wakes = deadline(&self.model).map(|at| {
            let left = at.duration_since(Timestamp::now());
            Duration::try_from(left).unwrap_or(Duration::ZERO) + Duration::from_millis(1)
        });
        let [term, hangup, interrupt] = &mut self.signals.end;
        tokio::select! {
            biased;
            _ = term.recv() => Heard::End,
            _ = hangup.recv() => Heard::End,
            _ = interrupt.recv() => Heard::End,
            _ = self.signals.go_on.recv() => Heard::GoOn,
            key = next(&mut self.keys) => Heard::Key(key),
            () = tokio::time::sleep_until(due.into()), if self.dirty => Heard::Draw,
            message = self.heard.recv() => Heard::Message(message),
            () = sleep(wakes) => Heard::Time,
        }
    }

    async fn event(&mut self, event: Event) -> io::Result<()> {
        let message = match event {
            Event::Key(key) => Message::Key(key),
            // A mouse that only moves changes nothing, and must not draw anything.
            Event::Mouse(mouse)
                if mouse.kind == MouseEventKind::Moved && self.model.screen.is_none() =>
            {
                return Ok(());
            }
            Event::Mouse(mouse) => Message::Mouse(mouse),
            Event::Paste(text) => Message::Paste(text),
            Event::Resize(..) => {
                self.terminal.clear()?;
                let (width, height) = self.terminal.size();
                Message::Resize(width, height)
            }
            Event::FocusGained | Event::FocusLost => return Ok(()),
        };
        self.pressed = true;
        self.change(message).await
    }

    /// Takes in what waits, for a while.
    async fn messages(&mut self, first: Message) -> io::Result<()> {
        let begun = Instant::now();
        self.change(first).await?;
        while begun.elapsed() < SLICE && !self.left {
            match self.heard.try_recv() {
                Ok(message) => self.change(message).await?,
                Err(_) => break,
            }
        }
        Ok(())
    }

    async fn change(&mut self, message: Message) -> io::Result<()> {
        let commands = update(&mut self.model, message, Timestamp::now());
        self.dirty = true;
        for command in commands {
            self.obey(command).await?;
        }
        Ok(())
    }

    /// Draws everything anew, in the size that the terminal has now.
    fn look_again(&mut self) -> io::Result<()> {
        self.terminal.clear()?;
        self.model.size = self.terminal.size();
        self.dirty = true;
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        self.terminal.draw(|frame| {
            view::draw(&self.model, frame);
        })?;
        (self.dirty, self.pressed) = (false, false);
        self.pace.drew(Instant::now());
        Ok(())
    }

    async fn obey(&mut self, command: Command) -> io::Result<()> {
        match command {
            Command::Ask(request) => requests::ask(&self.shared, request),
            Command::Input { target, bytes, eof } => {
                let _ = self.inputs.send(requests::Typed { target, bytes, eof });
            }
            Command::Follow {
                pane,
                generation,
                query,
                after,
            } => {
                let task = feed::follow(&self.shared, pane, generation, *query, after);
                if let Some(former) = self.feeds.insert(pane, task) {
                    former.abort();
                }
            }
            Command::Unfollow(pane) => {
                if let Some(former) = self.feeds.remove(&pane) {
                    former.abort();
                }
            }
            Command::Page {
                pane,
                generation,
                query,
                older,
            } => {
                feed::page(&self.shared, pane, generation, *query, older);
            }
            Command::Run { id, words } => {
                self.programs.insert(
                    id,
                    programs::run(&self.shared, id, &words, self.model.size.0),
                );
            }
            Command::Interrupt(id) => {
                if let Some(ends) = self.programs.get(&id) {
                    let _ = ends.try_send(());
                }
            }
            Command::Complete(line) => programs::complete(&self.shared, line),
            Command::Remember(_) => history::write(&self.shared.setup.history, &self.model.history),
            Command::Copy(text) => self.terminal.copy(&text)?,
            Command::External(external) => {
                let words = programs::words(&self.shared, &external);
                self.keys = None;
                self.terminal.leave();
                let told = programs::wait(words).await;
                self.signals.forget_interrupts().await;
                self.terminal.resume()?;
                self.keys = Some(EventStream::new());
                self.model.size = self.terminal.size();
                if let Err(why) = told {
                    self.model.complain(why);
                }
            }
            Command::Attach { id, process, tty } => {
                let task = programs::read_output(&self.shared, id, process, tty);
                self.attached = Some(task);
            }
            Command::Detach => {
                if let Some(task) = self.attached.take() {
                    task.abort();
                }
            }
            Command::Redraw => self.look_again()?,
            Command::Suspend => {
                self.keys = None;
                self.terminal.suspend()?;
                self.model.size = self.terminal.size();
                self.keys = Some(EventStream::new());
            }
            Command::Quit => self.left = true,
        }
        self.dirty = true;
        Ok(())
    }
}

/// What is wrong with the file, to read.
fn mistaken(mistakes: &str) -> Dialog {
    Dialog::Text {
        title: "The configuration has mistakes".to_string(),
        lines: mistakes.lines().map(str::to_string).collect(),
        top: 0,
    }
}

async fn next(keys: &mut Option<EventStream>) -> Option<io::Result<Event>> {
    match keys {
        Some(keys) => std::future::poll_fn(|context| Pin::new(&mut *keys).poll_next(context)).await,
        None => std::future::pending().await,
    }
}

async fn sleep(length: Option<Duration>) {
    match length {
        Some(length) => tokio::time::sleep(length).await,
        None => std::future::pending().await,
    }
}
