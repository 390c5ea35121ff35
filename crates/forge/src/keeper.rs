//! Starting the keeper: the small program that outlives everything else of Forge.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use forge_facts::layout::Layout;
use forge_os::{Session, Spawn};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::failure::Failure;

/// How long a keeper may take until the API's socket listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// The program that is a keeper: `forge-keeper` beside this one, else as `FORGE_KEEPER` says.
fn program() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    let own = own.canonicalize().unwrap_or(own);
    let beside = own.with_file_name("forge-keeper");
    let named = std::env::var_os("FORGE_KEEPER").map(PathBuf::from);
    [Some(beside.clone()), named]
        .into_iter()
        .flatten()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            format!(
                "there is no {}, and FORGE_KEEPER does not name one",
                beside.display()
            )
        })
}

/// Which program it is, for `doctor`.
pub(crate) fn describe() -> Result<String, String> {
    program().map(|path| path.display().to_string())
}

/// Starts a keeper as nobody's child; returns when the API's socket listens, or when another keeper
/// was faster.
///
/// # Errors
///
/// When it cannot be started, or ends before it listens.
pub(crate) fn start(layout: &Layout) -> Result<(), Failure> {
    let failed = |why: String| failure(layout, &why);
    let io = |error: std::io::Error| failed(error.to_string());
    let ready = launch(layout)?;
    let mut ready = File::from(ready);
    let mut fds = [PollFd::new(&ready, PollFlags::IN)];
    let patience = Timespec::try_from(PATIENCE).unwrap_or_default();
    match poll(&mut fds, Some(&patience)) {
        Ok(0) => Err(failed("it does not answer".to_string())),
        Ok(_) => {
            let mut byte = [0];
            let said = ready.read(&mut byte).map_err(io)?;
            // Its end without a word is that of one that came second, or that failed.
            let another = || matches!(forge_os::holder(&layout.keeper_lock()), Ok(Some(_)));
            if said > 0 || another() {
                return Ok(());
            }
            Err(failed("it has ended at once".to_string()))
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Starts a keeper as nobody's child and does not wait for it: what comes back can be read once it
/// listens, and ends when it has failed.
///
/// # Errors
///
/// When it cannot be started.
pub(crate) fn launch(layout: &Layout) -> Result<OwnedFd, Failure> {
    let failed = |why: String| failure(layout, &why);
    let io = |error: std::io::Error| failed(error.to_string());
    for folder in [layout.state(), layout.runtime()] {
        forge_os::private_folder(folder).map_err(io)?;
    }
    // Where nothing can be written, neither keeper nor supervisor could begin, or say why.
    let room = layout.state().join("room");
    let tried = std::fs::write(&room, [0; 4096]);
    let _ = std::fs::remove_file(&room);
    tried.map_err(|error| {
        failed(format!(
            "cannot write to {}: {error}",
            layout.state().display()
        ))
    })?;
    let program = program().map_err(failed)?;
    let (ready, tell) = forge_os::pipe().map_err(io)?;
    let null = forge_os::null().map_err(io)?;
    let root = forge_os::open_folder(Path::new("/")).map_err(io)?;
    let spawn = Spawn {
        program: text(program.clone()).map_err(failed)?,
        argv: arguments(&program, layout).map_err(failed)?,
        env: None,
        folder: Some(root.as_fd()),
        // The fourth is the one that `--ready-fd` names.
        fds: vec![null.as_fd(), null.as_fd(), null.as_fd(), tell.as_fd()],
        session: Session::New,
        open_files: None,
        oom_score: None,
    };
    forge_os::spawn_detached(&spawn).map_err(io)?;
    Ok(ready)
}

fn failure(layout: &Layout, why: &str) -> Failure {
    Failure::failed(format!("cannot start the keeper: {why}")).hint(format!(
        "`forge dev doctor` looks for causes; the reason may stand in {}",
        layout.supervisor_log().display()
    ))
}

fn arguments(program: &Path, layout: &Layout) -> Result<Vec<CString>, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut words: Vec<OsString> = vec![program.into(), "keeper".into()];
    let options: [(&str, PathBuf); 4] = [
        ("--workspace", layout.workspace().to_path_buf()),
        ("--state", layout.state().to_path_buf()),
        ("--runtime", layout.runtime().to_path_buf()),
        ("--supervisor", own),
    ];
    for (name, value) in options {
        words.push(name.into());
        words.push(value.into());
    }
    words.push("--ready-fd".into());
    words.push("3".into());
    words.into_iter().map(text).collect()
}

fn text(word: impl Into<OsString>) -> Result<CString, String> {
    CString::new(word.into().into_vec()).map_err(|_| "a path has a NUL byte in it".to_string())
}
