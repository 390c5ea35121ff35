//! Random lives: whatever happens, in whatever order, certain things hold.
//!
//! A pretended keeper knows which runs there really are. Commands, answers, accidents and time come
//! at random; everything that the workspace wants done is checked against what the keeper knows.
//! The cases are the same each time; `FORGE_TEST_SEED` gives others, `PROPTEST_CASES` more.

mod keeper;

use std::collections::BTreeSet;
use std::time::Duration;

use forge_core::event::{Event, Outcome};
use forge_core::spec::{
    CommandSpec, Condition, Dependency, HealthCheck, OnDown, OnExit, OnUnhealthy, Pattern, Probe,
    ProcessSpec, RestartPolicy, Schedule, Settings, StopOrder, WatchSpec,
};
use forge_core::template::Template;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestRng, TestRunner};

use keeper::World;

/// One thing that happens: which, to whom, and how.
type Dice = (u8, u8, u8);

/// A random life.
struct Case {
    specs: Vec<ProcessSpec>,
    parallel: bool,
    dice: Vec<Dice>,
}

/// The life as it was told, rather than what it was made from.
impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut world = World::new(&self.specs, &settings(self.parallel));
        world.keep_trace();
        // The life may end in a panic; it is to be shown up to there.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for roll in &self.dice {
                happen(&mut world, *roll);
            }
        }));
        for spec in &self.specs {
            let needs: Vec<String> = spec
                .depends_on
                .iter()
                .map(|need| format!("{need:?}"))
                .collect();
            let (name, oneshot) = (&spec.name, spec.oneshot);
            let (restart, on_exit) = (&spec.restart, spec.on_exit);
            writeln!(
                f,
                "{name}: oneshot {oneshot}, {on_exit:?}, {restart:?}, {needs:?}"
            )?;
        }
        let (parallel, dice) = (self.parallel, &self.dice);
        writeln!(f, "parallel {parallel}, {dice:?}\n{}", world.trace())
    }
}

#[test]
fn whatever_happens_no_rule_is_broken_and_everything_comes_to_rest() {
    run_cases(1, |case| {
        let Case {
            specs,
            parallel,
            dice,
        } = case;
        let mut world = World::new(&specs, &settings(parallel));
        for roll in dice {
            happen(&mut world, roll);
        }
        world.answer_everything();
        check_at_rest(&world);
        Ok(())
    });
}

#[test]
fn after_any_life_a_start_of_all_brings_all_up() {
    run_cases(2, |case| {
        let Case {
            mut specs,
            parallel,
            dice,
        } = case;
        for spec in &mut specs {
            // Its exit would take the others down again.
            spec.on_exit = OnExit::None;
        }
        let mut world = World::new(&specs, &settings(parallel));
        for roll in dice {
            happen(&mut world, roll);
        }
        world.answer_everything();
        world.tell(Event::Define(specs.clone()));
        // What comes back may restart, and so stop, who said that it wants that.
        for _ in 0..2 {
            world.tell(Event::Start(world.names()));
            world.answer_everything();
        }
        check_at_rest(&world);
        for name in world.names() {
            let outcome = world.workspace.outcome(&name);
            prop_assert!(
                matches!(outcome, Outcome::Ready | Outcome::Done),
                "{name} is {outcome:?}"
            );
        }
        Ok(())
    });
}

#[test]
fn after_any_life_a_stop_of_all_ends_with_nothing_alive() {
    run_cases(3, |case| {
        let Case {
            specs,
            parallel,
            dice,
        } = case;
        let mut world = World::new(&specs, &settings(parallel));
        for roll in dice {
            happen(&mut world, roll);
        }
        world.tell(Event::Stop {
            names: world.names(),
            timeout: None,
            force: false,
        });
        world.answer_everything();
        check_at_rest(&world);
        prop_assert_eq!(world.keeper.alive(), BTreeSet::new());
        for name in world.names() {
            prop_assert_eq!(world.workspace.outcome(&name), Outcome::Down);
        }
        Ok(())
    });
}

