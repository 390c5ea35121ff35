//! How a keeper begins: alone, apart from whoever started it, with its sockets, and with what a
//! keeper before it has left.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use forge_facts::layout::Layout;
use forge_facts::mark;
use forge_os::{Interest, Lock, Poller, Signals, Title, signal};

use super::closing::Closing;
use super::supervisor::Supervisor;
use super::{Keeper, token};
use crate::options::Options;

/// How long the lock of one that was just killed may take to be released.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// A log that is larger than this is begun anew.
const LOG_MOST: u64 = 4 << 20;

impl Keeper {
    /// Takes its place; `None` where another keeper lives.
    pub(super) fn begin(options: &Options) -> Result<Option<Self>, String> {
        let layout = options.layout()?;
        let program = options.path("--supervisor")?;
        shed_marks()?;
        let ready = match options.number("--ready-fd")? {
            Some(number) => Some(
                forge_os::inherit(number)
                    .map_err(|error| format!("--ready-fd {number}: {error}"))?,
            ),
            None => None,
        };
        close_all_but(ready.as_ref());
        for folder in [layout.state(), layout.runtime()] {
            forge_os::private_folder(folder).map_err(|error| error.to_string())?;
        }
        let lock = Lock::take(&layout.keeper_lock(), LOCK_PATIENCE)
            .map_err(|error| format!("{}: {error}", layout.keeper_lock().display()))?;
        let Some(lock) = lock else {
            return Ok(None);
        };
        open_log(&layout.supervisor_log());
        let keeper = match Self::build(layout, program, lock) {
            Ok(keeper) => keeper,
            Err(why) => {
                // Whoever waits at it hears of the end when the reason stands in the log.
                std::mem::forget(ready);
                return Err(why);
            }
        };
        if let Some(ready) = &ready {
            let _ = forge_os::write(ready, b"r");
        }
        Ok(Some(keeper))
    }

    fn build(layout: Layout, program: PathBuf, lock: Lock) -> Result<Self, String> {
        forge_os::detach_session();
        forge_os::become_root_of_orphans().map_err(|error| format!("subreaper: {error}"))?;
        forge_os::ignore_signals(&[signal::PIPE, signal::HANG_UP, signal::INTERRUPT]);
        let signals =
            Signals::take(&[signal::CHILD]).map_err(|error| format!("signals: {error}"))?;
        let open_files = forge_os::raise_open_files().ok();
        let poller = Poller::new().map_err(|error| format!("epoll: {error}"))?;
        write_workspace(&layout);
        let listener = listen(&layout.keeper_socket())?;
        let api = listen(&layout.api_socket())?;
        poller
            .add(&signals, token::SIGNALS, Interest::Read)
            .and_then(|()| poller.add(&listener, token::LISTENER, Interest::Read))
            .map_err(|error| format!("epoll: {error}"))?;
        let mut keeper = Keeper {
            layout,
            title: Title::find(),
            boot: forge_os::boot_id().map_err(|error| format!("boot id: {error}"))?,
            open_files,
            poller,
            signals,
            api,
            listener,
            supervisor: Supervisor::new(program),
            shims: Vec::new(),
            guests: Vec::new(),
            closing: Closing::No,
            next_token: token::FIRST_FREE,
            look_at: None,
            _lock: lock,
        };
        keeper.find_former_supervisor();
        keeper.find_shims();
        Ok(keeper)
    }

    /// Sees to it that the sockets can be found: somebody may have emptied the folder.
    pub(super) fn keep_sockets(&mut self) {
        let (api, own) = (self.layout.api_socket(), self.layout.keeper_socket());
        if !api.exists() {
            match private_listen(&self.layout, &api) {
                Ok(listener) => self.api = listener,
                Err(why) => crate::say(&why),
            }
        }
        if !own.exists() {
            match private_listen(&self.layout, &own) {
                Ok(listener) => {
                    let _ = self.poller.remove(&self.listener);
                    let _ = self.poller.add(&listener, token::LISTENER, Interest::Read);
                    self.listener = listener;
                }
                Err(why) => crate::say(&why),
            }
        }
    }
}

fn private_listen(layout: &Layout, path: &Path) -> Result<UnixListener, String> {
    forge_os::private_folder(layout.runtime()).map_err(|error| error.to_string())?;
    listen(path)
}

/// The API's socket blocks for whoever wants that; ours must not.
fn listen(path: &Path) -> Result<UnixListener, String> {
    let listener = forge_os::listen_in(path);
    let listener = listener.map_err(|error| format!("{}: {error}", path.display()))?;
    listener
        .set_nonblocking(true)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(listener)
}

/// A keeper that was started from within a managed process bears that one's marks, and would be
/// taken for a part of its tree. What a process began with cannot be changed: it begins again.
fn shed_marks() -> Result<(), String> {
    let marks = [
        mark::WORKSPACE,
        mark::PROFILE,
        mark::PROCESS,
        mark::RUN_ID,
        mark::REPLICA,
    ];
    if !marks.iter().any(|name| std::env::var_os(name).is_some()) {
        return Ok(());
    }
    let mut again = std::process::Command::new(own_program()?);
    let mut words = std::env::args_os();
    if let Some(name) = words.next() {
        again.arg0(name);
    }
    again.args(words);
    for name in marks {
        again.env_remove(name);
    }
    Err(format!("cannot begin again: {}", again.exec()))
}

fn close_all_but(ready: Option<&OwnedFd>) {
    use std::os::fd::AsRawFd;
    let keep: Vec<_> = ready.iter().map(|fd| fd.as_raw_fd()).collect();
    forge_os::close_others(&keep);
}

/// Standard error becomes the log.
fn open_log(path: &Path) {
    let file = File::options()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(forge_os::NO_FOLLOW | forge_os::NO_BLOCK)
        .open(path);
    let Ok(file) = file else {
        return;
    };
    let _ = forge_os::replace_stderr(&file);
    bound_log();
}

/// Begins the log anew when it has grown large.
pub(super) fn bound_log() {
    use std::os::fd::AsFd;
    let Ok(log) = io::stderr().as_fd().try_clone_to_owned() else {
        return;
    };
    let log = File::from(log);
    if log
        .metadata()
        .is_ok_and(|meta| meta.is_file() && meta.len() > LOG_MOST)
    {
        let _ = log.set_len(0);
    }
}

/// The path of this program; by way of `/proc` where it was replaced meanwhile.
fn own_program() -> Result<PathBuf, String> {
    let running = Path::new("/proc/self/exe");
    let path = std::fs::read_link(running).map_err(|error| format!("/proc/self/exe: {error}"))?;
    let inode = |path: &Path| {
        File::open(path)
            .and_then(|file| forge_os::inode(&file))
            .ok()
    };
    if inode(&path).is_some() && inode(&path) == inode(running) {
        Ok(path)
    } else {
        Ok(running.to_path_buf())
    }
}

/// Writes down whose folder this is.
fn write_workspace(layout: &Layout) {
    let path = layout.workspace_file();
    let text = layout.workspace().as_os_str().as_encoded_bytes();
    if std::fs::read(&path).is_ok_and(|there| there.trim_ascii_end() == text) {
        return;
    }
    let new = path.with_extension("new");
    let _ = std::fs::remove_file(&new);
    let written = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| file.write_all(text))
        .and_then(|()| std::fs::rename(&new, &path));
    if let Err(error) = written {
        crate::say(&format!("{}: {error}", path.display()));
    }
}
