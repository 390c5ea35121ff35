//! The end of a keeper: only by order, only when nothing is left to keep.

use std::time::{Duration, Instant};

use forge_facts::Order;

use super::Keeper;

/// How long shims may take to end when they are told to.
const PATIENCE: Duration = Duration::from_secs(5);

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    No,
    /// As soon as the supervisor has ended.
    Asked,
    /// The supervisor has ended; shims are being released.
    Releasing {
        until: Instant,
    },
    /// Nothing is left.
    Over,
}

impl Closing {
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Closing::No | Closing::Asked | Closing::Over => None,
            Closing::Releasing { until } => Some(until),
        }
    }
}

impl Keeper {
    pub(super) fn is_over(&self) -> bool {
        self.closing == Closing::Over
    }

    /// The supervisor has ended as it said; `false`: it was not meant to be for good.
    pub(super) fn begin_closing(&mut self) -> bool {
        match self.closing {
            Closing::No => return false,
            Closing::Asked => {}
            Closing::Releasing { .. } | Closing::Over => return true,
        }
        self.closing = Closing::Releasing {
            until: Instant::now() + PATIENCE,
        };
        for shim in &mut self.shims {
            shim.send(&Order::Release.to_record(), &self.poller);
        }
        true
    }

    /// Something still runs: it needs somebody who decides.
    pub(super) fn call_off_closing(&mut self) {
        if matches!(self.closing, Closing::Releasing { .. }) {
            self.closing = Closing::No;
            self.supervisor.start_now();
        }
    }

    pub(super) fn pursue_closing(&mut self, now: Instant) {
        if let Closing::Releasing { until } = self.closing {
            if self.shims.is_empty() {
                self.closing = Closing::Over;
            } else if now >= until {
                self.call_off_closing();
            }
        }
    }
}
