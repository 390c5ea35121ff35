//! Real servers for the tests, ended whatever happens.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    signal: &'static str,
}

impl Server {
    /// Starts a server and waits until a line of its output says that it is ready. `signal` ends it in order.
    pub(crate) fn start(mut command: Command, ready: &str, signal: &'static str) -> Self {
        let (reader, writer) = std::io::pipe().expect("makes a pipe");
        command.stdin(Stdio::null());
        command
            .stdout(writer.try_clone().expect("copies"))
            .stderr(writer);
        let child = command.spawn().expect("the server starts");
        // The command holds the writing ends; with them the output would never end.
        drop(command);
        let server = Server { child, signal };
        let mut output = BufReader::new(reader);
        let mut said = String::new();
        loop {
            let mut line = String::new();
            let length = output.read_line(&mut line).expect("its output is readable");
            assert!(length > 0, "the server ended: {said}");
            said.push_str(&line);
            if line.contains(ready) {
                break;
            }
        }
        // Read on, so that it never waits for a reader; ends with the server.
        std::thread::spawn(move || {
            let _ = output.read_to_end(&mut Vec::new());
        });
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = self.child.id();
        let kill = format!("kill -{} {pid}", self.signal);
        let _ = Command::new("sh").args(["-c", &kill]).status();
        let _ = self.child.wait();
    }
}

/// A program in the PATH or where Debian keeps servers.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let mut places = folders.map(|folder| folder.join(program));
    places.find(|place| place.is_file())
}

/// The folder of PostgreSQL's programs, which Debian keeps out of PATH.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut folders = versions.map(|version| version.path().join("bin"));
    let found = folders.find(|folder| folder.join("initdb").is_file());
    found.or_else(|| Some(find("initdb")?.parent()?.to_path_buf()))
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// PostgreSQL refuses to run as root.
pub(crate) fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(program);
    command
}

/// A certificate that its server has made itself, and its key.
pub(crate) fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["somewhere.else".to_string()]);
    let made = made.expect("makes a certificate");
    let (certificate, key) = (folder.join("own.crt"), folder.join("own.key"));
    std::fs::write(&certificate, made.cert.pem()).expect("writes");
    let mut file = std::fs::File::options();
    let file = file.write(true).create_new(true).mode(0o600).open(&key);
    let text = made.signing_key.serialize_pem();
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .expect("writes");
    (certificate, key)
}

pub(crate) fn give_to_postgres(folder: &Path) {
    if is_root() {
        let given = Command::new("chown")
            .arg("postgres:postgres")
            .arg(folder)
            .status();
        assert!(given.expect("chown runs").success());
    }
}

/// MariaDB runs as root only when it is told so.
pub(crate) fn as_root() -> Option<&'static str> {
    is_root().then_some("--user=root")
}

/// Sends a command to Redis.
pub(crate) fn redis(port: u16, password: &str, words: &[&str]) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connects");
    let line = format!("AUTH {password}\r\n{}\r\nQUIT\r\n", words.join(" "));
    stream.write_all(line.as_bytes()).expect("writes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answers");
    assert!(!answer.contains("-ERR"), "{answer}");
}
