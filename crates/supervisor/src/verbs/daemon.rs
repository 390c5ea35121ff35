//! Forge's own processes: who they are, and their end.

use std::collections::BTreeMap;

use forge_api::{DaemonStatus, ProcessPid};
use forge_facts::{KeeperOrder, Order};

use crate::managed::Link;
use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn daemon_status(&self) -> DaemonStatus {
        let pid = |pid: i32| ProcessPid { pid };
        let mut shims = BTreeMap::new();
        let mut processes = BTreeMap::new();
        for (name, managed) in &self.managed {
            if let Some(shim) = managed.shim_pid() {
                shims.insert(name.clone(), pid(shim));
            }
            if let Some(leader) = self.core.view(name).and_then(|view| view.pid) {
                processes.insert(name.clone(), pid(leader));
            }
        }
        DaemonStatus {
            keeper: self.keeper_pid().map(pid),
            supervisor: i32::try_from(std::process::id()).ok().map(pid),
            shims,
            processes,
            version: Some(env!("CARGO_PKG_VERSION").to_string()),
        }
    }

    /// Lets a new supervisor take over: of the program that is installed now.
    pub(crate) fn daemon_restart(&mut self) {
        if let Ok(program) = std::env::current_exe() {
            // An installed file that was replaced is shown as deleted; its name is what counts.
            let text = program.to_string_lossy();
            let name = text.strip_suffix(" (deleted)").unwrap_or(&text);
            // Where it is gone for good, whoever asks has told the keeper of another one.
            if std::path::Path::new(name).exists() {
                let _ = self.keeper.send(KeeperOrder::Replace {
                    program: name.as_bytes().to_vec(),
                });
            }
        }
        self.remember_now();
        self.over = true;
    }

    /// Nothing runs any more: shims and keeper may end.
    pub(crate) fn shut_down(&mut self) {
        for managed in self.managed.values_mut() {
            if let Link::Up { connection, .. } = managed.link {
                managed.order(Order::Release);
                managed.link = Link::Releasing(connection);
            }
        }
        self.remember_now();
        let _ = self.keeper.send(KeeperOrder::Shutdown);
    }
}
