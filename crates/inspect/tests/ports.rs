//! Ports, whose they are, and freeing them, with real programs.

mod support;

use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use forge_inspect::kill_port::{self, Plan, Verdict};
use forge_inspect::{Owner, Patience, Viewpoint, ports};
use forge_os::sockets::Protocol;
use support::{Puppet, free_pid_for, marked_python};

const TCP: &[Protocol] = &[Protocol::Tcp];
const SERVE: &str = "import socket
s=socket.create_server(('127.0.0.1',0))
print(s.getsockname()[1],flush=True)";

fn quick() -> Patience {
    Patience {
        term: Duration::from_secs(10),
        kill: Duration::from_secs(10),
    }
}

fn plan(port: u16) -> Plan {
    kill_port::look(port, TCP, &Viewpoint::outside(), &[]).expect("looks")
}

#[test]
fn the_mark_tells_whose_a_port_is_and_a_parents_mark_counts() {
    let here = Path::new("/tmp/forge-test/shop");
    let (_server, port) = marked_python(here, "api", "r1", SERVE);
    // A child that has no environment at all, as database servers that overwrite theirs.
    let bare = format!(
        "import subprocess,sys\nc=subprocess.Popen([sys.executable,'-c',{SERVE:?}+'\\nimport sys; sys.stdin.read()'],env={{}},stdin=subprocess.PIPE,stdout=subprocess.PIPE)\nprint(c.stdout.readline().decode().strip(),flush=True)"
    );
    let (mut parent, bare_port) = marked_python(here, "db", "r2", &bare);
    for (port, name, run) in [(port, "api", "r1"), (bare_port, "db", "r2")] {
        let port: u16 = port.parse().expect("a port");
        let viewpoint = Viewpoint::of_workspace(here);
        let found = ports::holders_seen_by(&viewpoint, port, TCP)
            .expect("lists")
            .remove(0);
        assert_eq!(found.owner, Owner::ThisWorkspace);
        assert_eq!(found.name.as_deref(), Some(name));
        assert_eq!(found.run_id.as_deref(), Some(run));
        assert_eq!(found.workspace.as_deref(), Some(here));
        let elsewhere = Viewpoint::of_workspace(Path::new("/tmp/forge-test/other"));
        let found = ports::holders_seen_by(&elsewhere, port, TCP)
            .expect("lists")
            .remove(0);
        assert_eq!(found.owner, Owner::OtherWorkspace);
        let plan = kill_port::look(port, TCP, &viewpoint, &[]).expect("looks");
        assert_eq!(plan.holders[0].verdict, Verdict::Managed);
        assert!(!plan.can_free());
        plan.carry_out(quick()).expect("does nothing");
        assert!(!ports::is_free(port).expect("lists"));
    }
    parent.ask("c.communicate(); print('ended',flush=True)");
}

#[test]
fn what_the_supervisor_knows_comes_before_what_can_be_seen() {
    let (server, port) = Puppet::python(SERVE);
    let pid = server.pid();
    let managed = move |other: i32| (other == pid).then(|| "api".to_string());
    let viewpoint = Viewpoint {
        workspace: Some(Path::new("/w")),
        managed: &managed,
    };
    let port: u16 = port.parse().expect("a port");
    let found = ports::holders_seen_by(&viewpoint, port, TCP)
        .expect("lists")
        .remove(0);
    assert_eq!(
        (found.owner, found.name),
        (Owner::ThisWorkspace, Some("api".to_string()))
    );
}

#[test]
fn a_client_of_a_port_is_neither_shown_nor_ended() {
    let listener = TcpListener::bind((IpAddr::V4(Ipv4Addr::LOCALHOST), 0)).expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let (mut client, _) = Puppet::python("import socket; print('ready',flush=True)");
    client.send(&format!("c=socket.create_connection(('127.0.0.1',{port}))"));
    let (connection, _) = listener.accept().expect("accepts");
    let found = ports::holders_seen_by(&Viewpoint::outside(), port, TCP).expect("lists");
    assert_eq!(found.len(), 1);
    assert!(!found[0].pids.contains(&client.pid()));
    // Held by this very test, which is refused.
    let plan = plan(port);
    assert_eq!(plan.holders[0].verdict, Verdict::OwnLine);
    drop(listener);
    // Only connections are left: there is nothing to free.
    assert!(
        kill_port::look(port, TCP, &Viewpoint::outside(), &[])
            .expect("looks")
            .is_free()
    );
    assert_eq!(client.ask("print('alive',flush=True)"), "alive");
    drop(connection);
}

