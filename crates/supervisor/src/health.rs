//! Health checks of runs: which questions are asked, and what answers come back.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use forge_core::event::Event;
use forge_core::spec::{PortSpec, Probe, ProcessSpec};
use forge_facts::RunId;
use forge_probe::{Check, Context, Listens, NotifySocket, Rules, Verdict};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::input::{Inbox, Input};
use crate::managed::{Http, Task};
use crate::supervisor::Supervisor;

/// How long a port may take to answer HTTP when nobody said that it does.
const HTTP_PATIENCE: Duration = Duration::from_millis(500);

impl Supervisor {
    /// Begins to check a run.
    pub(crate) fn probe(&mut self, name: &str, run: RunId) {
        let Some(spec) = self.core.spec(name).cloned() else {
            return;
        };
        let Some(check) = spec.readiness() else {
            return;
        };
        if matches!(check.probe, Probe::Notify) {
            self.await_notification(name, run);
            return;
        }
        let rules = Rules::of(&check);
        match self.question(name, &spec, &check.probe) {
            // A line of output: looked for where all output is.
            Ok(None) => {}
            Ok(Some(question)) => {
                let task = ask(question, rules, name.to_string(), run, self.inbox.clone());
                if let Some(managed) = self.managed.get_mut(name) {
                    managed.probe = Some(task);
                }
            }
            Err(why) => self.tell_later(Event::Probed {
                name: name.to_string(),
                run,
                healthy: false,
                detail: why,
            }),
        }
    }

    pub(crate) fn unprobe(&mut self, name: &str) {
        if let Some(managed) = self.managed.get_mut(name) {
            managed.probe = None;
        }
    }

    fn question(
        &self,
        name: &str,
        spec: &ProcessSpec,
        probe: &Probe,
    ) -> Result<Option<Check>, String> {
        let port = self.port_of(name);
        let requested = match spec.port {
            Some(PortSpec::Fixed(port)) => Some(port),
            Some(PortSpec::Auto) | None => None,
        };
        let environment = self.environment_of(name, None)?;
        let env: Vec<(OsString, OsString)> = environment
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Check::resolve(
            probe,
            &Context {
                port_of: &|name| self.port_of(name),
                own_port: port.map(|port| (requested.unwrap_or(port), port)),
                cwd: &spec.cwd,
                env: &env,
                listens: self.listens(name),
            },
        )
        .map_err(|error| error.to_string())
    }

    /// Asks whether the tree of a process listens on its port.
    fn listens(&self, name: &str) -> Listens {
        let listening = self.listening.clone();
        let managed = self.managed.get(name);
        let port = managed.and_then(|managed| managed.port).unwrap_or(0);
        if let Some(adopted) = managed.and_then(|managed| managed.adopted.as_ref()) {
            let pid = adopted.pid;
            return Arc::new(move || listening.process_listens(pid, port));
        }
        let shim = managed.map(|managed| managed.shim_now.clone());
        let leader = self.core.view(name).and_then(|view| view.pid);
        let published = managed.map(|managed| managed.published.clone());
        // The shim of a run that was taken up may not be known yet, and another one may follow.
        Arc::new(move || {
            if published.as_ref().is_some_and(|ports| ports.has(port)) {
                return true;
            }
            let shim = shim.as_ref().map_or(0, |shim| shim.load(Ordering::Relaxed));
            match (shim, leader) {
                (0, None) => false,
                (0, Some(leader)) => listening.process_listens(leader, port),
                (shim, _) => listening.tree_listens(shim, port),
            }
        })
    }

    /// A health check has an answer.
    pub(crate) fn verdict(&mut self, name: &str, run: RunId, healthy: bool, detail: String) {
        if healthy && let Some(managed) = self.managed.get_mut(name) {
            managed.listened = true;
        }
        self.tell(Event::Probed {
            name: name.to_string(),
            run,
            healthy,
            detail,
        });
    }

    /// Where `$NOTIFY_SOCKET` of a process lies, if it is to have one.
    pub(crate) fn notify_path(&self, name: &str, spec: &ProcessSpec) -> Option<PathBuf> {
        let check = spec.health_check.as_ref()?;
        matches!(check.probe, Probe::Notify)
            .then(|| self.layout.runtime().join("notify").join(name))
    }

    /// Makes the notify socket before a run that is to find it.
    pub(crate) fn await_notification(&mut self, name: &str, run: RunId) {
        let Some(spec) = self.core.spec(name).cloned() else {
            return;
        };
        let Some(path) = self.notify_path(name, &spec) else {
            return;
        };
        let folder = path.parent().map(forge_os::private_folder);
        let socket = folder
            .transpose()
            .and_then(|_| NotifySocket::bind(&path))
            .map_err(|error| format!("cannot make {}: {error}", path.display()));
        let (inbox, own) = (self.inbox.clone(), name.to_string());
        match socket {
            Ok(socket) => {
                let task = Task::spawn(hear(socket, own, run, inbox));
                if let Some(managed) = self.managed.get_mut(name) {
                    managed.notify = Some(task);
                }
            }
            Err(detail) => self.tell_later(Event::Probed {
                name: own,
                run,
                healthy: false,
                detail,
            }),
        }
    }

