//! The history on disk: one file of fixed size for each process, an image of its series.
//!
//! Saving writes only the slots that changed, in place. Each slot has a checksum, so one that was being
//! written when the program died is one slot lost. A file is created whole, beside its name,
//! and renamed. What is damaged beyond that is set aside with the ending `.damaged` and reported; what can be read of it
//! is kept. Nothing is synced: after a power failure the last minutes may be missing.
//!
//! Numbers are little endian. Header: `FORGEHST`, version, values in a slot, number of tiers, length of the
//! key (u32 each); for each tier its step and its number of slots (u32 each); the key; zeros up to a
//! multiple of 8; a checksum of all of this and 4 zeros. Then the slots of all tiers: interval, checksum,
//! values (f32).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::series::Series;
use super::{History, second_of};
use crate::{Moment, ProcessKey};

const MAGIC: &[u8; 8] = b"FORGEHST";
const VERSION: u32 = 1;
const ENDING: &str = "history";
const MACHINE_FILE: &str = "machine.history";
/// So many damaged slots are what a program leaves that died while writing.
const TORN: usize = 8;
/// No file of ours is longer.
const LONGEST_FILE: u64 = 4 << 20;

/// A file that could not be read, or not all of it, and was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file as it was called.
    pub path: PathBuf,
    /// What is wrong with it, and where it is now.
    pub message: String,
}

impl History {
    /// Reads what was saved in a folder; what is damaged is set aside and told. A missing folder
    /// is an empty history. Files whose last value is older than `keep` are removed.
    pub fn load(folder: &Path, keep: Duration, now: Moment) -> (History, Vec<Damage>) {
        let mut history = History::new(keep);
        let mut damage = Vec::new();
        let mut paths: Vec<PathBuf> = match fs::read_dir(folder) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(_) => Vec::new(),
        };
        paths.retain(|path| path.extension().is_some_and(|ending| ending == ENDING));
        paths.sort();
        let oldest =
            second_of(now).saturating_sub(u32::try_from(keep.as_secs()).unwrap_or(u32::MAX));
        for path in paths {
            let is_machine = path.file_name().is_some_and(|name| name == MACHINE_FILE);
            if is_machine {
                if let Some((_, series)) = read(&path, keep, &mut damage) {
                    history.machine = series;
                }
            } else if let Some((key, series)) = read(&path, keep, &mut damage) {
                if series.newest().is_some_and(|newest| newest >= oldest) {
                    history.processes.insert(key, series);
                } else {
                    let _ = fs::remove_file(&path);
                }
            }
        }
        (history, damage)
    }

    /// Writes what changed since the last call into a folder, which is made where it is missing.
    /// Meant for every ten seconds or so, and for the end.
    ///
    /// # Errors
    /// The first that occurs; the other files are written none the less, and what was not written is
    /// tried again next time.
    pub fn save(&mut self, folder: &Path) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let mut outcome = save_series(&folder.join(MACHINE_FILE), "", &mut self.machine);
        for (key, series) in &mut self.processes {
            let path = folder.join(file_name(key));
            outcome = outcome.and(save_series(&path, key.as_str(), series));
        }
        outcome
    }

    /// Forgets a process, also on disk.
    ///
    /// # Errors
    /// When its file cannot be removed.
    pub fn remove(&mut self, folder: &Path, key: &ProcessKey) -> io::Result<()> {
        self.processes.remove(key);
        match fs::remove_file(folder.join(file_name(key))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// A name that is safe whatever the key is, and another for every other key.
fn file_name(key: &ProcessKey) -> String {
    let mut name = String::from("process-");
    for byte in key.as_str().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(byte as char),
            other => name.push_str(&format!("%{other:02x}")),
        }
    }
    if name.len() > 200 {
        name.truncate(180);
        name.push_str(&format!("~{:08x}", checksum(&[key.as_str().as_bytes()])));
    }
    format!("{name}.{ENDING}")
}

