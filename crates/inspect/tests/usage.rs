//! What real processes use is what the sampler says.

mod support;

use std::time::Duration;

use forge_inspect::{Moment, Root, Sampler, Settings};
use support::{Puppet, Watch, let_pass};

const MIB: u64 = 1 << 20;

/// Half a second of one interval: the kernel counts CPU in steps of 10 ms.
const INTERVAL: Duration = Duration::from_millis(500);

#[test]
fn a_busy_loop_uses_the_cpu_that_the_kernel_gave_it() {
    let (mut puppet, _) = Puppet::python("import time; print('ready', flush=True)");
    let mut watch = Watch::leader(puppet.pid());
    assert_eq!(watch.usage().cpu_percent, None);
    let_pass(INTERVAL);
    let idle = watch.usage().cpu_percent.expect("two looks");
    assert!(idle < 15.0, "{idle}");
    // It says how much CPU time its loop took and how much time passed meanwhile: on a machine
    // that is busy with other things it gets less than a core.
    watch.usage();
    let begin = watch.last.expect("was sampled");
    puppet.send("burn='while time.monotonic()<e: pass'");
    let used: f64 = puppet
        .ask("b=time.process_time(); e=time.monotonic()+1; exec(burn); print(time.process_time()-b,flush=True)")
        .parse()
        .expect("a number");
    let said = watch.usage().cpu_percent.expect("two looks");
    let passed = watch.last.expect("was sampled").since_boot - begin.since_boot;
    let expected = used / passed.as_secs_f64() * 100.0;
    assert!(
        (f64::from(said) - expected).abs() < 6.0,
        "{said} {expected}"
    );
    assert!(said > 1.0);
    let own = watch
        .sampler
        .cpu_percent_of(puppet.pid())
        .expect("is a member");
    assert!((own - said).abs() < 1.0);
}

#[test]
fn children_that_end_are_counted_once_and_nothing_is_negative() {
    let (mut puppet, _) = Puppet::python("import os,time; print('ready', flush=True)");
    let mut watch = Watch::leader(puppet.pid());
    watch.usage();
    let begin = watch.last.expect("was sampled");
    // Eight children, one after the other, each of which burns 50 ms and ends.
    puppet.send("code='import time\\nwhile time.process_time()<0.05: pass'");
    let truth: f64 = puppet
        .ask("import subprocess; [subprocess.run(['python3','-c',code]) for _ in range(8)]; print(sum(os.times()[:4]),flush=True)")
        .parse()
        .expect("a number");
    let said = watch.usage().cpu_percent.expect("two looks");
    let passed = watch.last.expect("was sampled").since_boot - begin.since_boot;
    let used = f64::from(said) / 100.0 * passed.as_secs_f64();
    // What Python used to start, before the first look, is in the truth only.
    assert!(used >= 0.38 && used <= truth + 0.05, "{used} {truth}");
    let_pass(INTERVAL);
    let after = watch.usage().cpu_percent.expect("two looks");
    assert!((0.0..15.0).contains(&after), "{after}");
}

#[test]
fn a_child_with_much_time_behind_it_makes_no_spike_when_it_ends() {
    let (mut puppet, _) = Puppet::python("import os,time,subprocess; print('ready', flush=True)");
    let mut watch = Watch::leader(puppet.pid());
    let code = "import time\\nwhile time.process_time()<0.6: pass\\nprint(flush=True)\\ninput()";
    puppet.ask(&format!(
        "c=subprocess.Popen(['python3','-c','{code}'],stdin=subprocess.PIPE,stdout=subprocess.PIPE); c.stdout.readline(); print('burnt',flush=True)"
    ));
    watch.until(|usage| usage.pids.len() == 2);
    watch.usage();
    let_pass(INTERVAL);
    puppet.ask("c.communicate(b'\\n'); print('ended',flush=True)");
    let usage = watch.usage();
    let said = usage.cpu_percent.expect("two looks");
    assert!((0.0..40.0).contains(&said), "{said}");
    assert_eq!(usage.pids, [puppet.pid()]);
    let_pass(INTERVAL);
    let after = watch.usage().cpu_percent.expect("two looks");
    assert!((0.0..15.0).contains(&after), "{after}");
}

