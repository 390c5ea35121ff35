//! `forge explain`: the same understanding for any text. Needs no workspace and starts nothing.

use std::io::Read;
use std::path::{Path, PathBuf};

use forge_diagnose::changes::Git;
use forge_diagnose::{Evidence, diagnose, mask};
use forge_supervisor::crash::{complete, report_of};

use crate::args::ExplainArgs;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::crash::{Card, card};

pub(crate) fn run(args: &ExplainArgs, context: &Context) -> Outcome {
    let text = read(args.path.as_deref())?;
    let cwd = folder(args.cwd.as_deref())?;
    let workspace = match context.place() {
        Ok(place) => place.workspace().to_path_buf(),
        Err(failure) if context.global.workspace.is_some() => return Err(failure),
        Err(_) => cwd.clone(),
    };
    let diagnosis = diagnose(&Evidence {
        exit_code: args.exit_code,
        cwd: Some(&cwd),
        workspace: Some(&workspace),
        ..Evidence::text(&text)
    });
    let mut report = report_of(&diagnosis);
    report.exit_code = args.exit_code;
    complete(&mut report, &workspace, &cwd, &Git::default());
    for text in [&mut report.error, &mut report.message]
        .into_iter()
        .flatten()
    {
        *text = mask(text).into_owned();
    }
    report.summary = mask(&report.summary).into_owned();
    if args.json {
        context.ui.out.json(&report);
    } else {
        let look = Card {
            full: args.full,
            colour: context.ui.colour,
            width: context.ui.width(),
        };
        context.ui.out.lines(&card(&report, look));
    }
    Ok(exit::DONE)
}

fn read(path: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    match path.filter(|path| *path != Path::new("-")) {
        Some(path) => std::fs::read(path)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display()))),
        None => std::io::stdin()
            .lock()
            .read_to_end(&mut text)
            .map(|_| text)
            .map_err(|error| Failure::failed(format!("cannot read standard input: {error}"))),
    }
}

fn folder(given: Option<&Path>) -> Result<PathBuf, Failure> {
    let folder = given.unwrap_or(Path::new("."));
    let found = folder.canonicalize();
    found
        .map_err(|error| Failure::usage(format!("--cwd: cannot use {}: {error}", folder.display())))
}
