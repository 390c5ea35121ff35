//! What the tree makes of single events, which real files would give in another order each time.

use super::*;

#[test]
fn what_was_missed_in_a_flood_is_found_by_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let mut shared = Shared::new().unwrap();
    std::fs::write(root.join("old"), "").unwrap();
    let mut tree = tree(&root);
    tree.arm(&mut shared).unwrap();
    let old = std::fs::File::open(root.join("old")).unwrap();
    old.set_modified(SystemTime::now() - PATIENCE).unwrap();
    std::fs::create_dir(root.join("x")).unwrap();
    std::fs::write(root.join("x/new"), "").unwrap();
    // What the kernel says of it is never read.
    tree.take(&Seen::Overflow, &mut shared).unwrap();
    let (change, outcome) = tree.settle(&mut shared);
    outcome.unwrap();
    assert_eq!(change.unwrap().files, [root.join("x/new")]);
    assert!(tree.folders.contains(&root.join("x")));
    tree.disarm(&mut shared);
    assert!(shared.users.is_empty());
}

#[test]
fn a_file_of_a_new_folder_that_is_written_and_removed_was_never_there() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let mut shared = Shared::new().unwrap();
    let mut tree = tree(&root);
    tree.arm(&mut shared).unwrap();
    std::fs::create_dir(root.join("x")).unwrap();
    let came = Seen::Came {
        path: root.join("x"),
        is_folder: true,
    };
    tree.take(&came, &mut shared).unwrap();
    // It was made before the folder was watched: of it, only the rest is seen.
    let lock = root.join("x/lock");
    tree.take(&Seen::Written(lock.clone()), &mut shared)
        .unwrap();
    let went = Seen::Went {
        path: lock,
        is_folder: false,
        moved: false,
    };
    tree.take(&went, &mut shared).unwrap();
    let (change, outcome) = tree.settle(&mut shared);
    outcome.unwrap();
    assert!(change.is_none());
    tree.disarm(&mut shared);
}

fn tree(root: &Path) -> Tree {
    Tree::new(Task {
        key: "web".to_string(),
        shown_root: root.to_path_buf(),
        patterns: Patterns::compile(root, &[], &[]).unwrap(),
        root: root.to_path_buf(),
        debounce: Duration::from_millis(100),
        since: SystemTime::now(),
    })
}

#[test]
fn what_never_comes_to_rest_is_due_all_the_same() {
    let mut tree = tree(Path::new("/w"));
    let debounce = tree.task.debounce;
    assert_eq!(tree.due(), None);
    tree.note(PathBuf::from("/w/log"), false);
    let (began, last) = tree.burst.unwrap();
    assert_eq!((began, tree.due()), (last, Some(last + debounce)));
    let later = began + Duration::from_secs(60);
    tree.burst = Some((began, later));
    assert_eq!(tree.due(), Some(began + PATIENCE));
}