#[test]
fn memory_threads_and_files_of_a_child_count() {
    let (mut puppet, _) = Puppet::python("import os,threading; print('ready', flush=True)");
    let mut watch = Watch::leader(puppet.pid());
    let before = watch.usage();
    assert_eq!(before.threads, Some(1));
    puppet.ask("hold=bytearray(os.urandom(1))*(64<<20); print('held',flush=True)");
    puppet.ask("stop=threading.Event(); [threading.Thread(target=stop.wait,daemon=True).start() for _ in range(5)]; print('go',flush=True)");
    puppet.ask("files=[os.open('/dev/null',0) for _ in range(30)]; print('open',flush=True)");
    let after = watch.usage();
    let grown = after.memory_bytes.expect("reads") - before.memory_bytes.expect("reads");
    assert!((60 * MIB..80 * MIB).contains(&grown), "{grown}");
    assert_eq!(after.threads, Some(6));
    let opened = after.open_files.expect("counts") - before.open_files.expect("counts");
    assert_eq!(opened, 30);
    let shared = watch.sampler.measure_memory_of(&"p".into(), Moment::now());
    let shared = shared.expect("is measured");
    assert!(shared > 60 * MIB && shared <= after.memory_bytes.expect("reads") + MIB);
    assert_eq!(watch.usage().memory_pss_bytes, Some(shared));
}

#[test]
fn what_is_written_to_storage_counts() {
    // Not a folder in memory: that is no storage.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let path = folder.path().join("file");
    let (mut puppet, _) = Puppet::python("import os; print('ready', flush=True)");
    let mut watch = Watch::leader(puppet.pid());
    watch.usage();
    let begin = watch.last.expect("was sampled");
    puppet.ask(&format!(
        "f=open({path:?},'wb'); f.write(b'x'*(8<<20)); f.flush(); os.fsync(f.fileno()); print('done',flush=True)"
    ));
    let usage = watch.usage();
    let passed = (watch.last.expect("was sampled").since_boot - begin.since_boot).as_secs_f64();
    let written = usage.disk_write_bytes_per_s.expect("reads") as f64 * passed;
    assert!(written >= 8e6, "{written}");
    assert!(usage.disk_read_bytes_per_s.is_some());
}

#[test]
fn an_orphan_that_its_shim_adopted_counts_and_the_shim_does_not() {
    // Becomes a subreaper, as a shim is.
    let (mut shim, _) = Puppet::python(
        "import ctypes,os,subprocess\nctypes.CDLL(None).prctl(36,1,0,0,0)\nprint('ready', flush=True)",
    );
    let mut watch = Watch::of(Root::below_shim("p".into(), shim.pid()));
    assert!(watch.usage().pids.is_empty());
    // The shell ends; what it left behind is the shim's, in another session.
    let orphan: i32 = shim
        .ask("r=subprocess.run(['sh','-c','setsid sleep 100 >/dev/null & echo $!'],stdout=subprocess.PIPE); print(r.stdout.decode(),end='',flush=True)")
        .parse()
        .expect("a pid");
    let usage = watch.until(|usage| usage.memory_bytes.is_some_and(|bytes| bytes > 0));
    assert_eq!(usage.pids, [orphan]);
    assert_eq!(watch.sampler.owner_of(orphan), Some(&"p".into()));
    assert_eq!(watch.sampler.owner_of(shim.pid()), None);
    shim.ask(&format!(
        "os.kill({orphan},9); os.waitpid({orphan},0); print('gone',flush=True)"
    ));
    let ended = watch.usage();
    assert!(ended.pids.is_empty());
    assert_eq!(
        (ended.memory_bytes, ended.threads, ended.open_files),
        (None, None, None)
    );
}

