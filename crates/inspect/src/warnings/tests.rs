//! Each rule: when it warns, when not, and that it clears by itself.

use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::{History, MachineUsage, Moment, Sample, Usage};

const START: u64 = 1_700_000_000;

/// A process that is sampled each second and looked at every five.
struct Scene {
    history: History,
    warnings: Warnings,
    key: ProcessKey,
    second: u64,
    usage: Usage,
    news: Vec<(u64, bool, Kind)>,
}

impl Scene {
    fn new() -> Self {
        Scene {
            history: History::new(Duration::from_secs(6 * 3600)),
            warnings: Warnings::default(),
            key: "web".into(),
            second: 0,
            usage: Usage {
                pids: vec![7],
                cpu_percent: Some(1.0),
                memory_bytes: Some(100 << 20),
                listening: Some(vec![]),
                ..Usage::default()
            },
            news: Vec::new(),
        }
    }

    fn at(&self) -> Duration {
        Duration::from_secs(START + self.second)
    }

    /// Lets time pass; `change` is told the second since the start, `with` adds to what is known.
    fn pass(
        &mut self,
        seconds: u64,
        change: impl Fn(u64, &mut Usage),
        with: impl Fn(&mut Facts<'_>),
    ) {
        for _ in 0..seconds {
            self.second += 1;
            change(self.second, &mut self.usage);
            self.history.record(&Sample {
                at: Moment {
                    since_boot: Duration::ZERO,
                    unix: self.at(),
                },
                machine: MachineUsage::default(),
                processes: vec![(self.key.clone(), self.usage.clone())],
            });
            if self.second.is_multiple_of(5) {
                let mut facts = Facts {
                    at: self.at(),
                    history: &self.history,
                    processes: vec![ProcessFacts {
                        running_since: Some(Duration::from_secs(START)),
                        ready_since: Some(Duration::from_secs(START)),
                        usage: Some(&self.usage),
                        ..ProcessFacts::of(&self.key)
                    }],
                    storage: Vec::new(),
                };
                with(&mut facts);
                let news = self.warnings.look(&facts);
                let at = self.second;
                self.news
                    .extend(news.raised.iter().map(|w| (at, true, w.kind)));
                self.news
                    .extend(news.cleared.iter().map(|w| (at, false, w.kind)));
            }
        }
    }

    fn messages(&self) -> Vec<String> {
        self.warnings
            .current()
            .map(|warning| warning.message.clone())
            .collect()
    }

    fn quiet(&mut self, seconds: u64) {
        self.pass(seconds, |_, _| {}, |_| {});
    }
}

#[test]
fn a_quiet_process_has_no_warnings() {
    let mut scene = Scene::new();
    scene.quiet(1000);
    assert_eq!(scene.news, []);
}

#[test]
fn steady_growth_is_told_within_half_a_minute_and_clears_when_it_ends() {
    let mut scene = Scene::new();
    scene.pass(
        360,
        |s, usage| usage.memory_bytes = Some((100 << 20) + (s << 19)),
        |_| {},
    );
    assert_eq!(scene.news.len(), 1, "{:?}", scene.news);
    let (at, raised, kind) = scene.news[0];
    assert!(raised && kind == Kind::MemoryGrowth && at <= 330);
    assert_eq!(
        scene.messages(),
        ["memory grows steadily: 30 MB each minute for 5 min, 280 MB now"]
    );
    let warning = scene.warnings.current().next().expect("one");
    assert!(
        warning
            .figures
            .iter()
            .any(|(name, value)| *name == "quality" && *value > 0.99)
    );
    scene.quiet(300);
    assert_eq!(scene.messages(), [""; 0]);
}

#[test]
fn a_restart_begins_anew_with_growth() {
    let mut scene = Scene::new();
    let began = |facts: &mut Facts<'_>| {
        facts.processes[0].running_since = Some(Duration::from_secs(START + 200));
    };
    scene.pass(
        400,
        |s, usage| usage.memory_bytes = Some((100 << 20) + (s << 20)),
        began,
    );
    assert_eq!(scene.news, []);
}

