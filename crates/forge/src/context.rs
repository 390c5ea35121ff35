//! What every command gets: where to print, which workspace, and a way to wait.

use std::collections::BTreeMap;

use crate::args::Global;
use crate::failure::{Failure, Outcome, exit};
use crate::output::ui::Ui;
use crate::place::Place;

/// The surroundings of one command.
#[derive(Debug)]
pub(crate) struct Context {
    /// Where to print.
    pub(crate) ui: Ui,
    /// The options that every command has.
    pub(crate) global: Global,
    /// The command is a line of a console: others follow in this process.
    pub(crate) console: bool,
}

impl Context {
    /// The workspace that is meant.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        Place::find(&self.global)
    }

    /// Runs the part of a command that waits for something; Ctrl-C ends it (130). Commands that wait
    /// for nothing never pay for it.
    ///
    /// # Errors
    ///
    /// Those of the command, or when the machine is out of descriptors.
    pub(crate) fn wait(&self, command: impl Future<Output = Outcome>) -> Outcome {
        self.wait_through(async {
            tokio::select! {
                biased;
                () = self.interrupted() => Ok(exit::INTERRUPTED),
                outcome = command => outcome,
            }
        })
    }

    /// The same for a command that deals with Ctrl-C itself.
    ///
    /// # Errors
    ///
    /// As [`Context::wait`].
    pub(crate) fn wait_through(&self, command: impl Future<Output = Outcome>) -> Outcome {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("cannot wait for anything: {error}")))?;
        let outcome = runtime.block_on(command);
        // What still reads standard input must not hold up the end.
        runtime.shutdown_background();
        outcome
    }

    /// Ctrl-C, where this process deals with it. In a console it ends the console, as usual.
    pub(crate) async fn interrupted(&self) {
        if self.console || tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The environment that processes get from this client. Variables that are not UTF-8 cannot travel
/// as JSON and stay behind.
pub(crate) fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
