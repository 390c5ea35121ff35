//! The history of the command line: one file for each workspace, for its owner alone.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A file that is longer was not written by us.
const LONGEST: u64 = 4 << 20;

/// The lines, oldest first; none where there is no file.
pub(super) fn read(path: &Path) -> Vec<String> {
    let short = std::fs::metadata(path).is_ok_and(|file| file.len() <= LONGEST);
    if !short {
        return Vec::new();
    }
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_string)
        .collect()
}

/// Keeps the lines. A history that cannot be kept is no reason to disturb anybody.
pub(super) fn write(path: &Path, lines: &[String]) {
    let _ = try_write(path, lines);
}

fn try_write(path: &Path, lines: &[String]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let mut file: File = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(format!("{}\n", lines.join("\n")).as_bytes())?;
    drop(file);
    std::fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_was_typed_comes_back_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/history");
        assert_eq!(read(&path), [""; 0]);
        write(&path, &["dev start".to_string(), "level warn".to_string()]);
        assert_eq!(read(&path), ["dev start", "level warn"]);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
