//! What is typed: bytes of standard input, and the key that leaves.

use std::io::Read;

use tokio::sync::mpsc::{Receiver, channel};

/// Ctrl-].
const LEAVE: u8 = 0x1d;

/// Bytes that were typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keys(pub(super) Vec<u8>);

impl Keys {
    /// What is to be sent, and whether to leave behind it.
    pub(super) fn split(self) -> (Vec<u8>, bool) {
        let mut bytes = self.0;
        match bytes.iter().position(|byte| *byte == LEAVE) {
            Some(at) => {
                bytes.truncate(at);
                (bytes, true)
            }
            None => (bytes, false),
        }
    }
}

/// Reads standard input in a thread of its own; the channel ends with the input.
pub(super) fn read() -> Receiver<Keys> {
    let (send, receive) = channel(16);
    std::thread::spawn(move || {
        let mut room = [0; 4096];
        let mut stdin = std::io::stdin().lock();
        while let Ok(count @ 1..) = stdin.read(&mut room) {
            if send.blocking_send(Keys(room[..count].to_vec())).is_err() {
                break;
            }
        }
    });
    receive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_before_the_key_that_leaves_is_still_sent() {
        let split = |bytes: &[u8]| Keys(bytes.to_vec()).split();
        assert_eq!(split(b"ls\r"), (b"ls\r".to_vec(), false));
        assert_eq!(split(b"ls\r\x1dmore"), (b"ls\r".to_vec(), true));
        assert_eq!(split(b"\x1d"), (Vec::new(), true));
    }
}
