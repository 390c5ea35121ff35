//! Processes that are clients of a container engine are shown with what their containers use.
//!
//! Which process of a tree is such a client is seen by its command line ([`clients`]); a task beside the loop asks
//! the engine each second. What it finds takes the place of the tree's own figures before these reach history,
//! limits and warnings. When a run is over and its container goes on, that is ended too.

mod clients;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use forge_api as api;
use forge_facts::RunId;
use forge_inspect::Usage;
use forge_services::containers::{ContainerMeter, Left, Measured, end_left};
use tokio::time::{Instant, sleep_until};

use crate::input::{Inbox, Input};
use crate::managed::Task;
use crate::supervisor::Supervisor;
use clients::Clients;

/// How often an engine is asked.
const EVERY: Duration = Duration::from_secs(1);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Figures that are older are none.
const FRESH: Duration = Duration::from_secs(6);

/// Ports of this machine that lead to containers of a process, for those who ask beside the loop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Published(Arc<Mutex<Vec<u16>>>);

impl Published {
    /// Whether one of them is this.
    pub(crate) fn has(&self, port: u16) -> bool {
        let ports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ports.contains(&port)
    }

    fn set(&self, ports: Vec<u16>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = ports;
    }
}

/// The containers of all processes.
#[derive(Default)]
pub(crate) struct Containers {
    known: BTreeMap<String, Watched>,
    last_number: u64,
}

/// Those of one run.
struct Watched {
    run: RunId,
    clients: Clients,
    /// Tells its task from earlier ones.
    number: u64,
    found: Option<(Instant, Vec<Measured>)>,
    _task: Option<Task>,
}

impl Containers {
    /// Looks which processes of a tree are clients, and puts what their containers use in the place of what they do.
    pub(crate) fn follow(&mut self, name: &str, run: RunId, usage: &mut Usage, inbox: &Inbox) {
        let one = self.of_run(name, run);
        if one.clients.follow(&usage.pids) {
            self.last_number += 1;
            let number = self.last_number;
            let one = self.of_run(name, run);
            one.number = number;
            one._task = one.clients.engine().map(|engine| {
                let meter = ContainerMeter::new(engine, one.clients.all());
                Task::spawn(ask(meter, name.to_string(), number, inbox.clone()))
            });
        }
        self.of_run(name, run).put_into(usage);
    }

    fn of_run(&mut self, name: &str, run: RunId) -> &mut Watched {
        let fresh = || Watched {
            run,
            clients: Clients::default(),
            number: 0,
            found: None,
            _task: None,
        };
        let one = self.known.entry(name.to_string()).or_insert_with(fresh);
        if one.run != run {
            *one = fresh();
        }
        one
    }

    /// An engine has answered: whether it is about what is asked now.
    fn take(&mut self, name: &str, number: u64, found: Vec<Measured>) -> bool {
        let one = self.known.get_mut(name);
        let Some(one) = one.filter(|one| one.number == number) else {
            return false;
        };
        one.found = Some((Instant::now(), found));
        true
    }

    /// Whether the containers of a process are known, and so what listens for it.
    pub(crate) fn are_known(&self, name: &str) -> bool {
        let one = self.known.get(name);
        one.is_some_and(|one| one.fresh().is_some_and(|found| !found.is_empty()))
    }

    /// The process whose container a port of this machine leads to.
    pub(crate) fn process_of_port(&self, port: u16, udp: bool) -> Option<(&str, &str)> {
        self.known.iter().find_map(|(name, one)| {
            let found = one.fresh()?.iter();
            let published = |one: &&Measured| {
                let mut ports = one.container.published.iter();
                ports.any(|published| published.host == port && published.udp == udp)
            };
            let found = found.clone().find(published)?;
            Some((name.as_str(), found.container.name.as_str()))
        })
    }

    /// As clients see them.
    pub(crate) fn told(&self, name: &str, run: Option<RunId>) -> Vec<api::Container> {
        let one = self.known.get(name).filter(|one| Some(one.run) == run);
        let found = one.and_then(Watched::fresh).unwrap_or_default();
        found.iter().map(told).collect()
    }
}

impl Watched {
    fn fresh(&self) -> Option<&[Measured]> {
        let (at, found) = self.found.as_ref()?;
        (at.elapsed() < FRESH).then_some(found.as_slice())
    }

