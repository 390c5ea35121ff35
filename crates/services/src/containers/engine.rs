//! The engine's API, as far as it is needed: HTTP over a socket in the file system.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use serde::Deserialize;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::usage::{Reading, Stats};
use crate::error::{Error, Trouble};
use crate::http;

/// An answer with thousands of containers is smaller.
const ANSWER: usize = 16 << 20;
const COMPOSE_PROJECT: &str = "com.docker.compose.project";
const COMPOSE_SERVICE: &str = "com.docker.compose.service";
const COMPOSE_FOLDER: &str = "com.docker.compose.project.working_dir";

/// A container engine that speaks Docker's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    socket: PathBuf,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The image that it was made from, as it was named.
    pub image: String,
    /// `running`, `exited`, ….
    pub state: String,
    /// When it was made, since 1970.
    pub created_at: Duration,
    /// Ports of this machine that lead to it.
    pub published: Vec<Published>,
    /// Its project, where compose made it.
    pub compose_project: Option<String>,
    /// Its service there.
    pub compose_service: Option<String>,
    /// The folder of that project.
    pub compose_folder: Option<PathBuf>,
}

/// A port of this machine that leads to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Where this machine listens for it.
    pub address: IpAddr,
    /// The port of this machine.
    pub host: u16,
    /// The port within the container.
    pub container: u16,
    /// Whether it is UDP.
    pub udp: bool,
}

impl Container {
    /// Whether a port of this machine leads to it.
    pub fn publishes(&self, ports: &[u16]) -> bool {
        ports
            .iter()
            .all(|port| self.published.iter().any(|known| known.host == *port))
    }

    pub(super) fn is_of_image(&self, image: &str) -> bool {
        let known = self.image.as_str();
        // A name without a tag means `latest`, and one without a registry the engine's own.
        known == image
            || known.strip_suffix(":latest") == Some(image)
            || image.strip_suffix(":latest") == Some(known)
            || known
                .strip_suffix(image)
                .is_some_and(|front| front.ends_with('/'))
    }

