//! Which processes of a tree are clients of a container engine.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use forge_os::process_table::{self, ProcessTable};
use forge_services::containers::{Client, ClientProcess, Engine};

/// A process becomes another program soon after it was made, or never; a shell may do so late.
const LOOKS: u8 = 5;
/// Programs that only start others.
const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "fish", "ksh", "busybox", "env"];
/// Programs that belong to an engine; what is below them runs in a container.
const HELPERS: [&str; 6] = [
    "docker",
    "docker-compose",
    "podman",
    "nerdctl",
    "conmon",
    "rootlessport",
];

/// The clients in one tree.
#[derive(Default)]
pub(super) struct Clients {
    seen: BTreeMap<i32, (Role, u8)>,
}

enum Role {
    Client(Box<Found>),
    Shell,
    Helper,
    Other,
}

struct Found {
    process: ClientProcess,
    engine: Option<Engine>,
    /// Its containers run below itself, not below a daemon.
    is_podman: bool,
}

impl Clients {
    /// Looks at those who are new, and returns whether the clients are others than before.
    pub(super) fn follow(&mut self, pids: &[i32]) -> bool {
        let mut changed = false;
        self.seen.retain(|pid, (role, _)| {
            let stays = pids.contains(pid);
            changed |= !stays && matches!(role, Role::Client(_));
            stays
        });
        for pid in pids {
            let looks = match self.seen.get(pid) {
                Some((Role::Client(_), _)) => continue,
                Some((Role::Helper | Role::Other, looks)) if *looks >= LOOKS => continue,
                Some((_, looks)) => looks.saturating_add(1),
                None => 0,
            };
            let role = role_of(*pid);
            changed |= matches!(role, Role::Client(_));
            self.seen.insert(*pid, (role, looks));
        }
        changed
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<ClientProcess> {
        self.found().map(|found| found.process.clone()).collect()
    }

    /// The engine that they ask; several engines for one process are not thought of.
    pub(super) fn engine(&self) -> Option<Engine> {
        self.found().find_map(|found| found.engine.clone())
    }

    /// Whether there is nothing in the tree that does work of its own. Podman runs its containers below
    /// itself: they are no work beside it.
    pub(super) fn are_alone(&self) -> bool {
        let mut roles = self.seen.values();
        roles.all(|(role, _)| !matches!(role, Role::Other))
            || self.found().any(|found| found.is_podman)
    }

    fn found(&self) -> impl Iterator<Item = &Found> {
        self.seen.values().filter_map(|(role, _)| match role {
            Role::Client(found) => Some(found.as_ref()),
            Role::Shell | Role::Helper | Role::Other => None,
        })
    }
}

fn role_of(pid: i32) -> Role {
    // One that is gone does nothing any more.
    let Ok(words) = process_table::command_line(pid) else {
        return Role::Helper;
    };
    let words: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if let Some(client) = Client::parse(&words)
        && let Some(role) = client_of(pid, client, &words)
    {
        return role;
    }
    let program = words.first().map_or("", String::as_str);
    let program = program.rsplit('/').next().unwrap_or(program);
    let program = program.strip_prefix('-').unwrap_or(program);
    if SHELLS.contains(&program) {
        Role::Shell
    } else if HELPERS.contains(&program) {
        Role::Helper
    } else {
        Role::Other
    }
}

fn client_of(pid: i32, mut client: Client, words: &[String]) -> Option<Role> {
    let environment = process_table::environment(pid).unwrap_or_default();
    let variable = |name: &str| {
        let value = environment.iter().find_map(|entry| {
            let rest = entry.strip_prefix(name.as_bytes())?;
            rest.strip_prefix(b"=")
        })?;
        Some(OsString::from_vec(value.to_vec()))
    };
    if let Client::Compose { project, .. } = &mut client
        && project.is_none()
    {
        let named = variable("COMPOSE_PROJECT_NAME").and_then(|name| name.into_string().ok());
        *project = named.filter(|name| !name.is_empty());
    }
    let engine = match Client::host_in(words) {
        Some(host) => Engine::of_host(host),
        None => Engine::find(&variable),
    };
    let stat = ProcessTable::open()
        .and_then(|mut table| table.stat(pid))
        .ok()?;
    let process = ClientProcess {
        client,
        cwd: process_table::cwd(pid).ok()?,
        started_at: process_table::started_at(stat.start_ticks),
    };
    Some(Role::Client(Box::new(Found {
        process,
        engine,
        is_podman: words.iter().take(2).any(|word| word.contains("podman")),
    })))
}
