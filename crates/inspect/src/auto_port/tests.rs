//! Scenarios of automatic ports, each with a registry of its own.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::*;

struct Machine {
    state: tempfile::TempDir,
    folders: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        Machine {
            state: tempfile::tempdir().expect("makes a folder"),
            folders: tempfile::tempdir().expect("makes a folder"),
        }
    }

    fn workspace(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.folders.path().join(name);
        std::fs::create_dir_all(&path).expect("makes a folder");
        path
    }

    fn port(&self, workspace: &Path, process: &str) -> u16 {
        self.choose(workspace, process).port
    }

    fn choose(&self, workspace: &Path, process: &str) -> Choice {
        stable_port(self.state.path(), workspace, process, &[]).expect("chooses")
    }
}

#[test]
fn a_process_gets_the_same_port_each_time_and_every_other_one_another() {
    let machine = Machine::new();
    let (one, two) = (machine.workspace("one"), machine.workspace("two"));
    let names: Vec<String> = (0..20).map(|n| format!("web-{n}")).collect();
    let mut ports = BTreeSet::new();
    for workspace in [&one, &two] {
        for name in &names {
            let port = machine.port(workspace, name);
            assert!(ports.insert(port), "{port} was given twice");
            assert!((FIRST..FIRST + COUNT).contains(&port));
            assert_eq!(machine.port(workspace, name), port);
        }
    }
}

#[test]
fn candidates_are_all_ports_of_the_range_once_and_not_those_of_clients() {
    let all: Vec<u16> = candidates(Path::new("/w"), "web").collect();
    let each: BTreeSet<u16> = all.iter().copied().collect();
    assert_eq!(each.len(), all.len());
    assert_eq!(all, candidates(Path::new("/w"), "web").collect::<Vec<_>>());
    assert_ne!(
        all[0],
        candidates(Path::new("/v"), "web").next().expect("one")
    );
    if let Some(clients) = process_table::ephemeral_ports() {
        let overlap = *clients.start() < FIRST && *clients.end() > FIRST + COUNT;
        assert!(overlap || each.iter().all(|port| !clients.contains(port)));
    }
}

#[test]
fn where_it_begins_never_changes() {
    assert_eq!(
        hash(Path::new("/home/u/shop"), "web"),
        6_899_856_523_474_911_055
    );
}

#[test]
fn a_port_that_a_stranger_holds_has_a_stand_in_until_it_is_free() {
    let machine = Machine::new();
    let workspace = machine.workspace("w");
    let own = machine.port(&workspace, "web");
    for address in ["127.0.0.1", "::1"] {
        let Ok(stranger) = TcpListener::bind((address, own)) else {
            println!("skipped: this machine has no {address}");
            continue;
        };
        let choice = machine.choose(&workspace, "web");
        assert_eq!(choice.instead_of, Some(own));
        assert_ne!(choice.port, own);
        assert_eq!(machine.choose(&workspace, "web"), choice);
        let others: Vec<u16> = (0..50)
            .map(|n| machine.port(&workspace, &format!("o{n}")))
            .collect();
        assert!(!others.contains(&choice.port) && !others.contains(&own));
        drop(stranger);
        assert_eq!(machine.choose(&workspace, "web").port, own);
    }
}

#[test]
fn what_the_workspace_gave_out_otherwise_is_not_chosen() {
    let machine = Machine::new();
    let workspace = machine.workspace("w");
    let first = candidates(&workspace, "web").next().expect("one");
    let choice = stable_port(machine.state.path(), &workspace, "web", &[first]).expect("chooses");
    assert_ne!(choice.port, first);
    assert_eq!(machine.port(&workspace, "web"), choice.port);
}

#[test]
fn workspaces_that_choose_at_once_get_different_ports() {
    let machine = Machine::new();
    let workspaces: Vec<PathBuf> = (0..8).map(|n| machine.workspace(n.to_string())).collect();
    let ports: Vec<u16> = std::thread::scope(|scope| {
        let choosing: Vec<_> = workspaces
            .iter()
            .map(|workspace| scope.spawn(|| machine.port(workspace, "web")))
            .collect();
        choosing
            .into_iter()
            .map(|one| one.join().expect("chooses"))
            .collect()
    });
    assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), 8);
}

#[test]
fn a_damaged_registry_is_set_aside_and_told() {
    let machine = Machine::new();
    let workspace = machine.workspace("w");
    let port = machine.port(&workspace, "web");
    let file = machine.state.path().join("ports.json");
    std::fs::write(&file, b"{\"ports\": [{").expect("writes");
    let choice = machine.choose(&workspace, "web");
    let aside = choice.damaged.expect("is told");
    assert_eq!(std::fs::read(aside).expect("is kept"), b"{\"ports\": [{");
    assert_eq!(choice.port, port);
    assert_eq!(machine.choose(&workspace, "web").damaged, None);
}

#[test]
fn folders_that_are_gone_and_processes_that_are_forgotten_have_no_port() {
    let machine = Machine::new();
    let strange = machine.workspace(Path::new(OsStr::from_bytes(b"a\xff")));
    let gone = machine.workspace("gone");
    machine.port(&strange, "web");
    machine.port(&gone, "web");
    std::fs::remove_dir(&gone).expect("removes");
    let here = machine.workspace("here");
    machine.port(&here, "web");
    let registry = Registry::open(machine.state.path()).expect("opens");
    assert_eq!(registry.port_of(&gone, "web"), None);
    assert!(registry.port_of(&strange, "web").is_some());
    drop(registry);
    forget(machine.state.path(), &here, Some("other")).expect("forgets");
    forget(machine.state.path(), &strange, None).expect("forgets");
    let registry = Registry::open(machine.state.path()).expect("opens");
    assert!(registry.port_of(&here, "web").is_some());
    assert_eq!(registry.port_of(&strange, "web"), None);
}
