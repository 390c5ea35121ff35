//! Servers, databases, build tools and multiplexers as they end.

mod common;
use common::{check, read};

#[test]
fn databases_and_servers_name_the_port() {
    let text = "2026-11-23 02:55:46.952 UTC [5776] LOG:  could not bind IPv4 address \"127.0.0.1\": Address already in use\n2026-11-23 02:55:46.952 UTC [5776] HINT:  Is another postmaster already running on port 5432? If not, wait a few seconds and retry.\n2026-11-23 02:55:46.953 UTC [5776] FATAL:  could not create any TCP/IP sockets\n";
    let found = check(
        text,
        "-",
        "port-in-use",
        "could not bind IPv4 address \"127.0.0.1\": Address already in use",
        "-",
    );
    assert_eq!(found.port, Some(5432));
    let text = "2026-11-23T03:00:00.000000Z 0 [ERROR] [MY-010262] [Server] Can't start server: Bind on TCP/IP port: Address already in use\n2026-11-23T03:00:00.000001Z 0 [ERROR] [MY-010257] [Server] Do you already have another mysqld server running on port: 3306 ?\n";
    let found = check(
        text,
        "-",
        "port-in-use",
        "Can't start server: Bind on TCP/IP port: Address already in use",
        "-",
    );
    assert_eq!(found.port, Some(3306));
    let text = "ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 8077): address already in use\nINFO:     Waiting for application shutdown.\n";
    let found = check(
        text,
        "python",
        "port-in-use",
        "[Errno 98] error while attempting to bind on address ('127.0.0.1', 8077): address already in use",
        "-",
    );
    assert_eq!(found.port, Some(8077));
}

#[test]
fn a_port_that_is_changed_by_itself_is_no_crash() {
    for text in [
        "Port 5173 is in use, trying another one...\n  VITE ready in 300 ms\n",
        " ⚠ Port 3000 is in use, using available port 3001 instead.\n ✓ Ready in 1s\n",
    ] {
        assert_eq!(read(text).kind, None, "{text}");
    }
}

#[test]
fn multiplexed_output_is_told_apart() {
    let text = "2026-11-23T02:45:24.598123456Z panic: boom\n2026-11-23T02:45:24.598223456Z \n2026-11-23T02:45:24.598323456Z goroutine 1 [running]:\n2026-11-23T02:45:24.598423456Z main.main()\n2026-11-23T02:45:24.598523456Z \t/srv/shop/main.go:9 +0x1d\n";
    check(text, "go", "panic", "panic: boom", "main.go:9");
    let text = "Nov 23 02:45:24 box shop[812]: Traceback (most recent call last):\nNov 23 02:45:24 box shop[812]:   File \"/srv/shop/a.py\", line 3, in <module>\nNov 23 02:45:24 box shop[812]:     main()\nNov 23 02:45:24 box shop[812]: ValueError: bad\nNov 23 02:45:24 box systemd[1]: shop.service: Main process exited\n";
    check(text, "python", "exception", "ValueError: bad", "a.py:3");
    let text = "web:dev: > next dev\napi:dev: /srv/shop/apps/api/src/a.js:1\napi:dev: x.y\napi:dev: ^\napi:dev: \nweb:dev: ready\napi:dev: ReferenceError: x is not defined\napi:dev:     at Object.<anonymous> (/srv/shop/apps/api/src/a.js:1:1)\napi:dev: \napi:dev: Node.js v20.20.2\n";
    check(
        text,
        "javascript",
        "exception",
        "ReferenceError: x is not defined",
        "apps/api/src/a.js:1",
    );
    let text = "[api]  2025-11-21 14:30:15 | Error: no price\n[web]  2025-11-21 14:30:15 | GET / 200\n[api]  2025-11-21 14:30:15 |     at price (/srv/shop/src/a.js:4:9)\n[web]  2025-11-21 14:30:15 | GET /a 200\n";
    check(
        text,
        "javascript",
        "exception",
        "Error: no price",
        "src/a.js:4",
    );
}

