//! `forge mcp install`: enters the server in the configuration of agents, after showing and asking.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use forge_mcp::install::{CLIENTS, Change, Client};

use crate::args::McpInstallArgs;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::text::safe_lines;
use crate::place::Place;
use crate::targets::near;

/// A file that is to be written.
struct Plan {
    client: &'static Client,
    file: PathBuf,
    text: String,
}

pub(crate) fn run(args: &McpInstallArgs, context: &Context) -> Outcome {
    let project = project(context)?;
    let home = std::env::var_os("HOME").map(PathBuf::from).ok_or_else(|| {
        Failure::usage("HOME is not set, so the configuration of agents cannot be found")
    })?;
    let clients = chosen(&args.agents, &project, &home)?;
    let program = program();
    let mut plans = Vec::new();
    for client in clients {
        let file = client.file(&project, &home);
        let shown = file.display();
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::failed(format!("cannot read {shown}: {error}"))),
        };
        match client.change(&text, &program) {
            Ok(Change::Already) => {
                context.ui.out.line(&safe_lines(&format!(
                    "{}: {shown} names it already",
                    client.title
                )));
            }
            Ok(Change::Write(text)) => plans.push(Plan { client, file, text }),
            Err(why) => context
                .ui
                .warn(&format!("{}: {shown} is left alone: {why}", client.title)),
        }
    }
    if plans.is_empty() {
        return Ok(exit::DONE);
    }
    for plan in &plans {
        let head = format!("{}: {}", plan.client.title, plan.file.display());
        context.ui.out.line(&safe_lines(&head));
        if args.yes {
            continue;
        }
        for line in plan.text.trim_end().lines() {
            context.ui.out.line(&safe_lines(&format!("  {line}")));
        }
    }
    if !args.yes && !agreed(context)? {
        return Err(Failure::failed("nothing was written"));
    }
    for plan in &plans {
        write(&plan.file, &plan.text)?;
    }
    context
        .ui
        .note("written; start the agent anew so that it reads this");
    Ok(exit::DONE)
}

/// Where the project's files of agents lie: in the workspace, else here.
fn project(context: &Context) -> Result<PathBuf, Failure> {
    if let Ok(place) = Place::find(&context.global) {
        return Ok(place.workspace().to_path_buf());
    }
    let named = context.global.workspace.clone();
    let folder = named.map_or_else(std::env::current_dir, Ok);
    folder.map_err(|error| Failure::usage(format!("there is no current folder: {error}")))
}

fn chosen(agents: &[String], project: &Path, home: &Path) -> Result<Vec<&'static Client>, Failure> {
    let known: Vec<&str> = CLIENTS.iter().map(|client| client.id).collect();
    if agents.is_empty() {
        let used: Vec<_> = CLIENTS
            .iter()
            .filter(|one| one.is_used(project, home))
            .collect();
        if used.is_empty() {
            return Err(
                Failure::usage("no agent that is known seems to be used here")
                    .hint(format!("name one: {}", known.join(", "))),
            );
        }
        return Ok(used);
    }
    let named = |agent: &String| {
        CLIENTS.iter().find(|one| one.id == agent).ok_or_else(|| {
            let failure = Failure::usage(format!("no agent `{agent}` is known"));
            match near(agent, &known).first() {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => failure.hint(format!("known are {}", known.join(", "))),
            }
        })
    };
    agents.iter().map(named).collect()
}

/// `forge` where that finds this program, else its whole path.
fn program() -> String {
    let own = std::env::current_exe().ok();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let first = std::env::split_paths(&paths)
        .map(|folder| folder.join("forge"))
        .find(|file| file.is_file());
    let canonical = |path: PathBuf| path.canonicalize().unwrap_or(path);
    match (first.map(canonical), own.map(canonical)) {
        (Some(first), Some(own)) if first == own => "forge".to_string(),
        (_, Some(own)) => own.display().to_string(),
        (_, None) => "forge".to_string(),
    }
}

/// Asks at the terminal; the end of its input is a no.
fn agreed(context: &Context) -> Result<bool, Failure> {
    if !context.ui.can_ask {
        return Err(Failure::failed("nothing is written without being asked")
            .hint("`forge mcp install -y` writes it"));
    }
    context.ui.out.text("Write this? [Y/n] ");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    let answer = answer.trim().to_lowercase();
    Ok(matches!(read, Ok(length) if length > 0) && ["", "y", "yes"].contains(&answer.as_str()))
}

/// Writes a file whole: what was there stays until the new one is.
fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let told = |error: std::io::Error| {
        Failure::failed(format!("cannot write {}: {error}", file.display()))
    };
    // A link is followed, so that what it leads to is replaced, not the link.
    let file = &file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(told)?;
    let mode = file.metadata().map_or(0o644, |meta| {
        std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o777
    });
    let mut draft = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
        .tempfile_in(folder)
        .map_err(told)?;
    draft.write_all(text.as_bytes()).map_err(told)?;
    draft.as_file().sync_all().map_err(told)?;
    draft.persist(file).map_err(|error| told(error.error))?;
    Ok(())
}
