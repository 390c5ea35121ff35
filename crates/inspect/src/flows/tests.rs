//! Scenarios of connections that come, are searched for, and go.

use std::net::Ipv4Addr;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ANY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// A connection from a local to a remote port.
fn connection(cookie: u64, inode: Inode, ports: (u16, u16), bytes: Bytes) -> Connection {
    Connection {
        cookie,
        inode,
        uid: 0,
        local: (HERE, ports.0),
        remote: (HERE, ports.1),
        received: bytes[0],
        sent: bytes[1],
    }
}

/// Flows after a first look at nothing.
fn begun() -> Flows {
    let mut flows = Flows::default();
    flows.end_look();
    flows
}

fn look(flows: &mut Flows, connections: &[Connection]) {
    connections
        .iter()
        .for_each(|connection| flows.listed(connection));
    flows.end_look();
}

#[test]
fn what_was_carried_before_the_first_look_is_no_news() {
    let mut flows = Flows::default();
    look(&mut flows, &[connection(1, 5, (40000, 80), [1000, 2000])]);
    flows.holds(7, 5);
    look(&mut flows, &[connection(1, 5, (40000, 80), [1010, 2020])]);
    assert_eq!(flows.take(7), [10, 20]);
    assert_eq!(flows.take(7), [0, 0]);
}

#[test]
fn bytes_wait_until_the_holder_is_known() {
    let mut flows = begun();
    look(&mut flows, &[connection(1, 5, (40000, 80), [100, 200])]);
    assert!(flows.wants_search());
    flows.searched();
    look(&mut flows, &[connection(1, 5, (40000, 80), [110, 220])]);
    flows.holds(7, 5);
    assert!(!flows.wants_search());
    look(&mut flows, &[connection(1, 5, (40000, 80), [111, 222])]);
    assert_eq!(flows.take(7), [111, 222]);
}

#[test]
fn a_socket_not_found_twice_is_foreign_unless_a_newcomer_inherited_it() {
    let mut flows = begun();
    look(&mut flows, &[connection(1, 5, (40000, 80), [100, 100])]);
    flows.searched();
    flows.searched();
    assert!(!flows.wants_search() && flows.has_unowned());
    look(&mut flows, &[connection(1, 5, (40000, 80), [200, 200])]);
    flows.holds(7, 5);
    look(&mut flows, &[connection(1, 5, (40000, 80), [300, 300])]);
    look(&mut flows, &[connection(1, 5, (40000, 80), [301, 302])]);
    assert_eq!(flows.take(7), [1, 2]);
}

#[test]
fn a_connection_to_a_served_port_needs_no_search_and_may_be_short() {
    let mut flows = begun();
    flows.set_served(vec![(8080, ANY, 3)]);
    look(&mut flows, &[connection(1, 5, (8080, 40000), [10, 20])]);
    assert!(!flows.wants_search());
    flows.closed(&connection(1, 0, (8080, 40000), [15, 30]));
    flows.closed(&connection(2, 0, (8080, 40001), [100, 200]));
    assert_eq!(flows.take(3), [115, 230]);
    assert!(!flows.take_strays());
}

#[test]
fn another_address_with_the_same_port_is_not_served() {
    let mut flows = begun();
    flows.set_served(vec![(8080, IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 3)]);
    flows.closed(&connection(2, 0, (8080, 40001), [100, 200]));
    assert_eq!(flows.take(3), [0, 0]);
    assert!(flows.take_strays());
    assert!(!flows.take_strays());
}

#[test]
fn a_short_connection_goes_to_the_only_known_user_of_its_other_end() {
    let mut flows = begun();
    look(&mut flows, &[connection(1, 5, (40000, 5432), [1, 1])]);
    flows.holds(7, 5);
    look(&mut flows, &[]);
    assert_eq!(flows.take(7), [1, 1]);
    flows.closed(&connection(2, 0, (40001, 5432), [50, 60]));
    assert_eq!(flows.take(7), [50, 60]);
    look(&mut flows, &[connection(3, 6, (40002, 5432), [0, 0])]);
    flows.searched();
    flows.searched();
    look(&mut flows, &[connection(3, 6, (40002, 5432), [0, 0])]);
    flows.closed(&connection(4, 0, (40003, 5432), [50, 60]));
    assert_eq!(flows.take(7), [0, 0]);
}

#[test]
fn late_news_of_a_connection_that_is_no_longer_listed_still_count_once() {
    let mut flows = begun();
    flows.set_served(vec![(8080, ANY, 3)]);
    look(&mut flows, &[connection(1, 5, (8080, 40000), [10, 20])]);
    look(&mut flows, &[]);
    flows.closed(&connection(1, 0, (8080, 40000), [11, 22]));
    assert_eq!(flows.take(3), [11, 22]);
}

#[test]
fn nothing_is_kept_of_what_is_gone() {
    let mut flows = begun();
    look(&mut flows, &[connection(1, 5, (40000, 80), [100, 200])]);
    for _ in 0..=LOOKS_REMEMBERED {
        look(&mut flows, &[]);
    }
    assert!(flows.flows.is_empty() && flows.sockets.is_empty());
}

#[test]
fn a_connection_that_was_over_before_its_holder_was_looked_for_makes_nobody_a_stranger() {
    let mut flows = begun();
    // Seen once; when the holders are searched it is gone.
    look(&mut flows, &[connection(1, 5, (40000, 90), [0, 10])]);
    flows.searched();
    flows.searched();
    look(&mut flows, &[connection(2, 6, (40001, 90), [0, 10])]);
    look(&mut flows, &[]);
    // Another one lasts long enough.
    look(&mut flows, &[connection(3, 7, (40002, 90), [0, 10])]);
    flows.holds(7, 7);
    look(&mut flows, &[connection(3, 7, (40002, 90), [0, 10])]);
    assert_eq!(flows.take(7), [0, 10]);
    flows.closed(&connection(4, 0, (40003, 90), [1, 500]));
    assert_eq!(flows.take(7), [1, 500]);
}

#[test]
fn a_connection_that_its_holder_has_let_go_while_the_other_end_lingers_proves_no_stranger() {
    let mut flows = begun();
    // Its holder closes it before anybody looks for the holder; the other end is in no hurry to close.
    look(&mut flows, &[connection(1, 5, (40000, 90), [0, 10])]);
    flows.searched();
    flows.listed(&connection(1, 0, (40000, 90), [0, 10]));
    flows.searched();
    flows.end_look();
    look(&mut flows, &[connection(2, 6, (40001, 90), [0, 10])]);
    flows.holds(7, 6);
    look(&mut flows, &[connection(2, 6, (40001, 90), [0, 10])]);
    assert_eq!(flows.take(7), [0, 10]);
    flows.closed(&connection(3, 0, (40002, 90), [1, 500]));
    assert_eq!(flows.take(7), [1, 500]);
}
