//! How long a step takes with 500 processes: `cargo run --release -p forge-core --example step_cost`.

use std::time::{Duration, Instant};

use forge_core::Workspace;
use forge_core::event::{Effect, Event, Now};
use forge_core::spec::{
    CommandSpec, Condition, Dependency, HealthCheck, OnDown, Probe, ProcessSpec, Settings,
};
use forge_core::template::Template;
use forge_facts::Exit;

const PROCESSES: usize = 500;
const LAYERS: usize = 10;

fn main() {
    let mut workspace = Workspace::new(1, &Settings::default());
    let mut clock = Clock::new();
    let names: Vec<String> = (0..PROCESSES).map(name).collect();
    clock.step(
        &mut workspace,
        Event::Define((0..PROCESSES).map(spec).collect()),
    );
    clock.report("define");

    run(&mut workspace, &mut clock, Event::Start(names.clone()));
    clock.report("start of all, step by step");

    for round in 0..20_000 {
        let name = names[round * 7 % PROCESSES].clone();
        let run = workspace.view(&name).and_then(|view| view.run);
        let event = Event::Probed {
            name,
            run: run.expect("it runs"),
            healthy: round % 5 != 0,
            detail: "HTTP 200 from /health".to_string(),
        };
        clock.step(&mut workspace, event);
    }
    clock.report("health checks");

    run(&mut workspace, &mut clock, Event::Restart(names.clone()));
    clock.report("restart of all, step by step");

    let began = Instant::now();
    for name in &names {
        std::hint::black_box((workspace.view(name), workspace.outcome(name)));
    }
    let each = began.elapsed() / u32::try_from(PROCESSES).expect("it is small");
    println!("view and outcome of one: {each:?}");

    let stop = Event::Stop {
        names,
        timeout: None,
        force: false,
    };
    run(&mut workspace, &mut clock, stop);
    clock.report("stop of all, step by step");
}

fn name(number: usize) -> String {
    format!("process-{number}")
}

/// Ten layers; each process needs three of the layer below.
fn spec(number: usize) -> ProcessSpec {
    let command = CommandSpec::Shell(Template::text("run"));
    let mut spec = ProcessSpec::new("dev", &name(number), command, "/".into());
    spec.health_check = Some(HealthCheck::new(Probe::Notify));
    let width = PROCESSES / LAYERS;
    if number >= width {
        let below = number / width * width - width;
        spec.depends_on = (0..3)
            .map(|step| Dependency {
                on: name(below + (number + step * 17) % width),
                condition: Condition::Healthy,
                on_down: OnDown::Ignore,
            })
            .collect();
    }
    spec
}

/// Answers everything at once, one step for each answer.
fn run(workspace: &mut Workspace, clock: &mut Clock, event: Event) {
    let mut open = vec![event];
    while let Some(event) = open.pop() {
        for effect in clock.step(workspace, event) {
            match effect {
                Effect::Launch { name, run } => {
                    let pid = 42;
                    open.push(Event::Spawned {
                        name,
                        run,
                        pid,
                        at: 0,
                    });
                }
                Effect::Probe { name, run } => open.push(Event::Probed {
                    name,
                    run,
                    healthy: true,
                    detail: "ready".to_string(),
                }),
                Effect::Halt { name, run, .. } => {
                    open.push(Event::Gone {
                        name: name.clone(),
                        run,
                    });
                    open.push(Event::Exited {
                        name,
                        run,
                        exit: Exit::Code(0),
                        deterministic: false,
                    });
                }
                Effect::Freeze { .. }
                | Effect::Unprobe { .. }
                | Effect::AwaitChange { .. }
                | Effect::Hook { .. }
                | Effect::Notice { .. }
                | Effect::Crashed(_)
                | Effect::Forget { .. } => {}
            }
        }
    }
}

/// The time that steps take, and a pretended one for them.
struct Clock {
    now: Now,
    taken: Vec<Duration>,
}

impl Clock {
    fn new() -> Self {
        Clock {
            now: Now {
                mono: Duration::from_secs(1),
                unix_ns: 1_700_000_000_000_000_000,
            },
            taken: Vec::new(),
        }
    }

    fn step(&mut self, workspace: &mut Workspace, event: Event) -> Vec<Effect> {
        self.now.mono += Duration::from_millis(1);
        self.now.unix_ns += 1_000_000;
        let began = Instant::now();
        let effects = workspace.step(event, self.now);
        std::hint::black_box(workspace.deadline());
        self.taken.push(began.elapsed());
        effects
    }

    fn report(&mut self, what: &str) {
        self.taken.sort_unstable();
        let count = self.taken.len();
        let sum: Duration = self.taken.iter().sum();
        let mean = sum / u32::try_from(count).unwrap_or(u32::MAX);
        let late = self.taken[(count * 99 / 100).min(count - 1)];
        let worst = self.taken[count - 1];
        println!("{what}: {count} steps, mean {mean:?}, 99% below {late:?}, longest {worst:?}");
        self.taken.clear();
    }
}
