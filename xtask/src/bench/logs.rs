//! The way of output: many lines of one process, and many processes at once, beside plain files.

use std::fs;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::figures::{ratio, show};
use super::place::{Place, cpu_ns};

/// Lines of one writer, in large writes.
const LINES: usize = 5_000_000;

/// Writers at once, and the lines of each, one write a line.
const WRITERS: usize = 50;
const EACH: usize = 20_000;

/// A line, with its end.
const LINE: usize = 100;

const RUNS: usize = 3;

/// 500 MB of lines through Forge, into a file, and through `cat` into a file.
pub(super) fn one_writer(forge: &Path) -> Result<()> {
    let writer = format!("yes {} | head -n {LINES}", "x".repeat(LINE - 1));
    let config = format!(
        "dev:\n  - name: w\n    command: {writer}\n    oneshot: true\n    log: {{max_size: 2GB}}\n"
    );
    let (mut through, mut file, mut cat, mut cpu) = (vec![], vec![], vec![], vec![]);
    for _ in 0..RUNS {
        let place = Place::new(forge, &config)?;
        place.time(&["dev", "run", "warm", "--", "true"])?;
        let busy = |place: &Place| -> Result<u64> { Ok(place.who()?.forge().map(cpu_ns).sum()) };
        let before = busy(&place)?;
        through.push(place.time(&["dev", "start"])?);
        cpu.push((busy(&place)? - before) as f64 / 1000.0 / LINES as f64);
        kept(&place, LINES * LINE)?;
        let target = place.beside("file");
        file.push(shell(&format!("({writer}) > '{}'", target.display()))?);
        fs::remove_file(&target)?;
        cat.push(shell(&format!("{writer} | cat > '{}'", target.display()))?);
    }
    show("500 MB of 100-byte lines, kept with times", &through);
    show("the same: cmd > file", &file);
    show("the same: cmd | cat > file", &cat);
    ratio("kept, by cmd > file", &through, &file);
    ratio("kept, by cmd | cat > file", &through, &cat);
    cpu.sort_by(f64::total_cmp);
    println!("  CPU of Forge: {:.3} µs a line", cpu[cpu.len() / 2]);
    Ok(())
}

/// Many chatty processes at once.
pub(super) fn many_writers(forge: &Path) -> Result<()> {
    let own = std::env::current_exe()?;
    let writer = format!("{} write-lines {EACH}", own.display());
    let mut config = String::from("dev:\n");
    for number in 0..WRITERS {
        config.push_str(&format!(
            "  - {{name: w{number}, command: {writer}, oneshot: true}}\n"
        ));
    }
    let (mut through, mut beside) = (vec![], vec![]);
    for _ in 0..RUNS {
        let place = Place::new(forge, &config)?;
        place.time(&["dev", "run", "warm", "--", "true"])?;
        through.push(place.time(&["dev", "start"])?);
        kept(&place, WRITERS * EACH * LINE)?;
        let folder = place.beside("files");
        fs::create_dir(&folder)?;
        beside.push(shell(&format!(
            "i=0; while [ $i -lt {WRITERS} ]; do {writer} > '{}'/$i & i=$((i+1)); done; wait",
            folder.display()
        ))?);
    }
    show("50 writers of 20,000 lines, kept", &through);
    show("the same by sh: cmd > file &", &beside);
    ratio("kept, by files", &through, &beside);
    Ok(())
}

/// `xtask write-lines N`: so many lines, one write each, as chatty programs do.
///
/// # Errors
///
/// Standard output takes no more.
pub(crate) fn write_lines(count: &str) -> Result<()> {
    let count: usize = count.parse().context("how many lines?")?;
    let mut line = vec![b'x'; LINE];
    line[LINE - 1] = b'\n';
    // As a file: standard output of the library would gather lines, or look for their ends.
    let mut out = fs::File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    for _ in 0..count {
        out.write_all(&line)?;
    }
    Ok(())
}

/// Nothing may be lost on the way.
fn kept(place: &Place, bytes: usize) -> Result<()> {
    let mut found = 0;
    let mut folders = vec![place.beside("state")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "log")
                && path
                    .file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("stdout."))
            {
                found += usize::try_from(entry.metadata()?.len())?;
            }
        }
    }
    ensure!(found == bytes, "{found} bytes were kept of {bytes}");
    Ok(())
}

fn shell(line: &str) -> Result<Duration> {
    let began = Instant::now();
    ensure!(Command::new("sh").args(["-c", line]).status()?.success());
    Ok(began.elapsed())
}
