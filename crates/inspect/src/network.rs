//! Reading sockets: where trees listen, and what their connections carry.
//!
//! Which sockets there are is one cheap question a second. Who holds them is dear, a few microseconds for
//! each descriptor of each process, so members are searched only when an unknown socket turned up. Where
//! there are so many sockets or processes that even this costs, it is done more rarely
//! ([`Network::pause_after`]); the bytes are then told later, not lost. The search for a listening socket's
//! holder waits for nothing: a process that starts is ready by it.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use forge_os::process_table::thread_cpu_time;
use forge_os::sockets::{ClosedConnections, Connection, Listener, Protocol, Sockets, sockets_of};

use crate::flows::{Bytes, Flows};
use crate::member::MemberMeter;
use crate::tree_meter::{TreeId, TreeMeter};
use crate::{Moment, Usage};

/// What costs less CPU time than this may be done each time.
const CHEAP: Duration = Duration::from_millis(2);
/// What costs more may take this part of the time.
const SHARE: u32 = 500;
/// After so many glances in vain those who make short connections are taken for strangers, until somebody joins.
const GLANCES: u32 = 60;

/// The sockets of this machine and what is known of them.
#[derive(Debug)]
pub(crate) struct Network {
    sockets: Sockets,
    closed: Option<ClosedConnections>,
    flows: Flows,
    listeners: Vec<Listener>,
    listening: Vec<(TreeId, u16, IpAddr)>,
    listeners_known: bool,
    connections_known: bool,
    next_search: Duration,
    next_listing: Duration,
    last_listing: Option<Moment>,
    rates: HashMap<TreeId, Bytes>,
    /// How many more glances are worth their cost.
    glances: u32,
    /// Short connections without an owner were closed before the last look.
    strays: bool,
    spare: bool,
}

impl Network {
    pub(crate) fn open(spare: bool) -> Self {
        Network {
            sockets: Sockets::open(),
            closed: ClosedConnections::open().ok(),
            flows: Flows::default(),
            listeners: Vec::new(),
            listening: Vec::new(),
            listeners_known: false,
            connections_known: false,
            next_search: Duration::ZERO,
            next_listing: Duration::ZERO,
            last_listing: None,
            rates: HashMap::new(),
            glances: GLANCES,
            strays: false,
            spare,
        }
    }

    /// Looks at all sockets.
    pub(crate) fn look(&mut self, now: Moment, trees: &mut [TreeMeter]) {
        self.search_newcomers(trees);
        self.look_at_listeners(trees);
        if now.since_boot < self.next_listing {
            return;
        }
        self.look_at_connections(now, trees);
        self.drain();
        if !self.connections_known {
            return;
        }
        let seconds = self.last_listing.and_then(|last| now.seconds_after(last));
        self.rates.clear();
        if let Some(seconds) = seconds {
            let rate = |bytes: u64| (bytes as f64 / seconds).round() as u64;
            let flows = &mut self.flows;
            let of = |tree: &TreeMeter| (tree.id, flows.take(tree.id).map(rate));
            self.rates.extend(trees.iter().map(of));
        } else {
            for tree in trees.iter() {
                self.flows.take(tree.id);
            }
        }
        self.last_listing = Some(now);
    }

    /// Takes note of closed connections, and looks for the owners of others if some had none.
    pub(crate) fn glance(&mut self, now: Moment, trees: &mut [TreeMeter]) {
        self.drain();
        if self.wants_glances() && now.since_boot >= self.next_listing {
            self.glances -= 1;
            self.look_at_connections(now, trees);
        }
    }

    /// Whether short connections were made lately whose other end is not known to anybody: looking more often may
    /// catch one while it lasts.
    pub(crate) fn wants_glances(&self) -> bool {
        self.strays && self.glances > 0
    }