    /// Asks a port that nobody knows better whether it speaks HTTP, once it listens.
    pub(crate) fn find_out_whether_it_speaks_http(&mut self, name: &str) {
        let Some(spec) = self.core.spec(name) else {
            return;
        };
        let view = self.core.view(name);
        let run = view.and_then(|view| view.run);
        let plain = matches!(
            spec.readiness().map(|check| check.probe),
            Some(Probe::OwnPort)
        );
        let command = crate::debug::text_of(&spec.command).to_ascii_lowercase();
        let (Some(run), Some(managed)) = (run, self.managed.get_mut(name)) else {
            return;
        };
        let Some(port) = managed
            .port
            .filter(|port| plain && may_ask(*port, &command))
        else {
            return;
        };
        managed.http = Http::Asked(Instant::now() + HTTP_PATIENCE);
        let (inbox, name) = (self.inbox.clone(), name.to_string());
        tokio::spawn(async move {
            let yes = timeout(HTTP_PATIENCE, speaks_http(port)).await == Ok(true);
            let _ = inbox.send(Input::SpeaksHttp { name, run, yes });
        });
    }

    pub(crate) fn speaks_http(&mut self, name: &str, run: RunId, yes: bool) {
        let present = self.core.view(name).and_then(|view| view.run) == Some(run);
        if let Some(managed) = self.managed.get_mut(name)
            && present
        {
            managed.http = if yes { Http::Speaks } else { Http::Unknown };
            self.changed();
        }
    }
}

/// Asks again and again, and puts every answer into the inbox.
fn ask(question: Check, rules: Rules, name: String, run: RunId, inbox: Inbox) -> Task {
    Task::spawn(async move {
        let (verdicts, mut answers) = mpsc::channel::<Verdict>(1);
        let watch = forge_probe::watch(question, rules, verdicts, |verdict| verdict);
        let forward = async {
            while let Some(verdict) = answers.recv().await {
                let _ = inbox.send(Input::Verdict {
                    name: name.clone(),
                    run,
                    healthy: verdict.healthy,
                    detail: verdict.detail,
                });
            }
        };
        tokio::join!(watch, forward);
    })
}

/// Hears what a process says of itself.
async fn hear(socket: NotifySocket, name: String, run: RunId, inbox: Inbox) {
    let own = forge_os::own_uid();
    loop {
        let said = match socket.recv().await {
            Ok(said) => said,
            Err(error) => {
                eprintln!("supervisor: {name}: its notify socket: {error}");
                return;
            }
        };
        // Only its own user can reach the socket; root may speak for anybody.
        if said.uid != own && said.uid != 0 {
            continue;
        }
        if said.ready {
            let _ = inbox.send(Input::Verdict {
                name: name.clone(),
                run,
                healthy: true,
                detail: said.status.unwrap_or_else(|| "READY=1".to_string()),
            });
        }
    }
}

/// Whether a question in HTTP does no harm: databases write every stranger's word into their log.
fn may_ask(port: u16, command: &str) -> bool {
    const PORTS: [u16; 16] = [
        1025, 1433, 1521, 2181, 3306, 4222, 5432, 5433, 5672, 6379, 6380, 9042, 9092, 11211, 26257,
        27017,
    ];
    const SERVERS: [&str; 12] = [
        "postgres",
        "pg_ctl",
        "redis",
        "valkey",
        "mysql",
        "mariadb",
        "mongo",
        "memcached",
        "kafka",
        "zookeeper",
        "nats",
        "rabbitmq",
    ];
    !PORTS.contains(&port) && !SERVERS.iter().any(|server| command.contains(server))
}

/// Whether the port on this machine answers a request of HTTP/1.0 in HTTP.
async fn speaks_http(port: u16) -> bool {
    for host in ["127.0.0.1", "::1"] {
        let Ok(mut socket) = tokio::net::TcpStream::connect((host, port)).await else {
            continue;
        };
        let request = b"HEAD / HTTP/1.0\r\nHost: localhost\r\n\r\n";
        if socket.write_all(request).await.is_err() {
            continue;
        }
        let mut answer = [0; 5];
        return socket.read_exact(&mut answer).await.is_ok() && &answer == b"HTTP/";
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_not_asked_whether_they_speak_http() {
        assert!(may_ask(3000, "npm run dev"));
        assert!(!may_ask(5432, "postgres -D data"));
        assert!(!may_ask(7777, "/usr/bin/redis-server --port 7777"));
    }
}
