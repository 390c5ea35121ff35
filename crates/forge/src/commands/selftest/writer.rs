//! A child of the self test: writes numbered, check-summed lines until it has written enough.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use forge_facts::{crc32, mark};

/// The word by which this program becomes a writer.
pub(crate) const FLAG: &str = "--writer";
/// The file that says that it is enough.
pub(crate) const ENOUGH: &str = "enough";

const BURST: usize = 20;
const PAUSE: Duration = Duration::from_millis(1);

/// Writes in the current folder.
pub(crate) fn run() -> ExitCode {
    let run = std::env::var(mark::RUN_ID).unwrap_or_default();
    match write(&run) {
        Ok(()) => ExitCode::SUCCESS,
        // Its terminal is gone.
        Err(_) => ExitCode::FAILURE,
    }
}

fn write(run: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    // What another run has left unfinished ends here.
    out.write_all(b"\n")?;
    let mut number = 0;
    while !Path::new(ENOUGH).exists() {
        for _ in 0..BURST {
            out.write_all(line(run, number).as_bytes())?;
            number += 1;
        }
        out.flush()?;
        std::thread::sleep(PAUSE);
    }
    out.write_all(summed(&format!("{run} end {number}")).as_bytes())?;
    out.flush()
}

/// The line of this number.
pub(super) fn line(run: &str, number: u64) -> String {
    let length = usize::try_from(number * 7 % 90).unwrap_or(0);
    summed(&format!("{run} {number} {}", "x".repeat(length)))
}

fn summed(body: &str) -> String {
    format!("{body} {:08x}\n", crc32(body.as_bytes()))
}

/// What a line says; `None` where its sum is wrong.
pub(super) fn read(line: &str) -> Option<(&str, Word)> {
    let (body, sum) = line.rsplit_once(' ')?;
    if u32::from_str_radix(sum, 16).ok()? != crc32(body.as_bytes()) || sum.len() != 8 {
        return None;
    }
    let (run, rest) = body.split_once(' ')?;
    let word = match rest.strip_prefix("end ") {
        Some(total) => Word::End(total.parse().ok()?),
        None => Word::Number(rest.split(' ').next()?.parse().ok()?),
    };
    Some((run, word))
}

/// A word of a writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Number(u64),
    /// So many lines were before this one.
    End(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_its_number_and_a_torn_one_says_nothing() {
        let text = line("r1", 12);
        let text = text.trim_end();
        assert_eq!(read(text), Some(("r1", Word::Number(12))));
        assert_eq!(
            read(summed("r1 end 7").trim_end()),
            Some(("r1", Word::End(7)))
        );
        for cut in 0..text.len() {
            assert_eq!(read(&text[..cut]), None, "cut at {cut}");
            assert_eq!(read(&text[cut + 1..]), None, "without {cut}");
        }
    }
}
