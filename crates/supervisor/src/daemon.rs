//! From the arguments of `forge daemon run` to a running loop, and its end.

use std::io;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use forge_facts::layout::Layout;
use tokio::sync::mpsc;

use crate::supervisor::{Supervisor, Surroundings};
use crate::{links, server};

/// The descriptors that the keeper hands over.
const KEEPER_FD: i32 = 3;
const API_FD: i32 = 4;

/// How long a former supervisor may take to be gone.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// How long the last orders and answers may take to leave.
const FAREWELL: Duration = Duration::from_millis(300);

/// Starts a keeper for these places, as nobody's child.
pub type StartKeeper = Arc<dyn Fn(&Layout) -> Result<(), String> + Send + Sync>;

/// What a supervisor is told by whoever started it.
pub struct Options {
    /// Absolute path of the workspace.
    pub workspace: PathBuf,
    /// The folder of the workspace that lasts.
    pub state: PathBuf,
    /// The folder of the workspace for sockets.
    pub runtime: PathBuf,
    /// What to do when the keeper has died.
    pub start_keeper: StartKeeper,
}

/// Becomes the supervisor; returns when it has ended on purpose.
pub fn run(options: Options) -> ExitCode {
    let layout = Layout::at(&options.workspace, &options.state, &options.runtime);
    match serve(&layout, &options.start_keeper) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error is the supervisor's log.
            eprintln!("supervisor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(layout: &Layout, start_keeper: &StartKeeper) -> io::Result<()> {
    let keeper = forge_os::inherit(KEEPER_FD)
        .map_err(|error| said(error, "no connection to a keeper was handed over"))?;
    let api = forge_os::inherit(API_FD)
        .map_err(|error| said(error, "no listening socket was handed over"))?;
    let _ = forge_os::raise_open_files();
    let Some(_lock) = forge_os::Lock::take(&layout.supervisor_lock(), LOCK_PATIENCE)
        .map_err(|error| said(error, "cannot take the supervisor's lock"))?
    else {
        return Err(io::Error::other(
            "another supervisor runs in this workspace",
        ));
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(8)
        .build()?;
    let end = runtime.block_on(async {
        let (inbox, inputs) = mpsc::unbounded_channel();
        let api = StdUnixListener::from(api);
        api.set_nonblocking(true)?;
        let (writer, last_orders) = links::keeper::speak(keeper, inbox.clone())?;
        let supervisor = Supervisor::new(Surroundings {
            layout: layout.clone(),
            inbox: inbox.clone(),
            keeper: writer,
            start_keeper: start_keeper.clone(),
        });
        let server = server::serve(tokio::net::UnixListener::from_std(api)?, inbox);
        supervisor.run(inputs).await;
        // What was ordered and answered last is to be heard.
        let _ = tokio::time::timeout(FAREWELL, last_orders).await;
        let _ = tokio::time::timeout(FAREWELL, server.end()).await;
        Ok(())
    });
    // Nothing that still runs beside the loop may hold up its end.
    runtime.shutdown_background();
    end
}

fn said(error: io::Error, what: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
