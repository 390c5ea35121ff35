//! Real files, changed for real; each wait has a deadline and none is a pause.

use std::fs;
use std::os::unix::fs::symlink;

use tokio::time::timeout;

use super::*;

const LONG: Duration = Duration::from_secs(30);

/// Longer than a busy machine pauses between two changes that are made one after the other.
const QUIET: Duration = Duration::from_millis(500);

struct Scene {
    folder: tempfile::TempDir,
    watcher: Watcher,
}

impl Scene {
    /// A folder with these files.
    fn new(files: &[&str]) -> Self {
        let scene = Scene {
            folder: tempfile::tempdir().unwrap(),
            watcher: Watcher::new(&[]),
        };
        for file in files {
            scene.write(file);
        }
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "text").unwrap();
    }

    async fn watch_as(&mut self, key: &str, paths: &[&str], ignore: &[&str]) {
        let text = |globs: &[&str]| globs.iter().map(ToString::to_string).collect();
        let rules = Rules {
            paths: text(paths),
            ignore: text(ignore),
            debounce: QUIET,
        };
        let root = self.folder.path().to_path_buf();
        let watched = self.watcher.add(key.to_string(), root, rules).unwrap();
        timeout(LONG, watched).await.unwrap().unwrap();
    }

    async fn watch(&mut self, paths: &[&str]) {
        self.watch_as("web", paths, &[]).await;
    }

    async fn next(&mut self) -> Change {
        timeout(LONG, self.watcher.next()).await.unwrap().unwrap()
    }

    /// The files of the next change, below the folder.
    async fn changed(&mut self) -> Vec<String> {
        let change = self.next().await;
        let name = |file: &PathBuf| {
            let below = file.strip_prefix(self.folder.path()).unwrap();
            below.to_str().unwrap().to_string()
        };
        change.files.iter().map(name).collect()
    }

    /// Checks that nothing was seen: the next change is one that is made here, and only that.
    async fn assert_quiet(&mut self, sure: &str) {
        self.write(sure);
        assert_eq!(self.changed().await, [sure]);
    }
}

#[tokio::test]
async fn a_file_that_is_written_made_or_removed_has_changed() {
    let mut scene = Scene::new(&["a.go", "src/b.go"]);
    scene.watch(&["**/*.go"]).await;
    scene.write("src/b.go");
    assert_eq!(scene.changed().await, ["src/b.go"]);
    scene.write("c.go");
    assert_eq!(scene.changed().await, ["c.go"]);
    fs::remove_file(scene.path("a.go")).unwrap();
    assert_eq!(scene.changed().await, ["a.go"]);
    fs::rename(scene.path("c.go"), scene.path("d.go")).unwrap();
    assert_eq!(scene.changed().await, ["c.go", "d.go"]);
}

