//! Ports and bytes of real processes are found and counted.

mod support;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::time::Duration;

use forge_inspect::{Moment, Owner, Usage, Viewpoint, ports, tree};
use forge_os::sockets::Protocol;
use support::{Puppet, Watch, let_pass};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A server that answers every connection with as many bytes as it is asked for, and closes it.
const SERVER: &str = "import socket,threading
def answer(c):
    with c:
        n=int(c.recv(20,socket.MSG_WAITALL)); c.sendall(b'x'*n)
        while c.recv(1<<16): pass
def serve(s):
    while True: threading.Thread(target=answer,args=(s.accept()[0],),daemon=True).start()
s=socket.create_server(('127.0.0.1',0))
threading.Thread(target=serve,args=(s,),daemon=True).start()
print(s.getsockname()[1],flush=True)";

/// One short connection to a server; returns when the server has closed it too.
fn fetch(port: u16, count: usize) {
    let mut stream = TcpStream::connect((HERE, port)).expect("connects");
    write!(stream, "{count:20}").expect("writes");
    let mut buffer = vec![0; count];
    stream.read_exact(&mut buffer).expect("reads");
    stream.shutdown(std::net::Shutdown::Write).expect("shuts");
    assert_eq!(stream.read(&mut buffer).expect("reads"), 0);
}

/// Samples until so many bytes were received and sent in all.
fn count_until(watch: &mut Watch, enough: impl Fn(f64, f64) -> bool) -> (f64, f64) {
    let (mut received, mut sent) = (0.0, 0.0);
    let deadline = Moment::now().since_boot.as_secs() + 20;
    while !enough(received, sent) {
        let_pass(Duration::from_millis(100));
        let last = watch.last.expect("was sampled before");
        let usage = watch.usage();
        let now = watch.last.expect("was sampled");
        let passed = (now.since_boot - last.since_boot).as_secs_f64();
        let total = |rate: Option<u64>| rate.expect("the network is readable") as f64 * passed;
        received += total(usage.net_rx_bytes_per_s);
        sent += total(usage.net_tx_bytes_per_s);
        assert!(now.since_boot.as_secs() < deadline, "{received} {sent}");
        std::thread::yield_now();
    }
    (received, sent)
}

#[test]
fn ports_on_v4_and_v6_are_found_as_they_open_and_close() {
    let (mut puppet, _) = Puppet::python("import socket; print('ready', flush=True)");
    let mut watch = Watch::leader(puppet.pid());
    assert_eq!(watch.usage().listening, Some(vec![]));
    let four =
        puppet.ask("a=socket.create_server(('127.0.0.1',0)); print(a.getsockname()[1],flush=True)");
    let six = puppet.ask("b=socket.create_server(('::1',0),family=socket.AF_INET6); print(b.getsockname()[1],flush=True)");
    let (four, six): (u16, u16) = (four.parse().expect("a port"), six.parse().expect("a port"));
    let mut expected = vec![(four, HERE), (six, IpAddr::V6(Ipv6Addr::LOCALHOST))];
    expected.sort_unstable();
    assert_eq!(watch.usage().listening, Some(expected.clone()));
    let fast = watch
        .sampler
        .listening_ports_of(&[puppet.pid()])
        .expect("lists");
    assert_eq!(fast, expected);
    puppet.ask("a.close(); print('closed',flush=True)");
    assert_eq!(watch.usage().ports(), [six]);
}

#[test]
fn a_port_that_a_grandchild_opened_counts_and_a_strangers_does_not() {
    let (mut puppet, _) = Puppet::python("import subprocess; print('ready', flush=True)");
    let stranger = TcpListener::bind((HERE, 0)).expect("binds");
    let mut watch = Watch::leader(puppet.pid());
    watch.usage();
    let code = "import socket; s=socket.create_server((\\'127.0.0.1\\',0)); print(s.getsockname()[1],flush=True); import sys; sys.stdin.read()";
    let port = puppet.ask(&format!(
        "c=subprocess.Popen(['python3','-c','{code}'],stdin=subprocess.PIPE,stdout=subprocess.PIPE); print(c.stdout.readline().decode(),end='',flush=True)"
    ));
    let port: u16 = port.parse().expect("a port");
    assert_ne!(port, stranger.local_addr().expect("bound").port());
    assert_eq!(watch.usage().ports(), [port]);
    puppet.ask("c.communicate(); print('ended',flush=True)");
    assert_eq!(watch.usage().ports(), [0u16; 0]);
}

#[test]
fn connections_shorter_than_a_sample_count_for_the_server() {
    let (server, port) = Puppet::python(SERVER);
    let port: u16 = port.parse().expect("a port");
    let mut watch = Watch::leader(server.pid());
    watch.usage();
    for _ in 0..20 {
        fetch(port, 50_000);
    }
    let (received, sent) = count_until(&mut watch, |received, sent| {
        received >= 399.0 && sent >= 999_000.0
    });
    assert!((399.0..500.0).contains(&received), "{received}");
    assert!((999_000.0..1_001_000.0).contains(&sent), "{sent}");
}

