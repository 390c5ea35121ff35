//! `forge dev export`: a profile as the files of another tool, and what those cannot say.

use std::path::Path;

use forge_exchange::{ExportFormat, ExportSource, Exported};

use super::import::{replace_file, tell_report};
use crate::args::ExportArgs;
use crate::configuration;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};

pub(crate) fn run(args: &ExportArgs, context: &Context) -> Outcome {
    let place = context.place()?;
    let config = configuration::load(place.workspace(), args.profile.as_deref(), context)?;
    let profile = configuration::profile(&config, args.profile.as_deref(), context)?;
    let format = ExportFormat::from_name(&args.to)
        .ok_or_else(|| Failure::usage(format!("there is no format `{}`", args.to)))?;
    let source = ExportSource {
        workspace: place.workspace(),
        profile,
        config: Some(&config),
    };
    let exported = forge_exchange::export(&source, format)
        .map_err(|error| Failure::failed(error.to_string()))?;
    match &args.output {
        None => context.ui.out.text(&exported.text()),
        Some(path) => write(path, format, &exported, context)?,
    }
    tell_report(&exported.report, context);
    Ok(exit::DONE)
}

fn write(
    path: &Path,
    format: ExportFormat,
    exported: &Exported,
    context: &Context,
) -> Result<(), Failure> {
    let folder = format == ExportFormat::Systemd || path.is_dir();
    for (name, text) in &exported.files {
        let file = match folder {
            true => path.join(name),
            false => path.to_path_buf(),
        };
        replace_file(&file, text)?;
        context.ui.note(&format!("wrote {}", file.display()));
    }
    Ok(())
}
