//! Shims that have nothing to do: kept for a moment, then let go.

use std::time::Duration;

use forge_core::event::Status;
use forge_facts::Order;
use tokio::time::Instant;

use crate::managed::Link;
use crate::supervisor::Supervisor;

/// How long a shim is kept that has nothing to do.
const IDLE_SHIM: Duration = Duration::from_secs(10);

impl Supervisor {
    /// Lets go of shims that have had nothing to do for a while; who starts again soon after a stop
    /// finds them ready.
    pub(crate) fn release_shims(&mut self) {
        for (name, managed) in &mut self.managed {
            let Link::Up { connection, .. } = managed.link else {
                continue;
            };
            if managed.present.is_some() || managed.launching.is_some() {
                managed.idle_since = None;
                continue;
            }
            let resting = self.core.view(name).is_none_or(|view| match view.status {
                Status::Stopped | Status::Exited => true,
                Status::Waiting
                | Status::Starting
                | Status::Running
                | Status::Stopping
                | Status::Restarting
                | Status::Crashed
                | Status::Paused => false,
            });
            if !resting {
                managed.idle_since = None;
                continue;
            }
            let since = *managed.idle_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= IDLE_SHIM {
                managed.idle_since = None;
                managed.order(Order::Release);
                managed.link = Link::Releasing(connection);
            }
        }
    }

    /// When the next shim is to be let go.
    pub(crate) fn next_release(&self) -> Option<Instant> {
        let idle = self.managed.values().filter_map(|one| one.idle_since);
        idle.min().map(|since| since + IDLE_SHIM)
    }
}
