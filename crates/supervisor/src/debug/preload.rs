//! The files by which a runtime opens itself to a debugger: each is loaded by every process of that
//! runtime in a tree, and decides there whether that is the application or only what starts it. An
//! option in the environment could not: the first to see it, often a package manager, takes the port.

use std::io;
use std::path::{Path, PathBuf};

const FILES: [(&str, &str); 3] = [
    ("node/inspect.cjs", include_str!("preload/inspect.cjs")),
    (
        "python/sitecustomize.py",
        include_str!("preload/sitecustomize.py"),
    ),
    (
        "ruby/forge_debug.rb",
        include_str!("preload/forge_debug.rb"),
    ),
];

/// Where they lie, below the state of a workspace.
pub(crate) fn folder(state: &Path) -> PathBuf {
    state.join("debug")
}

/// Writes those that are not there as they should be.
///
/// # Errors
///
/// Those of the file system.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    for (name, text) in FILES {
        let path = folder.join(name);
        if std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            continue;
        }
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        crate::memory::write_atomically(&path, text.as_bytes())?;
    }
    Ok(())
}

/// `NODE_OPTIONS` that load it: quoted, because the path may hold spaces.
pub(super) fn node(folder: &Path) -> String {
    let path = folder.join(FILES[0].0).to_string_lossy().into_owned();
    let path = path.replace('\\', "\\\\").replace('"', "\\\"");
    format!("--require \"{path}\"")
}

/// `PYTHONPATH` in which it is found.
pub(super) fn python(folder: &Path) -> String {
    folder.join("python").to_string_lossy().into_owned()
}

/// `RUBYOPT` that loads it. Ruby knows no quotes there: a path with a space cannot be said.
pub(super) fn ruby(folder: &Path) -> String {
    let path = folder.join(FILES[2].0).to_string_lossy().into_owned();
    match path.contains(char::is_whitespace) {
        true => "-rdebug/open_nonstop".to_string(),
        false => format!("-r{path}"),
    }
}
