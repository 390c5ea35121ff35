//! The containers of some clients, looked at again and again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::engine::{Container, Engine};
use super::usage::{ContainerUsage, Reading};
use super::{Client, matching};
use crate::error::Error;

/// After so many looks the engine is asked anew which containers there are.
const LOOKS: u32 = 5;

/// A client that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientProcess {
    /// What it was told to run.
    pub client: Client,
    /// Its folder.
    pub cwd: PathBuf,
    /// When it was started, since 1970.
    pub started_at: Duration,
}

/// A container and what it uses.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Which.
    pub container: Container,
    /// What it uses.
    pub usage: ContainerUsage,
}

/// The containers of some clients.
#[derive(Debug)]
pub struct ContainerMeter {
    engine: Engine,
    clients: Vec<ClientProcess>,
    meant: Vec<Container>,
    last: BTreeMap<String, Reading>,
    looks: u32,
}

impl ContainerMeter {
    /// Those of these clients.
    pub fn new(engine: Engine, clients: Vec<ClientProcess>) -> Self {
        ContainerMeter {
            engine,
            clients,
            meant: Vec::new(),
            last: BTreeMap::new(),
            looks: 0,
        }
    }

    /// Asks what there is and what it uses. Rates are known from the second look on.
    ///
    /// # Errors
    /// When the engine cannot be reached, refuses, or takes longer than `limit` for an answer.
    pub async fn look(&mut self, limit: Duration) -> Result<Vec<Measured>, Error> {
        if self.meant.is_empty() || self.looks.is_multiple_of(LOOKS) {
            self.find(limit).await?;
        }
        self.looks = self.looks.wrapping_add(1);
        let mut found = Vec::with_capacity(self.meant.len());
        let mut last = BTreeMap::new();
        for container in &self.meant {
            let reading = match self.engine.reading(&container.id, limit).await {
                Ok(reading) => reading,
                // It has ended since it was listed.
                Err(Error::Refused { .. }) => {
                    self.looks = 0;
                    continue;
                }
                Err(error) => return Err(error),
            };
            found.push(Measured {
                container: container.clone(),
                usage: reading.since(self.last.get(&container.id)),
            });
            last.insert(container.id.clone(), reading);
        }
        self.last = last;
        Ok(found)
    }

    async fn find(&mut self, limit: Duration) -> Result<(), Error> {
        let all = self.engine.containers(limit).await?;
        self.meant.clear();
        for one in &self.clients {
            for container in matching(&one.client, &one.cwd, one.started_at, &all) {
                if !self.meant.iter().any(|known| known.id == container.id) {
                    self.meant.push(container.clone());
                }
            }
        }
        Ok(())
    }
}
