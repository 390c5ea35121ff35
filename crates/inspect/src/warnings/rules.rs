//! The rules, one function each.

use std::time::Duration;

use super::facts::{Facts, ProcessFacts, Room, SlowKind};
use super::growth::steady_growth;
use super::thresholds::Thresholds;
use super::{Kind, Subject, text};
use crate::history::Point;
use crate::{Metric, Moment};

/// A condition that holds.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) message: String,
    pub(super) figures: Vec<(&'static str, f64)>,
    /// How long it must hold before it is told.
    pub(super) hold: Duration,
    /// Since when it holds, where that is known better than by looking.
    pub(super) since: Option<Duration>,
}

/// How long the mean is taken over that is compared with a limit.
const RECENT: Duration = Duration::from_secs(10);
/// A value that was over its threshold is over until it is below this part of it.
const RELEASE: f32 = 0.9;
/// The share of seconds in which the CPU must have been busy.
const BUSY_SHARE: f64 = 0.8;

/// Which of several limits a warning is about.
const MEMORY: u64 = 0;
const CPU: u64 = 1;
const FILES: u64 = 2;

/// Applies all rules; `raised` tells whether a warning was told before, `report` takes what holds.
pub(super) fn look(
    thresholds: &Thresholds,
    facts: &Facts<'_>,
    raised: &mut dyn FnMut(&Subject) -> bool,
    mut report: impl FnMut(Subject, Finding),
) {
    for process in &facts.processes {
        let mut look = Look {
            thresholds,
            facts,
            process,
            raised,
            report: &mut report,
        };
        look.memory_growth();
        look.cpu();
        look.limits();
        look.open_files();
        look.slow();
        look.running_query();
        look.unhealthy();
        look.crash_loop();
        look.ports();
    }
    for (place, room) in facts.storage.iter().enumerate() {
        let known = facts.storage[..place]
            .iter()
            .any(|other| other.id == room.id);
        let subject = (None, Kind::DiskFull, room.id);
        let before = raised(&subject);
        if let Some(finding) = disk(room, before).filter(|_| !known) {
            report(subject, finding);
        }
    }
}

/// One process, looked at by all rules.
pub(super) struct Look<'a> {
    pub(super) thresholds: &'a Thresholds,
    pub(super) facts: &'a Facts<'a>,
    pub(super) process: &'a ProcessFacts<'a>,
    raised: &'a mut dyn FnMut(&Subject) -> bool,
    report: &'a mut dyn FnMut(Subject, Finding),
}

