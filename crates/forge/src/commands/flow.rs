//! Requests that take time: follow their progress, show it, survive the death of the supervisor,
//! stop watching on Ctrl-C.

use std::time::{Duration, Instant};

use forge_api::{ClientError, OnConflict, Progress, StartAnswer, Stream, path};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::args::Frame as Options;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::progress::{Aim, Block, Changes, Frame, frame};
use crate::output::report;

const PATIENCE: Duration = Duration::from_secs(10);
const FRAME: Duration = Duration::from_millis(100);

/// How following a request has ended.
pub(super) enum End<A> {
    /// With its answer.
    Done(A),
    /// The user does not want to watch any longer; the request goes on.
    Interrupted,
}

/// Carries out a request whose answer is a stream of progress and then `A`. It is sent again when the
/// connection breaks, so it must be harmless twice.
///
/// # Errors
///
/// The supervisor's problem, or no supervisor for longer than [`PATIENCE`].
pub(super) async fn follow<A: DeserializeOwned>(
    link: &mut Link,
    path: &str,
    request: &impl Serialize,
    mut view: View<'_>,
) -> Result<End<A>, Failure> {
    let context = view.context;
    let end = tokio::select! {
        // First, so that Ctrl-C is heard before anything is asked for.
        biased;
        () = context.interrupted() => Ok(End::Interrupted),
        answer = carry_out(link, path, request, &mut view) => answer.map(End::Done),
    };
    view.clear();
    if let Some(other) = link.other_version() {
        context.ui.warn(&other);
    }
    end
}

async fn carry_out<A: DeserializeOwned>(
    link: &mut Link,
    path: &str,
    request: &impl Serialize,
    view: &mut View<'_>,
) -> Result<A, Failure> {
    let mut deadline = Instant::now() + PATIENCE;
    loop {
        let broken = match link.client().post_stream(path, request).await {
            Ok(mut stream) => match watch(&mut stream, view, &mut deadline).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            },
            Err(error) => error,
        };
        match broken {
            ClientError::Connection(_) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                link.reconnect(deadline).await?;
            }
            error => return Err(error.into()),
        }
    }
}

/// Events of one stream, until it ends.
async fn watch<A: DeserializeOwned>(
    stream: &mut Stream,
    view: &mut View<'_>,
    deadline: &mut Instant,
) -> Result<A, ClientError> {
    let mut ticks = tokio::time::interval(FRAME);
    loop {
        tokio::select! {
            event = stream.next() => {
                *deadline = Instant::now() + PATIENCE;
                match event? {
                    Some(event) if event.name == "progress" => view.progress(event.read()?),
                    Some(event) if event.name == "done" => return event.read(),
                    // What a later version may say beside it.
                    Some(_) => {}
                    None => return Err(ClientError::Connection(
                        "it has ended before it was done".to_string(),
                    )),
                }
            }
            _ = ticks.tick(), if view.is_live() => view.redraw(),
        }
    }
}

/// How progress is shown.
pub(super) struct View<'a> {
    context: &'a Context,
    aim: Aim,
    silent: bool,
    last: Option<(Progress, Instant)>,
    block: Block,
    changes: Changes,
    tick: usize,
}

impl<'a> View<'a> {
    /// Progress on standard output, or none of it.
    pub(super) fn new(context: &'a Context, aim: Aim, silent: bool) -> Self {
        View {
            context,
            aim,
            silent,
            last: None,
            block: Block::default(),
            changes: Changes::default(),
            tick: 0,
        }
    }

    fn is_live(&self) -> bool {
        self.context.ui.live && !self.silent
    }

    fn progress(&mut self, progress: Progress) {
        if !self.silent && !self.context.ui.live {
            let lines = self.changes.lines(&progress, self.aim);
            self.context.ui.out.lines(&lines);
        }
        self.last = Some((progress, Instant::now()));
        if self.is_live() {
            self.redraw();
        }
    }

    fn redraw(&mut self) {
        let Some((progress, at)) = &self.last else {
            return;
        };
        let (rows, columns) = crate::terminal::size().unwrap_or((24, 80));
        self.tick += 1;
        let lines = frame(
            progress,
            Frame {
                aim: self.aim,
                rows: usize::from(rows),
                columns: usize::from(columns),
                colour: self.context.ui.colour,
                tick: self.tick,
                since: at.elapsed(),
            },
        );
        self.context.ui.out.text(&self.block.draw(&lines));
    }

    fn clear(&mut self) {
        if self.is_live() {
            self.context.ui.out.text(&self.block.erase());
        }
    }
}

/// Writes what was chosen for a taken port into a request.
pub(super) type Choose<Q> = fn(&mut Q, OnConflict);

