//! A real server's start, watched from before its birth to its end.

mod support;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use forge_probe::{Check, Rules, Run, watch};
use support::{LONG, closed_port};
use tokio::sync::mpsc;
use tokio::time::timeout;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_server_becomes_healthy_and_unhealthy_again() {
    let port = closed_port();
    let folder = tempfile::tempdir().unwrap();
    let rules = Rules {
        interval: Duration::from_millis(50),
        timeout: Duration::from_secs(5),
        fast: Duration::from_millis(20),
    };
    let check = Check::Command {
        run: Run::Shell(format!("redis-cli -p {port} ping | grep PONG")),
        cwd: folder.path().to_path_buf(),
        env: std::env::vars_os().collect(),
    };
    let (tx, mut rx) = mpsc::channel(1);
    let _task = tokio::spawn(watch(check, rules, tx, |verdict| verdict));
    let mut until = async |healthy: bool| {
        timeout(LONG, async {
            while rx.recv().await.unwrap().healthy != healthy {}
        })
        .await
        .unwrap();
    };
    until(false).await;
    let server = Command::new("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--save",
            "",
            "--bind",
            "127.0.0.1",
        ])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .spawn();
    let Ok(server) = server.map(Server) else {
        eprintln!("skipped: redis-server is not installed");
        return;
    };
    until(true).await;
    drop(server);
    until(false).await;
}