#[tokio::test]
async fn a_touch_and_a_change_of_mode_count() {
    use std::os::unix::fs::PermissionsExt;
    let mut scene = Scene::new(&["run.sh"]);
    scene.watch(&[]).await;
    let file = fs::File::options()
        .append(true)
        .open(scene.path("run.sh"))
        .unwrap();
    file.set_modified(SystemTime::now()).unwrap();
    assert_eq!(scene.changed().await, ["run.sh"]);
    fs::set_permissions(scene.path("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(scene.changed().await, ["run.sh"]);
}

#[tokio::test]
async fn reading_is_no_change() {
    let mut scene = Scene::new(&["a.go", "x/b.go"]);
    scene.watch(&[]).await;
    fs::read(scene.path("a.go")).unwrap();
    fs::read_dir(scene.path("x")).unwrap().count();
    fs::File::options()
        .append(true)
        .open(scene.path("a.go"))
        .unwrap();
    scene.assert_quiet("sure.go").await;
}

#[tokio::test]
async fn many_changes_at_once_are_one() {
    let mut scene = Scene::new(&[]);
    scene.watch(&[]).await;
    for number in 0..50 {
        scene.write(&format!("{number:02}"));
    }
    assert_eq!(scene.changed().await.len(), 50);
    scene.assert_quiet("sure").await;
}

#[tokio::test]
async fn the_ways_in_which_editors_save_are_one_change_of_one_file() {
    let mut scene = Scene::new(&["a.go"]);
    scene.watch(&[]).await;
    // Written beside and renamed over it.
    scene.write("a.go.tmp123");
    fs::rename(scene.path("a.go.tmp123"), scene.path("a.go")).unwrap();
    assert_eq!(scene.changed().await, ["a.go"]);
    // A probe of the folder, a swap file, the old one kept for a moment.
    for name in ["4913", ".a.go.swp"] {
        scene.write(name);
    }
    fs::remove_file(scene.path("4913")).unwrap();
    fs::rename(scene.path("a.go"), scene.path("a.go~")).unwrap();
    scene.write("a.go");
    fs::remove_file(scene.path("a.go~")).unwrap();
    assert_eq!(scene.changed().await, ["a.go"]);
    scene.assert_quiet("sure.go").await;
}

#[tokio::test]
async fn what_comes_and_goes_is_no_change() {
    let mut scene = Scene::new(&["a"]);
    scene.watch(&[]).await;
    scene.write("lock");
    fs::remove_file(scene.path("lock")).unwrap();
    scene.write("x/lock");
    fs::remove_dir_all(scene.path("x")).unwrap();
    scene.assert_quiet("sure").await;
}

#[tokio::test]
async fn what_is_hidden_is_not_even_entered() {
    let mut scene = Scene::new(&[
        "node_modules/m/i.js",
        ".git/index",
        "target/debug/app",
        "dist/app.js",
        "src/app.js",
        "tmp/x",
    ]);
    fs::write(scene.path(".gitignore"), "dist/\n*.log\n").unwrap();
    scene.watch_as("web", &[], &["tmp"]).await;
    for name in [
        "node_modules/m/i.js",
        ".git/index",
        "target/debug/app",
        "dist/app.js",
        "src/app.log",
        "tmp/x",
    ] {
        scene.write(name);
    }
    scene.assert_quiet("src/app.js").await;
}

#[tokio::test]
async fn who_names_a_hidden_folder_gets_it() {
    let mut scene = Scene::new(&["dist/x/app.js", "target/debug/app", "a/target/b.wasm"]);
    fs::write(scene.path(".gitignore"), "dist/\ntarget\n").unwrap();
    scene
        .watch(&["dist/**", "target/debug/app", "*/target/*.wasm"])
        .await;
    scene.write("dist/x/app.js");
    scene.write("a/target/b.wasm");
    scene.write("target/debug/app");
    scene.write("target/debug/other");
    assert_eq!(
        scene.changed().await,
        ["a/target/b.wasm", "dist/x/app.js", "target/debug/app"]
    );
}

#[tokio::test]
async fn a_changed_gitignore_changes_what_is_watched() {
    let mut scene = Scene::new(&["gen/a", "src/a"]);
    scene.watch(&["**", "!.gitignore"]).await;
    fs::write(scene.path(".gitignore"), "gen\n").unwrap();
    scene.assert_quiet("src/a").await;
    scene.write("gen/a");
    scene.assert_quiet("src/a").await;
    fs::write(scene.path(".gitignore"), "").unwrap();
    scene.assert_quiet("src/a").await;
    scene.write("gen/a");
    assert_eq!(scene.changed().await, ["gen/a"]);
}

#[tokio::test]
async fn new_folders_are_entered_with_what_lies_in_them() {
    let mut scene = Scene::new(&["a"]);
    scene.watch(&["src/**/*.go"]).await;
    scene.write("src/deep/er/a.go");
    assert_eq!(scene.changed().await, ["src/deep/er/a.go"]);
    scene.write("src/deep/er/b.go");
    assert_eq!(scene.changed().await, ["src/deep/er/b.go"]);
    // A whole folder from elsewhere, which no file of it takes notice of.
    let elsewhere = Scene::new(&["new/c.go"]);
    fs::rename(elsewhere.path("new"), scene.path("src/new")).unwrap();
    assert_eq!(scene.changed().await, ["src/new/c.go"]);
    fs::rename(scene.path("src/new"), elsewhere.path("new")).unwrap();
    assert_eq!(scene.changed().await, ["src/new"]);
    scene.write("src/new/d.go");
    assert_eq!(scene.changed().await, ["src/new/d.go"]);
}

#[tokio::test]
async fn folders_that_are_removed_and_made_again_are_watched_again() {
    let mut scene = Scene::new(&["src/x/a.go"]);
    scene.watch(&["src"]).await;
    fs::remove_dir_all(scene.path("src")).unwrap();
    assert_eq!(scene.changed().await, ["src/x/a.go"]);
    scene.write("src/x/a.go");
    assert_eq!(scene.changed().await, ["src/x/a.go"]);
    scene.write("src/x/a.go");
    assert_eq!(scene.changed().await, ["src/x/a.go"]);
}

#[tokio::test]
async fn a_root_that_comes_later_or_comes_back_is_watched() {
    let mut scene = Scene::new(&[]);
    let root = scene.path("app");
    let rules = Rules {
        paths: vec![],
        ignore: vec![],
        debounce: QUIET,
    };
    let watched = scene.watcher.add("web".to_string(), root.clone(), rules);
    timeout(LONG, watched.unwrap()).await.unwrap().unwrap();
    scene.write("app/a");
    assert_eq!(scene.changed().await, ["app/a"]);
    fs::remove_dir_all(&root).unwrap();
    assert_eq!(scene.changed().await, ["app/a"]);
    scene.write("app/b");
    assert_eq!(scene.changed().await, ["app/b"]);
    scene.write("app/b");
    assert_eq!(scene.changed().await, ["app/b"]);
    fs::remove_dir_all(&root).unwrap();
    assert_eq!(scene.changed().await, ["app/b"]);
    fs::create_dir(&root).unwrap();
    assert_eq!(scene.changed().await, ["app"], "also while it is empty");
}

#[tokio::test]
async fn what_forge_itself_writes_is_no_change() {
    let mut scene = Scene::new(&["a"]);
    let own = scene.path(".state");
    scene.watcher = Watcher::new(&[own, scene.folder.path().to_path_buf()]);
    scene.watch(&[]).await;
    scene.write(".state/new/crashes/1.json");
    scene.write("a");
    assert_eq!(scene.changed().await, ["a"]);
}

#[tokio::test]
async fn globs_may_lead_outside_and_through_links() {
    let mut scene = Scene::new(&["app/main.go", "shared/a.ts", "real/b.ts", "other/c.ts"]);
    symlink(scene.path("real"), scene.path("app/link")).unwrap();
    symlink(scene.path("app"), scene.path("app/circle")).unwrap();
    let rules = Rules {
        paths: vec!["../shared/**".to_string(), "link/**".to_string()],
        ignore: vec![],
        debounce: QUIET,
    };
    let root = scene.path("app");
    let watched = scene.watcher.add("web".to_string(), root, rules).unwrap();
    timeout(LONG, watched).await.unwrap().unwrap();
    scene.write("app/main.go");
    scene.write("other/c.ts");
    scene.write("shared/a.ts");
    scene.write("real/b.ts");
    assert_eq!(scene.changed().await, ["app/link/b.ts", "shared/a.ts"]);
}

#[tokio::test]
async fn keys_are_apart_and_stale_reports_are_dropped() {
    let mut scene = Scene::new(&["a/x", "b/x"]);
    scene.watch_as("one", &["a"], &[]).await;
    scene.watch_as("two", &["b"], &[]).await;
    scene.write("b/x");
    let change = scene.next().await;
    assert_eq!(change.key, "two");
    // Replaced: what the old rules saw is not reported under the new ones.
    scene.write("a/x");
    scene.watch_as("one", &["b"], &[]).await;
    scene.watcher.remove("two");
    scene.write("a/x");
    scene.write("b/x");
    let change = scene.next().await;
    assert_eq!((change.key.as_str(), change.files.len()), ("one", 1));
    scene.watcher.remove("one");
    scene.write("b/x");
    scene.watch_as("three", &[], &[]).await;
    scene.write("c/x");
    assert_eq!(scene.next().await.key, "three");
}

#[tokio::test]
async fn changes_before_the_folders_are_watched_are_found() {
    let mut scene = Scene::new(&["old", "new", "future"]);
    let hour = Duration::from_secs(3600);
    let now = SystemTime::now();
    for (name, time) in [
        ("old", now - 2 * hour),
        ("new", now - hour / 2),
        ("future", now + hour),
    ] {
        let file = fs::File::options().append(true).open(scene.path(name));
        file.unwrap().set_modified(time).unwrap();
    }
    let rules = Rules {
        paths: vec![],
        ignore: vec![],
        debounce: QUIET,
    };
    let root = scene.folder.path().to_path_buf();
    let watched = scene
        .watcher
        .add_since("web".to_string(), root, rules, now - hour);
    assert!(watched.is_ok());
    assert_eq!(scene.changed().await, ["new"]);
}

#[tokio::test]
async fn a_bad_glob_is_told_at_once() {
    let rules = Rules {
        paths: vec!["src/{a".to_string()],
        ignore: vec![],
        debounce: Duration::ZERO,
    };
    let error = Watcher::new(&[])
        .add("web".to_string(), PathBuf::from("/"), rules)
        .unwrap_err();
    assert!(error.to_string().starts_with("`src/{a` is no glob: "));
}

#[tokio::test]
async fn a_dropped_watcher_ends_its_thread() {
    let mut scene = Scene::new(&["a"]);
    scene.watch(&[]).await;
    let reports = scene.watcher.reporter.downgrade();
    drop(scene.watcher);
    // The thread held the last sender.
    let gone = async {
        while reports.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, gone).await.unwrap();
}