#[test]
fn a_long_connection_counts_as_it_goes_for_a_client() {
    let listener = TcpListener::bind((HERE, 0)).expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let (mut client, _) = Puppet::python("import socket; print('ready', flush=True)");
    let mut watch = Watch::leader(client.pid());
    watch.usage();
    client.send(&format!("c=socket.create_connection(('127.0.0.1',{port}))"));
    let (mut stream, _) = listener.accept().expect("accepts");
    stream.write_all(&[0; 10_000]).expect("writes");
    client.send("c.sendall(b'x'*30000)");
    stream.read_exact(&mut [0; 30_000]).expect("reads");
    let (received, sent) = count_until(&mut watch, |received, sent| {
        received >= 9_999.0 && sent >= 29_999.0
    });
    assert!(received < 10_010.0 && sent < 30_010.0, "{received} {sent}");
    stream.write_all(&[0; 7_000]).expect("writes");
    client.ask("print(len(c.recv(7000,socket.MSG_WAITALL)),flush=True)");
    let (received, _) = count_until(&mut watch, |received, _| received >= 6_999.0);
    assert!(received < 7_010.0, "{received}");
}

#[test]
fn short_connections_of_a_client_count_once_its_other_end_is_known() {
    let (_server, port) = Puppet::python(SERVER);
    let (mut client, _) = Puppet::python("import socket; print('ready', flush=True)");
    let mut watch = Watch::leader(client.pid());
    watch.usage();
    client.ask(&format!("a=('127.0.0.1',{port}); c=socket.create_connection(a); c.sendall(b'0'.rjust(20)); print('there',flush=True)"));
    // A connection that lasts makes the other end known.
    watch.until(|usage: &Usage| usage.net_tx_bytes_per_s.is_some_and(|rate| rate > 0));
    watch.usage();
    for _ in 0..10 {
        client.ask("d=socket.create_connection(a); d.sendall(b'20000'.rjust(20)); n=d.recv(20000,socket.MSG_WAITALL); d.close(); print(len(n),flush=True)");
    }
    let (received, _) = count_until(&mut watch, |received, _| received >= 199_000.0);
    assert!(received < 201_000.0, "{received}");
}

#[test]
fn the_table_of_ports_names_the_oldest_holder() {
    let (mut puppet, port) = Puppet::python(
        "import socket,os\ns=socket.create_server(('127.0.0.1',0))\nprint(s.getsockname()[1],flush=True)",
    );
    let port: u16 = port.parse().expect("a port");
    let worker: i32 = puppet
        .ask("r,o=os.pipe(); w=os.fork(); print(w,flush=True) if w else (os.close(o),os.read(r,1),os._exit(0))")
        .parse()
        .expect("a pid");
    let udp = puppet.ask("u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); u.bind(('127.0.0.1',0)); print(u.getsockname()[1],flush=True)");
    let found =
        ports::holders_seen_by(&Viewpoint::outside(), port, &[Protocol::Tcp]).expect("lists");
    assert_eq!(found.len(), 1, "{found:?}");
    let found = &found[0];
    assert_eq!((found.pid, found.address), (Some(puppet.pid()), HERE));
    assert_eq!(found.pids, [puppet.pid(), worker]);
    assert!(
        found
            .command
            .as_ref()
            .is_some_and(|command| command.contains("create_server"))
    );
    assert!(found.started_at.is_some() && found.start_ticks.is_some());
    assert_eq!(found.owner, Owner::Outside);
    assert!(
        found
            .process
            .as_ref()
            .is_some_and(|name| name.starts_with("python3"))
    );
    assert!(ports::still_holds(worker, found.socket));
    assert!(!ports::still_holds(1, found.socket) && !ports::still_holds(i32::MAX, found.socket));
    let all = ports::table(&Viewpoint::outside()).expect("lists");
    assert!(all.contains(found));
    let udp = all
        .iter()
        .find(|port| port.protocol.name() == "udp" && port.port.to_string() == udp);
    assert_eq!(udp.expect("is listed").pid, Some(puppet.pid()));
    // The worker ends with the other end of its pipe.
    puppet.ask("os.close(o); os.waitpid(w,0); print('gone',flush=True)");
}

#[test]
fn a_process_tree_is_shown_with_parents_first() {
    let script = "sh -c 'sleep 100 & echo $!; wait' & read line; kill $!; wait";
    let (mut puppet, sleeper) = Puppet::start("sh", &["-c", script]);
    let sleeper: i32 = sleeper.parse().expect("a pid");
    // The shell prints the pid before it becomes the program.
    while tree::command_text(sleeper, "") != "sleep 100" {
        std::thread::yield_now();
    }
    let below = tree::descendants(puppet.pid()).expect("reads");
    assert_eq!(below.len(), 2);
    let mut all = below.clone();
    all.push(puppet.pid());
    all.push(i32::MAX);
    let nodes = tree::forest(&all, |pid| (pid == sleeper).then_some(1.5)).expect("reads");
    let depths: Vec<usize> = nodes.iter().map(|node| node.depth).collect();
    assert_eq!(depths, [0, 1, 2]);
    assert_eq!(nodes[0].pid, puppet.pid());
    assert_eq!((nodes[2].pid, nodes[2].cpu_percent), (sleeper, Some(1.5)));
    assert_eq!(nodes[2].command, "sleep 100");
    assert!(nodes[0].memory_bytes > 0 && nodes[0].threads == 1);
    let age = Moment::now().unix.saturating_sub(nodes[0].started_at);
    assert!(age.as_secs() < 60, "{age:?}");
    let sleeper = rustix::process::Pid::from_raw(sleeper).expect("a pid");
    rustix::process::kill_process(sleeper, rustix::process::Signal::KILL).expect("kills");
    puppet.send("end");
}
