//! Who uses most is found among all processes of the machine.

mod support;

use std::path::Path;
use std::time::Duration;

use forge_inspect::{Moment, Viewpoint, hogs::Snapshot};
use support::{Puppet, let_pass, marked_python};

#[test]
fn a_busy_process_and_a_large_one_are_both_among_the_hogs() {
    let (large, _) = Puppet::python("hold=bytearray(b'x')*(300<<20); print('ready', flush=True)");
    let here = Path::new("/tmp/forge-test/hogs");
    let busy = "print('ready',flush=True)\nwhile True: pass";
    let (busy, _) = marked_python(here, "spin", "r", busy);
    let before = Snapshot::take(Moment::now()).expect("reads");
    let_pass(Duration::from_millis(400));
    let after = Snapshot::take(Moment::now()).expect("reads");
    let hogs = after
        .hogs_since(&before, 40, &Viewpoint::of_workspace(here))
        .expect("reads");
    let of = |pid: i32| hogs.iter().find(|hog| hog.pid == pid);
    assert!(
        of(busy.pid())
            .expect("is busy")
            .cpu_percent
            .is_some_and(|cpu| cpu > 1.0)
    );
    let name = of(busy.pid()).and_then(|hog| hog.name.as_deref());
    assert_eq!(name, Some("spin"));
    let large = of(large.pid()).expect("is large");
    assert_eq!(large.name, None);
    assert!(large.memory_bytes > 300 << 20);
    assert!(large.command.contains("bytearray"));
    let cpu: Vec<f32> = hogs
        .iter()
        .map(|hog| hog.cpu_percent.unwrap_or(-1.0))
        .collect();
    assert!(cpu.is_sorted_by(|a, b| a >= b));
    let of_nobody = |now: &Snapshot, then: &Snapshot, count| {
        let hogs = now.hogs_since(then, count, &Viewpoint::outside());
        hogs.expect("reads")
    };
    assert!(of_nobody(&after, &before, 0).is_empty());
    let backwards = of_nobody(&before, &after, 3);
    assert!(backwards.iter().all(|hog| hog.cpu_percent.is_none()));
}
