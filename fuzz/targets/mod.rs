//! What is fuzzed: one function for each kind of input that comes from outside. Any bytes may come; none may
//! end in a panic, a hang or a loss. Used by cargo-fuzz, and by `cargo xtask fuzz` on a stable toolchain.

use std::path::Path;

use forge_api as api;
use forge_config::Source;
use forge_diagnose::{Evidence, diagnose};
use forge_exchange::{Format, ImportOptions, import};
use forge_facts::{
    Custody, Entry, Fact, Hello, INDEX_RECORD_LEN, IndexRecord, KeeperFact, KeeperOrder, Order,
    Record, journal,
};
use forge_logs::{
    EventDetector, Item, Leveller, Logs, Query, json_line, last_state, safe, strip_ansi,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A function that takes any bytes.
pub(crate) type Target = fn(&[u8]);

/// All of them, by name; each has a folder of this name in `fuzz/corpus`.
pub(crate) const ALL: &[(&str, Target)] = &[
    ("configuration", configuration),
    ("api", requests),
    ("facts", facts),
    ("sidecar", sidecar),
    ("log_text", log_text),
    ("traces", traces),
    ("importers", importers),
];

/// The target of this name; the names are those of `ALL`.
#[allow(dead_code)] // Used by cargo-fuzz.
pub(crate) fn run(name: &str, data: &[u8]) {
    for (known, target) in ALL {
        if *known == name {
            target(data);
        }
    }
}

/// A folder of this process for what must lie on disk.
fn folder(name: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("forge-fuzz-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

fn configuration(data: &[u8]) {
    let folder = folder("configuration");
    std::fs::create_dir_all(folder.join(".forge")).expect("a folder");
    // Three files, divided by a byte that none of them may hold.
    let mut parts = data.split(|byte| *byte == 0xff);
    for name in [".forge/processes.yml", ".forge/processes.local.yml", ".env"] {
        match parts.next() {
            Some(part) => std::fs::write(folder.join(name), part).expect("a file"),
            None => drop(std::fs::remove_file(folder.join(name))),
        }
    }
    match forge_config::load(&Source::new(&folder, Default::default())) {
        Ok(config) => {
            for profile in &config.profiles {
                for process in &profile.processes {
                    config.origins(&profile.name, &process.name);
                }
            }
        }
        Err(errors) => {
            errors.to_json();
            errors.render(true);
            let odd = errors
                .to_string()
                .chars()
                .any(|c| c.is_control() && c != '\n');
            assert!(!odd, "a message gives orders to the terminal");
        }
    }
}

/// What was understood must be said and understood again.
fn request<T: DeserializeOwned + Serialize>(data: &[u8]) {
    if let Ok(request) = serde_json::from_slice::<T>(data) {
        let text = serde_json::to_vec(&request).expect("it can be said");
        serde_json::from_slice::<T>(&text).expect("it is understood again");
    }
}

fn requests(data: &[u8]) {
    request::<api::StartRequest>(data);
    request::<api::StopRequest>(data);
    request::<api::RestartRequest>(data);
    request::<api::ReloadRequest>(data);
    request::<api::RunRequest>(data);
    request::<api::SignalRequest>(data);
    request::<api::InputRequest>(data);
    request::<api::ResizeRequest>(data);
    request::<api::WaitRequest>(data);
    request::<api::ExecRequest>(data);
    request::<api::KillPortRequest>(data);
    request::<api::TargetsRequest>(data);
    request::<api::RestoreRequest>(data);
    request::<api::RevertRequest>(data);
    request::<api::Status>(data);
    request::<api::CrashReport>(data);
    request::<api::Problem>(data);
}

fn facts(data: &[u8]) {
    let journal = journal::parse(data);
    for (seq, entry) in &journal.entries {
        let again = Entry::from_record(&entry.to_record(*seq));
        assert_eq!(
            again,
            Ok(Some((*seq, entry.clone()))),
            "an entry changes on its way"
        );
    }
    // A journal that is cut loses at most what was cut.
    let half = journal::parse(&data[..data.len() / 2]);
    assert!(half.entries.len() <= journal.entries.len() + 1);
    let _ = forge_core_last(&journal);
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(record) = Record::decode(line) else {
            continue;
        };
        assert_eq!(Record::decode(&record.encode()), Ok(record.clone()));
        if let Ok(order) = Order::from_record(&record) {
            assert_eq!(Order::from_record(&order.to_record()), Ok(order));
        }
        if let Ok(order) = KeeperOrder::from_record(&record) {
            assert_eq!(KeeperOrder::from_record(&order.to_record()), Ok(order));
        }
        if let Ok(fact) = Fact::from_record(&record) {
            assert_eq!(Fact::from_record(&fact.to_record()), Ok(fact));
        }
        if let Ok(fact) = KeeperFact::from_record(&record) {
            assert_eq!(KeeperFact::from_record(&fact.to_record()), Ok(fact));
        }
        let _ = Hello::from_record(&record);
        let _ = Custody::from_record(&record);
    }
}

/// The last run that a journal tells of has an id that stands in it.
fn forge_core_last(journal: &journal::Journal) -> Option<()> {
    let last = forge_core::event::LastRun::of(journal)?;
    let known = journal
        .entries
        .iter()
        .any(|(_, entry)| entry.run() == last.run);
    assert!(known, "a run from nowhere");
    Some(())
}

/// A log of one process, with a sidecar that says anything.
fn sidecar(data: &[u8]) {
    for record in data.chunks_exact(INDEX_RECORD_LEN) {
        let record: &[u8; INDEX_RECORD_LEN] = record.try_into().expect("exact");
        if let Some(read) = IndexRecord::decode(record) {
            assert_eq!(IndexRecord::decode(&read.encode()), Some(read));
        }
    }
    let folder = folder("sidecar");
    let own = folder.join("web");
    std::fs::create_dir_all(&own).expect("a folder");
    // The first byte says how long the log is; the rest is the sidecar, and its bytes the log.
    let (length, index) = data
        .split_first()
        .map_or((0, data), |(first, rest)| (*first, rest));
    let text: Vec<u8> = data
        .iter()
        .copied()
        .cycle()
        .take(usize::from(length) * 4)
        .collect();
    std::fs::write(own.join("stdout.00000001.log"), &text).expect("a file");
    std::fs::write(own.join("stdout.00000001.idx"), index).expect("a file");
    let Ok(items) = Logs::new(&folder).query(&Query::default()) else {
        return;
    };
    let mut raw = Vec::new();
    for item in items {
        if let Ok(Item::Line(line)) = item {
            json_line(&line);
            line.write_raw(&mut raw).expect("memory");
        }
    }
    assert!(raw == text, "a sidecar has cost bytes of the log");
}

fn log_text(data: &[u8]) {
    let (mut leveller, mut events) = (Leveller::default(), EventDetector::default());
    for line in data.split(|byte| *byte == b'\n') {
        leveller.next(line);
        events.next(line);
        strip_ansi(line);
        last_state(line);
        forge_logs::structure(line);
        for colours in [false, true] {
            let shown = safe(line, colours);
            let orders = shown
                .chars()
                .any(|c| c.is_control() && c != '\t' && !(colours && c == '\u{1b}'));
            assert!(!orders, "what is shown gives orders: {shown:?}");
        }
    }
}

fn traces(data: &[u8]) {
    let (first, text) = data
        .split_first()
        .map_or((0, data), |(first, rest)| (*first, rest));
    let found = diagnose(&Evidence {
        exit_code: Some(i32::from(first)),
        ..Evidence::text(text)
    });
    if let Some(location) = &found.location {
        assert!(!location.file.is_empty(), "a place without a file");
    }
}

fn importers(data: &[u8]) {
    let folder = folder("importers");
    let (first, text) = data
        .split_first()
        .map_or((0, data), |(first, rest)| (*first, rest));
    let format = Format::ALL[usize::from(first) % Format::ALL.len()];
    let path = folder.join("file");
    std::fs::write(&path, text).expect("a file");
    let options = ImportOptions {
        workspace: Path::new(&folder),
        profile: "dev",
        native: first & 0x80 != 0,
        strict: false,
        format: Some(format),
    };
    let Ok(imported) = import(&path, &options) else {
        return;
    };
    // What is taken must be something that Forge takes.
    std::fs::create_dir_all(folder.join(".forge")).expect("a folder");
    std::fs::write(folder.join(".forge/processes.yml"), imported.text()).expect("a file");
    if let Err(mistakes) = forge_config::load(&Source::new(&folder, Default::default())) {
        panic!("an import is no configuration:\n{mistakes}");
    }
}
