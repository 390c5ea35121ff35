//! A disk that is full: output becomes a gap that is told, nothing else is lost, nobody hangs.

use std::path::PathBuf;
use std::process::Command;

use forge_facts::{
    Exit, Fact, INDEX_RECORD_LEN, IndexKind, IndexRecord, LogRules, Order, Stream, layout,
};

use crate::child;
use crate::world::{World, own};
use forge_testkit::Case;
use forge_testkit::wait_for;

pub(crate) const TESTS: &[Case] = &[
    ("a_full_disk_costs_a_counted_gap_and_nothing_else", full),
    ("a_disk_that_is_freed_in_time_costs_nothing", freed_in_time),
];

/// A file system of its own; `None` where this user may not make one.
struct Small(PathBuf);

impl Small {
    fn mount(name: &str) -> Option<Self> {
        let path = std::env::temp_dir().join(format!("forge-disk-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).ok()?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "none"])
            .arg(&path)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Small(path));
        }
        let _ = std::fs::remove_dir(&path);
        println!("    skipped: a tmpfs cannot be mounted here (needs root)");
        None
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// Fills the disk but for a little.
fn fill(world: &World) -> PathBuf {
    let filler = world.folder.join("filler");
    std::fs::write(&filler, vec![b'x'; 3 << 20]).expect("fill");
    filler
}

fn full() {
    let Some(small) = Small::mount("gap") else {
        return;
    };
    let world = World::without_keeper(&small.0);
    world.start_keeper();
    let mut shim = world.shim("web");
    let filler = fill(&world);
    let enough = world.folder.join("enough");
    let mut launch = world.launch(&[&own(), "child", "lines", enough.to_str().expect("text")]);
    launch.log = LogRules {
        block_max_ms: 300,
        ..LogRules::default()
    };
    shim.launch(&launch);
    let disk = |fact: &Fact| matches!(fact, Fact::Disk { .. });
    assert_eq!(
        shim.fact(disk),
        Fact::Disk {
            errno: 28,
            bytes: 0
        }
    );
    // The process goes on: what it says is counted.
    assert!(matches!(shim.fact(disk), Fact::Disk { errno: 28, bytes } if bytes > 0));
    std::fs::remove_file(filler).expect("remove");
    let Fact::Disk {
        errno: 0,
        bytes: lost,
    } = shim.fact(|fact| matches!(fact, Fact::Disk { errno: 0, .. }))
    else {
        panic!("no gap");
    };
    assert!(lost > 0);
    std::fs::write(&enough, b"").expect("write");
    assert_eq!(shim.exit(), Exit::Code(42));
    shim.gone();
    let log = world.log("web", Stream::Stdout);
    let index = world
        .layout
        .process("web")
        .join(layout::index_file(Stream::Stdout, 1));
    let index = std::fs::read(index).expect("index");
    let gap = index
        .chunks_exact(INDEX_RECORD_LEN)
        .filter_map(|record| IndexRecord::decode(record.try_into().expect("exact")))
        .find(|record| matches!(record.kind, IndexKind::Gap { .. }))
        .expect("a gap");
    let IndexKind::Gap { bytes, .. } = gap.kind else {
        panic!("{gap:?}");
    };
    assert_eq!(bytes, lost);
    // What was said is what was kept, with the gap where the index says it is.
    let mut said = Vec::new();
    let mut number = 0;
    while said.len() < log.len() + lost as usize {
        said.extend(child::line(number).into_bytes());
        number += 1;
    }
    let at = gap.offset as usize;
    assert_eq!(said.len(), log.len() + lost as usize);
    assert!(said[..at] == log[..at]);
    assert!(said[at + lost as usize..] == log[at..]);
    drop(world);
}

fn freed_in_time() {
    let Some(small) = Small::mount("freed") else {
        return;
    };
    let world = World::without_keeper(&small.0);
    world.start_keeper();
    let mut shim = world.shim("web");
    let filler = fill(&world);
    let mut launch = world.launch(&["sh", "-c", "seq 1 250000; exit 8"]);
    launch.log.block_max_ms = 60_000;
    shim.launch(&launch);
    shim.fact(|fact| matches!(fact, Fact::Disk { errno: 28, .. }));
    shim.order(&Order::Ping);
    shim.fact(|fact| *fact == Fact::Pong);
    std::fs::remove_file(filler).expect("remove");
    assert_eq!(shim.exit(), Exit::Code(8));
    shim.gone();
    let wanted: String = (1..=250_000).map(|number| format!("{number}\n")).collect();
    wait_for("all of it", || {
        (world.log("web", Stream::Stdout) == wanted.as_bytes()).then_some(())
    });
    drop(world);
}
