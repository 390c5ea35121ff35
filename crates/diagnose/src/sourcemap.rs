//! From a line of built JavaScript to the line that somebody wrote, where a source map lies beside
//! the file.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Bytes of a file or a map that are read.
const LARGEST: u64 = 64 << 20;
/// Bytes at the end of a file in which it names its map.
const TAIL: usize = 4 << 10;

/// A place in a source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Original {
    pub(crate) file: PathBuf,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// Where a place of a built file comes from; nothing where there is no map or no such source.
pub(crate) fn original(built: &Path, line: Option<u32>, column: Option<u32>) -> Option<Original> {
    let extension = built.extension()?.to_str()?;
    if !matches!(extension, "js" | "mjs" | "cjs") {
        return None;
    }
    let (path, text) = map_of(built)?;
    let map: Value = serde_json::from_str(text.strip_prefix(")]}'").unwrap_or(&text)).ok()?;
    let mappings = map.get("mappings")?.as_str()?;
    let column = column.unwrap_or(1).saturating_sub(1);
    let (source, line, column) = lookup(mappings, line?.checked_sub(1)?, column)?;
    let name = map.get("sources")?.as_array()?.get(source)?.as_str()?;
    let root = map.get("sourceRoot").and_then(Value::as_str).unwrap_or("");
    let name = crate::place::plain(name);
    let file = path.parent()?.join(root).join(name);
    let file = fs::canonicalize(file).ok().filter(|file| file.is_file())?;
    Some(Original {
        file,
        line: line + 1,
        column: column + 1,
    })
}

/// The map's path and text: beside the file, or where its last lines say.
fn map_of(built: &Path) -> Option<(PathBuf, String)> {
    let beside = PathBuf::from(format!("{}.map", built.display()));
    if let Some(text) = read(&beside) {
        return Some((beside, text));
    }
    let text = read(built)?;
    let mut start = text.len().saturating_sub(TAIL);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let name = text[start..]
        .rsplit_once("sourceMappingURL=")?
        .1
        .lines()
        .next()?
        .trim();
    if name.starts_with("data:") {
        return None;
    }
    let path = built.parent()?.join(name);
    Some((path.clone(), read(&path)?))
}

fn read(path: &Path) -> Option<String> {
    let metadata = path.metadata().ok()?;
    (metadata.is_file() && metadata.len() <= LARGEST)
        .then(|| fs::read_to_string(path).ok())
        .flatten()
}

/// Source, line and column, all from 0, of the last mapping at or before a place.
fn lookup(mappings: &str, line: u32, column: u32) -> Option<(usize, u32, u32)> {
    let (mut source, mut at_line, mut at_column) = (0i64, 0i64, 0i64);
    let mut best = None;
    for (index, row) in mappings.split(';').enumerate() {
        let mut built = 0i64;
        for segment in row.split(',').filter(|segment| !segment.is_empty()) {
            let fields = decode(segment)?;
            built += fields.first()?;
            if let [_, from, down, right, ..] = fields[..] {
                source += from;
                at_line += down;
                at_column += right;
                let near = index == line as usize && (built <= i64::from(column) || best.is_none());
                if near {
                    best = Some((source, at_line, at_column));
                }
            }
        }
        if index == line as usize {
            break;
        }
    }
    let (source, line, column) = best?;
    Some((
        usize::try_from(source).ok()?,
        u32::try_from(line).ok()?,
        u32::try_from(column).ok()?,
    ))
}

/// The numbers of a segment, in base 64 with a sign and as many digits as they need.
fn decode(segment: &str) -> Option<Vec<i64>> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut numbers = Vec::new();
    let (mut value, mut shift) = (0i64, 0u32);
    for c in segment.chars() {
        let digit = i64::try_from(DIGITS.find(c)?).ok()?;
        if shift > 40 {
            return None;
        }
        value += (digit & 31) << shift;
        shift += 5;
        if digit & 32 == 0 {
            let number = value >> 1;
            numbers.push(if value & 1 == 1 { -number } else { number });
            (value, shift) = (0, 0);
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_traced_to_its_source() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("src")).unwrap();
        fs::create_dir_all(root.join("dist")).unwrap();
        fs::write(root.join("src/a.ts"), "let x: number;\nf();\n").unwrap();
        fs::write(root.join("dist/a.js"), "let x;\nf();\n").unwrap();
        let map =
            r#"{"version":3,"sources":["../src/a.ts"],"mappings":"AAAA,IAAI,CAAS;AACb,CAAC"}"#;
        fs::write(root.join("dist/a.js.map"), map).unwrap();
        let place = original(&root.join("dist/a.js"), Some(2), Some(1)).unwrap();
        assert_eq!((place.file, place.line), (root.join("src/a.ts"), 2));
        assert_eq!(original(&root.join("src/a.ts"), Some(1), None), None);
    }

    #[test]
    fn broken_maps_are_no_maps() {
        assert_eq!(lookup("AAAA,!!;", 0, 0), None);
        assert_eq!(decode("////////////"), None);
    }
}
