//! The way to a workspace's supervisor: connect, start what does not run, and ask again when the
//! connection breaks.
//!
//! The listening socket belongs to the keeper, which starts a supervisor again when it has died:
//! who connects meanwhile waits in the backlog. Only when no keeper lives is there nobody to wait
//! for.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use forge_api::{Client, ClientError, DaemonStatus, path};
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::place::Place;

/// How long a request that may be asked again is asked again.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a question may take that needs no work.
const ANSWER: Duration = Duration::from_secs(20);
/// How long neither keeper nor supervisor may be there before they count as gone for good.
const AWAY: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// A connection that is made anew when it breaks.
pub(crate) struct Link {
    place: Place,
    client: Client,
    /// Nobody has to be started when the keeper is gone.
    may_start: bool,
}

impl Link {
    /// Connects where something runs; `None` where nothing does.
    ///
    /// # Errors
    ///
    /// When the socket is there but cannot be used.
    pub(crate) async fn open(place: &Place) -> Result<Option<Self>, Failure> {
        match connect(place).await? {
            Some(client) => Ok(Some(Link {
                place: place.clone(),
                client,
                may_start: false,
            })),
            None => Ok(None),
        }
    }

    /// Connects where something runs, or where something was left alone by the death of keeper and
    /// supervisor: then they are started to pick it up. `None` where nothing runs.
    ///
    /// # Errors
    ///
    /// As [`Link::open`] and [`Link::open_or_start`].
    pub(crate) async fn open_if_any(place: &Place) -> Result<Option<Self>, Failure> {
        match Link::open(place).await? {
            Some(link) => Ok(Some(link)),
            None if left_alone(place) => Link::open_or_start(place).await.map(Some),
            None => Ok(None),
        }
    }

    /// Connects, and starts keeper and supervisor where none runs.
    ///
    /// # Errors
    ///
    /// When they cannot be started.
    pub(crate) async fn open_or_start(place: &Place) -> Result<Self, Failure> {
        let deadline = Instant::now() + PATIENCE;
        let client = connect_until(place, true, deadline).await?;
        Ok(Link {
            place: place.clone(),
            client,
            may_start: true,
        })
    }

    /// A question: `GET`, asked again when the supervisor dies meanwhile.
    ///
    /// # Errors
    ///
    /// The supervisor's problem, or no answer in time.
    pub(crate) async fn get<A: DeserializeOwned>(
        &mut self,
        path: &str,
        query: &str,
    ) -> Result<A, Failure> {
        self.ask(async |client| limited(client.get(path, query)).await)
            .await
    }

    /// A request that is harmless when it is carried out twice.
    ///
    /// # Errors
    ///
    /// The supervisor's problem, or no answer in time.
    pub(crate) async fn ask<A>(
        &mut self,
        mut request: impl AsyncFnMut(&mut Client) -> Result<A, ClientError>,
    ) -> Result<A, Failure> {
        let mut deadline = None;
        loop {
            let begun = Instant::now();
            match request(&mut self.client).await {
                Ok(answer) => return Ok(answer),
                Err(ClientError::Connection(why)) => {
                    // After an hour of waiting well this is a new trouble, not the old one.
                    if begun.elapsed() > PATIENCE {
                        deadline = None;
                    }
                    let until = *deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
                    if Instant::now() >= until {
                        return Err(ClientError::Connection(why).into());
                    }
                    tokio::time::sleep(PAUSE).await;
                    self.reconnect(until).await?;
                }
                Err(problem) => return Err(problem.into()),
            }
        }
    }

