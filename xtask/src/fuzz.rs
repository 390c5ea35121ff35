//! `cargo xtask fuzz`: the fuzz targets on a stable toolchain. Each is given its corpus, then what chance
//! makes of it, for a while; the same seed gives the same inputs. What breaks one is kept.

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

use std::fs;
use std::panic::catch_unwind;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use targets::{ALL, Target};

use crate::project;

/// What one input may take; more counts as a hang.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest input.
const LARGEST: usize = 64 << 10;
/// Pieces that mean something to one of the readers.
const PIECES: [&[u8]; 24] = [
    b"\n",
    b"\0",
    b"\xff",
    b"\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b": ",
    b"- ",
    b"&a ",
    b"*a",
    b"<<: ",
    b"${A:-",
    b"\x1b[",
    b"\x1b]0;",
    b"\xc2\x9b",
    b"\r",
    b"\xe2\x80\xae",
    b"  at ",
    b"99999999999999999999",
    b"-1",
    b"\t",
];

/// Runs the named targets, or all, for so many seconds each.
///
/// # Errors
///
/// An input breaks a target, or the words are none of this command's.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let (mut seconds, mut seed, mut chosen) = (10, 1, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut number = |what: &str| -> Result<u64> {
            let value = words
                .next()
                .with_context(|| format!("{what} wants a number"))?;
            value
                .parse()
                .with_context(|| format!("{what}: `{value}` is no number"))
        };
        match word.as_str() {
            "--seconds" => seconds = number("--seconds")?,
            "--seed" => seed = number("--seed")?,
            name => {
                let known = ALL.iter().find(|(known, _)| *known == name);
                let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
                let known = known.with_context(|| {
                    format!("no target `{name}`; there are {}", names.join(", "))
                })?;
                chosen.push(*known);
            }
        }
    }
    if chosen.is_empty() {
        chosen = ALL.to_vec();
    }
    // A panic is told once, with its input.
    std::panic::set_hook(Box::new(|panic| {
        println!(
            "panicked at {}",
            panic.location().map_or(String::new(), ToString::to_string)
        )
    }));
    let broken: Vec<&str> = chosen
        .into_iter()
        .filter_map(|(name, target)| match fuzz(name, target, seconds, seed) {
            Ok(()) => None,
            Err(error) => {
                println!("{name:<14} BROKEN: {error:#}");
                Some(name)
            }
        })
        .collect();
    let _ = std::panic::take_hook();
    ensure!(broken.is_empty(), "broken: {}", broken.join(", "));
    Ok(())
}

fn fuzz(name: &str, target: Target, seconds: u64, seed: u64) -> Result<()> {
    let folder = project::root().join("fuzz/corpus").join(name);
    let mut inputs = Vec::new();
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .with_context(|| format!("{} has no corpus", folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    for file in files {
        inputs.push(fs::read(file)?);
    }
    ensure!(!inputs.is_empty(), "{} is empty", folder.display());
    let begun = Instant::now();
    for input in &inputs {
        give(name, target, input)?;
    }
    let mut chance = Chance(seed);
    let mut count = inputs.len();
    while begun.elapsed() < Duration::from_secs(seconds) {
        let other = chance.below(inputs.len());
        let mut input = inputs[chance.below(inputs.len())].clone();
        for _ in 0..=chance.below(6) {
            change(&mut input, &inputs[other], &mut chance);
        }
        input.truncate(LARGEST);
        give(name, target, &input)?;
        count += 1;
        // Changes of changes go further than changes of the corpus.
        if chance.below(50) == 0 && inputs.len() < 500 {
            inputs.push(input);
        }
    }
    println!(
        "{name:<14} {count} inputs in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

fn give(name: &str, target: Target, input: &[u8]) -> Result<()> {
    if std::env::var_os("FORGE_FUZZ_TRACE").is_some() {
        // For an input that ends the whole program: the last one that was written.
        keep(name, "last", input)?;
    }
    let begun = Instant::now();
    if let Err(panic) = catch_unwind(|| target(input)) {
        let why = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or(panic.downcast_ref::<&str>().copied())
            .unwrap_or("it panics");
        let path = keep(name, "crash", input)?;
        bail!("{why}; the input is {}", path.display());
    }
    if begun.elapsed() > PATIENCE {
        let path = keep(name, "slow", input)?;
        bail!(
            "it takes {:?}; the input is {}",
            begun.elapsed(),
            path.display()
        );
    }
    Ok(())
}

fn keep(name: &str, what: &str, input: &[u8]) -> Result<PathBuf> {
    let folder = project::root().join("fuzz/artifacts").join(name);
    fs::create_dir_all(&folder)?;
    let path = folder.join(what);
    fs::write(&path, input)?;
    Ok(path)
}

fn change(input: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.below(input.len() + 1);
    let end = at + chance.below((input.len() - at).min(64) + 1);
    match chance.below(8) {
        0 if at < input.len() => input[at] ^= 1 << chance.below(8),
        1 if at < input.len() => input[at] = chance.below(256) as u8,
        2 => drop(input.drain(at..end)),
        3 => {
            let piece = input[at..end].to_vec();
            input.splice(at..at, piece);
        }
        4 => input.truncate(at),
        5 => {
            let from = chance.below(other.len() + 1);
            let to = from + chance.below((other.len() - from).min(200) + 1);
            input.splice(at..at, other[from..to].iter().copied());
        }
        6 => {
            let piece = input[at..end].repeat(chance.below(20) + 1);
            input.splice(at..at, piece);
        }
        _ => {
            let piece = PIECES[chance.below(PIECES.len())];
            input.splice(at..at, piece.iter().copied());
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood, 2014).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }
}
