//! How a shim begins: its lock, its socket, what the keeper has handed to it, and what its journal
//! leaves open.

use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use forge_facts::layout::Layout;
use forge_facts::{Entry, Fact, Hello, Role, Spare};
use forge_os::{Interest, Lock, Poller, Signals, signal};

use super::journal::Journal;
use super::recover::Spares;
use super::{Begin, Shim, token};
use crate::link::Link;
use crate::open_run;

/// Where the connection to the keeper is found; the descriptors in its custody follow.
const LINK_FD: RawFd = 3;

/// How long the lock of one that was just killed may take to be released.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

impl Shim {
    /// Takes its place; `None` where another shim of this process lives.
    pub(super) fn begin(begin: Begin) -> Result<Option<Self>, String> {
        let Begin {
            name,
            layout,
            boot,
            open_files,
            spares,
        } = begin;
        let poller = Poller::new().map_err(|error| format!("epoll: {error}"))?;
        let stream = forge_os::inherit(LINK_FD).map_err(|error| format!("no keeper: {error}"))?;
        let mut keeper = Link::new(UnixStream::from(stream), &poller, token::LINKS)
            .map_err(|error| format!("keeper: {error}"))?;
        let mut spares = inherit_spares(&spares)?;
        let parts = match Parts::gather(&layout, &name, &mut spares, &poller) {
            Ok(Some(parts)) => parts,
            Ok(None) => return Ok(None),
            Err(why) => {
                let refused = Fact::Refused {
                    order: "ensure".to_string(),
                    run: None,
                    why: why.clone(),
                };
                keeper.send(&refused.to_record(), &poller);
                return Err(format!("{name}: {why}"));
            }
        };
        let mut shim = Shim {
            layout,
            name,
            boot,
            open_files,
            poller,
            signals: parts.signals,
            listener: parts.listener,
            keeper: Some(keeper),
            supervisor: None,
            strangers: Vec::new(),
            next_token: token::LINKS + 1,
            journal: parts.journal,
            run: None,
            watched: false,
            released: false,
            alive_at: Instant::now(),
            late_at: None,
            alone_until: None,
            _lock: parts.lock,
        };
        if let Some(open) = open_run::of(&parts.held) {
            shim.recover(open, spares);
        }
        shim.greet_keeper();
        Ok(Some(shim))
    }

    fn greet_keeper(&mut self) {
        let hello = Hello::new(
            Role::Shim,
            std::process::id() as i32,
            env!("CARGO_PKG_VERSION"),
        );
        if let Some(keeper) = &mut self.keeper {
            keeper.send(&hello.to_record(), &self.poller);
        }
        self.hold_listener();
    }
}

/// What a shim consists of before it looks at its run.
struct Parts {
    listener: UnixListener,
    signals: Signals,
    journal: Journal,
    held: Vec<(u64, Entry)>,
    lock: Lock,
}

impl Parts {
    fn gather(
        layout: &Layout,
        name: &str,
        spares: &mut Spares,
        poller: &Poller,
    ) -> Result<Option<Self>, String> {
        for folder in [
            layout.process(name),
            layout.runtime().join("shims"),
            layout.runtime().join("pipes"),
        ] {
            forge_os::private_folder(&folder).map_err(|error| error.to_string())?;
        }
        let at = |path: &Path| format!("{}: ", path.display());
        let path = layout.shim_lock(name);
        let lock =
            Lock::take(&path, LOCK_PATIENCE).map_err(|error| format!("{}{error}", at(&path)))?;
        let Some(lock) = lock else {
            return Ok(None);
        };
        forge_os::become_root_of_orphans().map_err(|error| format!("subreaper: {error}"))?;
        forge_os::ignore_signals(&[signal::PIPE, signal::HANG_UP, signal::INTERRUPT]);
        let signals =
            Signals::take(&[signal::CHILD]).map_err(|error| format!("signals: {error}"))?;
        let path = layout.journal(name);
        let (journal, held) =
            Journal::open(&path).map_err(|error| format!("{}{error}", at(&path)))?;
        if held.damaged > 0 {
            crate::say(&format!(
                "{name}: {} lines of the journal cannot be read; the file as it was is beside it",
                held.damaged
            ));
        }
        let listener = listen(layout, name, spares)?;
        poller
            .add(&signals, token::SIGNALS, Interest::Read)
            .and_then(|()| poller.add(&listener, token::LISTENER, Interest::Read))
            .map_err(|error| format!("epoll: {error}"))?;
        Ok(Some(Parts {
            listener,
            signals,
            journal,
            held: held.entries,
            lock,
        }))
    }
}

/// The socket of the shim that died, in whose backlog somebody may wait; else a new one.
fn listen(layout: &Layout, name: &str, spares: &mut Spares) -> Result<UnixListener, String> {
    let path = layout.shim_socket(name);
    let kept = spares.take(Spare::Listener).map(UnixListener::from);
    let listener = match kept {
        Some(listener) if path.exists() => listener,
        _ => forge_os::listen_in(&path).map_err(|error| format!("{}: {error}", path.display()))?,
    };
    listener
        .set_nonblocking(true)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(listener)
}

fn inherit_spares(spares: &[Spare]) -> Result<Spares, String> {
    let mut held: Vec<(Spare, OwnedFd)> = Vec::new();
    for (place, what) in spares.iter().enumerate() {
        let fd = forge_os::inherit(LINK_FD + 1 + place as RawFd)
            .map_err(|error| format!("the held {what}: {error}"))?;
        held.push((*what, fd));
    }
    Ok(Spares::new(held))
}