    /// A request that must not be carried out twice: sent once.
    ///
    /// # Errors
    ///
    /// The supervisor's problem, or a broken connection.
    pub(crate) async fn once<A: DeserializeOwned>(
        &mut self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<A, Failure> {
        Ok(limited(self.client.post(path, body)).await?)
    }

    /// The connection as it is, for those who deal with its end themselves.
    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Connects to a supervisor that runs, or that is about to be back until the deadline; `None`
    /// where none is. Processes that were left alone bring one back.
    ///
    /// # Errors
    ///
    /// As [`Link::open_if_any`].
    pub(crate) async fn open_within(
        place: &Place,
        deadline: Instant,
    ) -> Result<Option<Self>, Failure> {
        loop {
            if let Some(link) = Link::open_if_any(place).await? {
                return Ok(Some(link));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The connection alone, for those who make it anew themselves.
    pub(crate) fn into_client(self) -> Client {
        self.client
    }

    /// Connects anew.
    ///
    /// # Errors
    ///
    /// When that is not possible until the deadline.
    pub(crate) async fn reconnect(&mut self, deadline: Instant) -> Result<(), Failure> {
        self.client = connect_until(&self.place, self.may_start, deadline).await?;
        Ok(())
    }

    /// A second connection of the same kind.
    ///
    /// # Errors
    ///
    /// When that is not possible.
    pub(crate) async fn another(&self) -> Result<Self, Failure> {
        let deadline = Instant::now() + PATIENCE;
        Ok(Link {
            place: self.place.clone(),
            client: connect_until(&self.place, self.may_start, deadline).await?,
            may_start: self.may_start,
        })
    }

    /// Whether the supervisor is of another version than this program: then what to do about it.
    pub(crate) fn other_version(&self) -> Option<String> {
        let theirs = self.client.server_version()?;
        let ours = env!("CARGO_PKG_VERSION");
        (theirs != ours).then(|| {
            format!(
                "the supervisor is of version {theirs}, this is {ours}: `forge daemon restart` replaces it, the processes go on"
            )
        })
    }
}

/// A connection for one request, for those who ask again themselves; what does not run is started.
///
/// # Errors
///
/// As [`Link::open_or_start`].
pub(crate) async fn client(place: &Place) -> Result<Client, Failure> {
    connect_until(place, true, Instant::now() + PATIENCE).await
}

/// Waits for the answer of a question that needs no work.
async fn limited<A>(
    answer: impl Future<Output = Result<A, ClientError>>,
) -> Result<A, ClientError> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(ClientError::Problem(
            forge_api::Problem::failed(format!(
                "the supervisor has not answered for {} seconds",
                ANSWER.as_secs()
            ))
            .with_hint("`forge daemon restart` replaces it; the processes go on"),
        )),
    }
}

/// Connects; `None` where nobody listens.
async fn connect(place: &Place) -> Result<Option<Client>, Failure> {
    let socket = place.layout.api_socket();
    match forge_os::connect_in(&socket) {
        Ok(stream) => Ok(Client::over(stream).await.ok()),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
            _ => Err(
                Failure::failed(format!("cannot connect to {}: {error}", socket.display()))
                    .hint("`forge dev doctor` looks for causes"),
            ),
        },
    }
}

async fn connect_until(
    place: &Place,
    may_start: bool,
    deadline: Instant,
) -> Result<Client, Failure> {
    let mut alone_since = None;
    loop {
        if let Some(client) = connect(place).await? {
            return Ok(client);
        }
        if !nobody_is_there(place) {
            alone_since = None;
        } else if alone_since.get_or_insert_with(Instant::now).elapsed() > AWAY && !may_start {
            return Err(
                Failure::failed("Forge has ended meanwhile, and nothing of it is left")
                    .hint("`forge dev start` starts it again"),
            );
        }
        if may_start || (nobody_is_there(place) && left_alone(place)) {
            start_keeper(place)?;
        }
        if Instant::now() >= deadline {
            return Err(Failure::failed(format!(
                "nobody answers at {}",
                place.layout.api_socket().display()
            ))
            .hint(format!(
                "the reason may stand in {}",
                place.layout.supervisor_log().display()
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether keeper and supervisor are both gone, so that neither brings the other back.
fn nobody_is_there(place: &Place) -> bool {
    let holders = lock_holders(place);
    holders.keeper.is_none() && holders.supervisor.is_none()
}

/// Whether a process of this workspace may live although nobody answers: its journal tells of a run
/// that has not ended. Then keeper and supervisor are to be started, who find out.
fn left_alone(place: &Place) -> bool {
    use forge_facts::Entry;
    let Ok(folders) = std::fs::read_dir(place.layout.processes()) else {
        return false;
    };
    folders.flatten().any(|folder| {
        let journal = forge_facts::journal::read(&folder.path().join("journal"));
        let mut open = false;
        for (_, entry) in journal.unwrap_or_default().entries {
            match entry {
                Entry::Spawned { .. } => open = true,
                Entry::Gone { .. } | Entry::SpawnFailed { .. } => open = false,
                _ => {}
            }
        }
        open
    })
}

/// The pids of Forge's own processes that hold the workspace's locks.
pub(crate) fn lock_holders(place: &Place) -> DaemonStatus {
    let holder = |lock: PathBuf| {
        let pid = forge_os::holder(&lock).ok().flatten()?;
        (pid > 0).then_some(forge_api::ProcessPid { pid })
    };
    DaemonStatus {
        keeper: holder(place.layout.keeper_lock()),
        supervisor: holder(place.layout.supervisor_lock()),
        ..DaemonStatus::default()
    }
}

/// Asks who runs.
///
/// # Errors
///
/// As [`Link::get`].
pub(crate) async fn daemon_status(link: &mut Link) -> Result<DaemonStatus, Failure> {
    link.get(path::DAEMON, "").await
}

/// Starts the keeper, which starts the supervisor; returns when the API's socket listens.
fn start_keeper(place: &Place) -> Result<(), Failure> {
    crate::keeper::start(&place.layout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Bases;
    use forge_facts::{Entry, Identity, RunId};

    #[test]
    fn a_run_without_an_end_in_its_journal_was_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let bases = Bases {
            state: folder.path().join("s"),
            runtime: folder.path().join("r"),
        };
        let place = Place::of(folder.path(), &bases);
        assert!(!left_alone(&place));
        let run = RunId::new(1, 1);
        let identity = Identity {
            pid: 7,
            boot: "b".into(),
            start_ticks: 1,
            pidfd_inode: 0,
        };
        let spawned = Entry::Spawned {
            run,
            identity,
            at: 1,
        };
        let gone = Entry::Gone {
            run,
            at: 2,
            killed: false,
        };
        let mut bytes = spawned.to_record(1).encode();
        let journal = place.layout.journal("web");
        std::fs::create_dir_all(journal.parent().unwrap()).unwrap();
        std::fs::write(&journal, &bytes).unwrap();
        assert!(left_alone(&place));
        bytes.extend(gone.to_record(2).encode());
        std::fs::write(&journal, &bytes).unwrap();
        assert!(!left_alone(&place));
    }
}
