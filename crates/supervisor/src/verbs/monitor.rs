//! `monitor`: what the machine and each process use, now and over time.

use std::time::Duration;

use forge_api::{self as api, Problem};
use forge_inspect::history::{Point, condense};
use forge_inspect::{MachineMetric, Metric, Moment, ProcessKey};
use forge_logs::{Bound, parse_time};

use crate::supervisor::Supervisor;

/// How far the history reaches back when nothing is said: as far as each second is kept.
const SPAN: Duration = Duration::from_secs(15 * 60);

/// What is asked for, understood.
struct Wanted {
    now: Moment,
    span: Duration,
    points: Option<usize>,
    metrics: Vec<Metric>,
}

impl Supervisor {
    pub(crate) fn monitor(&mut self, query: &api::MonitorQuery) -> Result<api::Monitor, Problem> {
        let targets: Vec<String> = query.name.iter().cloned().collect();
        let names = self.resolve(&targets)?;
        let wanted = Wanted::of(query)?;
        self.sampling.look_at_machine();
        let processes: Vec<api::Process> =
            names.iter().filter_map(|name| self.process(name)).collect();
        Ok(api::Monitor {
            workspace: self.layout.workspace().to_string_lossy().into_owned(),
            system: self.system(&wanted),
            warnings: self.warnings_of(&processes),
            processes: processes
                .into_iter()
                .map(|process| self.with_history(process, &wanted))
                .collect(),
        })
    }

    fn system(&self, wanted: &Wanted) -> api::System {
        let machine = &self.sampling.machine;
        let history = &self.sampling.history;
        let series = MachineMetric::ALL.map(|metric| {
            let points = history.query_machine(metric, wanted.now, wanted.span);
            let fine = metric != MachineMetric::MemoryBytes;
            (metric.name().to_string(), wanted.series(&points, fine))
        });
        api::System {
            cpu_percent: machine.cpu_percent.map(|cpu| rounded(cpu, true)),
            cores: machine.cores,
            memory_bytes: machine.memory_bytes,
            memory_total_bytes: machine.memory_total_bytes,
            swap_bytes: machine.swap_bytes,
            load: machine.load.map(|load| load.map(|one| rounded(one, true))),
            history: series.into_iter().collect(),
        }
    }

    fn with_history(&self, process: api::Process, wanted: &Wanted) -> api::MonitorProcess {
        let key = ProcessKey::from(process.name.as_str());
        let history = &self.sampling.history;
        let series = wanted.metrics.iter().map(|metric| {
            let points = history.query(&key, *metric, wanted.now, wanted.span);
            let fine = *metric == Metric::CpuPercent;
            (metric.name().to_string(), wanted.series(&points, fine))
        });
        api::MonitorProcess {
            history: series.collect(),
            process,
        }
    }
}

impl Wanted {
    fn of(query: &api::MonitorQuery) -> Result<Self, Problem> {
        let now = Moment::now();
        let span = match &query.since {
            None => SPAN,
            Some(text) => {
                let since = parse_time(text, Bound::Since, &jiff::Zoned::now())
                    .map_err(|error| Problem::usage(format!("since: {error}")))?;
                now.unix.saturating_sub(Duration::from_nanos(since))
            }
        };
        let metrics = match &query.metrics {
            None => Metric::ALL.to_vec(),
            Some(names) => names
                .split(',')
                .map(|name| metric(name.trim()))
                .collect::<Result<_, _>>()?,
        };
        Ok(Wanted {
            now,
            span,
            points: query.points,
            metrics,
        })
    }

    fn series(&self, points: &[Point], fine: bool) -> Vec<api::Point> {
        let value = |(at, value): &Point| api::Point(*at, rounded(*value, fine));
        match self.points {
            Some(most) => condense(points, most).iter().map(value).collect(),
            None => points.iter().map(value).collect(),
        }
    }
}

fn metric(name: &str) -> Result<Metric, Problem> {
    let found = Metric::ALL.into_iter().find(|metric| metric.name() == name);
    found.ok_or_else(|| {
        let known = Metric::ALL.map(Metric::name).join(", ");
        Problem::usage(format!(
            "there is no metric `{}`; there are {known}",
            name.escape_debug()
        ))
    })
}

/// To a hundredth, or to a whole number.
fn rounded(value: f32, fine: bool) -> f64 {
    let value = f64::from(value);
    match fine {
        true => (value * 100.0).round() / 100.0,
        false => value.round(),
    }
}
