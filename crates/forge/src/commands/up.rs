//! `forge dev up`: start in the foreground, follow the logs, stop what was started on Ctrl-C or when
//! the terminal is closed.
//!
//! One loop hears everything: lines of the logs, news of the API (tasks turn streams into them), and
//! signals.

mod ending;
mod tasks;

use forge_api::{
    OnConflict, Progress, StartAnswer, StartRequest, Status, StopAnswer, StopRequest, path,
};
use forge_logs::{Item, Logs};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::flow::{self, Reply};
use super::logs::{Form, Live, Marks, Sink, logs_of};
use super::start::conflict_choice;
use crate::args::UpArgs;
use crate::connect::Link;
use crate::context::{Context, environment};
use crate::failure::{Failure, Outcome, exit};
use crate::offline;
use crate::output::progress::{Aim, Changes};
use crate::output::report;
use crate::place::Place;
use ending::Ending;
use tasks::News;

pub(crate) fn run(args: &UpArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    context.wait_through(async {
        let signals = Signals::new()?;
        let mut link = match Link::open(&place).await? {
            Some(link) => link,
            None => {
                offline::check_start(&place, &args.profile, &args.targets, context)?;
                Link::open_or_start(&place).await?
            }
        };
        let before: Status = link.get(path::STATUS, "").await?;
        let running = before.processes.into_iter().filter(|one| one.pid.is_some());
        let logs = logs_of(&place);
        let marks = Live::mark(&logs)?;
        let (send, news) = channel(64);
        let up = Up {
            context,
            place,
            request: StartRequest {
                profile: args.profile.first().cloned(),
                also: args.profile.iter().skip(1).cloned().collect(),
                targets: args.targets.clone(),
                environment: environment(),
                wait: true,
                timeout_ms: None,
                on_conflict: conflict_choice(args.on_conflict.0, false, context),
            },
            ran_before: running.map(|process| process.name).collect(),
            names: Vec::new(),
            logs,
            marks,
            live: None,
            sink: Sink::new(Form::text(&[], context.ui.colour, false), context),
            changes: Changes::default(),
            ending: None,
            stopping: None,
            send,
        };
        up.go(link, news, signals).await
    })
}

/// A foreground session.
struct Up<'a> {
    context: &'a Context,
    place: Place,
    request: StartRequest,
    /// What ran before and was not started by this.
    ran_before: Vec<String>,
    /// The processes that this is about, as soon as they are known.
    names: Vec<String>,
    logs: Logs,
    /// Where the logs were before the start.
    marks: Marks,
    live: Option<Live>,
    sink: Sink<'a>,
    changes: Changes,
    /// Watches for the end of everything, once the start is over.
    ending: Option<Ending>,
    /// The exit code with which this ends when everything is stopped.
    stopping: Option<u8>,
    send: Sender<News>,
}

