//! How long a large tree takes. Only a release build on a quiet machine tells, so this runs when
//! asked for: `cargo test --release -p forge-detect --test speed -- --ignored --nocapture`

mod common;

use std::time::{Duration, Instant};

use common::Repository;

const VITE: &str = r#"{"scripts": {"dev": "vite"}}"#;

/// A tree of 50,000 files takes less than 300 ms.
#[test]
#[ignore = "measures"]
fn a_large_tree_is_quick() {
    let repository = Repository::new(&[("package.json", VITE), (".gitignore", "*.log\n/out\n")]);
    for folder in 0..1_000 {
        let path = repository
            .path()
            .join(format!("src/{}/{folder}", folder % 25));
        std::fs::create_dir_all(&path).expect("a folder");
        for file in 0..50 {
            std::fs::write(path.join(format!("file{file}.ts")), "").expect("a file");
        }
    }
    let best = (0..3)
        .map(|_| {
            let start = Instant::now();
            assert_eq!(repository.on(&[]).processes.len(), 1);
            start.elapsed()
        })
        .min()
        .expect("a time");
    println!("50,000 files: {best:?}");
    assert!(best < Duration::from_millis(300), "{best:?}");
}
