//! Sockets that this process opens must be found, with their ports and holders.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

fn own_pid() -> i32 {
    std::process::id() as i32
}

fn own_inodes() -> HashSet<Inode> {
    let mut inodes = HashSet::new();
    sockets_of(own_pid(), |inode| {
        inodes.insert(inode);
    })
    .expect("own descriptors are readable");
    inodes
}

#[test]
fn both_ways_find_listeners_on_v4_and_v6_with_their_holder() {
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("binds");
    let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).expect("binds");
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("binds");
    let expected = [
        (Protocol::Tcp, v4.local_addr().expect("bound")),
        (Protocol::Tcp, v6.local_addr().expect("bound")),
        (Protocol::Udp, udp.local_addr().expect("bound")),
    ];
    let inodes = own_inodes();
    for mut sockets in [Sockets::open(), Sockets::by_text()] {
        for (protocol, address) in expected {
            let mut found = Vec::new();
            sockets.listeners(protocol, &mut found).expect("lists");
            let at =
                |listener: &&Listener| SocketAddr::new(listener.address, listener.port) == address;
            let listener = found.iter().find(at).expect("is listed");
            assert!(inodes.contains(&listener.inode));
            assert_eq!(listener.uid, rustix::process::geteuid().as_raw());
            assert_eq!(listener.protocol, protocol);
        }
    }
}

#[test]
fn ports_of_named_processes_only_are_told() {
    let mine = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("binds");
    let address = mine.local_addr().expect("bound");
    let pair = (address.port(), address.ip());
    let mut sockets = Sockets::open();
    assert!(
        sockets
            .listening_ports_of(&[own_pid()])
            .expect("lists")
            .contains(&pair)
    );
    assert!(
        !sockets
            .listening_ports_of(&[1, i32::MAX])
            .expect("lists")
            .contains(&pair)
    );
    assert!(sockets.listening_ports_of(&[]).expect("lists").is_empty());
    drop(mine);
    assert!(
        !sockets
            .listening_ports_of(&[own_pid()])
            .expect("lists")
            .contains(&pair)
    );
}

#[test]
fn a_socket_that_a_child_inherited_is_found_in_the_child() {
    let mut child = Guard(
        Command::new("python3")
            .args(["-c", "import socket,sys; s=socket.create_server(('127.0.0.1',0)); print(s.getsockname()[1],flush=True); sys.stdin.read()"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs"),
    );
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().expect("piped"))
        .read_line(&mut line)
        .expect("reads");
    let port: u16 = line.trim().parse().expect("a port");
    let ports = Sockets::open()
        .listening_ports_of(&[child.0.id() as i32])
        .expect("lists");
    assert_eq!(ports, [(port, IpAddr::V4(Ipv4Addr::LOCALHOST))]);
}

struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A connection of this process to itself that has carried bytes both ways.
fn exchange(to_server: usize, to_client: usize) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("binds");
    let mut client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connects");
    let (mut server, _) = listener.accept().expect("accepts");
    client.write_all(&vec![1; to_server]).expect("writes");
    server.read_exact(&mut vec![0; to_server]).expect("reads");
    server.write_all(&vec![2; to_client]).expect("writes");
    client.read_exact(&mut vec![0; to_client]).expect("reads");
    (client, server)
}

#[test]
fn connections_are_listed_with_their_bytes() {
    let (client, _server) = exchange(30_000, 10_000);
    let local = client.local_addr().expect("bound").port();
    let mut sockets = Sockets::open();
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let mut found = None;
        sockets
            .connections(|connection| {
                if connection.local.1 == local {
                    found = Some(connection);
                }
            })
            .expect("lists");
        let found = found.expect("is listed");
        assert_eq!(
            found.remote.1,
            client.peer_addr().expect("connected").port()
        );
        assert!(own_inodes().contains(&found.inode));
        // The last bytes may still wait to be acknowledged.
        if found.received >= 10_000 && found.sent >= 30_000 {
            assert!(found.received <= 10_001 && found.sent <= 30_001);
            break;
        }
        assert!(Instant::now() < deadline, "{found:?}");
    }
    assert!(Sockets::by_text().connections(|_| {}).is_err());
}

#[test]
fn a_closed_connection_tells_its_final_bytes() {
    let mut closed = ClosedConnections::open().expect("opens");
    let (client, server) = exchange(7_000, 3_000);
    let port = client.local_addr().expect("bound").port();
    drop(client);
    drop(server);
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut found = None;
    while found.is_none() {
        assert!(
            Instant::now() < deadline,
            "no news of the closed connection"
        );
        let keep = |connection: Connection| {
            if connection.local.1 == port {
                found = Some(connection);
            }
        };
        closed.drain(keep).expect("reads");
        std::thread::yield_now();
    }
    let found = found.expect("found");
    assert_eq!(found.inode, 0);
    assert!((3_000..=3_002).contains(&found.received), "{found:?}");
    assert!((7_000..=7_002).contains(&found.sent), "{found:?}");
}

#[test]
fn text_of_the_kernel_is_parsed_and_garbage_skipped() {
    let text = "  sl  local_address rem_address   st ...\n\
        \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0 100\n\
        \x20  1: 0100007F:1F91 0100007F:0001 01 00000000:00000000 00:00000000 00000000  1000        0 4243 1 0 100\n\
        garbage\n\
        \x20  2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 7 0 9 1 0\n\
        \x20  3: 0100007:1F90 0:0 0A 0:0 0:0 0 0 0 1\n";
    let mut found = Vec::new();
    text::parse(text, Protocol::Tcp, "0A", &mut found);
    let seen: Vec<_> = found
        .iter()
        .map(|l| (l.address.to_string(), l.port, l.uid, l.inode))
        .collect();
    if cfg!(target_endian = "little") {
        assert_eq!(
            seen,
            [
                ("127.0.0.1".into(), 8080, 1000, 4242),
                ("::1".into(), 80, 7, 9)
            ]
        );
    }
}

#[test]
fn asking_for_a_starting_process_costs_well_under_a_millisecond() {
    let mut sockets = Sockets::open();
    let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("binds");
    let best = (0..50)
        .map(|_| {
            let begin = Instant::now();
            sockets.listening_ports_of(&[own_pid()]).expect("lists");
            begin.elapsed()
        })
        .min()
        .expect("some");
    assert!(best < Duration::from_millis(1), "{best:?}");
}