impl Up<'_> {
    async fn go(mut self, link: Link, mut news: Receiver<News>, mut signals: Signals) -> Outcome {
        tasks::start(link, self.request.clone(), self.send.clone());
        loop {
            let over = tokio::select! {
                items = next_lines(&mut self.live) => self.show(items?)?,
                news = news.recv() => match news {
                    Some(news) => self.hear(news).await?,
                    None => Some(exit::FAILED),
                },
                code = signals.next() => self.stop(code).await?,
            };
            if let Some(code) = over {
                return Ok(code);
            }
            if self.context.ui.out.is_closed() && self.stopping.is_none() {
                // Nobody reads any more: the same as a closed terminal, but no failure.
                self.stop(exit::DONE).await?;
            }
        }
    }

    /// Takes in news; the exit code when this is over.
    async fn hear(&mut self, news: News) -> Result<Option<u8>, Failure> {
        match news {
            // What a start still has to say is no news once everything is to be stopped.
            News::Started(_) | News::StartFailed(_) if self.stopping.is_some() => {}
            News::Progress(progress) => self.progress(&progress)?,
            News::Started(answer) => return self.started(answer).await,
            News::Status(status) => {
                let code = self.ending.as_mut().and_then(|ending| ending.see(&status));
                if let Some(code) = code
                    && self.stopping.is_none()
                {
                    self.show_rest().await?;
                    return Ok(Some(code));
                }
            }
            News::Stopped(answer) => return self.stopped(&answer).await,
            News::StartFailed(failure) | News::Failed(failure) => return Err(failure),
        }
        Ok(None)
    }

    fn progress(&mut self, progress: &Progress) -> Result<(), Failure> {
        let names = progress.processes.iter().map(|line| line.name.clone());
        self.watch(names.collect())?;
        for line in self.changes.lines(progress, Aim::Up) {
            self.context.ui.note(&line);
        }
        Ok(())
    }

    /// Follows the logs of these processes, from before the start on.
    fn watch(&mut self, names: Vec<String>) -> Result<(), Failure> {
        if self.live.is_some() || names.is_empty() {
            return Ok(());
        }
        self.sink = Sink::new(
            Form::text(&names, self.context.ui.colour, false),
            self.context,
        );
        self.live = Some(Live::new(
            &self.logs,
            names.clone(),
            self.marks.clone(),
            true,
        )?);
        self.names = names;
        Ok(())
    }

    async fn started(&mut self, answer: StartAnswer) -> Result<Option<u8>, Failure> {
        if !answer.conflicts.is_empty() && self.request.on_conflict == OnConflict::Ask {
            match flow::ask_about_ports(&answer, self.context).await? {
                Reply::Take(choice) => {
                    self.request.on_conflict = choice;
                    let link = Link::open_or_start(&self.place).await?;
                    tasks::start(link, self.request.clone(), self.send.clone());
                    return Ok(None);
                }
                Reply::Interrupted => return self.stop(exit::INTERRUPTED).await,
                Reply::Cancel => {}
            }
        }
        self.watch(
            answer
                .processes
                .iter()
                .map(|one| one.name.clone())
                .collect(),
        )?;
        let brief = StartAnswer {
            processes: Vec::new(),
            already: Vec::new(),
            ..answer.clone()
        };
        report::started(&self.context.ui, &brief, &[]);
        let failed = match answer.ok {
            true => None,
            false => Some(flow::code_of(&answer).unwrap_or_else(|failure| {
                failure.tell(self.context.ui.colour_err);
                failure.code
            })),
        };
        self.ending = Some(Ending::new(self.names.clone(), failed));
        tasks::status(self.place.clone(), self.send.clone());
        Ok(None)
    }

    /// What a signal asks for: the first one stops, a further one kills.
    async fn stop(&mut self, code: u8) -> Result<Option<u8>, Failure> {
        let targets = self.to_stop();
        if targets.is_empty() && !self.names.is_empty() {
            return Ok(Some(code));
        }
        let force = self.stopping.is_some();
        if force {
            self.context.ui.note("killing what is left");
        } else {
            self.context.ui.note("stopping; Ctrl-C again kills at once");
        }
        self.stopping.get_or_insert(code);
        let request = StopRequest {
            targets,
            timeout_ms: None,
            force,
        };
        tasks::stop(self.place.clone(), request, self.send.clone());
        Ok(None)
    }

    /// Without targets everything of the profile, else what was started by this. Before it is known
    /// what that is, what was asked for.
    fn to_stop(&self) -> Vec<String> {
        if self.names.is_empty() {
            return self.request.targets.clone();
        }
        let ran = |name: &String| self.ran_before.contains(name);
        let all = self.request.targets.is_empty();
        self.names
            .iter()
            .filter(|name| all || !ran(name))
            .cloned()
            .collect()
    }

    async fn stopped(&mut self, answer: &StopAnswer) -> Result<Option<u8>, Failure> {
        self.show_rest().await?;
        report::stopped(&self.context.ui, answer);
        let ran: Vec<String> = self
            .names
            .iter()
            .filter(|name| !self.to_stop().contains(name))
            .cloned()
            .collect();
        if !ran.is_empty() {
            let verb = if ran.len() == 1 { "runs" } else { "run" };
            let names = report::listed(&ran);
            self.context
                .ui
                .note(&format!("{names} {verb} on: not started by this command"));
        }
        Ok(Some(self.stopping.unwrap_or(exit::INTERRUPTED)))
    }

    fn show(&mut self, items: Vec<Item>) -> Result<Option<u8>, Failure> {
        for item in items {
            self.sink.item(item)?;
        }
        self.sink.send();
        Ok(None)
    }

    async fn show_rest(&mut self) -> Result<(), Failure> {
        if let Some(live) = &mut self.live {
            let rest = live.rest().await?;
            self.show(rest)?;
        }
        Ok(())
    }
}

async fn next_lines(live: &mut Option<Live>) -> Result<Vec<Item>, Failure> {
    match live {
        Some(live) => live.next().await,
        None => std::future::pending().await,
    }
}

/// The signals that end a foreground session.
struct Signals {
    interrupt: Signal,
    hangup: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let hear = |kind| {
            signal(kind).map_err(|error| Failure::failed(format!("cannot hear signals: {error}")))
        };
        Ok(Signals {
            interrupt: hear(SignalKind::interrupt())?,
            hangup: hear(SignalKind::hangup())?,
            terminate: hear(SignalKind::terminate())?,
        })
    }

    /// Waits for one; the exit code that it leads to.
    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => exit::INTERRUPTED,
            _ = self.hangup.recv() => exit::INTERRUPTED,
            // 128 and its number, as shells say it.
            _ = self.terminate.recv() => 143,
        }
    }
}