#[test]
fn high_cpu_is_told_when_it_is_long_and_clears_when_it_is_over() {
    let mut scene = Scene::new();
    scene.quiet(60);
    scene.pass(100, |_, usage| usage.cpu_percent = Some(100.0), |_| {});
    assert_eq!(scene.news, []);
    scene.pass(60, |_, _| {}, |_| {});
    assert!(
        matches!(scene.news[..], [(165..=215, true, Kind::Cpu)]),
        "{:?}",
        scene.news
    );
    assert_eq!(scene.messages(), ["CPU at 100% of a core for 2 min"]);
    scene.pass(60, |_, usage| usage.cpu_percent = Some(3.0), |_| {});
    assert!(matches!(scene.news[1..], [(_, false, Kind::Cpu)]));
}

#[test]
fn limits_are_told_near_and_over_and_do_not_flicker() {
    let mut scene = Scene::new();
    let limits = |facts: &mut Facts<'_>| {
        facts.processes[0].limits.memory_bytes = Some(200 << 20);
        facts.processes[0].limits.cpu_percent = Some(150.0);
        facts.processes[0].limits.open_files = Some(100);
    };
    scene.pass(20, |_, _| {}, limits);
    assert_eq!(scene.news, []);
    scene.pass(5, |_, usage| usage.memory_bytes = Some(185 << 20), limits);
    assert_eq!(
        scene.messages(),
        ["memory at 185 MB, near the limit of 200 MB (92%)"]
    );
    scene.pass(5, |_, usage| usage.memory_bytes = Some(220 << 20), limits);
    assert_eq!(
        scene.messages(),
        ["memory at 220 MB, over the limit of 200 MB (110%)"]
    );
    scene.pass(
        50,
        |s, usage| usage.memory_bytes = Some((195 + s % 10) << 20),
        limits,
    );
    assert_eq!(scene.messages().len(), 1);
    assert_eq!(
        scene.warnings.current().next().map(|w| w.kind),
        Some(Kind::OverLimit)
    );
    scene.pass(5, |_, usage| usage.memory_bytes = Some(50 << 20), limits);
    assert_eq!(scene.messages(), [""; 0]);
    scene.pass(20, |_, usage| usage.cpu_percent = Some(180.0), limits);
    assert_eq!(
        scene.messages(),
        ["CPU at 180%, over the limit of 150% (120%)"]
    );
    let files = |_, usage: &mut Usage| {
        usage.cpu_percent = Some(1.0);
        usage.open_files_most = Some(95);
    };
    scene.pass(20, files, limits);
    assert_eq!(
        scene.messages(),
        ["open files at 95, near the limit of 100 (95%)"]
    );
}

#[test]
fn open_files_are_compared_with_what_the_system_allows_one_process() {
    let mut scene = Scene::new();
    let limit = |facts: &mut Facts<'_>| facts.processes[0].open_files_limit = Some(1024);
    let files = |count| move |_, usage: &mut Usage| usage.open_files_most = Some(count);
    scene.pass(10, files(700), limit);
    assert_eq!(scene.messages(), [""; 0]);
    scene.pass(5, files(900), limit);
    assert_eq!(
        scene.messages(),
        ["900 open files of 1024 that the system allows (88%)"]
    );
    scene.pass(5, files(800), limit);
    assert_eq!(scene.messages().len(), 1);
    scene.pass(5, files(600), limit);
    assert_eq!(scene.messages(), [""; 0]);
}

#[test]
fn slow_queries_are_counted_for_an_hour() {
    let mut scene = Scene::new();
    let query = |at: u64, ms| Slow {
        at: Duration::from_secs(START + at),
        kind: SlowKind::Query,
        took: Some(Duration::from_millis(ms)),
    };
    let slow: &'static [Slow] = vec![query(1, 900), query(2, 1500), query(3, 800)].leak();
    scene.pass(5, |_, _| {}, |facts| facts.processes[0].slow = slow);
    assert_eq!(
        scene.messages(),
        ["3 slow queries in last hour, the slowest took 1500 ms"]
    );
    scene.second += 3600;
    scene.pass(5, |_, _| {}, |facts| facts.processes[0].slow = slow);
    assert_eq!(scene.messages(), [""; 0]);
}

