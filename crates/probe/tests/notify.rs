//! sd_notify(3) from the receiving end.

mod support;

use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

use forge_probe::{Notification, NotifySocket};
use support::LONG;
use tokio::time::timeout;

async fn next(socket: &NotifySocket) -> Notification {
    timeout(LONG, socket.recv()).await.unwrap().unwrap()
}

/// Sends as sd_notify does.
fn send(socket: &NotifySocket, message: &[u8]) {
    let address = socket.address().as_bytes();
    let sender = UnixDatagram::unbound().unwrap();
    match address.strip_prefix(b"@") {
        Some(name) => {
            let to = SocketAddr::from_abstract_name(name).unwrap();
            sender.send_to_addr(message, &to).unwrap()
        }
        None => sender
            .send_to(message, Path::new(socket.address()))
            .unwrap(),
    };
}

#[tokio::test]
async fn what_a_process_says_arrives_with_its_sender() {
    let folder = tempfile::tempdir().unwrap();
    let socket = NotifySocket::bind(&folder.path().join("notify")).unwrap();
    send(
        &socket,
        b"STATUS=loading \x1b[31m3 of 5\nERRNO=2\nMAINPID=7\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC=1500000\nX_OWN=1\nnonsense",
    );
    let said = next(&socket).await;
    assert_eq!(
        said,
        Notification {
            status: Some("loading 3 of 5".to_string()),
            errno: Some(2),
            main_pid: Some(7),
            watchdog: true,
            extend_timeout: Some(Duration::from_millis(1500)),
            pid: std::process::id(),
            uid: said.uid,
            ..Notification::default()
        }
    );
    send(&socket, b"READY=1");
    assert!(next(&socket).await.ready);
    send(&socket, b"RELOADING=1\nMONOTONIC_USEC=5\n");
    assert!(next(&socket).await.reloading);
    send(&socket, b"STOPPING=1");
    assert!(next(&socket).await.stopping);
}

#[tokio::test]
async fn bad_messages_harm_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let socket = NotifySocket::bind(&folder.path().join("notify")).unwrap();
    send(&socket, b"");
    assert!(!next(&socket).await.ready);
    send(&socket, &[b'x'; 10_000]);
    send(&socket, b"READY=0\nSTATUS=\xff\xfe\0");
    let said = next(&socket).await;
    assert!(!said.ready && said.status.is_some());
}

#[tokio::test]
async fn a_path_of_any_length_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("d".repeat(200));
    std::fs::create_dir(&deep).unwrap();
    let path = deep.join("notify");
    let socket = NotifySocket::bind(&path).unwrap();
    assert!(socket.address().len() <= 107);
    let address = socket.address().to_os_string();
    send(&socket, b"READY=1");
    assert!(next(&socket).await.ready);
    drop(socket);
    assert!(!path.exists());
    let again = NotifySocket::bind(&path).unwrap();
    assert_eq!(again.address(), address);
}

#[tokio::test]
async fn only_its_own_file_is_replaced_or_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let first = NotifySocket::bind(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let second = NotifySocket::bind(&path).unwrap();
    drop(first);
    send(&second, b"READY=1");
    assert!(next(&second).await.ready);
    drop(second);
    assert!(!path.exists());
    std::fs::write(&path, "precious").unwrap();
    let error = NotifySocket::bind(&path).err().unwrap().to_string();
    assert!(error.contains("is no socket"), "{error}");
    assert!(NotifySocket::bind(&folder.path().join("no/such")).is_err());
}
