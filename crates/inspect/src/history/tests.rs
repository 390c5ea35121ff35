//! The tiers of a history, and its file: what is kept, what is lost, what is damaged.

use std::fs;
use std::path::Path;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const START: u64 = 1_763_000_000;

fn at(second: u64) -> Moment {
    Moment {
        since_boot: Duration::from_secs(second),
        unix: Duration::from_secs(second),
    }
}

fn sample(second: u64, values: &[(&str, f32)]) -> Sample {
    let usage = |value: f32| Usage {
        pids: vec![1],
        cpu_percent: Some(value),
        memory_bytes: Some((value as u64) << 20),
        ..Usage::default()
    };
    let processes = values
        .iter()
        .map(|(key, value)| ((*key).into(), usage(*value)));
    Sample {
        at: at(second),
        machine: MachineUsage {
            cpu_percent: Some(50.0),
            load: Some([1.5, 0.0, 0.0]),
            ..MachineUsage::default()
        },
        processes: processes.collect(),
    }
}

/// A history of `a`, whose CPU is the number of the second, for so many seconds from the start.
fn counting(seconds: u64, keep: Duration) -> History {
    let mut history = History::new(keep);
    for second in 0..seconds {
        history.record(&sample(START + second, &[("a", second as f32)]));
    }
    history
}

fn cpu(history: &History, now: u64, span: Duration) -> Vec<Point> {
    history.query(&"a".into(), Metric::CpuPercent, at(now), span)
}

#[test]
fn the_last_minute_is_told_by_the_second_in_order() {
    let history = counting(100, 6 * HOUR);
    let points = cpu(&history, START + 99, Duration::from_secs(9));
    let expected: Vec<Point> = (90..100).map(|n| (START + n, n as f32)).collect();
    assert_eq!(points, expected);
    let memory = history.query(&"a".into(), Metric::MemoryBytes, at(START + 99), HOUR);
    assert_eq!(memory.last(), Some(&(START + 99, (99u64 << 20) as f32)));
    assert!(
        history
            .query(&"a".into(), Metric::Threads, at(START + 99), HOUR)
            .is_empty()
    );
    assert!(
        history
            .query(&"b".into(), Metric::CpuPercent, at(START + 99), HOUR)
            .is_empty()
    );
    let load = history.query_machine(MachineMetric::Load, at(START + 99), HOUR);
    assert_eq!((load.len(), load[0].1), (100, 1.5));
}

#[test]
fn older_values_are_means_of_ten_seconds_and_then_of_a_minute_without_gap_or_overlap() {
    let length = 7 * 3600;
    let history = counting(length, 6 * HOUR);
    let now = START + length - 1;
    let points = cpu(&history, now, 24 * HOUR);
    let steps: Vec<u64> = points
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0)
        .collect();
    assert!(steps.is_sorted_by(|a, b| a >= b), "steps only become finer");
    assert_eq!(steps.iter().max(), Some(&60));
    let of = |step: u64| steps.iter().filter(|s| **s == step).count();
    assert!((885..=900).contains(&of(1)), "{}", of(1));
    assert!((260..=275).contains(&of(10)), "{}", of(10));
    assert!((295..=301).contains(&of(60)), "{}", of(60));
    assert_eq!(of(1) + of(10) + of(60), steps.len());
    for (place, (second, value)) in points.iter().enumerate() {
        let step = steps.get(place).copied().unwrap_or(1);
        let mean = (second - START) as f32 + (step - 1) as f32 / 2.0;
        assert!((value - mean).abs() < 0.6, "{second} {value} {mean}");
    }
    assert!(now - points[0].0 <= 6 * 3600 && now - points[0].0 > 6 * 3600 - 120);
}

#[test]
fn a_process_that_does_not_run_leaves_a_gap() {
    let mut history = History::new(HOUR);
    history.record(&sample(START, &[("a", 1.0)]));
    let mut stopped = sample(START + 1, &[("a", 2.0)]);
    stopped.processes[0].1.pids.clear();
    history.record(&stopped);
    history.record(&sample(START + 2, &[("a", 3.0)]));
    assert_eq!(
        cpu(&history, START + 2, HOUR),
        [(START, 1.0), (START + 2, 3.0)]
    );
}

