//! Paths as traces write them, told as people know them: relative to the workspace, without the
//! decoration of bundlers and URLs.

use std::path::{Path, PathBuf};

/// The folders that a trace's paths are about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ground<'a> {
    pub(crate) cwd: Option<&'a Path>,
    pub(crate) workspace: Option<&'a Path>,
}

impl Ground<'_> {
    /// The path as it is told: relative to the workspace where it lies in it.
    pub(crate) fn told(&self, file: &str) -> String {
        let plain = plain(file);
        for root in [self.workspace, self.cwd].into_iter().flatten() {
            if let Ok(inner) = Path::new(&plain).strip_prefix(root)
                && !inner.as_os_str().is_empty()
            {
                return inner.to_string_lossy().into_owned();
            }
        }
        self.below_cwd(&plain).unwrap_or(plain)
    }

    /// A relative path of a process that runs in a folder of the workspace.
    fn below_cwd(&self, plain: &str) -> Option<String> {
        let (cwd, workspace) = (self.cwd?, self.workspace?);
        let inner = cwd.strip_prefix(workspace).ok()?;
        if Path::new(plain).is_absolute() || inner.as_os_str().is_empty() {
            return None;
        }
        let joined = inner.join(plain);
        workspace
            .join(&joined)
            .is_file()
            .then(|| joined.to_string_lossy().into_owned())
    }

    /// Where a told path lies on this machine, if it is a file.
    pub(crate) fn on_disk(&self, told: &str) -> Option<PathBuf> {
        let path = Path::new(told);
        if path.is_absolute() {
            return path.is_file().then(|| path.to_owned());
        }
        let roots = [self.workspace, self.cwd].into_iter().flatten();
        let mut found = roots.map(|root| root.join(path));
        found.find(|path| path.is_file())
    }

    /// The source of a JVM class, of which traces name only the last part: looked for in the usual
    /// folders, since a whole tree could be anything.
    pub(crate) fn java_source(&self, function: &str, file: &str) -> Option<String> {
        let class = function.rsplit_once('.')?.0;
        let class = class.rsplit_once('/').map_or(class, |(_, class)| class);
        let package = class.rsplit_once('.').map_or("", |(package, _)| package);
        let inner = Path::new(&package.replace('.', "/")).join(file);
        let roots = [
            "src/main/java",
            "src/main/kotlin",
            "src/test/java",
            "src/test/kotlin",
            "app/src/main/java",
            "app/src/main/kotlin",
            "src",
            "",
        ];
        for base in [self.cwd, self.workspace].into_iter().flatten() {
            for root in roots {
                let path = base.join(root).join(&inner);
                if path.is_file() {
                    return Some(self.told(&path.to_string_lossy()));
                }
            }
        }
        None
    }
}

/// The path without what loaders and bundlers put around it.
pub(crate) fn plain(file: &str) -> String {
    let mut path = file.trim();
    for scheme in [
        "webpack-internal:///",
        "webpack:///",
        "rsc://React/Server/",
        "turbopack:///",
    ] {
        path = path.strip_prefix(scheme).unwrap_or(path);
    }
    if let Some(rest) = path.strip_prefix("webpack://") {
        path = rest.split_once('/').map_or(rest, |(_, inner)| inner);
    }
    if path.starts_with('(')
        && let Some((_, inner)) = path.split_once(")/")
    {
        path = inner;
    }
    path = path.strip_prefix("[project]/").unwrap_or(path);
    let decoded = match path.strip_prefix("file://") {
        Some(inner) => percent_decoded(inner),
        None => path.to_owned(),
    };
    let mut path = decoded.as_str();
    if let Some((before, query)) = path.split_once('?')
        && query.starts_with(['t', 'v', 'i', 'u'])
    {
        path = before;
    }
    while let Some(inner) = path.strip_prefix("./") {
        path = inner;
    }
    without_stamp(path).to_owned()
}

/// `vite.config.ts` of `vite.config.ts.timestamp-1795551107603-2656d39073414.mjs`: a configuration is
/// bundled into a file beside it, which is gone when anybody looks.
fn without_stamp(path: &str) -> &str {
    let Some((before, stamp)) = path.rsplit_once(".timestamp-") else {
        return path;
    };
    let stamp = stamp.strip_suffix(".mjs").unwrap_or(stamp);
    let bundled = stamp.starts_with(|c: char| c.is_ascii_digit()) && !stamp.contains('/');
    if bundled { before } else { path }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3);
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_the_decoration_of_loaders() {
        for (file, expected) in [
            ("file:///srv/my%20app/x.mjs", "/srv/my app/x.mjs"),
            ("webpack-internal:///(rsc)/./app/page.tsx", "app/page.tsx"),
            ("webpack://shop/./src/a.ts", "src/a.ts"),
            ("./src/main.rs", "src/main.rs"),
            ("/srv/app/a.vue?t=17", "/srv/app/a.vue"),
            (
                "file:///srv/app/vite.config.ts.timestamp-1795551107603-2656d39.mjs",
                "/srv/app/vite.config.ts",
            ),
            ("/srv/app/a.timestamp-of.mjs", "/srv/app/a.timestamp-of.mjs"),
        ] {
            assert_eq!(plain(file), expected);
        }
    }

    #[test]
    fn paths_are_told_relative_to_the_workspace_first() {
        let ground = Ground {
            cwd: Some(Path::new("/srv/shop/api")),
            workspace: Some(Path::new("/srv/shop")),
        };
        assert_eq!(ground.told("/srv/shop/api/a.go"), "api/a.go");
        assert_eq!(ground.told("/elsewhere/a.go"), "/elsewhere/a.go");
        assert_eq!(ground.told("a.go"), "a.go");
    }
}
