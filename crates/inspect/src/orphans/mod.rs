//! What was left behind: processes that bear this workspace's mark but belong to no live run, and dev servers
//! in its folder whose parent is gone.
//!
//! What a live run owns, what descends from it, Forge itself and the line of whoever asks are never orphans,
//! neither when they are looked for nor when they are ended.

mod servers;

pub(crate) use servers::is_forge;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use forge_os::process_table::{self, ProcessTable, Stat};
use forge_os::sockets::Sockets;

use crate::Member;
use crate::ending::{self, Ending, Patience};
use crate::mark::Mark;
use crate::tree::command_text;

/// What is alive and accounted for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Live {
    /// The runs that are live.
    pub run_ids: HashSet<String>,
    /// Leaders and shims of live runs, processes that were taken over, and Forge's own processes. All that
    /// descends from one of them is live too.
    pub pids: HashSet<i32>,
}

/// A process of a run that is over, as a record of that run names it: one that has overwritten its mark is
/// known by this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// The process, by pid and start.
    pub member: Member,
    /// The name of the process that it was of.
    pub process: String,
    /// The run.
    pub run_id: Option<String>,
}

/// Why something is an orphan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It bears the mark of a run that is over.
    RunIsOver {
        /// The name of the process that it was of.
        process: String,
        /// The run.
        run_id: Option<String>,
    },
    /// A dev server in the workspace's folder whose parent is gone.
    ParentIsGone,
}

impl Reason {
    /// As people and `--json` are told it.
    pub fn text(&self) -> String {
        match self {
            Reason::RunIsOver { process, run_id } => match run_id {
                Some(run) => format!("left behind by {process}, run {run}, which is over"),
                None => format!("left behind by {process}"),
            },
            Reason::ParentIsGone => {
                "a server in this workspace's folder whose parent is gone".to_string()
            }
        }
    }
}

/// A tree that was left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Orphan {
    /// Its topmost process.
    pub pid: i32,
    /// All of its processes, the topmost first.
    pub members: Vec<Member>,
    /// The command line of the topmost.
    pub command: String,
    /// Its folder, where that can be seen.
    pub cwd: Option<PathBuf>,
    /// The ports that the tree listens on, sorted.
    pub ports: Vec<u16>,
    /// Resident memory of the tree.
    pub memory_bytes: u64,
    /// When the topmost started, since 1970.
    pub started_at: Duration,
    /// Why it is here.
    pub reason: Reason,
}

impl Orphan {
    /// The pids of the tree, the topmost first.
    pub fn pids(&self) -> Vec<i32> {
        self.members.iter().map(|member| member.pid).collect()
    }
}

/// Looks for what was left behind in a workspace, oldest first. `former` are processes that records of runs name.
///
/// # Errors
/// When `/proc` cannot be read, or the kernel does not tell which sockets listen.
pub fn find(workspace: &Path, live: &Live, former: &[Former]) -> io::Result<Vec<Orphan>> {
    let mut table = ProcessTable::open()?;
    let stats = ending::everybody(&mut table)?;
    let search = Search::new(workspace, live, &stats);
    let mut sockets = Sockets::open();
    let mut orphans = Vec::new();
    let mut taken = HashSet::new();
    for (pid, reason) in search.left_behind(former) {
        orphans.extend(search.orphan(&mut sockets, &mut taken, pid, reason)?);
    }
    for pid in search.parentless() {
        let found = search.orphan(&mut sockets, &mut taken, pid, Reason::ParentIsGone)?;
        orphans.extend(found.filter(|found| {
            !found.ports.is_empty() || servers::is_server(&process_words(found.pid))
        }));
    }
    orphans.sort_by_key(|orphan| (orphan.started_at, orphan.pid));
    Ok(orphans)
}

/// Ends a whole tree: TERM, then KILL to what is left and to what it started meanwhile. What has become live
/// since it was looked for, and a pid that changed hands, is left alone. Blocks for as long as `patience` allows.
///
/// # Errors
/// When `/proc` cannot be read, or no descriptor is left.
pub fn end(orphan: &Orphan, live: &Live, patience: Patience) -> io::Result<Ending> {
    let mut table = ProcessTable::open()?;
    let spared = spared(&ending::everybody(&mut table)?, live);
    let mut pinned = Vec::new();
    for member in orphan.members.iter().filter(|m| !spared.contains(&m.pid)) {
        let named = Mark::of(member.pid)
            .ok()
            .flatten()
            .and_then(|mark| mark.run_id);
        if named.is_some_and(|run| live.run_ids.contains(&run)) {
            continue;
        }
        pinned.extend(ending::pin(&mut table, *member)?);
    }
    Ok(ending::end(pinned, patience, |known| {
        let Ok(stats) = ending::everybody(&mut table) else {
            return Vec::new();
        };
        let roots: Vec<i32> = known.iter().map(|process| process.pid).collect();
        let newcomers = ending::below(&stats, &roots, &spared);
        let pinned = newcomers
            .into_iter()
            .map(|new| ending::pin(&mut table, new));
        pinned.filter_map(|pinned| pinned.ok().flatten()).collect()
    }))
}

/// All that must not be touched: what is live with its descendants, and the line of this program.
fn spared(stats: &[Stat], live: &Live) -> HashSet<i32> {
    let roots: Vec<i32> = live.pids.iter().copied().collect();
    let below = ending::below(stats, &roots, &HashSet::new());
    let mut spared: HashSet<i32> = below.into_iter().map(|member| member.pid).collect();
    spared.extend(roots);
    spared.extend(ending::line_of(stats, std::process::id() as i32));
    spared.insert(1);
    spared
}