#[test]
fn another_supervisor_at_any_moment_comes_to_the_same_end() {
    run_cases(4, |case| {
        let (mut world, _) = a_life(&case);
        while let Some(event) = world.keeper.spawn_one(world.now.unix_ns) {
            world.tell(event);
        }
        let mut next = world.taken_over(&settings(case.parallel));
        next.recall(&world.workspace);
        world.answer_everything();
        next.answer_everything();
        check_at_rest(&next);
        prop_assert_eq!(world.wanted(), next.wanted());
        prop_assert_eq!(world.keeper.alive(), next.keeper.alive());
        Ok(())
    });
}

#[test]
fn a_supervisor_that_missed_much_breaks_no_rule_and_comes_to_rest() {
    run_cases(5, |case| {
        let (world, dice) = a_life(&case);
        // Orders are lost, and runs end while nobody decides.
        let mut next = world.taken_over(&settings(case.parallel));
        for roll in &dice {
            next.keeper.end_one(*roll, next.now.unix_ns);
        }
        next.recall(&world.workspace);
        for roll in dice {
            happen(&mut next, roll);
        }
        next.answer_everything();
        check_at_rest(&next);
        Ok(())
    });
}

/// Plays most of a life; what is left of the dice is for what comes after.
fn a_life(case: &Case) -> (World, Vec<Dice>) {
    let mut world = World::new(&case.specs, &settings(case.parallel));
    let (rest, life) = case.dice.split_at(case.dice.len() / 8);
    for roll in life {
        happen(&mut world, *roll);
    }
    (world, rest.to_vec())
}

fn run_cases(seed: u8, test: impl Fn(Case) -> TestCaseResult) {
    let mut bytes = [seed; 32];
    if let Ok(text) = std::env::var("FORGE_TEST_SEED") {
        for (byte, given) in bytes.iter_mut().skip(1).zip(text.bytes()) {
            *byte = given;
        }
    }
    let asked = Config::default();
    let config = Config {
        failure_persistence: None,
        cases: asked.cases.max(1000),
        ..asked
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let dice = vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..120);
    let strategy = (processes(), any::<bool>(), dice).prop_map(|(specs, parallel, dice)| Case {
        specs,
        parallel,
        dice,
    });
    let outcome = TestRunner::new_with_rng(config, rng).run(&strategy, test);
    if let Err(failure) = outcome {
        // Showing it plays it again, which must not happen within a panic.
        let text = failure.to_string();
        panic!("{text}");
    }
}

fn settings(parallel: bool) -> Settings {
    Settings {
        stop_order: match parallel {
            true => StopOrder::Parallel,
            false => StopOrder::Dependency,
        },
        ..Settings::default()
    }
}

/// When all has been answered nothing is pending and no time is waited for.
fn check_at_rest(world: &World) {
    assert_eq!(world.workspace.deadline(), None);
    for name in world.names() {
        let outcome = world.workspace.outcome(&name);
        let why = world.workspace.why(&name, world.now.mono);
        assert!(
            !matches!(outcome, Outcome::Pending(_)),
            "{name} is {outcome:?}: {why:?}"
        );
    }
}

fn processes() -> impl Strategy<Value = Vec<ProcessSpec>> {
    vec(any::<[u8; 8]>(), 1..7).prop_map(|raw| {
        let mut specs: Vec<ProcessSpec> = Vec::new();
        for (place, bytes) in raw.iter().enumerate() {
            let spec = process(place, bytes, &specs);
            specs.push(spec);
        }
        specs
    })
}

