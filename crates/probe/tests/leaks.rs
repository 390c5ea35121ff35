//! Many checks leave no descriptor open. Alone in its file: it counts those of its whole process.

mod support;

use std::time::Duration;

use forge_probe::{Check, Run, check};
use support::{LONG, answer, closed_port, eventually, hold, http, server};

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[tokio::test]
async fn many_checks_leave_no_descriptor_open() {
    let good = server(
        "127.0.0.1",
        answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    );
    let hung = server("127.0.0.1", hold);
    let command = |line: &str| Check::Command {
        run: Run::Shell(line.to_string()),
        cwd: std::env::temp_dir(),
        env: vec![],
    };
    let questions = [
        (http(format!("http://{good}/")), LONG),
        (http(format!("http://localhost:{}/", closed_port())), LONG),
        (http(format!("http://{hung}/")), Duration::from_millis(2)),
        (http(format!("https://{hung}/")), Duration::from_millis(2)),
        (command("exit 1"), LONG),
        (command("sleep 1000"), Duration::from_millis(2)),
    ];
    for (question, limit) in &questions {
        check(question, *limit).await;
    }
    // The servers' own ends lie in this process too, and are closed by their threads.
    let before = descriptors();
    for _ in 0..150 {
        for (question, limit) in &questions {
            check(question, *limit).await;
        }
    }
    eventually("all are closed", || descriptors() <= before).await;
}