impl Look<'_> {
    fn memory_growth(&mut self) {
        let points = self.of_this_run(Metric::MemoryBytes, Duration::from_secs(3600));
        let Some(growth) = steady_growth(&points) else {
            return;
        };
        let now = points.last().map_or(0.0, |(_, value)| f64::from(*value));
        let per_minute = growth.bytes_per_s * 60.0;
        let message = format!(
            "memory grows steadily: {} each minute for {}, {} now",
            text::bytes(per_minute),
            text::time(growth.span),
            text::bytes(now),
        );
        let figures = vec![
            ("bytes_per_minute", per_minute),
            ("span_s", growth.span.as_secs_f64()),
            ("quality", growth.quality),
            ("memory_bytes", now),
        ];
        let since = Some(self.facts.at.saturating_sub(growth.span));
        self.tell(
            Kind::MemoryGrowth,
            0,
            Duration::ZERO,
            since,
            message,
            figures,
        );
    }

    fn cpu(&mut self) {
        let (long, much) = (self.thresholds.cpu_for, self.thresholds.cpu_percent);
        let before = self.was_raised(Kind::Cpu, 0);
        // Once told, it is over when the last while was quiet.
        let span = if before { long / 4 } else { long };
        let bar = if before { much * RELEASE } else { much };
        let points = self.of_this_run(Metric::CpuPercent, span);
        if !covers(&points, span) {
            return;
        }
        let busy = points
            .iter()
            .filter(|(_, value)| *value >= bar * RELEASE)
            .count();
        let mean = mean(&points);
        if mean < f64::from(bar) || (busy as f64) < points.len() as f64 * BUSY_SHARE {
            return;
        }
        let message = format!("CPU at {mean:.0}% of a core for {}", text::time(long));
        let figures = vec![("cpu_percent", mean), ("span_s", long.as_secs_f64())];
        let since = Some(self.facts.at.saturating_sub(long));
        self.tell(Kind::Cpu, 0, Duration::ZERO, since, message, figures);
    }

    fn limits(&mut self) {
        let limits = self.process.limits;
        let Some(usage) = self.process.usage.filter(|usage| !usage.pids.is_empty()) else {
            return;
        };
        if let (Some(limit), Some(value)) = (limits.memory_bytes, usage.memory_bytes) {
            let (value, limit) = (value as f64, limit as f64);
            let of = |value: f64| text::bytes(value);
            self.limit(MEMORY, "memory", value, limit, Duration::ZERO, &of);
        }
        if let Some(limit) = limits.cpu_percent {
            let points = self.of_this_run(Metric::CpuPercent, RECENT);
            if covers(&points, RECENT) {
                let of = |value: f64| format!("{value:.0}%");
                self.limit(
                    CPU,
                    "CPU",
                    mean(&points),
                    f64::from(limit),
                    Duration::ZERO,
                    &of,
                );
            }
        }
        if let (Some(limit), Some(value)) = (limits.open_files, usage.open_files_most) {
            let of = |value: f64| format!("{value:.0}");
            self.limit(
                FILES,
                "open files",
                f64::from(value),
                limit as f64,
                Duration::ZERO,
                &of,
            );
        }
    }

    fn limit(
        &mut self,
        which: u64,
        name: &str,
        value: f64,
        limit: f64,
        hold: Duration,
        shown: &dyn Fn(f64) -> String,
    ) {
        let near = f64::from(self.thresholds.near);
        let slack = |raised: bool| if raised { 0.95 } else { 1.0 };
        let over_before = self.was_raised(Kind::OverLimit, which);
        let near_before = self.was_raised(Kind::NearLimit, which);
        let (kind, word) = if value > limit * slack(over_before) {
            (Kind::OverLimit, "over")
        } else if value >= limit * near * slack(near_before) {
            (Kind::NearLimit, "near")
        } else {
            return;
        };
        // Where it clears, it lies a little below.
        let word = if value > limit { word } else { "near" };
        let message = format!(
            "{name} at {}, {word} the limit of {} ({:.0}%)",
            shown(value),
            shown(limit),
            value * 100.0 / limit.max(1.0)
        );
        self.tell(
            kind,
            which,
            hold,
            None,
            message,
            vec![("value", value), ("limit", limit)],
        );
    }

    fn open_files(&mut self) {
        // A limit that was set is the system's too, and has its own words.
        if self.process.limits.open_files.is_some() {
            return;
        }
        let most = self.process.usage.and_then(|usage| usage.open_files_most);
        let (Some(most), Some(limit)) = (most, self.process.open_files_limit) else {
            return;
        };
        let before = self.was_raised(Kind::OpenFiles, 0);
        let bar = self.thresholds.open_files * if before { RELEASE } else { 1.0 };
        if limit == 0 || (f64::from(most)) < limit as f64 * f64::from(bar) {
            return;
        }
        let share = f64::from(most) * 100.0 / limit as f64;
        let message = format!("{most} open files of {limit} that the system allows ({share:.0}%)");
        let figures = vec![("open_files", f64::from(most)), ("limit", limit as f64)];
        self.tell(Kind::OpenFiles, 0, Duration::ZERO, None, message, figures);
    }

    fn slow(&mut self) {
        let within = self.thresholds.slow_within;
        let from = self.facts.at.saturating_sub(within);
        let recent = self.process.slow.iter().filter(|slow| slow.at >= from);
        let recent: Vec<_> = recent.collect();
        if recent.is_empty() || recent.len() < self.thresholds.slow_count {
            return;
        }
        let of = |kind: SlowKind| recent.iter().filter(|slow| slow.kind == kind).count();
        let (requests, queries) = (of(SlowKind::Request), of(SlowKind::Query));
        let what = match (requests, queries) {
            (_, 0) if requests == recent.len() => {
                text::count(requests, "slow request", "slow requests")
            }
            (0, _) if queries == recent.len() => text::count(queries, "slow query", "slow queries"),
            _ => text::count(recent.len(), "slow operation", "slow operations"),
        };
        let span = if within == Duration::from_secs(3600) {
            "hour".to_string()
        } else {
            text::time(within)
        };
        let slowest = recent.iter().filter_map(|slow| slow.took).max();
        let worst = slowest.map(|took| format!(", the slowest took {} ms", took.as_millis()));
        let message = format!("{what} in last {span}{}", worst.unwrap_or_default());
        let mut figures = vec![("count", recent.len() as f64)];
        figures.extend(slowest.map(|took| ("slowest_ms", took.as_secs_f64() * 1000.0)));
        let since = recent.iter().map(|slow| slow.at).min();
        self.tell(Kind::Slow, 0, Duration::ZERO, since, message, figures);
    }

    fn running_query(&mut self) {
        let long = self.thresholds.running_query;
        let Some((time, query)) = self.process.running_query.filter(|(time, _)| *time >= long)
        else {
            return;
        };
        let message = format!("a query runs for {}: {query}", text::time(time));
        let figures = vec![("running_s", time.as_secs_f64())];
        let since = Some(self.facts.at.saturating_sub(time));
        self.tell(Kind::Slow, 1, Duration::ZERO, since, message, figures);
    }

    fn unhealthy(&mut self) {
        if let Some(detail) = self.process.unhealthy {
            let message = format!("unhealthy: {detail}");
            self.tell(
                Kind::Unhealthy,
                0,
                Duration::ZERO,
                None,
                message,
                Vec::new(),
            );
        }
    }

    fn crash_loop(&mut self) {
        let within = self.thresholds.crashes_within;
        let from = self.facts.at.saturating_sub(within);
        let recent = self.process.crashes.iter().filter(|at| **at >= from);
        let count = recent.clone().count();
        if count < self.thresholds.crashes.max(1) {
            return;
        }
        let message = format!(
            "crash loop: {} in {}",
            text::count(count, "crash", "crashes"),
            text::time(within)
        );
        let figures = vec![
            ("crashes", count as f64),
            ("window_s", within.as_secs_f64()),
        ];
        let since = recent.min().copied();
        self.tell(Kind::CrashLoop, 0, Duration::ZERO, since, message, figures);
    }

    /// Values of the run that is, up to now.
    fn of_this_run(&self, metric: Metric, span: Duration) -> Vec<Point> {
        let Some(begin) = self.process.running_since else {
            return Vec::new();
        };
        let now = Moment {
            since_boot: Duration::ZERO,
            unix: self.facts.at,
        };
        let mut points = self
            .facts
            .history
            .query(self.process.key, metric, now, span);
        points.retain(|(at, _)| *at >= begin.as_secs());
        points
    }

    fn was_raised(&mut self, kind: Kind, which: u64) -> bool {
        (self.raised)(&(Some(self.process.key.clone()), kind, which))
    }

    pub(super) fn tell(
        &mut self,
        kind: Kind,
        which: u64,
        hold: Duration,
        since: Option<Duration>,
        message: String,
        figures: Vec<(&'static str, f64)>,
    ) {
        let subject = (Some(self.process.key.clone()), kind, which);
        let finding = Finding {
            message,
            figures,
            hold,
            since,
        };
        (self.report)(subject, finding);
    }
}

/// Whether values reach over a span, but for a few that are missing.
fn covers(points: &[Point], span: Duration) -> bool {
    points.len() as f64 >= span.as_secs_f64() * 0.8
}

fn mean(points: &[Point]) -> f64 {
    let sum: f64 = points.iter().map(|(_, value)| f64::from(*value)).sum();
    sum / points.len().max(1) as f64
}

/// Nearly full is what leaves little in proportion and in bytes: a twentieth of a large disk is much room.
fn disk(room: &Room<'_>, before: bool) -> Option<Finding> {
    const GIB: f64 = (1u64 << 30) as f64;
    let (total, available) = (room.total as f64, room.available as f64);
    let slack = if before { 1.1 } else { 1.0 };
    let bar = (total * 0.05)
        .min(5.0 * GIB)
        .max((total * 0.1).min(GIB / 2.0));
    (room.total > 0 && available < bar * slack).then(|| Finding {
        message: format!(
            "disk nearly full: {} left of {} where {} lies",
            text::bytes(available),
            text::bytes(total),
            room.folder
        ),
        figures: vec![("available_bytes", available), ("total_bytes", total)],
        hold: Duration::ZERO,
        since: None,
    })
}