/// A process that may need those before it.
fn process(place: usize, bytes: &[u8; 8], before: &[ProcessSpec]) -> ProcessSpec {
    let [kind, needs, conditions, downs, policy, delay, exits, extra] = *bytes;
    let command = CommandSpec::Shell(Template::text("run"));
    let name = format!("p{place}");
    let mut spec = ProcessSpec::new("dev", &name, command, "/".into());
    match kind % 8 {
        0 | 1 => {
            spec.oneshot = true;
            spec.restart.policy = RestartPolicy::Never;
        }
        2 | 3 => spec.health_check = Some(check(extra)),
        4 if extra.is_multiple_of(4) => {
            spec.schedule = Some(Schedule::Every(Duration::from_secs(60)));
        }
        _ => {}
    }
    for (target, on) in before.iter().enumerate() {
        if needs >> (target % 8) & 1 == 1 && on.schedule.is_none() {
            let at = (target % 4) * 2;
            spec.depends_on.push(Dependency {
                on: on.name.clone(),
                condition: condition(on, conditions >> at & 3),
                on_down: [
                    OnDown::Ignore,
                    OnDown::Restart,
                    OnDown::Stop,
                    OnDown::Ignore,
                ][usize::from(downs >> at & 3)],
            });
        }
    }
    if !spec.oneshot {
        spec.restart.policy = [
            RestartPolicy::OnFailure,
            RestartPolicy::OnFailure,
            RestartPolicy::Always,
            RestartPolicy::Never,
        ][usize::from(policy % 4)];
    }
    spec.restart.delay = Duration::from_secs([0, 1, 5, 30][usize::from(delay % 4)]);
    spec.restart.max_restarts = u32::from(delay >> 2) % 4;
    spec.on_exit = match exits % 16 {
        0 => OnExit::StopAll,
        1 => OnExit::StopAllOnFailure,
        _ => OnExit::None,
    };
    if extra % 5 == 0 {
        spec.watch = Some(WatchSpec {
            paths: vec!["**".to_string()],
            ignore: Vec::new(),
            debounce: Duration::ZERO,
        });
    }
    spec
}

fn check(extra: u8) -> HealthCheck {
    let mut check = HealthCheck::new(match extra % 3 {
        0 => Probe::Log(Pattern("ready".to_string())),
        _ => Probe::Notify,
    });
    check.retries = 2;
    if extra & 8 != 0 {
        check.on_unhealthy = OnUnhealthy::Restart;
    }
    check
}

/// A condition that its target can meet.
fn condition(on: &ProcessSpec, choice: u8) -> Condition {
    match (on.oneshot, choice) {
        (_, 0) => Condition::Started,
        (true, 1) => Condition::Exited,
        (true, _) => Condition::Completed,
        (false, 1) => Condition::Log(Pattern("listening".to_string())),
        (false, _) => Condition::Healthy,
    }
}

/// A command, an answer, an accident, or time.
fn happen(world: &mut World, (what, whom, how): Dice) {
    let names = world.names();
    if names.is_empty() {
        return;
    }
    let name = names[usize::from(whom) % names.len()].clone();
    let some: Vec<String> = names
        .iter()
        .enumerate()
        .filter(|(place, _)| how >> (place % 8) & 1 == 1)
        .map(|(_, name)| name.clone())
        .collect();
    let event = match what % 64 {
        0..=3 => Event::Start(some),
        4 => Event::Start(names),
        5..=7 => Event::Stop {
            names: some,
            timeout: (how % 3 == 0).then(|| Duration::from_secs(2)),
            force: how % 5 == 0,
        },
        8..=10 => Event::Restart(some),
        11 if how % 4 == 0 => Event::Remove(vec![name]),
        12 => Event::Pause(some),
        13 => Event::Resume(some),
        14 => Event::FilesChanged {
            name,
            what: "a".to_string(),
        },
        15 | 16 => Event::Due { name },
        17 => match world.workspace.latest_spec(&name) {
            Some(spec) => {
                let mut spec = spec.clone();
                spec.description = Some(format!("{how}"));
                Event::Define(vec![spec])
            }
            None => return,
        },
        18..=23 => {
            let seconds = [1, 3, 10, 61, 700][usize::from(how % 5)];
            world.pass(Duration::from_secs(seconds));
            return;
        }
        _ => match world.keeper.accident(&name, how, world.now.unix_ns) {
            Some(event) => {
                world.tell(event);
                return;
            }
            None => return,
        },
    };
    world.tell(event);
}