    fn put_into(&self, usage: &mut Usage) {
        // While no container was seen, the client is all there is: it may be pulling an image.
        let Some((_, found)) = self.found.as_ref().filter(|(_, found)| !found.is_empty()) else {
            return;
        };
        let alone = self.clients.are_alone();
        if alone {
            // What the engine does not tell is not known, and must not be the client's.
            *usage = Usage {
                pids: std::mem::take(&mut usage.pids),
                listening: usage.listening.take(),
                ..Usage::default()
            };
        }
        if self.fresh().is_none() {
            return;
        }
        let add = |to: &mut Option<u64>, of: fn(&Measured) -> Option<u64>| {
            let sum = found.iter().filter_map(of).reduce(|a, b| a + b);
            *to = match (*to, sum) {
                (Some(own), Some(sum)) => Some(own + sum),
                (None, sum) if alone => sum,
                (own, _) => own,
            };
        };
        add(&mut usage.memory_bytes, |one| one.usage.memory_bytes);
        add(&mut usage.net_rx_bytes_per_s, |one| {
            one.usage.net_rx_bytes_per_s
        });
        add(&mut usage.net_tx_bytes_per_s, |one| {
            one.usage.net_tx_bytes_per_s
        });
        add(&mut usage.disk_read_bytes_per_s, |one| {
            one.usage.disk_read_bytes_per_s
        });
        add(&mut usage.disk_write_bytes_per_s, |one| {
            one.usage.disk_write_bytes_per_s
        });
        let mut threads = usage.threads.map(u64::from);
        add(&mut threads, |one| one.usage.threads.map(u64::from));
        usage.threads = threads.and_then(|count| u32::try_from(count).ok());
        let cpu = found.iter().filter_map(|one| one.usage.cpu_percent);
        let cpu = cpu.reduce(|a, b| a + b);
        usage.cpu_percent = match (usage.cpu_percent, cpu) {
            (Some(own), Some(cpu)) => Some(own + cpu),
            (None, cpu) if alone => cpu,
            (own, _) => own,
        };
        let published = found.iter().flat_map(|one| &one.container.published);
        let published = published.filter(|port| !port.udp);
        let mut listening = usage.listening.take().unwrap_or_default();
        listening.extend(published.map(|port| (port.host, port.address)));
        listening.sort_unstable();
        listening.dedup();
        usage.listening = Some(listening);
    }
}

fn told(one: &Measured) -> api::Container {
    let container = &one.container;
    let mut ports: Vec<u16> = container.published.iter().map(|port| port.host).collect();
    ports.sort_unstable();
    ports.dedup();
    let cpu = one.usage.cpu_percent;
    api::Container {
        id: container.id.clone(),
        name: container.name.clone(),
        image: container.image.clone(),
        service: container.compose_service.clone(),
        ports,
        cpu_percent: cpu.map(|cpu| (f64::from(cpu) * 10.0).round() / 10.0),
        memory_bytes: one.usage.memory_bytes,
        memory_limit_bytes: one.usage.memory_limit_bytes,
    }
}

async fn ask(mut meter: ContainerMeter, name: String, number: u64, inbox: Inbox) {
    let mut next = Instant::now();
    loop {
        // An engine that is silent is asked again: its figures are none until it answers.
        if let Ok(found) = meter.look(PATIENCE).await {
            let name = name.clone();
            let input = Input::Contained {
                name,
                number,
                found,
            };
            if inbox.send(input).is_err() {
                return;
            }
        }
        next = (next + EVERY).max(Instant::now() + EVERY / 4);
        sleep_until(next).await;
    }
}

impl Supervisor {
    /// An engine has told of the containers of a process.
    pub(crate) fn contained(&mut self, name: &str, number: u64, found: Vec<Measured>) {
        let published = found.iter().flat_map(|one| &one.container.published);
        let published = published.filter(|port| !port.udp).map(|port| port.host);
        let published = published.collect();
        if self.containers.take(name, number, found)
            && let Some(managed) = self.managed.get(name)
        {
            managed.published.set(published);
        }
    }

    /// The processes of a run are gone. Whether containers may be left that are to be ended first;
    /// [`Input::ContainersEnded`] tells when they are.
    pub(crate) fn end_containers(&mut self, name: &str, run: RunId, killed: bool) -> bool {
        if let Some(managed) = self.managed.get(name) {
            managed.published.set(Vec::new());
        }
        let one = self.containers.known.remove(name);
        let Some(one) = one.filter(|one| one.run == run) else {
            return false;
        };
        let clients = one.clients.all();
        let owning = clients.iter().any(|one| !one.client.is_detached());
        let Some(engine) = one.clients.engine().filter(|_| owning) else {
            return false;
        };
        let (inbox, name) = (self.inbox.clone(), name.to_string());
        tokio::spawn(async move {
            let left = end_left(&engine, &clients, PATIENCE).await;
            let remark = remark(left.map_err(|error| error.to_string()));
            let _ = inbox.send(Input::ContainersEnded {
                name,
                run,
                killed,
                remark,
            });
        });
        true
    }
}

/// What people should know of what was left.
fn remark(left: Result<Left, String>) -> Option<String> {
    match left {
        Ok(left) if !left.running.is_empty() => Some(format!(
            "its container {0} goes on without it: `docker stop {0}` ends it",
            left.running.join(" ")
        )),
        Ok(left) if !left.killed.is_empty() => Some(format!(
            "its container {} went on without it: killed",
            left.killed.join(", ")
        )),
        Ok(_) => None,
        Err(why) => Some(format!("its container may go on without it: {why}")),
    }
}
