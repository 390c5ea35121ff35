//! `forge dev detect`: what a repository suggests to run, and why.

use std::path::{Path, PathBuf};

use forge_detect::{Detection, ThisMachine};

use crate::args::DetectArgs;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::colour::Style;
use crate::output::table::{Cell, Column, Table};

pub(crate) fn run(args: &DetectArgs, context: &Context) -> Outcome {
    let named = args
        .folder
        .clone()
        .or_else(|| context.global.workspace.clone());
    let found = look(&named.unwrap_or_else(|| PathBuf::from(".")))?;
    if args.json {
        context.ui.out.json(&found);
        return Ok(exit::DONE);
    }
    if found.processes.is_empty() {
        context
            .ui
            .note("nothing here looks like something to keep running");
        return Ok(exit::DONE);
    }
    context.ui.out.lines(&processes(&found, context));
    if !found.services.is_empty() {
        context.ui.out.line("");
        context.ui.out.lines(&services(&found, context));
    }
    context
        .ui
        .note("`forge dev init` writes this as .forge/processes.yml");
    Ok(exit::DONE)
}

/// What is found in a folder.
///
/// # Errors
///
/// When it is no folder (exit code 2).
pub(super) fn look(folder: &Path) -> Result<Detection, Failure> {
    let shown = folder.display();
    match std::fs::read_dir(folder) {
        Ok(_) => Ok(forge_detect::detect(folder, &ThisMachine)),
        Err(error) => Err(Failure::usage(format!("cannot look into {shown}: {error}"))
            .hint("name the folder of a repository")),
    }
}

fn processes(found: &Detection, context: &Context) -> Vec<String> {
    let mut table = Table::new(&[
        Column::text("PROCESS", u8::MAX),
        Column::text("COMMAND", 4).shrinking(16),
        Column::text("FOLDER", 3).shrinking(8),
        Column::number("PORT", 2),
        Column::text("WHY", 1).shrinking(16),
    ]);
    for one in &found.processes {
        table.row(vec![
            Cell::new(&one.name),
            Cell::new(&one.command),
            Cell::new(&one.cwd),
            Cell::new(port(one.port)),
            Cell::styled(&one.why, Style::Dim),
        ]);
    }
    table.lines(context.ui.width(), context.ui.colour)
}

fn services(found: &Detection, context: &Context) -> Vec<String> {
    let mut table = Table::new(&[
        Column::text("SERVICE", u8::MAX),
        Column::text("COMMAND", 4).shrinking(16),
        Column::number("PORT", 2),
        Column::text("WHY", 1).shrinking(16),
    ]);
    for one in &found.services {
        table.row(vec![
            Cell::new(&one.name),
            Cell::new(&one.command),
            Cell::new(port(one.port)),
            Cell::styled(&one.why, Style::Dim),
        ]);
    }
    table.lines(context.ui.width(), context.ui.colour)
}

fn port(port: Option<u16>) -> String {
    port.map_or_else(|| "-".to_string(), |port| port.to_string())
}