#[test]
fn a_clock_that_jumps_shows_no_wrong_times() {
    let mut history = counting(50, HOUR);
    history.record(&sample(START + 10_000_000, &[("a", 7.0)]));
    assert_eq!(
        cpu(&history, START + 10_000_000, HOUR),
        [(START + 10_000_000, 7.0)]
    );
    history.record(&sample(START + 50, &[("a", 50.0)]));
    let points = cpu(&history, START + 50, HOUR);
    assert_eq!(points.last(), Some(&(START + 50, 50.0)));
    assert!(
        points
            .iter()
            .all(|(second, _)| (START..=START + 50).contains(second))
    );
}

#[test]
fn a_hundred_processes_for_six_hours_take_well_under_ten_mebibytes() {
    let mut history = History::new(6 * HOUR);
    let names: Vec<String> = (0..100).map(|n| format!("p{n}")).collect();
    let values: Vec<(&str, f32)> = names.iter().map(|name| (name.as_str(), 1.0)).collect();
    history.record(&sample(START, &values));
    assert!(history.size() < 6 << 20, "{}", history.size());
    let long = counting(10, 1000 * 24 * HOUR);
    assert!(long.size() < 200_000, "{}", long.size());
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("lists").flatten();
    let mut names: Vec<String> = names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn what_was_saved_is_there_again_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut history = counting(1000, 6 * HOUR);
    history.save(folder.path()).expect("saves");
    for second in 1000..1025 {
        history.record(&sample(
            START + second,
            &[("a", second as f32), ("dev/b.1", 1.0)],
        ));
        history.save(folder.path()).expect("saves");
    }
    let now = at(START + 1024);
    let (mut again, damage) = History::load(folder.path(), 6 * HOUR, now);
    assert_eq!(damage, []);
    let old = cpu(&history, START + 1024, 6 * HOUR);
    assert_eq!(cpu(&again, START + 1024, 6 * HOUR), old);
    assert_eq!(
        again.keys().map(ProcessKey::as_str).collect::<Vec<_>>(),
        ["a", "dev/b.1"]
    );
    assert_eq!(
        again.query_machine(MachineMetric::Load, now, HOUR).len(),
        old.len()
    );
    // The minute that was begun before goes on being averaged over all of it.
    history.record(&sample(START + 1025, &[("a", 0.0)]));
    again.record(&sample(START + 1025, &[("a", 0.0)]));
    assert_eq!(
        cpu(&again, START + 1025, HOUR),
        cpu(&history, START + 1025, HOUR)
    );
    again.save(folder.path()).expect("saves");
    assert_eq!(
        files(folder.path()),
        [
            "machine.history",
            "process-a.history",
            "process-dev%2fb%2e1.history"
        ]
    );
    again.remove(folder.path(), &"a".into()).expect("removes");
    again
        .remove(folder.path(), &"never".into())
        .expect("removes nothing");
    assert_eq!(files(folder.path()).len(), 2);
}

#[test]
fn another_span_keeps_what_fits_and_old_files_are_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    counting(4000, 6 * HOUR).save(folder.path()).expect("saves");
    let now = START + 3999;
    let (mut shorter, damage) = History::load(folder.path(), HOUR / 2, at(now));
    assert_eq!(damage, []);
    let points = cpu(&shorter, now, 24 * HOUR);
    assert!(now - points[0].0 <= 1800 && now - points[0].0 > 1700);
    shorter.save(folder.path()).expect("saves");
    let (longer, damage) = History::load(folder.path(), 12 * HOUR, at(now));
    assert_eq!(damage, []);
    assert!(cpu(&longer, now, 24 * HOUR).ends_with(&points));
    let (later, _) = History::load(folder.path(), HOUR, at(now + 7200));
    assert_eq!(later.keys().count(), 0);
    assert_eq!(files(folder.path()), ["machine.history"]);
}

#[test]
fn a_missing_folder_is_an_empty_history() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("none");
    let (history, damage) = History::load(&missing, HOUR, at(START));
    assert_eq!((history.keys().count(), damage.len()), (0, 0));
}

