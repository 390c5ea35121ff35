//! What runs in containers, as the engine tells: for processes that are only clients of one.
//!
//! A client such as `docker run` uses nothing; what it started runs below the engine. Which container that is follows from
//! the client's command line ([`Client`]), and what it uses comes from the engine ([`Engine`]). A [`ContainerMeter`] asks
//! it again and again.

mod client;
mod engine;
mod left;
mod meter;
mod usage;

pub use client::Client;
pub use engine::{Container, Engine, Published};
pub use left::{Left, end_left};
pub use meter::{ClientProcess, ContainerMeter, Measured};
pub use usage::{ContainerUsage, Reading};

use std::path::Path;
use std::time::Duration;

/// The containers that a client means, of those that the engine has. `cwd` is the client's folder, and `started_at` when it
/// was started, since 1970: a container without a name is the first one that came after.
pub fn matching<'a>(
    client: &Client,
    cwd: &Path,
    started_at: Duration,
    containers: &'a [Container],
) -> Vec<&'a Container> {
    match client {
        Client::Run {
            name: Some(name), ..
        } => {
            let named = containers
                .iter()
                .filter(|container| container.name == *name);
            named.collect()
        }
        Client::Run { image, ports, .. } => {
            // The engine's clock has seconds only.
            let earliest = started_at.saturating_sub(Duration::from_secs(1));
            let mut later: Vec<&Container> = containers
                .iter()
                .filter(|container| container.created_at >= earliest)
                .filter(|container| container.is_of_image(image) && container.publishes(ports))
                .collect();
            later.sort_by_key(|container| container.created_at);
            later.truncate(1);
            later
        }
        Client::Compose {
            project,
            folder,
            services,
            ..
        } => containers
            .iter()
            .filter(|container| {
                let folder = cwd.join(folder.as_deref().unwrap_or_default());
                container.is_of_project(project.as_deref(), &folder)
            })
            .filter(|container| {
                let service = container.compose_service.as_ref();
                services.is_empty() || service.is_some_and(|service| services.contains(service))
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
