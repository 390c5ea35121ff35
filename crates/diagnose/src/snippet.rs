//! The lines around a location, read without trusting the path or the file.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use forge_logs::safe;

use crate::mask::mask;

/// Lines shown before and after.
const AROUND: u32 = 3;
/// Bytes of a file that are read, and of a line that are shown.
const LONGEST_FILE: u64 = 16 << 20;
const LONGEST_LINE: usize = 240;

/// The lines around `line` of a file, with their numbers, the line itself behind `>`; nothing where
/// it is no readable text file that has this line.
#[must_use]
pub fn source(path: &Path, line: u32) -> Option<Vec<String>> {
    // A pipe or a device would block, or never end.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut reader = BufReader::new(File::open(path).ok()?.take(LONGEST_FILE));
    let (first, last) = (
        line.saturating_sub(AROUND).max(1),
        line.saturating_add(AROUND),
    );
    let width = last.to_string().len();
    let mut lines = Vec::new();
    let mut found = false;
    let mut buffer = Vec::new();
    for number in 1..=last {
        buffer.clear();
        if reader.read_until(b'\n', &mut buffer).ok()? == 0 {
            break;
        }
        if number < first {
            continue;
        }
        if buffer.contains(&0) {
            return None;
        }
        let bare = buffer.trim_ascii_end();
        let text = safe(&bare[..bare.len().min(LONGEST_LINE)], false);
        let mark = if number == line { '>' } else { ' ' };
        found |= number == line;
        let shown = format!("{mark} {number:width$} | {}", mask(&text));
        lines.push(shown.trim_end().to_owned());
    }
    found.then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_marked_among_its_neighbours() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, "one\ntwo\n\x1b[31mthree\nfour\nfive\nsix\nseven\n").unwrap();
        let lines = source(&path, 3).unwrap();
        assert_eq!(lines.first().map(String::as_str), Some("  1 | one"));
        assert_eq!(
            lines
                .iter()
                .filter(|line| line.starts_with("> 3 |"))
                .count(),
            1
        );
        assert!(!lines.concat().contains('\x1b'));
        assert_eq!(source(&path, 70), None);
    }

    #[test]
    fn what_is_no_text_file_is_not_read() {
        assert_eq!(source(Path::new("/dev/zero"), 1), None);
        assert_eq!(source(Path::new("/"), 1), None);
        assert_eq!(source(Path::new("/nowhere/at/all"), 1), None);
    }
}
