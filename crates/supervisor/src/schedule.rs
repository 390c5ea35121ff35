//! When scheduled processes are due.

use std::collections::BTreeMap;
use std::time::Duration;

use forge_core::spec::Schedule;
use jiff::{Timestamp, Zoned};

use crate::clock;
use crate::supervisor::Supervisor;

/// A clock on the wall may be set: far moments are looked at again after this long.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The next moments of all scheduled processes.
#[derive(Default)]
pub(crate) struct Schedules(BTreeMap<String, Next>);

struct Next {
    schedule: Schedule,
    /// On the clock that never jumps: when to look.
    look: Duration,
    /// When it is due, on the wall; `None` for `every`, which is due at `look`.
    due: Option<Timestamp>,
}

impl Schedules {
    /// When anything is due, on the clock that never jumps.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.0.values().map(|next| next.look).min()
    }

    /// When a process runs next, for people.
    pub(crate) fn next_of(&self, name: &str) -> Option<Timestamp> {
        let next = self.0.get(name)?;
        next.due.or_else(|| {
            let left = next.look.saturating_sub(clock::mono());
            Timestamp::now().checked_add(left).ok()
        })
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Those that are due, with their next moments set.
    pub(crate) fn take_due(&mut self, mono: Duration) -> Vec<String> {
        let mut due = Vec::new();
        let mut never = Vec::new();
        for (name, next) in &mut self.0 {
            if next.look > mono {
                continue;
            }
            let is_due = next.due.is_none_or(|at| Timestamp::now() >= at);
            if is_due {
                due.push(name.clone());
            }
            match plan(&next.schedule, mono, next.due.filter(|_| !is_due)) {
                Some(planned) => *next = planned,
                None => never.push(name.clone()),
            }
        }
        for name in never {
            self.0.remove(&name);
        }
        due
    }
}

/// The next moment of a schedule; `due` is one that was planned already.
fn plan(schedule: &Schedule, mono: Duration, due: Option<Timestamp>) -> Option<Next> {
    match schedule {
        Schedule::Every(every) => Some(Next {
            schedule: schedule.clone(),
            look: mono.saturating_add(*every),
            due: None,
        }),
        Schedule::Cron(expression) => {
            let due = match due {
                Some(due) => due,
                None => forge_config::next_after(expression, &Zoned::now())?.timestamp(),
            };
            let left = Duration::try_from(due.duration_since(Timestamp::now())).unwrap_or_default();
            Some(Next {
                schedule: schedule.clone(),
                look: mono.saturating_add(left.min(LOOK_AGAIN)),
                due: Some(due),
            })
        }
    }
}

impl Supervisor {
    /// Brings the moments in line with the definitions and with what is wanted.
    pub(crate) fn plan_schedules(&mut self) {
        let mut wanted: BTreeMap<String, Schedule> = BTreeMap::new();
        for name in self.core.names() {
            let spec = self.core.latest_spec(name);
            let schedule = spec.and_then(|spec| spec.schedule.clone());
            let up = self.core.view(name).is_some_and(|view| view.wanted);
            if let Some(schedule) = schedule.filter(|_| up) {
                wanted.insert(name.to_string(), schedule);
            }
        }
        self.schedules.0.retain(|name, next| {
            wanted
                .get(name)
                .is_some_and(|schedule| *schedule == next.schedule)
        });
        for (name, schedule) in wanted {
            if !self.schedules.0.contains_key(&name)
                && let Some(next) = plan(&schedule, clock::mono(), None)
            {
                self.schedules.0.insert(name, next);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_due_once_in_each_of_its_times() {
        let mut schedules = Schedules::default();
        let every = Schedule::Every(Duration::from_secs(10));
        let start = Duration::from_secs(100);
        schedules
            .0
            .insert("x".into(), plan(&every, start, None).unwrap());
        assert!(
            schedules
                .take_due(start + Duration::from_secs(9))
                .is_empty()
        );
        let due = start + Duration::from_secs(10);
        assert_eq!(schedules.take_due(due), ["x"]);
        assert!(schedules.take_due(due).is_empty());
        assert_eq!(schedules.due(), Some(due + Duration::from_secs(10)));
    }

    #[test]
    fn a_cron_moment_lies_ahead_and_is_looked_at_within_a_minute() {
        let cron = Schedule::Cron("0 0 1 1 *".into());
        let next = plan(&cron, Duration::ZERO, None).unwrap();
        assert!(next.due.unwrap() > Timestamp::now());
        assert!(next.look <= LOOK_AGAIN);
    }
}
