//! `ports`, `kill-port` and `orphans`: what the machine knows, with what this supervisor manages.

use std::collections::{BTreeMap, HashSet};

use forge_api::{KillPortAnswer, KillPortRequest, OrphansAnswer, PortRow, PortsAnswer, Problem};
use forge_core::event::Event;
use forge_facts::{Entry, journal};
use forge_inspect::kill_port::Verdict;
use forge_inspect::orphans::{Former, Live};
use forge_inspect::{Member, Owner, Viewpoint};
use forge_os::sockets::Protocol;

use crate::input::Reply;
use crate::machine;
use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn ports(&mut self, port: Option<u16>, all: bool, reply: Reply<PortsAnswer>) {
        let owners = self.owners();
        let workspace = self.workspace();
        let viewpoint = Viewpoint {
            workspace: Some(&workspace),
            managed: &|pid| owners.get(&pid).cloned(),
        };
        let answer = match port {
            Some(port) => machine::on_port(&viewpoint, port).map(|ports| PortsAnswer { ports }),
            None => machine::all_ports(&viewpoint, true),
        };
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let why = format!("cannot list ports: {error}");
                let _ = reply.send(Err(Problem::failed(why)));
                return;
            }
        };
        for row in &mut answer.ports {
            self.claim_container(row);
        }
        let own = Owner::ThisWorkspace.name();
        answer
            .ports
            .retain(|row| port.is_some() || all || row.owner == own);
        tokio::spawn(async move {
            machine::name_containers(&mut answer).await;
            // A client that has left does not want its answer.
            let _ = reply.send(Ok(answer));
        });
    }

    /// What leads to the container of a process here is that process's.
    fn claim_container(&self, row: &mut PortRow) {
        let found = self
            .containers
            .process_of_port(row.port, row.protocol == "udp");
        let Some((name, container)) = found.filter(|_| row.owner == Owner::Container.name()) else {
            return;
        };
        row.owner = Owner::ThisWorkspace.name().to_string();
        row.name = Some(name.to_string());
        row.container = Some(container.to_string());
        row.workspace = Some(self.workspace().to_string_lossy().into_owned());
    }

    /// Frees a port: a managed process is stopped as one, so that it does not come back.
    pub(crate) fn kill_port(&mut self, request: &KillPortRequest, reply: Reply<KillPortAnswer>) {
        let owners = self.owners();
        let workspace = self.workspace();
        let viewpoint = Viewpoint {
            workspace: Some(&workspace),
            managed: &|pid| owners.get(&pid).cloned(),
        };
        let forge = self.pids_of_forge();
        let protocols = [Protocol::Tcp, Protocol::Udp];
        let plan = match machine::look(request.port, &protocols, &viewpoint, &forge) {
            Ok(plan) if plan.is_free() => {
                let why = format!("nobody listens on port {}", request.port);
                let _ = reply.send(Err(Problem::unknown(why)));
                return;
            }
            Ok(plan) => plan,
            Err(error) => {
                let why = format!("cannot look at port {}: {error}", request.port);
                let _ = reply.send(Err(Problem::failed(why)));
                return;
            }
        };
        let mut names: Vec<String> = plan
            .sockets
            .iter()
            .filter(|_| plan.refused().any(|one| one.verdict == Verdict::Managed))
            .filter_map(|socket| socket.name.clone())
            .filter(|name| self.managed.contains_key(name))
            .collect();
        let contained = [false, true].map(|udp| self.containers.process_of_port(request.port, udp));
        let contained = contained.into_iter().flatten();
        names.extend(contained.map(|(name, _)| name.to_string()));
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            self.tell(Event::Stop {
                names: names.clone(),
                timeout: None,
                force: request.force,
            });
            self.remember_now();
        }
        let strangers = plan.holders.iter().any(|one| one.verdict == Verdict::End);
        if request.own_only && strangers {
            let _ = reply.send(Err(Problem::failed(format!(
                "port {} is held by a process that Forge did not start",
                request.port
            ))
            .with_hint("`forge dev kill-port` ends it; agents need --allow-foreign-kill")));
            return;
        }
        let (force, listening) = (request.force, self.listening.clone());
        let limit = self.longest_stop(&names);
        tokio::spawn(async move {
            let work = tokio::task::spawn_blocking(move || {
                let mut answer = machine::free_port(&plan, force)?;
                let until = std::time::Instant::now() + limit;
                while !names.is_empty()
                    && listening.anybody(plan.port)
                    && std::time::Instant::now() < until
                {
                    forge_os::pause(std::time::Duration::from_millis(10));
                }
                answer.ok = !listening.anybody(plan.port);
                if !names.is_empty() {
                    let whys = [Verdict::Managed, Verdict::Container];
                    let whys = whys.map(|verdict| machine::refusal(&verdict));
                    answer
                        .refused
                        .retain(|one| !whys.contains(&one.why.as_str()));
                    answer.stopped = names;
                }
                Ok::<_, std::io::Error>(answer)
            });
            let answer = match work.await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(Problem::failed(format!("cannot free the port: {error}"))),
                Err(error) => Err(Problem::failed(format!("cannot free the port: {error}"))),
            };
            let _ = reply.send(answer);
        });
    }

    fn longest_stop(&self, names: &[String]) -> std::time::Duration {
        let timeouts = names.iter().filter_map(|name| self.core.spec(name));
        let longest = timeouts.map(|spec| spec.stop.timeout).max();
        longest.unwrap_or_default() + std::time::Duration::from_secs(3)
    }

    pub(crate) fn orphans(&self, kill: bool, reply: Reply<OrphansAnswer>) {
        let (workspace, live, former) = (self.workspace(), self.live(), self.former());
        tokio::spawn(async move {
            let work = tokio::task::spawn_blocking(move || {
                let found = machine::find_orphans(&workspace, &live, &former)?;
                Ok::<_, std::io::Error>(match kill {
                    true => machine::end_orphans(found, &live),
                    false => OrphansAnswer {
                        orphans: found.into_iter().map(|(_, row)| row).collect(),
                    },
                })
            });
            let answer = match work.await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(Problem::failed(format!("cannot look for orphans: {error}"))),
                Err(error) => Err(Problem::failed(format!("cannot look for orphans: {error}"))),
            };
            let _ = reply.send(answer);
        });
    }

    /// What is alive and accounted for.
    pub(crate) fn live(&self) -> Live {
        let runs = self.managed.values().filter_map(|one| one.present);
        let leaders = self.managed.keys().filter_map(|name| {
            let view = self.core.view(name)?;
            view.pid
        });
        let pids: HashSet<i32> = leaders
            .chain(self.pids_of_forge())
            .filter(|pid| *pid > 1)
            .collect();
        Live {
            run_ids: runs.map(|run| run.to_string()).collect(),
            pids,
        }
    }

    /// Leaders of runs that are over, as the journals name them.
    fn former(&self) -> Vec<Former> {
        let mut former = Vec::new();
        let boot = forge_os::boot_id().unwrap_or_default();
        for (name, managed) in &self.managed {
            let journal = journal::read(&self.layout.journal(name)).unwrap_or_default();
            for (_, entry) in journal.entries {
                let Entry::Spawned { run, identity, .. } = entry else {
                    continue;
                };
                if managed.present == Some(run) || identity.boot != boot {
                    continue;
                }
                former.push(Former {
                    member: Member {
                        pid: identity.pid,
                        start_ticks: identity.start_ticks,
                    },
                    process: name.clone(),
                    run_id: Some(run.to_string()),
                });
            }
        }
        former
    }

    /// The names of managed processes by the pids of their trees, as they were last sampled.
    fn owners(&self) -> BTreeMap<i32, String> {
        let mut owners = BTreeMap::new();
        for (name, managed) in &self.managed {
            if managed.present.is_none() {
                continue;
            }
            let sampled = managed.usage.iter().flat_map(|usage| usage.pids.iter());
            let leader = self.core.view(name).and_then(|view| view.pid);
            for pid in sampled.copied().chain(leader) {
                owners.insert(pid, name.clone());
            }
        }
        owners
    }
}