fn process_words(pid: i32) -> Vec<String> {
    let words = process_table::command_line(pid).unwrap_or_default();
    words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

/// One look at everybody.
struct Search<'a> {
    workspace: &'a Path,
    live: &'a Live,
    stats: &'a [Stat],
    by_pid: HashMap<i32, &'a Stat>,
    spared: HashSet<i32>,
    uid: u32,
}

impl<'a> Search<'a> {
    fn new(workspace: &'a Path, live: &'a Live, stats: &'a [Stat]) -> Self {
        Search {
            workspace,
            live,
            stats,
            by_pid: stats.iter().map(|stat| (stat.pid, stat)).collect(),
            spared: spared(stats, live),
            uid: forge_os::own_uid(),
        }
    }

    /// The topmost processes of runs of this workspace that are over, by mark or by record.
    fn left_behind(&self, former: &[Former]) -> Vec<(i32, Reason)> {
        let mut found: HashMap<i32, Reason> = HashMap::new();
        let over = |run: Option<&String>| run.is_none_or(|run| !self.live.run_ids.contains(run));
        for stat in self.candidates() {
            let Ok(Some(mark)) = Mark::of(stat.pid) else {
                continue;
            };
            if over(mark.run_id.as_ref())
                && mark.workspace == self.workspace
                && !servers::is_forge(stat)
            {
                let reason = Reason::RunIsOver {
                    process: mark.process,
                    run_id: mark.run_id,
                };
                found.insert(stat.pid, reason);
            }
        }
        for former in former.iter().filter(|former| over(former.run_id.as_ref())) {
            let Member { pid, start_ticks } = former.member;
            let known = self.by_pid.get(&pid);
            if known.is_some_and(|s| s.start_ticks == start_ticks) && !self.spared.contains(&pid) {
                found.entry(pid).or_insert_with(|| Reason::RunIsOver {
                    process: former.process.clone(),
                    run_id: former.run_id.clone(),
                });
            }
        }
        let top = |pid: &i32| {
            let parent = self.by_pid.get(pid).map(|stat| stat.ppid);
            parent.is_none_or(|parent| !found.contains_key(&parent))
        };
        let mut tops: Vec<_> = found.iter().filter(|(pid, _)| top(pid)).collect();
        tops.sort_by_key(|(pid, _)| **pid);
        tops.into_iter()
            .map(|(pid, reason)| (*pid, reason.clone()))
            .collect()
    }

    /// Processes of this user in the workspace's folder whose parent is gone, without a mark of their own: that
    /// of a live run would make them its own, that of another workspace the other's.
    fn parentless(&self) -> Vec<i32> {
        let found = self.candidates().filter(|stat| {
            self.parent_is_gone(stat)
                && process_table::uid(stat.pid).is_ok_and(|uid| uid == self.uid)
                && process_table::cwd(stat.pid).is_ok_and(|cwd| cwd.starts_with(self.workspace))
                && Mark::of(stat.pid).is_ok_and(|mark| mark.is_none())
                && !servers::is_tool(stat, &process_words(stat.pid))
        });
        found.map(|stat| stat.pid).collect()
    }

    fn candidates(&self) -> impl Iterator<Item = &'a Stat> {
        self.stats
            .iter()
            .filter(|stat| !self.spared.contains(&stat.pid) && stat.ppid != 2 && stat.pid != 2)
    }

    /// Whether a process was adopted. The kernel does not say so; but who adopts is process 1, or a
    /// manager of sessions, or somebody in whose session the process never was, while the
    /// leader of its own is gone.
    fn parent_is_gone(&self, stat: &Stat) -> bool {
        if stat.ppid == 1 {
            return true;
        }
        let Some(parent) = self.by_pid.get(&stat.ppid) else {
            return true;
        };
        let leaderless = stat.session != stat.pid && !self.by_pid.contains_key(&stat.session);
        servers::adopts(parent) || (leaderless && parent.session != stat.session)
    }

    fn orphan(
        &self,
        sockets: &mut Sockets,
        taken: &mut HashSet<i32>,
        pid: i32,
        reason: Reason,
    ) -> io::Result<Option<Orphan>> {
        let Some(stat) = self.by_pid.get(&pid).filter(|_| taken.insert(pid)) else {
            return Ok(None);
        };
        let mut members = vec![Member {
            pid,
            start_ticks: stat.start_ticks,
        }];
        let below = ending::below(self.stats, &[pid], &self.spared);
        members.extend(below.into_iter().filter(|member| taken.insert(member.pid)));
        let pids: Vec<i32> = members.iter().map(|member| member.pid).collect();
        let pages = pids.iter().filter_map(|pid| self.by_pid.get(pid));
        let memory = pages.map(|stat| stat.rss_pages).sum::<u64>() * process_table::page_size();
        let mut ports: Vec<u16> = sockets
            .listening_ports_of(&pids)?
            .into_iter()
            .map(|(port, _)| port)
            .collect();
        ports.dedup();
        Ok(Some(Orphan {
            pid,
            command: command_text(pid, &stat.comm.to_text()),
            cwd: process_table::cwd(pid).ok(),
            ports,
            memory_bytes: memory,
            started_at: process_table::started_at(stat.start_ticks),
            reason,
            members,
        }))
    }
}