    /// Compose looks for its file from the current folder upwards.
    pub(super) fn is_of_project(&self, project: Option<&str>, folder: &Path) -> bool {
        match project {
            Some(project) => self.compose_project.as_deref() == Some(project),
            None => {
                let own = self.compose_folder.as_ref();
                own.is_some_and(|own| folder.starts_with(own))
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
    #[serde(default)]
    names: Option<Vec<String>>,
    #[serde(default)]
    image: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    created: u64,
    #[serde(default)]
    ports: Option<Vec<ListedPort>>,
    #[serde(default)]
    labels: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedPort {
    #[serde(rename = "IP", default)]
    address: Option<String>,
    private_port: u16,
    public_port: Option<u16>,
    #[serde(rename = "Type", default)]
    protocol: String,
}

/// How it is with a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) runs: bool,
    /// Since 1970, to the nanosecond.
    pub(super) created_at: Option<Duration>,
    /// When it was started last.
    pub(super) started_at: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    #[serde(default)]
    created: String,
    state: InspectedState,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedState {
    #[serde(default)]
    running: bool,
    #[serde(default)]
    started_at: String,
}

impl Engine {
    /// The engine that clients without options mean, by an environment: `DOCKER_HOST` where that names a socket, else
    /// the usual places. `None` where there is none.
    pub fn find(environment: &dyn Fn(&str) -> Option<OsString>) -> Option<Self> {
        if let Some(host) = environment("DOCKER_HOST").filter(|host| !host.is_empty()) {
            return Engine::of_host(host.to_str()?);
        }
        let run = environment("XDG_RUNTIME_DIR").map(PathBuf::from);
        let home = environment("HOME").map(PathBuf::from);
        let places = [
            Some(PathBuf::from("/var/run/docker.sock")),
            run.as_ref().map(|run| run.join("docker.sock")),
            run.as_ref().map(|run| run.join("podman/podman.sock")),
            Some(PathBuf::from("/run/podman/podman.sock")),
            home.as_ref()
                .map(|home| home.join(".docker/run/docker.sock")),
            home.map(|home| home.join(".docker/desktop/docker.sock")),
        ];
        let found = places.into_iter().flatten().find(|place| place.exists());
        found.map(|place| Engine::at(&place))
    }

    /// That which a value of `DOCKER_HOST` names; `None` where it is no socket of this machine.
    pub fn of_host(host: &str) -> Option<Self> {
        let socket = host.strip_prefix("unix://")?;
        Some(Engine::at(Path::new(socket)))
    }

    /// That behind a socket.
    pub fn at(socket: &Path) -> Self {
        Engine {
            socket: socket.to_path_buf(),
        }
    }

    /// The containers that run.
    ///
    /// # Errors
    /// When the engine cannot be reached, refuses, or takes longer than `limit`.
    pub async fn containers(&self, limit: Duration) -> Result<Vec<Container>, Error> {
        let listed: Vec<Listed> = self.get("/containers/json", limit).await?;
        Ok(listed.into_iter().map(container).collect())
    }

    /// What a container has used up to now.
    ///
    /// # Errors
    /// As [`Engine::containers`]; also when there is no such container.
    pub async fn reading(&self, id: &str, limit: Duration) -> Result<Reading, Error> {
        let id = self.checked(id)?;
        // An engine that does not know the second option waits for a second; it is right all the same.
        let target = format!("/containers/{id}/stats?stream=false&one-shot=true");
        let stats: Stats = self.get(&target, limit).await?;
        Ok(Reading::of(&stats))
    }

    /// How it is with a container; `None` where there is none.
    ///
    /// # Errors
    /// As [`Engine::containers`].
    pub(super) async fn life(&self, id: &str, limit: Duration) -> Result<Option<Life>, Error> {
        let id = self.checked(id)?;
        let target = format!("/containers/{id}/json");
        let (status, body) = self.ask(Method::GET, &target, limit).await?;
        if status == 404 {
            return Ok(None);
        }
        let found: Inspected = self.understood(status, &body, &target)?;
        Ok(Some(Life {
            runs: found.state.running,
            created_at: time(&found.created),
            started_at: time(&found.state.started_at),
        }))
    }

    /// Ends a container at once. One that has ended already, or is no more, is fine.
    ///
    /// # Errors
    /// As [`Engine::containers`].
    pub async fn kill(&self, id: &str, limit: Duration) -> Result<(), Error> {
        let id = self.checked(id)?;
        let target = format!("/containers/{id}/kill");
        let (status, _) = self.ask(Method::POST, &target, limit).await?;
        match status {
            200..=299 | 404 | 409 => Ok(()),
            _ => Err(self.at_place(Trouble::Refused(format!("HTTP {status} for {target}")))),
        }
    }

    /// What comes from elsewhere must not become another request.
    fn checked<'a>(&self, id: &'a str) -> Result<&'a str, Error> {
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if id.is_empty() || !id.bytes().all(harmless) {
            return Err(self.at_place(Trouble::Refused(format!("`{id}` names no container"))));
        }
        Ok(id)
    }

    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        target: &str,
        limit: Duration,
    ) -> Result<T, Error> {
        let (status, body) = self.ask(Method::GET, target, limit).await?;
        self.understood(status, &body, target)
    }

    fn understood<T: serde::de::DeserializeOwned>(
        &self,
        status: u16,
        body: &[u8],
        target: &str,
    ) -> Result<T, Error> {
        if status != 200 {
            return Err(self.at_place(Trouble::Refused(format!("HTTP {status} for {target}"))));
        }
        serde_json::from_slice(body)
            .map_err(|error| self.at_place(Trouble::Strange(format!("{target}: {error}"))))
    }

    async fn ask(
        &self,
        method: Method,
        target: &str,
        limit: Duration,
    ) -> Result<(u16, Bytes), Error> {
        let talk = async {
            let wire = UnixStream::connect(&self.socket).await?;
            http::ask(wire, method, "localhost", target, None, ANSWER).await
        };
        match timeout(limit, talk).await {
            Ok(answer) => answer.map_err(|trouble| self.at_place(trouble)),
            Err(_) => {
                let place = self.place();
                Err(Error::Silent { place, limit })
            }
        }
    }

    fn place(&self) -> String {
        format!("the container engine at {}", self.socket.display())
    }

    fn at_place(&self, trouble: Trouble) -> Error {
        trouble.at(&self.place())
    }
}

/// Since 1970.
pub(super) fn time(text: &str) -> Option<Duration> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Duration::try_from(time.as_duration()).ok()
}

fn container(listed: Listed) -> Container {
    let mut labels = listed.labels.unwrap_or_default();
    let published = listed
        .ports
        .unwrap_or_default()
        .into_iter()
        .filter_map(|port| {
            let address = port.address.and_then(|address| address.parse().ok());
            Some(Published {
                address: address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
                host: port.public_port.filter(|port| *port > 0)?,
                container: port.private_port,
                udp: port.protocol == "udp",
            })
        });
    let name = listed.names.unwrap_or_default().into_iter().next();
    Container {
        name: name.unwrap_or_default().trim_start_matches('/').to_string(),
        published: published.collect(),
        compose_project: labels.remove(COMPOSE_PROJECT),
        compose_service: labels.remove(COMPOSE_SERVICE),
        compose_folder: labels.remove(COMPOSE_FOLDER).map(PathBuf::from),
        id: listed.id,
        image: listed.image,
        state: listed.state,
        created_at: Duration::from_secs(listed.created),
    }
}