#[test]
fn a_query_that_runs_long_is_told_while_it_does() {
    let mut scene = Scene::new();
    for (seconds, told) in [(4, false), (7, true), (1, false)] {
        let query = Some((Duration::from_secs(seconds), "SELECT 1"));
        scene.pass(
            5,
            |_, _| {},
            |facts| facts.processes[0].running_query = query,
        );
        assert_eq!(scene.messages().len(), usize::from(told));
    }
}

#[test]
fn unhealthy_and_crash_loops_are_told_at_once_and_clear() {
    let mut scene = Scene::new();
    let times = [1, 2, 3].map(|s| Duration::from_secs(START + s));
    let times: &'static [Duration] = times.to_vec().leak();
    scene.pass(
        5,
        |_, _| {},
        |facts| {
            facts.processes[0].unhealthy = Some("HTTP 503 from /health");
            facts.processes[0].crashes = times;
        },
    );
    assert_eq!(
        scene.messages(),
        [
            "unhealthy: HTTP 503 from /health",
            "crash loop: 3 crashes in 10 min"
        ]
    );
    scene.second += 600;
    scene.pass(5, |_, _| {}, |facts| facts.processes[0].crashes = times);
    assert_eq!(scene.messages(), [""; 0]);
}

#[test]
fn ports_are_compared_with_what_was_declared() {
    let mut scene = Scene::new();
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let listens = move |_, usage: &mut Usage| usage.listening = Some(vec![(4000, here)]);
    let declared = |facts: &mut Facts<'_>| facts.processes[0].declared_ports = &[3000];
    scene.pass(10, listens, declared);
    assert_eq!(scene.messages(), [""; 0]);
    scene.pass(10, listens, declared);
    assert_eq!(
        scene.messages(),
        [
            "listens on port 4000, which nobody declared",
            "nobody listens on port 3000, which it declares"
        ]
    );
    let right = move |_, usage: &mut Usage| usage.listening = Some(vec![(3000, here)]);
    scene.pass(5, right, declared);
    assert_eq!(scene.messages(), [""; 0]);
    // A moment without a listener, as during a reload, is no news.
    scene.pass(5, |_, usage| usage.listening = Some(vec![]), declared);
    scene.pass(5, right, declared);
    scene.pass(
        40,
        |_, usage| usage.listening = Some(vec![]),
        |facts| {
            facts.processes[0].declared_ports = &[3000];
            facts.processes[0].listens_elsewhere = true;
        },
    );
    scene.pass(40, |_, usage| usage.listening = None, declared);
    assert_eq!(scene.messages(), [""; 0]);
    assert_eq!(scene.news.len(), 4);
}

#[test]
fn a_process_that_is_not_ready_is_not_asked_for_its_ports() {
    let mut scene = Scene::new();
    scene.pass(
        60,
        |_, _| {},
        |facts| {
            facts.processes[0].declared_ports = &[3000];
            facts.processes[0].ready_since = None;
        },
    );
    assert_eq!(scene.news, []);
}

#[test]
fn a_disk_that_is_nearly_full_is_told_once() {
    let mut scene = Scene::new();
    let gib = 1u64 << 30;
    let room = |folder, total, available| Room {
        folder,
        id: 1,
        total,
        available,
    };
    let full = [room("/w", 100 * gib, gib), room("/s", 100 * gib, gib)];
    scene.pass(5, |_, _| {}, |facts| facts.storage = full.to_vec());
    assert_eq!(
        scene.messages(),
        ["disk nearly full: 1.0 GB left of 100 GB where /w lies"]
    );
    for (total, available) in [(4000, 50), (100, 6), (10, 1)] {
        let room = [room("/w", total * gib, available * gib)];
        scene.pass(5, |_, _| {}, |facts| facts.storage = room.to_vec());
        assert_eq!(scene.messages(), [""; 0], "{total} {available}");
    }
}

#[test]
fn a_process_that_is_gone_has_no_warnings() {
    let mut scene = Scene::new();
    scene.pass(
        5,
        |_, _| {},
        |facts| facts.processes[0].unhealthy = Some("x"),
    );
    scene.pass(5, |_, _| {}, |facts| facts.processes.clear());
    assert_eq!(
        scene.news,
        [(5, true, Kind::Unhealthy), (10, false, Kind::Unhealthy)]
    );
}