/// Everything that ends in a [`StartAnswer`]: shows progress, then the answer; asks about ports
/// where the request may be sent again with a choice.
pub(super) async fn start_like<Q: Serialize>(
    link: &mut Link,
    path: &str,
    request: &mut Q,
    choose: Option<Choose<Q>>,
    options: &Options,
    context: &Context,
) -> Outcome {
    loop {
        let view = View::new(context, Aim::Up, options.json);
        let answer: StartAnswer = match follow(link, path, request, view).await? {
            End::Done(answer) => answer,
            End::Interrupted => {
                context.ui.note(
                    "interrupted: the processes run on. `forge dev status` shows them, `forge dev stop` ends them",
                );
                return Ok(exit::INTERRUPTED);
            }
        };
        if let Some(choose) = choose
            && !answer.conflicts.is_empty()
            && !options.json
            && context.ui.can_ask
        {
            match ask_about_ports(&answer, context).await? {
                Reply::Take(choice) => {
                    choose(request, choice);
                    continue;
                }
                Reply::Interrupted => return Ok(exit::INTERRUPTED),
                Reply::Cancel => {}
            }
        }
        if options.json {
            context.ui.out.json(&answer);
        } else {
            report::started(&context.ui, &answer, NEXT);
        }
        return code_of(&answer);
    }
}

const NEXT: &[(&str, &str)] = &[
    ("forge dev logs -f", "follow the output"),
    ("forge dev status", "what runs, and how it is"),
    ("forge dev stop", "stop everything"),
];

/// The exit code of an answer; a refusal without a reason in it gets one.
pub(super) fn code_of(answer: &StartAnswer) -> Outcome {
    let code = u8::try_from(answer.exit_code).unwrap_or(exit::FAILED);
    if answer.ok {
        return Ok(exit::DONE);
    }
    let code = if code == exit::DONE {
        exit::FAILED
    } else {
        code
    };
    if answer.failed.is_empty() && answer.conflicts.is_empty() {
        return Err(Failure::failed("not all processes are up")
            .hint("`forge dev status` shows which, `forge dev wait NAME` waits on")
            .with_code(code));
    }
    if !answer.conflicts.is_empty() && answer.failed.is_empty() {
        let ports: Vec<String> = answer
            .conflicts
            .iter()
            .map(|conflict| format!("port {} is taken", conflict.port))
            .collect();
        return Err(Failure::failed(report::listed(&ports))
            .hint("--on-conflict next-port takes another one, kill ends who has it")
            .with_code(code));
    }
    Ok(code)
}

/// Asks what to do about taken ports.
pub(super) async fn ask_about_ports(
    answer: &StartAnswer,
    context: &Context,
) -> Result<Reply, Failure> {
    let ui = &context.ui;
    ui.out.line("Ports are taken:\n");
    ui.out.lines(&report::conflict_table(&answer.conflicts, ui));
    loop {
        ui.out
            .text("\n[k]ill it, take the [n]ext free port, [a]ttach to it, or [c]ancel? ");
        // In a thread of its own, so that Ctrl-C is heard while nobody types.
        let line = tokio::task::spawn_blocking(|| {
            let mut reply = String::new();
            std::io::stdin().read_line(&mut reply).map(|_| reply)
        });
        let reply = tokio::select! {
            line = line => match line {
                Ok(Ok(line)) => line,
                _ => return Err(Failure::failed("cannot read the answer from standard input")),
            },
            () = context.interrupted() => return Ok(Reply::Interrupted),
        };
        match reply.trim().to_ascii_lowercase().as_str() {
            "c" | "cancel" | "" => return Ok(Reply::Cancel),
            "k" | "kill" => return Ok(Reply::Take(OnConflict::Kill)),
            "n" | "next" => return Ok(Reply::Take(OnConflict::NextPort)),
            "a" | "attach" => return Ok(Reply::Take(OnConflict::Attach)),
            _ => ui.out.line("please answer k, n, a or c"),
        }
    }
}

/// What was answered to a question about ports.
pub(super) enum Reply {
    Take(OnConflict),
    Cancel,
    Interrupted,
}

/// The names that a verb was carried out on, told with what was done to them.
pub(super) async fn names_verb(
    link: &mut Link,
    verb_path: &str,
    request: &impl Serialize,
    done: &str,
    context: &Context,
) -> Outcome {
    let answer: forge_api::NamesAnswer = if verb_path == path::PAUSE || verb_path == path::RESUME {
        link.ask(async |client| client.post(verb_path, request).await)
            .await?
    } else {
        link.once(verb_path, request).await?
    };
    let names: Vec<String> = answer
        .names
        .iter()
        .map(|name| crate::output::text::safe(name))
        .collect();
    if names.is_empty() {
        context.ui.out.line(&format!("nothing {done}"));
    } else {
        context
            .ui
            .out
            .line(&format!("{done} {}", report::listed(&names)));
    }
    Ok(exit::DONE)
}