    /// Writes what was found of a tree into its usage.
    pub(crate) fn report(&self, tree: &TreeMeter, usage: &mut Usage) {
        let visible = tree.members.iter().any(|member| member.network_visible);
        if !visible && !tree.members.is_empty() {
            return;
        }
        if self.listeners_known {
            let begin = self.listening.partition_point(|(id, _, _)| *id < tree.id);
            let own = self.listening[begin..].iter();
            let own = own.take_while(|(id, _, _)| *id == tree.id);
            let mut ports: Vec<_> = own.map(|(_, port, address)| (*port, *address)).collect();
            ports.sort_unstable();
            ports.dedup();
            usage.listening = Some(ports);
        }
        if self.connections_known && !tree.members.is_empty() {
            let rate = self.rates.get(&tree.id);
            usage.net_rx_bytes_per_s = rate.map(|[received, _]| *received);
            usage.net_tx_bytes_per_s = rate.map(|[_, sent]| *sent);
        }
    }

    /// A tree is no more.
    pub(crate) fn forget(&mut self, tree: TreeId) {
        self.flows.forget(tree);
    }

    /// See [`Sockets::listening_ports_of`].
    pub(crate) fn listening_ports_of(&mut self, pids: &[i32]) -> io::Result<Vec<(u16, IpAddr)>> {
        self.sockets.listening_ports_of(pids)
    }

    fn look_at_listeners(&mut self, trees: &mut [TreeMeter]) {
        let listed = self.sockets.listeners(Protocol::Tcp, &mut self.listeners);
        self.listeners_known = listed.is_ok();
        if listed.is_err() {
            return;
        }
        let mut unknown = false;
        for listener in &self.listeners {
            self.flows.tree_of_socket(listener.inode);
            unknown |= self.flows.is_unknown(listener.inode);
        }
        if unknown {
            self.search(trees);
        }
        self.listening.clear();
        for listener in &self.listeners {
            if let Some(tree) = self.flows.tree_of_socket(listener.inode) {
                self.listening.push((tree, listener.port, listener.address));
            }
        }
        self.listening.sort_unstable();
        let served = self
            .listening
            .iter()
            .map(|(tree, port, address)| (*port, *address, *tree));
        self.flows.set_served(served.collect());
    }

    fn look_at_connections(&mut self, now: Moment, trees: &mut [TreeMeter]) {
        let begin = thread_cpu_time();
        let flows = &mut self.flows;
        let listed = self
            .sockets
            .connections(|connection: Connection| flows.listed(&connection));
        self.connections_known = listed.is_ok();
        if listed.is_err() {
            return;
        }
        self.next_listing = now.since_boot + self.pause_after(begin);
        if self.flows.wants_search() && now.since_boot >= self.next_search {
            let begin = thread_cpu_time();
            self.search(trees);
            self.next_search = now.since_boot + self.pause_after(begin);
        }
        self.flows.end_look();
    }

    fn drain(&mut self) {
        if let Some(closed) = &mut self.closed {
            let flows = &mut self.flows;
            // News that were missed for want of room are lost; the counts of what still lives are not.
            let _ = closed.drain(|connection| flows.closed(&connection));
        }
        self.strays = self.flows.take_strays();
    }

    /// Looks into those who joined since the last time: they may hold what was taken for foreign.
    fn search_newcomers(&mut self, trees: &mut [TreeMeter]) {
        let unowned = self.flows.has_unowned();
        for tree in trees {
            for member in tree
                .members
                .iter_mut()
                .filter(|member| !member.sockets_seen)
            {
                member.sockets_seen = true;
                self.glances = GLANCES;
                if unowned {
                    search_member(&mut self.flows, tree.id, member);
                }
            }
        }
    }

    fn search(&mut self, trees: &mut [TreeMeter]) {
        for tree in trees {
            for member in &tree.members {
                search_member(&mut self.flows, tree.id, member);
            }
        }
        self.flows.searched();
    }

    /// How long not to repeat what began when this thread had used so much CPU time, and ends now.
    fn pause_after(&self, begin: Duration) -> Duration {
        let cost = thread_cpu_time().saturating_sub(begin);
        if cost < CHEAP || !self.spare {
            Duration::ZERO
        } else {
            cost * SHARE
        }
    }
}

fn search_member(flows: &mut Flows, tree: TreeId, member: &MemberMeter) {
    if member.network_visible {
        // One that is gone, or hides, holds nothing that could be found.
        let _ = sockets_of(member.member.pid, |inode| flows.holds(tree, inode));
    }
}
