//! Adding up counters of processes that come and go.
//!
//! A process has counters of its own, and counters that it inherited from children which ended and that it
//! waited for. When a child ends, what was already counted for it moves into its parent's inherited
//! counters: counting the growth of both would count it twice, and comparing sums would fall by the
//! child's total when somebody outside the tree inherits it. So what the ledger last saw of a vanished
//! process is a *debt*: the next growth of inherited counters pays it first, and only the rest is new.
//!
//! Readings are not taken at one instant. A parent read before its child ended, and a child looked for
//! after, leave a debt that is paid only by the next look; so a debt stands for two looks. A child
//! whose parent ignores it is inherited by nobody, and its debt lapses.

use std::collections::HashMap;

/// One process's counters at one look, `N` kinds side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading<const N: usize> {
    pub(crate) pid: i32,
    /// With the pid, names the process.
    pub(crate) start: u64,
    /// Whether it started after the look before: then all of its counters are new.
    pub(crate) fresh: bool,
    pub(crate) own: [u64; N],
    pub(crate) inherited: [u64; N],
}

/// The ledger of one tree.
#[derive(Debug, Default)]
pub(crate) struct Ledger<const N: usize> {
    last: HashMap<i32, Reading<N>>,
    debts: [Debt<N>; 2],
    begun: bool,
}

#[derive(Debug, Clone, Copy)]
struct Debt<const N: usize>([u64; N]);

impl<const N: usize> Default for Debt<N> {
    fn default() -> Self {
        Debt([0; N])
    }
}

impl<const N: usize> Ledger<N> {
    /// Takes the readings of all live processes of the tree and returns by how much the tree's
    /// counters grew since the last call; `None` on the first call, unless all that there is was
    /// started since the look before.
    pub(crate) fn settle(&mut self, readings: &[Reading<N>]) -> Option<[u64; N]> {
        let mut grown = [0u64; N];
        let mut inherited = [0u64; N];
        let mut last = std::mem::take(&mut self.last);
        for reading in readings {
            let same = |before: &&Reading<N>| before.start == reading.start;
            let before = match last.get(&reading.pid).filter(same).copied() {
                Some(before) => {
                    last.remove(&reading.pid);
                    before
                }
                None if reading.fresh => Reading {
                    own: [0; N],
                    inherited: [0; N],
                    ..*reading
                },
                None => *reading,
            };
            for kind in 0..N {
                grown[kind] += reading.own[kind].saturating_sub(before.own[kind]);
                inherited[kind] += reading.inherited[kind].saturating_sub(before.inherited[kind]);
            }
        }
        self.owe(last.into_values());
        self.pay(&mut inherited);
        let known = self.begun || readings.iter().all(|reading| reading.fresh);
        self.begun |= !readings.is_empty();
        self.last = readings.iter().map(|r| (r.pid, *r)).collect();
        known.then(|| std::array::from_fn(|kind| grown[kind] + inherited[kind]))
    }

    /// What was counted of processes that are gone is about to turn up with their parents.
    fn owe(&mut self, vanished: impl Iterator<Item = Reading<N>>) {
        self.debts[1] = self.debts[0];
        self.debts[0] = Debt::default();
        for reading in vanished {
            for kind in 0..N {
                self.debts[0].0[kind] += reading.own[kind] + reading.inherited[kind];
            }
        }
    }

    /// Takes the debts, the older first, out of what was inherited.
    fn pay(&mut self, inherited: &mut [u64; N]) {
        for debt in self.debts.iter_mut().rev() {
            for (owed, inherited) in debt.0.iter_mut().zip(inherited.iter_mut()) {
                let paid = (*owed).min(*inherited);
                *owed -= paid;
                *inherited -= paid;
            }
        }
    }
}

#[cfg(test)]
mod tests;