#[test]
fn a_server_is_ended_with_its_workers_and_what_it_leaves_behind() {
    let code = format!("{SERVE}\nimport subprocess,os\nh=subprocess.Popen(['sleep','1000'])");
    let (mut server, port) = Puppet::python(&code);
    let port: u16 = port.parse().expect("a port");
    let helper: i32 = server
        .ask("print(h.pid,flush=True)")
        .parse()
        .expect("a pid");
    // The worker ignores the first signal.
    let fork = "import signal; r,o=os.pipe(); w=os.fork(); (os.read(r,1),print(w,flush=True)) if w else (signal.signal(15,signal.SIG_IGN),os.write(o,b'x'),signal.pause())";
    let worker: i32 = server.ask(fork).parse().expect("a pid");
    let plan = plan(port);
    let mut pids: Vec<i32> = plan
        .holders
        .iter()
        .filter_map(|holder| holder.pid)
        .collect();
    pids.sort_unstable();
    let mut expected = [server.pid(), worker];
    expected.sort_unstable();
    assert_eq!(pids, expected);
    let patience = Patience {
        term: Duration::from_millis(300),
        kill: Duration::from_secs(10),
    };
    let reaper = std::thread::spawn(move || server.wait());
    let outcome = plan.carry_out(patience).expect("frees it");
    assert!(outcome.is_free(), "{outcome:?}");
    assert!(ports::is_free(port).expect("lists"));
    let ending = outcome.ending;
    assert!(ending.left.is_empty(), "{ending:?}");
    assert!(ending.ended.contains(&helper) && ending.ended.contains(&worker));
    assert!(ending.killed.contains(&worker), "{ending:?}");
    reaper.join().expect("is reaped");
}

#[test]
fn a_pid_that_changed_hands_is_never_hit() {
    let (mut server, port) = Puppet::python(SERVE);
    let plan = plan(port.parse().expect("a port"));
    let pid = server.pid();
    server.end();
    let Some(stranger) = free_pid_for(pid, || Puppet::python("print('ready',flush=True)").0) else {
        println!("skipped: this system does not let a test choose a pid");
        return;
    };
    let mut stranger = stranger;
    assert_eq!(stranger.pid(), pid);
    let outcome = plan.carry_out(quick()).expect("looks");
    assert_eq!(outcome.changed_hands, [pid]);
    assert!(outcome.ending.ended.is_empty() && outcome.is_free());
    assert_eq!(stranger.ask("print('alive',flush=True)"), "alive");
}

#[test]
fn a_process_that_has_closed_the_port_meanwhile_is_left_alone() {
    let (mut server, port) = Puppet::python(SERVE);
    let plan = plan(port.parse().expect("a port"));
    server.ask("s.close(); print('closed',flush=True)");
    let outcome = plan.carry_out(quick()).expect("looks");
    assert_eq!(outcome.changed_hands, [server.pid()]);
    assert_eq!(server.ask("print('alive',flush=True)"), "alive");
}

#[test]
fn forge_itself_is_refused_whatever_it_listens_on() {
    let (server, port) = Puppet::python(SERVE);
    let port: u16 = port.parse().expect("a port");
    let plan = kill_port::look(port, TCP, &Viewpoint::outside(), &[server.pid()]).expect("looks");
    assert_eq!(plan.holders[0].verdict, Verdict::Forge);
    let outcome = plan.carry_out(quick()).expect("does nothing");
    assert_eq!(outcome.still_held.len(), 1);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
}

#[test]
fn udp_is_listed_and_only_looked_at_when_asked_for() {
    let (server, port) = Puppet::python(
        "import socket\nu=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\nu.bind(('127.0.0.1',0))\nprint(u.getsockname()[1],flush=True)",
    );
    let port: u16 = port.parse().expect("a port");
    let of = |protocols: &[Protocol]| {
        let found = ports::holders_seen_by(&Viewpoint::outside(), port, protocols).expect("lists");
        found
            .iter()
            .filter(|found| found.pid == Some(server.pid()))
            .count()
    };
    assert_eq!((of(TCP), of(&[Protocol::Udp])), (0, 1));
}
