//! Who uses most is found among all processes of the machine.

mod support;

use std::time::Duration;

use forge_inspect::{Moment, hogs::Snapshot};
use support::{Puppet, let_pass};

#[test]
fn a_busy_process_and_a_large_one_are_both_among_the_hogs() {
    let (large, _) = Puppet::python("hold=bytearray(b'x')*(300<<20); print('ready', flush=True)");
    let (busy, _) = Puppet::start(
        "python3",
        &["-c", "print('ready',flush=True)\nwhile True: pass"],
    );
    let before = Snapshot::take(Moment::now()).expect("reads");
    let_pass(Duration::from_millis(400));
    let after = Snapshot::take(Moment::now()).expect("reads");
    let hogs = after.hogs_since(&before, 12);
    let of = |pid: i32| hogs.iter().find(|hog| hog.pid == pid);
    assert!(
        of(busy.pid())
            .expect("is busy")
            .cpu_percent
            .is_some_and(|cpu| cpu > 10.0)
    );
    let large = of(large.pid()).expect("is large");
    assert!(large.memory_bytes > 300 << 20);
    assert!(large.command.contains("bytearray"));
    let cpu: Vec<f32> = hogs
        .iter()
        .map(|hog| hog.cpu_percent.unwrap_or(-1.0))
        .collect();
    assert!(cpu.is_sorted_by(|a, b| a >= b));
    assert!(after.hogs_since(&before, 0).is_empty());
    assert!(
        before
            .hogs_since(&after, 3)
            .iter()
            .all(|hog| hog.cpu_percent.is_none())
    );
}