fn save_series<const N: usize>(path: &Path, key: &str, series: &mut Series<N>) -> io::Result<()> {
    if series.on_disk {
        match OpenOptions::new().write(true).open(path) {
            Ok(file) => {
                let written = write_changes(&file, header(key, series).len(), series);
                if written.is_ok() {
                    forget_changes(series);
                }
                return written;
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(_) => {}
        }
    }
    create(path, key, series)?;
    series.on_disk = true;
    forget_changes(series);
    Ok(())
}

fn forget_changes<const N: usize>(series: &mut Series<N>) {
    series
        .tiers
        .iter_mut()
        .for_each(|tier| tier.changed.fill(0));
}

/// Writes each run of neighbouring slots that changed.
fn write_changes<const N: usize>(file: &File, header: usize, series: &Series<N>) -> io::Result<()> {
    let mut begin = header;
    let mut run = Vec::new();
    for tier in &series.tiers {
        for slot in 0..=tier.intervals.len() {
            let changed = tier
                .changed
                .get(slot / 64)
                .is_some_and(|w| w >> (slot % 64) & 1 == 1);
            if changed && slot < tier.intervals.len() {
                push_slot(&mut run, tier.intervals[slot], &tier.values[slot]);
            } else if !run.is_empty() {
                let at = begin + slot * slot_len(N) - run.len();
                file.write_all_at(&run, at as u64)?;
                run.clear();
            }
        }
        begin += tier.intervals.len() * slot_len(N);
    }
    Ok(())
}

fn create<const N: usize>(path: &Path, key: &str, series: &Series<N>) -> io::Result<()> {
    let mut bytes = header(key, series);
    for tier in &series.tiers {
        for (interval, values) in tier.intervals.iter().zip(&tier.values) {
            push_slot(&mut bytes, *interval, values);
        }
    }
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options
        .open(&beside)
        .and_then(|file| file.write_all_at(&bytes, 0));
    written
        .and_then(|()| fs::rename(&beside, path))
        .inspect_err(|_| {
            let _ = fs::remove_file(&beside);
        })
}

fn header<const N: usize>(key: &str, series: &Series<N>) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    let lengths = [
        VERSION,
        N as u32,
        series.tiers.len() as u32,
        key.len() as u32,
    ];
    let tiers = series
        .tiers
        .iter()
        .flat_map(|tier| [tier.step, tier.intervals.len() as u32]);
    for number in lengths.into_iter().chain(tiers) {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(key.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend(checksum(&[&bytes]).to_le_bytes());
    bytes.extend([0; 4]);
    bytes
}

fn slot_len(values: usize) -> usize {
    8 + 4 * values
}

fn push_slot(bytes: &mut Vec<u8>, interval: u32, values: &[f32]) {
    // An empty slot is zeros, so that most of a new file needs no room on disk.
    if interval == 0 {
        bytes.resize(bytes.len() + slot_len(values.len()), 0);
        return;
    }
    let begin = bytes.len();
    bytes.extend(interval.to_le_bytes());
    bytes.extend([0; 4]);
    for value in values {
        bytes.extend(value.to_le_bytes());
    }
    let sum = checksum(&[&bytes[begin..begin + 4], &bytes[begin + 8..]]);
    bytes[begin + 4..begin + 8].copy_from_slice(&sum.to_le_bytes());
}

/// Reads a file; sets it aside and says so if it is damaged.
fn read<const N: usize>(
    path: &Path,
    keep: Duration,
    damage: &mut Vec<Damage>,
) -> Option<(ProcessKey, Series<N>)> {
    let found = read_bytes(path).and_then(|bytes| parse(&bytes, keep));
    let problem = match &found {
        Ok((_, _, torn)) if *torn <= TORN => None,
        Ok((_, _, torn)) => Some(format!("{torn} values are damaged")),
        Err(problem) => Some(problem.clone()),
    };
    let (key, mut series, _) = found.ok().or_else(|| {
        set_aside(path, problem.as_deref().unwrap_or_default(), damage);
        None
    })?;
    if let Some(problem) = problem {
        set_aside(path, &problem, damage);
        series.on_disk = false;
    }
    Some((key, series))
}

fn set_aside(path: &Path, problem: &str, damage: &mut Vec<Damage>) {
    let aside = path.with_extension(format!("{ENDING}.damaged"));
    let outcome = match fs::rename(path, &aside) {
        Ok(()) => format!("it was set aside as {}", aside.display()),
        Err(error) => format!("it could not be set aside: {error}"),
    };
    damage.push(Damage {
        path: path.to_path_buf(),
        message: format!("history file {}: {problem}; {outcome}", path.display()),
    });
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let about = fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() || about.len() > LONGEST_FILE {
        return Err("it is no history file".into());
    }
    fs::read(path).map_err(|error| error.to_string())
}

/// Reads a file's bytes into a series of the form that is wanted now, and counts damaged slots.
fn parse<const N: usize>(
    bytes: &[u8],
    keep: Duration,
) -> Result<(ProcessKey, Series<N>, usize), String> {
    let wrong = || String::from("it does not begin as a history file does");
    let number = |at: usize| -> Option<u32> {
        Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
    };
    if bytes.get(..8) != Some(MAGIC) {
        return Err(wrong());
    }
    match (number(8), number(12)) {
        (Some(VERSION), Some(values)) if values as usize == N => {}
        (Some(version), _) => return Err(format!("it has version {version}, which is unknown")),
        _ => return Err(wrong()),
    }
    let count = number(16).filter(|count| *count <= 8).ok_or_else(wrong)? as usize;
    let key_len = number(20).filter(|len| *len <= 65_536).ok_or_else(wrong)? as usize;
    let mut forms = Vec::new();
    for tier in 0..count {
        let form = number(24 + 8 * tier).zip(number(28 + 8 * tier));
        forms.push(
            form.filter(|form| form.0 > 0 && form.1 > 0)
                .ok_or_else(wrong)?,
        );
    }
    let key_at = 24 + 8 * count;
    let key = bytes.get(key_at..key_at + key_len).ok_or_else(wrong)?;
    let key = std::str::from_utf8(key).map_err(|_| wrong())?;
    let sum_at = (key_at + key_len).next_multiple_of(8);
    if number(sum_at) != bytes.get(..sum_at).map(|head| checksum(&[head])) {
        return Err("its beginning is damaged".into());
    }
    let mut series = Series::new(keep);
    let mut slots = bytes[sum_at + 4..]
        .get(4..)
        .unwrap_or_default()
        .chunks_exact(slot_len(N));
    let mut torn = 0;
    for (step, len) in &forms {
        for _ in 0..*len {
            let slot = slots.next().ok_or("it is cut short")?;
            torn += usize::from(!take_slot(slot, *step, &mut series));
        }
    }
    let own: Vec<_> = series
        .tiers
        .iter()
        .map(|t| (t.step, t.intervals.len() as u32))
        .collect();
    series.on_disk = own == forms;
    if series.on_disk {
        forget_changes(&mut series);
    }
    Ok((key.into(), series, torn))
}

/// Puts a slot into the tier with the same step; returns whether its checksum is right.
fn take_slot<const N: usize>(slot: &[u8], step: u32, series: &mut Series<N>) -> bool {
    let word = |at: usize| u32::from_le_bytes([slot[at], slot[at + 1], slot[at + 2], slot[at + 3]]);
    if slot.iter().all(|byte| *byte == 0) {
        return true;
    }
    let interval = word(0);
    if interval == 0 || word(4) != checksum(&[&slot[..4], &slot[8..]]) {
        return false;
    }
    let values = std::array::from_fn(|kind| f32::from_bits(word(8 + 4 * kind)));
    if let Some(tier) = series.tiers.iter_mut().find(|tier| tier.step == step) {
        // Where fewer slots are kept than before, two may want one place; the later one has it.
        let slot = interval as usize % tier.intervals.len();
        if tier.intervals[slot] <= interval {
            tier.set(interval, values);
        }
    }
    true
}

/// FNV-1a, 32 bits, over several parts: enough to tell a torn write.
fn checksum(parts: &[&[u8]]) -> u32 {
    let bytes = parts.iter().flat_map(|part| part.iter());
    bytes.fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