#[test]
fn frameworks_draw_their_errors() {
    let text = "\n   Illuminate\\Database\\QueryException \n\n  SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select 1)\n\n  at vendor/laravel/framework/src/Illuminate/Database/Connection.php:829\n    825▕ $this\n  ➜ 829▕ }\n\n      +38 vendor frames \n\n  39  app/Console/Commands/Foo.php:12\n      Illuminate\\Support\\Facades\\Facade::__callStatic(\"select\")\n";
    check(
        text,
        "php",
        "connection-refused",
        "Illuminate\\Database\\QueryException: SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select 1)",
        "app/Console/Commands/Foo.php:12",
    );
    check(
        "\nIn Foo.php line 12:\n\n  Cannot divide by zero  \n\n",
        "php",
        "exception",
        "Cannot divide by zero",
        "Foo.php:12",
    );
    let text = "/srv/shop/node_modules/@prisma/client/runtime/library.js:64\n`)}getHandlers\n   ^\n\nPrismaClientInitializationError: \nInvalid `prisma.user.findMany()` invocation in\n/srv/shop/src/index.ts:7:34\n\nCan't reach database server at `localhost:5432`\n\nPlease make sure your database server is running at `localhost:5432`.\n    at $n.handleRequestError (/srv/shop/node_modules/@prisma/client/runtime/library.js:121:7615)\n    at async main (/srv/shop/src/index.ts:7:17) {\n  clientVersion: '5.0.0'\n}\n\nNode.js v20.20.2\n";
    let found = check(
        text,
        "typescript",
        "connection-refused",
        "PrismaClientInitializationError: Invalid `prisma.user.findMany()` invocation in",
        "src/index.ts:7",
    );
    assert_eq!(found.port, Some(5432));
    let text = "x Build failed in 45ms\nerror during build:\n[vite]: Rollup failed to resolve import \"nope\" from \"/srv/shop/src/main.js\".\nThis is most likely unintended.\n    at viteWarn (file:///srv/shop/node_modules/vite/dist/node/chunks/dep.js:65855:27)\n";
    check(
        text,
        "javascript",
        "missing-module",
        "[vite]: Rollup failed to resolve import \"nope\" from \"/srv/shop/src/main.js\".",
        "-",
    );
}

#[test]
fn build_tools_and_package_managers() {
    let text = "[INFO] BUILD FAILURE\n[ERROR] Failed to execute goal x: Compilation failure\n[ERROR] /srv/shop/src/main/java/com/acme/Main.java:[5,18] ';' expected\n[ERROR] \n[ERROR] -> [Help 1]\n";
    check(
        text,
        "java",
        "compile",
        "error: ';' expected",
        "src/main/java/com/acme/Main.java:5",
    );
    let found = check(
        "Could not find rails-7.1.0 in locally installed gems (Bundler::GemNotFound)\nRun `bundle install` to install missing gems.\n",
        "ruby",
        "missing-module",
        "Could not find rails-7.1.0 in locally installed gems (Bundler::GemNotFound)",
        "-",
    );
    assert_eq!(found.subject.as_deref(), Some("rails-7.1.0"));
    check(
        "Your Ruby version is 3.1.0, but your Gemfile specified 3.2.0\n",
        "ruby",
        "config",
        "Your Ruby version is 3.1.0, but your Gemfile specified 3.2.0",
        "-",
    );
    check(
        "error: could not find `Cargo.toml` in `/srv` or any parent directory\n",
        "rust",
        "config",
        "could not find `Cargo.toml` in `/srv` or any parent directory",
        "-",
    );
    check(
        "nginx: [emerg] unknown directive \"servr\" in /srv/shop/nginx.conf:12\n",
        "-",
        "config",
        "unknown directive \"servr\" in /srv/shop/nginx.conf:12",
        "-",
    );
}

#[test]
fn tools_name_what_is_missing_before_anything_runs() {
    check(
        "go: finding module for package example.com/nobody/nothing\nmain.go:3:8: cannot find module providing package example.com/nobody/nothing: module lookup disabled by GOPROXY=off\n",
        "go",
        "missing-module",
        "cannot find module providing package example.com/nobody/nothing: module lookup disabled by GOPROXY=off",
        "main.go:3",
    );
    check(
        "ERROR:    Error loading ASGI app. Attribute \"app\" not found in module \"main\".\n",
        "python",
        "config",
        "Error loading ASGI app. Attribute \"app\" not found in module \"main\".",
        "-",
    );
    check(
        "[2026-11-24 20:11:37,123: ERROR/MainProcess] consumer: Cannot connect to redis://127.0.0.1:5999//: [Errno 111] Connection refused.\n",
        "python",
        "connection-refused",
        "consumer: Cannot connect to redis://127.0.0.1:5999//: [Errno 111] Connection refused.",
        "-",
    );
}
