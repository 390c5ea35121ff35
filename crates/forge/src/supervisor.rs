//! `forge daemon run`: this program as the supervisor. Started by the keeper, not by people.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use crate::failure::exit;
use crate::output::out::complain;

/// Reads `--workspace DIR --state DIR --runtime DIR` and becomes the supervisor.
pub(crate) fn run(words: &[OsString]) -> ExitCode {
    let option = |name: &str| -> Option<PathBuf> {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1).map(PathBuf::from)
    };
    match (
        option("--workspace"),
        option("--state"),
        option("--runtime"),
    ) {
        (Some(workspace), Some(state), Some(runtime)) => {
            forge_supervisor::run(forge_supervisor::Options {
                workspace,
                state,
                runtime,
                start_keeper: Arc::new(|layout| {
                    let launched = crate::keeper::launch(layout);
                    launched.map(drop).map_err(|failure| failure.message)
                }),
            })
        }
        _ => {
            complain("error: `forge daemon run` needs --workspace, --state and --runtime");
            complain("hint: it is started by the keeper; `forge dev start` starts both");
            ExitCode::from(exit::USAGE)
        }
    }
}
