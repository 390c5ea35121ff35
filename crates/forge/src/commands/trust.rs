//! `forge trust`: a file of a workspace may be started by itself, as long as it stays as it is.

use std::path::PathBuf;

use forge_supervisor::trust;

use crate::args::TrustArgs;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::text::safe;
use crate::place::Bases;

pub(crate) fn run(args: &TrustArgs, context: &Context) -> Outcome {
    let files: Vec<PathBuf> = match &args.file {
        Some(file) => vec![file.clone()],
        None => {
            let place = context.place()?;
            let all = trust::FILES.map(|file| place.workspace().join(file));
            all.into_iter().filter(|file| file.exists()).collect()
        }
    };
    if files.is_empty() {
        return Err(Failure::usage("this workspace has no .forge/processes.yml"));
    }
    let bases = Bases::from_environment()?;
    let store = trust::store(&bases.state);
    let kept = |error: std::io::Error| {
        Failure::failed(format!("cannot write {}: {error}", store.display()))
    };
    make_private(&bases.state).map_err(kept)?;
    for file in files {
        // A folder, or what cannot be read, is no file that could be trusted.
        std::fs::read(&file)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
        trust::trust(&store, &file).map_err(kept)?;
        let shown = safe(&file.to_string_lossy());
        context
            .ui
            .out
            .line(&format!("{shown} is trusted as it is now"));
    }
    Ok(exit::DONE)
}

fn make_private(folder: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}
