//! Counts what is missing, what is there twice, and what is torn, in what was kept of a writer.

use forge_facts::Stream;
use forge_facts::layout::Layout;

use super::writer::{Word, read};
use crate::failure::Failure;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) lines: u64,
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) torn: u64,
}

impl Damage {
    pub(super) fn add(&mut self, other: &Damage) {
        self.lines += other.lines;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.torn += other.torn;
    }
}

/// Reads all files of a process, in their order. On a terminal, runs may have been cut off by its end.
///
/// # Errors
///
/// When they cannot be read.
pub(super) fn process(layout: &Layout, name: &str, terminal: bool) -> Result<Damage, Failure> {
    let stream = match terminal {
        true => Stream::Terminal,
        false => Stream::Stdout,
    };
    let mut all = Vec::new();
    for number in 1.. {
        let path = layout.segment(name, stream, number);
        match std::fs::read(&path) {
            Ok(bytes) => all.extend(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
            Err(error) => {
                let message = format!("cannot read {}: {error}", path.display());
                return Err(Failure::failed(message));
            }
        }
    }
    Ok(text(&all, terminal))
}

/// Judges the whole output of a writer.
fn text(all: &[u8], may_be_cut: bool) -> Damage {
    let mut damage = Damage::default();
    let mut run = String::new();
    // What must come next in the run; `None` once it has said its last word.
    let mut next = None;
    let mut unreadable = 0;
    for line in all.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let Some((of, word)) = std::str::from_utf8(line).ok().and_then(read) else {
            unreadable += 1;
            continue;
        };
        if of != run {
            // The last line of a run that was cut off may be a part of one.
            let cut = may_be_cut && !run.is_empty() && next.is_some();
            damage.torn += if cut {
                std::cmp::max(unreadable, 1) - 1
            } else {
                unreadable
            };
            damage.lost += u64::from(!cut && next.is_some());
            (run, next) = (of.to_string(), Some(0));
        } else {
            damage.torn += unreadable;
        }
        unreadable = 0;
        match (word, next) {
            (Word::Number(number), Some(expected)) if number >= expected => {
                damage.lines += 1;
                damage.lost += number - expected;
                next = Some(number + 1);
            }
            (Word::Number(_), _) => damage.doubled += 1,
            (Word::End(total), Some(expected)) => {
                damage.lost += total.saturating_sub(expected);
                next = None;
            }
            (Word::End(_), None) => damage.doubled += 1,
        }
    }
    damage.torn += unreadable;
    // Nothing, or no last word: at least that is missing.
    damage.lost += u64::from(next.is_some() || run.is_empty());
    damage
}

#[cfg(test)]
mod tests {
    use super::super::writer::line;
    use super::*;

    fn sum(body: &str) -> String {
        format!("{body} {:08x}\n", forge_facts::crc32(body.as_bytes()))
    }

    fn lines(run: &str, numbers: &[u64]) -> String {
        numbers.iter().map(|number| line(run, *number)).collect()
    }

    fn found(text_of: &str, may_be_cut: bool) -> (u64, u64, u64, u64) {
        let damage = text(text_of.as_bytes(), may_be_cut);
        (damage.lines, damage.lost, damage.doubled, damage.torn)
    }

    #[test]
    fn a_whole_output_has_no_damage() {
        let whole = format!("\n{}{}", lines("a", &[0, 1, 2]), sum("a end 3"));
        assert_eq!(found(&whole, false), (3, 0, 0, 0));
        let terminal = whole.replace('\n', "\r\n");
        assert_eq!(found(&terminal, true), (3, 0, 0, 0));
    }

    #[test]
    fn every_kind_of_damage_is_counted() {
        let end = sum("a end 4");
        assert_eq!(found(&format!("{}{end}", lines("a", &[0, 3])), false).1, 2);
        assert_eq!(
            found(&format!("{}{end}", lines("a", &[0, 1, 1, 2, 3])), false),
            (4, 0, 1, 0)
        );
        assert_eq!(found(&lines("a", &[0, 1]), false).1, 1);
        assert_eq!(found(&format!("{}{end}", lines("a", &[0, 1])), false).1, 2);
        assert_eq!(found("", false).1, 1);
        let torn = format!("{}a 1 x\n{}{end}", lines("a", &[0]), lines("a", &[2, 3]));
        assert_eq!(found(&torn, false), (3, 1, 0, 1));
    }

    #[test]
    fn a_run_on_a_terminal_may_be_cut_off_once() {
        let second = format!("\n{}{}", lines("b", &[0]), sum("b end 1"));
        let cut = format!("{}a 2 xxx{second}", lines("a", &[0, 1]));
        assert_eq!(found(&cut, true), (3, 0, 0, 0));
        assert_eq!(found(&cut, false), (3, 1, 0, 1));
    }
}
