//! Scenarios of trees that grow, lose their shim, and change places.

use std::collections::BTreeMap;

use super::*;

/// A process table that counts how often it is read.
#[derive(Default)]
struct Fake {
    processes: BTreeMap<i32, (u64, i32, u64)>,
    marks: BTreeMap<i32, String>,
    next_inode: u64,
    stats: usize,
    lists: usize,
}

impl Fake {
    /// Processes as `(pid, parent)`.
    fn with(processes: &[(i32, i32)]) -> Self {
        let mut fake = Fake::default();
        for (pid, ppid) in processes {
            fake.start(*pid, *ppid);
        }
        fake
    }

    fn start(&mut self, pid: i32, ppid: i32) {
        self.next_inode += 1;
        self.processes
            .insert(pid, (self.next_inode, ppid, self.next_inode));
    }

    /// A process ends, and its children get another parent.
    fn end(&mut self, pid: i32, heir: i32) {
        self.processes.remove(&pid);
        for process in self.processes.values_mut().filter(|p| p.1 == pid) {
            process.1 = heir;
        }
    }
}

impl Table for Fake {
    fn list(&mut self, out: &mut Vec<Listed>) -> io::Result<()> {
        self.lists += 1;
        out.clear();
        out.extend(self.processes.iter().map(|(pid, p)| Listed {
            pid: *pid,
            inode: p.0,
        }));
        Ok(())
    }

    fn stat(&mut self, pid: i32) -> Option<Stat> {
        self.stats += 1;
        let (_, ppid, start) = self.processes.get(&pid)?;
        let text = format!("{pid} (x) S {ppid} 1 1 0 0 0 0 0 0 0 1 1 1 1 0 0 1 0 {start} 0 1");
        Stat::parse(text.as_bytes())
    }

    fn run_id(&mut self, pid: i32) -> Option<String> {
        self.marks.get(&pid).cloned()
    }
}

fn shim(name: &str, pid: i32) -> Root {
    Root::below_shim(name.into(), pid)
}

fn pids(trees: &Trees, place: usize) -> Vec<i32> {
    trees
        .members(place)
        .iter()
        .map(|member| member.pid)
        .collect()
}

#[test]
fn a_tree_is_all_that_descends_from_its_shim_without_the_shim() {
    let mut table = Fake::with(&[
        (1, 0),
        (10, 1),
        (20, 10),
        (21, 10),
        (30, 20),
        (31, 30),
        (40, 21),
        (50, 1),
    ]);
    let mut trees = Trees::new();
    assert!(trees.update(&mut table, &[shim("a", 20), shim("b", 21)], Some(50)));
    assert_eq!(pids(&trees, 0), [30, 31]);
    assert_eq!(pids(&trees, 1), [40]);
    assert_eq!(pids(&trees, 2), [0i32; 0]);
}

#[test]
fn nothing_is_read_while_no_pid_was_given_and_only_newcomers_are_read_otherwise() {
    let mut table = Fake::with(&[(1, 0), (20, 1), (30, 20)]);
    let roots = [shim("a", 20)];
    let mut trees = Trees::new();
    trees.update(&mut table, &roots, Some(30));
    (table.stats, table.lists) = (0, 0);
    assert!(!trees.update(&mut table, &roots, Some(30)));
    assert_eq!((table.stats, table.lists), (0, 0));
    table.start(31, 30);
    table.start(60, 1);
    assert!(trees.update(&mut table, &roots, Some(60)));
    assert_eq!((table.stats, table.lists), (2, 1));
    assert_eq!(pids(&trees, 0), [30, 31]);
    assert!(trees.update(&mut table, &roots, None));
    assert_eq!((table.stats, table.lists), (2, 2));
}

#[test]
fn an_orphan_stays_in_its_tree_and_so_do_its_children() {
    let mut table = Fake::with(&[(1, 0), (20, 1), (30, 20), (31, 30)]);
    let roots = [shim("a", 20)];
    let mut trees = Trees::new();
    trees.update(&mut table, &roots, Some(31));
    table.end(30, 20);
    table.start(32, 31);
    // Its parent was never seen.
    table.start(33, 20);
    trees.update(&mut table, &roots, Some(33));
    assert_eq!(pids(&trees, 0), [31, 32, 33]);
}

#[test]
fn a_pid_that_went_to_a_stranger_leaves_the_tree() {
    let mut table = Fake::with(&[(1, 0), (20, 1), (30, 20), (31, 30)]);
    let roots = [shim("a", 20)];
    let mut trees = Trees::new();
    trees.update(&mut table, &roots, Some(31));
    table.end(31, 30);
    table.start(31, 1);
    trees.update(&mut table, &roots, Some(40));
    assert_eq!(pids(&trees, 0), [30]);
}

#[test]
fn members_survive_the_death_of_their_shim_and_marked_orphans_are_found() {
    let mut table = Fake::with(&[(1, 0), (10, 1), (20, 10), (21, 10), (30, 20), (31, 30)]);
    let mut root = shim("a", 20);
    (root.leader, root.run_id) = (Some(30), Some("run".into()));
    let other = shim("b", 21);
    let mut trees = Trees::new();
    trees.update(&mut table, &[root.clone(), other.clone()], Some(31));
    table.end(20, 10);
    table.start(22, 10);
    root.shim = Some(22);
    trees.update(&mut table, &[root.clone(), other.clone()], Some(31));
    assert_eq!(pids(&trees, 0), [30, 31]);
    table.start(32, 10);
    table.marks.insert(32, "run".into());
    table.start(33, 10);
    table.marks.insert(33, "another".into());
    trees.update(&mut table, &[root.clone(), other.clone()], Some(33));
    assert_eq!(pids(&trees, 0), [30, 31, 32]);
    // One who comes later knows the same from the leader and the mark.
    let mut later = Trees::new();
    later.update(&mut table, &[root, other], Some(33));
    assert_eq!(pids(&later, 0), [30, 31, 32]);
}

#[test]
fn roots_may_come_go_and_change_places() {
    let mut table = Fake::with(&[(1, 0), (20, 1), (21, 1), (30, 20), (31, 21)]);
    let mut trees = Trees::new();
    trees.update(&mut table, &[shim("a", 20), shim("b", 21)], Some(31));
    trees.update(
        &mut table,
        &[shim("b", 21), shim("c", 22), shim("a", 20)],
        Some(31),
    );
    assert_eq!(
        [pids(&trees, 0), pids(&trees, 1), pids(&trees, 2)],
        [vec![31], vec![], vec![30]]
    );
    trees.update(&mut table, &[shim("c", 22)], Some(31));
    assert_eq!(pids(&trees, 0), [0i32; 0]);
    table.start(22, 1);
    table.start(40, 22);
    trees.update(&mut table, &[shim("c", 22)], Some(40));
    assert_eq!(pids(&trees, 0), [40]);
}

#[test]
fn a_member_reported_gone_is_forgotten_and_a_circle_of_parents_ends() {
    let mut table = Fake::with(&[(1, 0), (20, 1), (30, 20), (41, 42), (42, 41)]);
    let roots = [shim("a", 20)];
    let mut trees = Trees::new();
    trees.update(&mut table, &roots, Some(42));
    let member = trees.members(0)[0];
    trees.forget(0, member);
    assert_eq!(pids(&trees, 0), [0i32; 0]);
    table.end(30, 20);
    trees.update(&mut table, &roots, Some(43));
    assert_eq!(pids(&trees, 0), [0i32; 0]);
}
