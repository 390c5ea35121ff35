//! Reading the counters of one process each second.

use std::io;

use forge_os::process_table::{self, Io, KeptFiles, ProcessTable, Stat};

use crate::trees::Member;

/// Descriptors that the kept files of one member take.
pub(crate) const KEPT_DESCRIPTORS: usize = 3;

/// One process of a tree, with its files kept open where descriptors allow.
#[derive(Debug)]
pub(crate) struct MemberMeter {
    pub(crate) member: Member,
    /// CPU over the last interval in percent of one core, without ended children.
    pub(crate) cpu_percent: Option<f32>,
    /// Whether its sockets were looked at since it joined.
    pub(crate) sockets_seen: bool,
    /// Whether it is in this network namespace and lets itself be looked into.
    pub(crate) network_visible: bool,
    files: Option<KeptFiles>,
    last_own: Option<u64>,
}

/// What one look at a process found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) stat: Stat,
    pub(crate) io: Option<Io>,
    pub(crate) open_files: Option<u32>,
}

impl MemberMeter {
    /// `own_network` is the network namespace of this program, if it is known.
    pub(crate) fn new(
        member: Member,
        table: &ProcessTable,
        keep: bool,
        own_network: Option<u64>,
    ) -> Self {
        let network = process_table::network_namespace(member.pid).ok();
        MemberMeter {
            member,
            cpu_percent: None,
            sockets_seen: false,
            network_visible: network.is_some() && network == own_network,
            files: keep.then(|| table.keep(member.pid).ok()).flatten(),
            last_own: None,
        }
    }

    /// Whether its files are kept open.
    pub(crate) fn is_kept(&self) -> bool {
        self.files.is_some()
    }

    /// Reads it. `fresh_since` is the start time, in ticks, from which on a process was not there at the
    /// last look; `seconds` the time since then.
    ///
    /// # Errors
    /// The process is gone; its pid may be another's by now.
    pub(crate) fn look(
        &mut self,
        table: &mut ProcessTable,
        fresh_since: Option<u64>,
        seconds: Option<f64>,
    ) -> io::Result<Look> {
        let pid = self.member.pid;
        let stat = match &self.files {
            Some(files) => table.kept_stat(files)?,
            None => table.stat(pid)?,
        };
        if stat.start_ticks != self.member.start_ticks {
            return Err(io::ErrorKind::NotFound.into());
        }
        let fresh = fresh_since.is_some_and(|since| stat.start_ticks >= since);
        let before = self.last_own.or(fresh.then_some(0));
        self.last_own = Some(stat.own_ticks());
        self.cpu_percent = before
            .zip(seconds)
            .map(|(before, seconds)| cpu_percent(stat.own_ticks().saturating_sub(before), seconds));
        let (io, open_files) = if stat.state.has_ended() {
            (None, None)
        } else if let Some(files) = &self.files {
            (table.kept_io(files).ok(), table.kept_open_files(files).ok())
        } else {
            (table.io(pid).ok(), table.open_files(pid).ok())
        };
        Ok(Look {
            stat,
            io,
            open_files,
        })
    }
}

/// Ticks over a time in percent of one core.
pub(crate) fn cpu_percent(ticks: u64, seconds: f64) -> f32 {
    let per_second = process_table::ticks_per_second() as f64;
    (ticks as f64 * 100.0 / per_second / seconds) as f32
}