#[test]
fn a_damaged_file_is_set_aside_and_told_whatever_the_damage() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("process-a.history");
    let write_whole = || {
        let _ = fs::remove_file(&path);
        counting(100, HOUR).save(folder.path()).expect("saves");
        fs::read(&path).expect("reads")
    };
    let whole = write_whole();
    let garbled = |from: usize, to: usize| {
        let mut bytes = whole.clone();
        bytes[from..to].fill(0x5a);
        bytes
    };
    let cases = [
        ("empty", vec![], 0),
        ("cut", whole[..whole.len() / 2].to_vec(), 0),
        ("text", b"hello".to_vec(), 0),
        ("head", garbled(17, 18), 0),
        ("key", garbled(40, 41), 0),
        ("sizes", garbled(24, 40), 0),
        ("slots", garbled(2000, 20_000), 1),
    ];
    for (name, bytes, keys) in cases {
        write_whole();
        fs::write(&path, bytes).expect("writes");
        let (mut history, damage) = History::load(folder.path(), HOUR, at(START + 100));
        assert_eq!(damage.len(), 1, "{name}");
        assert!(
            damage[0].message.contains("set aside"),
            "{name}: {}",
            damage[0].message
        );
        assert_eq!(history.keys().count(), keys, "{name}");
        assert!(
            files(folder.path()).contains(&"process-a.history.damaged".to_string()),
            "{name}"
        );
        assert!(!path.exists(), "{name}");
        history.record(&sample(START + 100, &[("a", 1.0)]));
        history.save(folder.path()).expect("saves");
        let (_, damage) = History::load(folder.path(), HOUR, at(START + 100));
        assert_eq!(damage, [], "{name}");
    }
}

#[test]
fn a_slot_torn_by_a_sudden_end_is_one_value_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("process-a.history");
    counting(100, HOUR).save(folder.path()).expect("saves");
    let mut bytes = fs::read(&path).expect("reads");
    let filled = |chunk: &[u8]| chunk.iter().any(|byte| *byte != 0);
    let header = 24 + 16 + 8 + 8;
    let slot = bytes[header..]
        .chunks(40)
        .position(filled)
        .expect("some slot is filled");
    bytes[header + slot * 40 + 20] ^= 0xff;
    fs::write(&path, bytes).expect("writes");
    let (history, damage) = History::load(folder.path(), HOUR, at(START + 99));
    assert_eq!(damage, []);
    assert_eq!(cpu(&history, START + 99, HOUR).len(), 99);
}

#[test]
fn keys_of_any_text_have_files_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = "x".repeat(5000);
    let keys = [
        "",
        "..",
        "/etc/passwd",
        "a b",
        "ü",
        "%2f",
        "/",
        &long,
        "nul\0",
    ];
    let values: Vec<(&str, f32)> = keys.iter().map(|key| (*key, 1.0)).collect();
    let mut history = History::new(HOUR);
    history.record(&sample(START, &values));
    history.save(folder.path()).expect("saves");
    let (again, damage) = History::load(folder.path(), HOUR, at(START));
    assert_eq!(damage, []);
    assert!(again.keys().eq(history.keys()));
}

#[test]
fn condensing_keeps_the_mean_and_the_ends() {
    let points: Vec<Point> = (0..1000).map(|n| (START + n, n as f32)).collect();
    let few = condense(&points, 10);
    assert_eq!(few.len(), 10);
    assert_eq!(few[0], (START, 49.5));
    assert_eq!(few[9], (START + 900, 949.5));
    assert_eq!(condense(&points[..5], 10), points[..5]);
    assert!(condense(&points, 0).is_empty() && condense(&[], 5).is_empty());
}

#[test]
fn any_bytes_in_a_file_do_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("process-a.history");
    counting(50, HOUR).save(folder.path()).expect("saves");
    let whole = fs::read(&path).expect("reads");
    // Every byte of the beginning, and some of the rest, with its lowest or highest bit turned.
    for at in (0..80).chain((80..whole.len()).step_by(2999)) {
        for bit in [0, 7] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            fs::write(&path, &bytes).expect("writes");
            let (history, damage) = History::load(folder.path(), HOUR, at_start());
            assert!(history.keys().count() + damage.len() <= 2, "{at}");
            let _ = fs::remove_file(folder.path().join("process-a.history.damaged"));
        }
    }
}

fn at_start() -> Moment {
    at(START)
}
