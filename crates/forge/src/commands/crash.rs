//! `forge dev crash`: why it died, where in the code, what changed, and what can be done now.

use std::path::{Path, PathBuf};

use forge_api::{CrashReport, Problem, RevertAnswer, RevertRequest, path};
use forge_supervisor::crash::{Store, revert};

use crate::args::CrashArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::editor;
use crate::failure::{Failure, Outcome, exit};
use crate::offline;
use crate::output::crash::{Card, card};
use crate::output::text::safe;
use crate::place::Place;
use forge_api::query_string;

pub(crate) fn run(args: &CrashArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    // `forge dev crash 7`: a number alone is a crash, unless a process is named so.
    let (name, id) = meant(args, &place);
    context.wait(async {
        let mut link = Link::open(&place).await?;
        let report = match &mut link {
            Some(link) => {
                let number = id.map(|id| id.to_string());
                let query = query_string(&[("name", name.as_deref()), ("id", number.as_deref())]);
                link.get::<CrashReport>(path::CRASH, &query).await?
            }
            None => find(&place, name.as_deref(), id)?,
        };
        if args.open {
            return open(&report, &place);
        }
        if args.revert {
            return take_back(&report, args, &place, link, context).await;
        }
        match args.json {
            true => context.ui.out.json(&report),
            false => {
                let look = Card {
                    full: args.full,
                    colour: context.ui.colour,
                    width: context.ui.width(),
                };
                context.ui.out.lines(&card(&report, look));
            }
        }
        Ok(exit::DONE)
    })
}

fn meant(args: &CrashArgs, place: &Place) -> (Option<String>, Option<u64>) {
    let number = args.name.as_ref().and_then(|name| name.parse().ok());
    match (number, args.id) {
        (Some(number), None)
            if !offline::known(place)
                .iter()
                .any(|one| Some(&one.name) == args.name.as_ref()) =>
        {
            (None, Some(number))
        }
        (_, id) => (args.name.clone(), id),
    }
}

/// Whose crashes are wanted.
pub(super) struct Wanted(Option<Vec<String>>);

impl Wanted {
    pub(super) fn is(&self, name: &str) -> bool {
        self.0
            .as_ref()
            .is_none_or(|names| names.iter().any(|one| one == name))
    }
}

/// The processes that are meant; also those that only reports know.
pub(super) fn wanted(place: &Place, name: Option<&str>, store: &Store) -> Result<Wanted, Failure> {
    let Some(name) = name else {
        return Ok(Wanted(None));
    };
    match offline::names(place, &[name.to_string()]) {
        Ok(names) => Ok(Wanted(Some(names))),
        Err(unknown) => match store.latest(|one| one == name) {
            Some(_) => Ok(Wanted(Some(vec![name.to_string()]))),
            None => Err(unknown),
        },
    }
}

fn find(place: &Place, name: Option<&str>, id: Option<u64>) -> Result<CrashReport, Failure> {
    let store = Store::of(&place.layout);
    let names = wanted(place, name, &store)?;
    let is = |report: &CrashReport| report.process.as_deref().is_some_and(|one| names.is(one));
    let found = match id {
        Some(id) => store.read(id).filter(is),
        None => store.latest(|one| names.is(one)),
    };
    found.ok_or_else(|| {
        let number = id.map_or(String::new(), |id| format!(" {id}"));
        let of = name.map_or(String::new(), |name| format!(" of {name}"));
        Failure::unknown(format!("no crash{number}{of} is known"))
            .hint("`forge dev crashes` lists them")
    })
}

/// `app/main.go:45`.
pub(super) fn where_of(report: &CrashReport) -> Option<String> {
    let location = report.location.as_ref()?;
    Some(match location.line {
        Some(line) => format!("{}:{line}", location.file),
        None => location.file.clone(),
    })
}

/// Where the file of a crash lies.
fn file_of(report: &CrashReport, place: &Place) -> Result<PathBuf, Failure> {
    let Some(location) = &report.location else {
        return Err(Failure::failed("the crash points at no file of yours"));
    };
    let cwd = report.cwd.as_deref().map_or(place.workspace(), Path::new);
    let mut places = [place.workspace(), cwd]
        .into_iter()
        .map(|one| one.join(&location.file));
    places
        .find(|one| one.is_file())
        .ok_or_else(|| Failure::failed(format!("{} does not exist any more", location.file)))
}

fn open(report: &CrashReport, place: &Place) -> Outcome {
    let file = file_of(report, place)?;
    let location = report.location.as_ref();
    editor::open(
        &file,
        location.and_then(|at| at.line),
        location.and_then(|at| at.column),
    )
}

async fn agreed(question: &str, context: &Context) -> Result<bool, Failure> {
    context.ui.out.text(&format!("{question} [y/N] "));
    let reply = tokio::task::spawn_blocking(|| {
        let mut reply = String::new();
        std::io::stdin().read_line(&mut reply).map(|_| reply)
    });
    match reply.await {
        Ok(Ok(reply)) => Ok(["y", "yes"].contains(&reply.trim().to_ascii_lowercase().as_str())),
        Ok(Err(error)) => Err(Failure::failed(format!("cannot read the answer: {error}"))),
        Err(error) => Err(Failure::failed(format!("cannot read the answer: {error}"))),
    }
}

async fn take_back(
    report: &CrashReport,
    args: &CrashArgs,
    place: &Place,
    link: Option<Link>,
    context: &Context,
) -> Outcome {
    let file = file_of(report, place)?;
    let shown = file
        .strip_prefix(place.workspace())
        .unwrap_or(&file)
        .display()
        .to_string();
    if !args.yes {
        if !context.ui.can_ask {
            return Err(Failure::failed(format!(
                "{} was not touched: nobody can be asked",
                safe(&shown)
            ))
            .hint("-y takes it back without asking"));
        }
        let question = format!(
            "Take back what is not committed in {}? A patch is saved first.",
            safe(&shown)
        );
        if !agreed(&question, context).await? {
            return Ok(exit::FAILED);
        }
    }
    let answer: RevertAnswer = match link {
        Some(mut link) => {
            let request = RevertRequest {
                name: report.process.clone(),
                id: report.id,
            };
            link.once(path::CRASH_REVERT, &request).await?
        }
        None => revert(&place.layout, report).map_err(|problem: Problem| Failure::from(problem))?,
    };
    if args.json {
        context.ui.out.json(&answer);
        return Ok(exit::DONE);
    }
    let ui = &context.ui;
    ui.out.line(&format!(
        "{} is as it was last committed",
        safe(&answer.file)
    ));
    ui.out
        .line(&format!("your change is kept in {}", safe(&answer.patch)));
    ui.out
        .line(&format!("to bring it back: {}", safe(&answer.restore)));
    Ok(exit::DONE)
}
