//! Connections to the keeper's own socket: this user's programs that look for the keeper.

use std::os::unix::net::UnixStream;

use forge_facts::{Hello, KeeperOrder, Role};
use forge_os::Event;

use super::{From, Keeper};
use crate::link::Link;

/// How many there may be; the oldest gives way.
const MOST: usize = 8;

impl Keeper {
    pub(super) fn accept(&mut self) {
        while let Some(stream) = crate::link::accept(&self.listener) {
            if let Err(error) = self.welcome(stream) {
                crate::say(&format!("a connection: {error}"));
            }
        }
    }

    fn welcome(&mut self, stream: UnixStream) -> std::io::Result<()> {
        let peer = forge_os::peer(&stream)?;
        if peer.uid != forge_os::own_uid() {
            crate::say(&format!(
                "refused a connection of user {} (pid {})",
                peer.uid, peer.pid
            ));
            return Ok(());
        }
        let token = self.new_token();
        let mut link = Link::new(stream, &self.poller, token)?;
        let hello = Hello::new(
            Role::Keeper,
            std::process::id() as i32,
            env!("CARGO_PKG_VERSION"),
        );
        link.send(&hello.to_record(), &self.poller);
        if self.guests.len() >= MOST {
            self.guests.remove(0).close(&self.poller);
        }
        self.guests.push(link);
        Ok(())
    }

    /// Deals with an event of a guest; `false`: it is none.
    pub(super) fn guest_came(&mut self, token: u64, event: Event) -> bool {
        let Some(guest) = self.guests.iter_mut().find(|link| link.token() == token) else {
            return false;
        };
        if event.writable {
            guest.flush(&self.poller);
        }
        if event.readable {
            guest.fill();
        }
        let mut orders = Vec::new();
        while let Some(record) = guest.next() {
            orders.extend(KeeperOrder::from_record(&record).ok());
        }
        for order in orders {
            self.obey(From::Guest(token), order);
        }
        true
    }

    pub(super) fn drop_broken_guests(&mut self) {
        while let Some(place) = self.guests.iter().position(Link::is_broken) {
            self.guests.remove(place).close(&self.poller);
        }
    }
}
