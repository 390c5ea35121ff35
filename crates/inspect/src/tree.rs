//! The processes of a tree, one by one, for people.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use forge_os::process_table::{self, Listed, ProcessState, ProcessTable, Stat};

/// One process of a tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Process id.
    pub pid: i32,
    /// Its parent, which need not be in the tree.
    pub ppid: i32,
    /// How many of its ancestors are in the tree.
    pub depth: usize,
    /// Its command line; see [`command_text`].
    pub command: String,
    /// What it is doing.
    pub state: ProcessState,
    /// CPU over the last interval in percent of one core, where the caller knows it.
    pub cpu_percent: Option<f32>,
    /// CPU time since it started.
    pub cpu_time: Duration,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// Threads.
    pub threads: u32,
    /// When it started, since 1970.
    pub started_at: Duration,
}

/// The given processes as a forest: parents before their children, siblings by age. Those that are gone
/// are left out. `cpu_percent` knows what each uses at present.
///
/// # Errors
/// When `/proc` cannot be opened.
pub fn forest(
    pids: &[i32],
    mut cpu_percent: impl FnMut(i32) -> Option<f32>,
) -> io::Result<Vec<Node>> {
    let mut table = ProcessTable::open()?;
    let stats = pids.iter().filter_map(|pid| table.stat(*pid).ok());
    let mut stats: Vec<Stat> = stats.collect();
    stats.sort_by_key(|stat| (stat.start_ticks, stat.pid));
    stats.dedup_by_key(|stat| stat.pid);
    let arranged = arrange(&stats);
    Ok(arranged
        .into_iter()
        .map(|(place, depth)| node(&stats[place], depth, cpu_percent(stats[place].pid)))
        .collect())
}

/// All that descends from a process, without itself, as it is now; one pass through the process table.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn descendants(pid: i32) -> io::Result<Vec<i32>> {
    let mut table = ProcessTable::open()?;
    let mut listing: Vec<Listed> = Vec::new();
    table.list(&mut listing)?;
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for listed in listing {
        if let Ok(stat) = table.stat(listed.pid) {
            children.entry(stat.ppid).or_default().push(stat.pid);
        }
    }
    let mut found = Vec::new();
    let mut next = children.remove(&pid).unwrap_or_default();
    while let Some(pid) = next.pop() {
        found.push(pid);
        // Taken out, so that a circle, which a pid reused meanwhile could seem to make, ends.
        next.extend(children.remove(&pid).unwrap_or_default());
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The command line of a process as one line; its short name in brackets where it has none, as kernel
/// threads and ended processes do.
///
/// Comes from the process itself: bytes that are no UTF-8 are replaced, but control characters are not.
pub fn command_text(pid: i32, short_name: &str) -> String {
    let words = process_table::command_line(pid).unwrap_or_default();
    if words.is_empty() {
        return format!("[{short_name}]");
    }
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

fn node(stat: &Stat, depth: usize, cpu_percent: Option<f32>) -> Node {
    Node {
        pid: stat.pid,
        ppid: stat.ppid,
        depth,
        command: command_text(stat.pid, &stat.comm.to_text()),
        state: stat.state,
        cpu_percent,
        cpu_time: process_table::ticks_to_duration(stat.own_ticks()),
        memory_bytes: stat.rss_pages * process_table::page_size(),
        threads: stat.threads,
        started_at: process_table::started_at(stat.start_ticks),
    }
}

/// The order in which processes, given by age, are shown, and how deep each stands.
fn arrange(stats: &[Stat]) -> Vec<(usize, usize)> {
    let places: HashMap<i32, usize> = stats
        .iter()
        .enumerate()
        .map(|(at, s)| (s.pid, at))
        .collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); stats.len()];
    let mut tops = Vec::new();
    for (place, stat) in stats.iter().enumerate() {
        // A parent is older than its child, or of the same tick with a place before it. One that is
        // not is another process by now, and could close a circle.
        match places.get(&stat.ppid) {
            Some(parent) if *parent < place => children[*parent].push(place),
            _ => tops.push(place),
        }
    }
    let mut order = Vec::with_capacity(stats.len());
    let mut next: Vec<(usize, usize)> = tops.into_iter().rev().map(|top| (top, 0)).collect();
    while let Some((place, depth)) = next.pop() {
        order.push((place, depth));
        next.extend(
            children[place]
                .iter()
                .rev()
                .map(|child| (*child, depth + 1)),
        );
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(pid: i32, ppid: i32, start: u64) -> Stat {
        let text = format!("{pid} (x) S {ppid} 1 1 0 0 0 0 0 0 0 1 1 1 1 0 0 1 0 {start} 0 1");
        Stat::parse(text.as_bytes()).expect("is a stat")
    }

    fn arranged(stats: &[Stat]) -> Vec<(i32, usize)> {
        let order = arrange(stats).into_iter();
        order
            .map(|(place, depth)| (stats[place].pid, depth))
            .collect()
    }

    #[test]
    fn children_stand_below_their_parents_and_siblings_by_age() {
        let stats = [
            stat(9, 1, 1),
            stat(5, 9, 2),
            stat(7, 9, 3),
            stat(6, 5, 4),
            stat(3, 1, 5),
        ];
        assert_eq!(arranged(&stats), [(9, 0), (5, 1), (6, 2), (7, 1), (3, 0)]);
    }

    #[test]
    fn a_circle_of_parents_loses_nobody() {
        let stats = [stat(1, 2, 1), stat(2, 1, 2), stat(3, 3, 3)];
        assert_eq!(arranged(&stats), [(1, 0), (2, 1), (3, 0)]);
    }
}