#[test]
fn what_an_orphan_used_before_anybody_saw_it_counts_when_its_shim_reaps_it() {
    let (mut shim, _) = Puppet::python(
        "import ctypes,os,subprocess\nctypes.CDLL(None).prctl(36,1,0,0,0)\nprint('ready', flush=True)",
    );
    let mut watch = Watch::of(Root::below_shim("p".into(), shim.pid()));
    watch.usage();
    let begin = watch.last.expect("was sampled");
    shim.send("code='import time\\nwhile time.process_time()<0.3: pass'");
    shim.ask("subprocess.run(['sh','-c','\"$0\" -c \"$1\" >/dev/null &','python3',code]); os.waitpid(-1,0); print('gone',flush=True)");
    let said = watch.usage().cpu_percent.expect("two looks");
    let passed = watch.last.expect("was sampled").since_boot - begin.since_boot;
    let used = f64::from(said) / 100.0 * passed.as_secs_f64();
    let truth: f64 = shim
        .ask("print(sum(os.times()[:4]),flush=True)")
        .parse()
        .expect("a number");
    assert!(used >= 0.28 && used <= truth + 0.05, "{used} {truth}");
}

#[test]
fn a_vanished_process_is_an_empty_usage_and_never_zeros() {
    let (mut puppet, _) = Puppet::python("print('ready', flush=True)");
    let mut watch = Watch::leader(puppet.pid());
    assert_eq!(watch.usage().pids, [puppet.pid()]);
    puppet.end();
    for _ in 0..3 {
        let usage = watch.usage();
        assert!(usage.pids.is_empty());
        assert_eq!(usage.memory_bytes, None);
        assert_eq!(usage.net_rx_bytes_per_s, None);
    }
    let mut never = Watch::leader(i32::MAX);
    assert!(never.usage().pids.is_empty());
}

#[test]
fn a_hostile_name_changes_nothing() {
    let (puppet, _) = Puppet::python(
        "open('/proc/self/comm','wb').write(b') R 1\\n1 (x) Z'); print('ready', flush=True)",
    );
    let mut watch = Watch::leader(puppet.pid());
    let usage = watch.usage();
    assert_eq!(usage.pids, [puppet.pid()]);
    assert_eq!(usage.threads, Some(1));
}

#[test]
fn without_descriptors_to_keep_all_is_read_the_same() {
    let (puppet, _) = Puppet::python("print('ready', flush=True)");
    let settings = Settings {
        kept_descriptors: 0,
        ..Settings::default()
    };
    let mut frugal = Watch {
        sampler: Sampler::open(settings).expect("/proc is there"),
        roots: vec![Root::from_leader("p".into(), puppet.pid())],
        last: None,
    };
    let mut keeping = Watch::leader(puppet.pid());
    assert_eq!(frugal.usage(), keeping.usage());
    let usage = frugal.usage();
    assert!(usage.cpu_percent.is_some() && usage.open_files.is_some());
    assert!(usage.disk_write_bytes_per_s.is_some());
}

#[test]
fn the_machine_is_told_too() {
    let mut watch = Watch::leader(i32::MAX);
    let first = watch.sample().machine;
    assert_eq!(first.cpu_percent, None);
    assert!(first.memory_bytes < first.memory_total_bytes && first.load.is_some());
    let_pass(INTERVAL);
    let busy = watch.sample().machine.cpu_percent.expect("two looks");
    assert!((0.0..=100.0).contains(&busy));
}

#[test]
fn many_roots_keep_their_own_values_when_they_change_places() {
    let (one, _) = Puppet::python("print('ready', flush=True)");
    let (two, _) = Puppet::python("hold=bytearray(b'x')*(40<<20); print('ready', flush=True)");
    let root = |name: &str, pid| Root::from_leader(name.into(), pid);
    let mut sampler = Sampler::open(Settings::default()).expect("/proc is there");
    let there = [root("one", one.pid()), root("two", two.pid())];
    let back = [
        root("two", two.pid()),
        root("none", i32::MAX),
        root("one", one.pid()),
    ];
    sampler.sample(&there, Moment::now());
    let sample = sampler.sample(&back, Moment::now());
    assert_eq!(sample.processes[0].0, "two".into());
    let two_usage = sample.of(&"two".into()).expect("is there");
    assert!(two_usage.memory_bytes.expect("reads") > 40 * MIB);
    assert!(two_usage.cpu_percent.is_some());
    assert_eq!(
        sample.of(&"one".into()).expect("is there").pids,
        [one.pid()]
    );
    assert!(sample.of(&"none".into()).expect("is there").pids.is_empty());
    assert_eq!(sample.of(&"nobody".into()), None);
}
