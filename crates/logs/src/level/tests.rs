//! Lines in the forms that loggers and tools write, each with what it states.

use proptest::strategy::Strategy;

use super::*;

fn check(level: Option<Level>, lines: &[&str]) {
    for line in lines {
        assert_eq!(level_of(line.as_bytes()), level, "{line:?}");
        for least in [Level::Warn, Level::Error] {
            let glance = Glance::new(least).unwrap();
            let plain = strip_ansi(line.as_bytes());
            let seen = glance.find(&plain).is_some();
            assert!(seen || level < Some(least), "passed over: {line:?}");
        }
    }
}

#[test]
fn fields_of_json_state_a_level_by_name_or_number() {
    check(
        Some(Level::Warn),
        &[
            r#"{"msg":"x","level":"warning"}"#,
            r#"{"level":40,"msg":"pino"}"#,
            r#"{"log":{"level":"WARN"},"message":"ecs"}"#,
            r#"{"@t":"2026-01-01T00:00:00Z","@l":"Warning","@m":"serilog"}"#,
            r#"{"record":{"level":{"name":"WARNING","no":30}},"text":"loguru"}"#,
            r#"{"t":{"$date":"2026-01-01"},"s":"W","c":"NETWORK","ctx":"conn1","msg":"mongod"}"#,
            r#"{"version":"1.1","short_message":"gelf","level":4}"#,
            r#"{"PRIORITY":"4","MESSAGE":"journal"}"#,
            r#"{"severity":"WARNING","message":"{\"level\":\"error\"}"}"#,
            r#"{"level":{"level":30000,"levelStr":"WARN"},"categoryName":"log4js"}"#,
        ],
    );
    check(
        None,
        &[
            r#"{"msg":"error without a level","error":"x"}"#,
            r#"{"ctx":{"deep":{"level":"error"}}}"#,
            "{",
        ],
    );
    check(
        Some(Level::Info),
        &[r#"{"@t":"2026-01-01T00:00:00Z","@m":"x"}"#],
    );
    check(Some(Level::Error), &[r#"{"level":"error","msg":"cut o"#]);
}

#[test]
fn numbers_letters_and_signs_at_fixed_places_state_a_level() {
    check(
        Some(Level::Error),
        &[
            "<11>1 2026-01-01T00:00:00Z host app - - - x",
            "E0101 12:00:00.000001       1 main.go:1] x",
            "E, [2026-01-01T00:00:00.000000 #1] ERROR -- : x",
            "E/Tag( 123): x",
            "01-01 12:00:00.000  1702  2395 E WindowManager: x",
            "npm ERR! missing script: x",
            "npm error code 1",
            "::error file=a.js,line=1::x",
            "##[error]x",
            "=ERROR REPORT==== 1-Jan-2026::12:00:00 ===",
            "==12==ERROR: AddressSanitizer: heap-use-after-free",
            "[E 260101 12:00:00 web:1] 500 GET /",
            "not ok 1 - adds",
            "2026-01-01T00:00:00.000+0000 E STORAGE  [conn1] x",
        ],
    );
    check(
        Some(Level::Warn),
        &[
            "12:M 01 Jan 2026 12:00:00.000 # x",
            "<w> [webpack-dev-server] x",
        ],
    );
    check(Some(Level::Trace), &["12:M 01 Jan 2026 12:00:00.000 . x"]);
}

#[test]
fn the_head_of_a_line_states_its_level() {
    check(
        Some(Level::Warn),
        &[
            "2026-01-01 12:00:00,000 WARN  [main] c.e.App - x",
            "2026-01-01 12:00:00.000 | WARNING  | app:main:1 - x",
            "2026-01-01T12:00:00.000Z\tWARN\tapp/main.go:1\tx\t{\"k\": 1}",
            "[2026-01-01 12:00:00 +0000] [12] [WARNING] x",
            "[2026-01-01T12:00:00,000][WARN ][o.e.n.Node] [n] x",
            "[2026-01-01 12:00:00,000: WARNING/MainProcess] x",
            "[Mon Jan 01 12:00:00.000000 2026] [core:warn] [pid 1:tid 2] x",
            "2026/01/01 12:00:00 [warn] 1#1: *1 x",
            "2026-01-01 12:00:00 [warning  ] x   k=1",
            "[12:00:00 WRN] x",
            "12:00PM WRN x k=1",
            "WARN[0000] x",
            "warn: Microsoft.AspNetCore.X[1]",
            "2026-01-01 12:00:00 0 [Warning] InnoDB: x",
            "2026-01-01 12:00:00.000 UTC [12] WARNING:  x",
            "[2026-01-01 12:00:00] local.WARNING: x {\"a\":1}",
            "2026-01-01 12:00:00.0000|WARN|App.Main|x",
            "WARNING:root:x",
            "[Nest] 12  - 01/01/2026, 12:00:00 PM    WARN [Nest] x",
            "nginx: [warn] x",
            "WARN  [main] 2026-01-01 12:00:00,000 Node.java:1 - x",
            "2026-01-01T00:00:00.000Z pid=1 tid=a WARN: x",
            "[WARNING] x",
            " WARN  x",
            "  1:7   warning  x is unused  no-unused-vars",
            "2026-01-01 12:00:00, Warning               CBS    x",
            "Jan  1 12:00:00 host app[1]: <warning> x",
            "\x1b[33mWARN\x1b[0m x",
            "260101 120000 12 WARN node.Storage: x",
            "- 1767268800 2026.01.01 A01-B2 2026-01-01-12.00.00.000001 A01-B2 SYS DISK WARNING x",
        ],
    );
    check(
        Some(Level::Info),
        &[
            "2026-01-01 12:00:00.000 UTC [12] LOG:  x",
            "[Nest] 12  - 01/01/2026, 12:00:00 PM     LOG [NestFactory] x",
            "INFO:     127.0.0.1:1 - \"GET / HTTP/1.1\" 500 Internal Server Error",
            "12:00:00.000 [info] GET /errors",
            "[success] built",
        ],
    );
    check(
        Some(Level::Debug),
        &["2026-01-01 12:00:00 UTC DEBUG1:  x", "FINE: x"],
    );
    check(
        Some(Level::Fatal),
        &[
            "2026/01/01 12:00:00 [emerg] 1#1: x",
            "*** FATAL DISK STATE ***",
        ],
    );
}

#[test]
fn columns_state_a_level_whatever_stands_around_them() {
    check(
        Some(Level::Error),
        &[
            "2026.01.01 12:00:00.123456 [ 1 ] {} <Error> Application: x",
            "[2026-01-01T12:00:00.123+0000] {tasks.py:12} ERROR - x",
            "[1234:0101/120000.123456:ERROR:file.cc(990)] x",
            "E260101 12:00:00.123456 1 util/x.go:1 [n1] x",
            "2026-01-01 12:00:00.123456: E path/to/file.cc:64] x",
            "┌ Error: x",
            "error(gpa): x",
            "gyp ERR! build error",
            "lerna ERR! x",
            "CMake Error at CMakeLists.txt:5 (message):",
        ],
    );
    check(
        Some(Level::Warn),
        &[
            "2026.01.01 12:00:00.123456 [ 1 ] {abc-def} <Warning> Context: x",
            "2026-01-01 12:00:00.123456: W path/to/file.cc:64] x",
            "warning(net): slow peer",
            "CMake Warning at CMakeLists.txt:3 (message):",
            "12:00:00,123 |-WARN in ch.qos.logback.classic.LoggerContext[default] - x",
        ],
    );
    check(
        Some(Level::Info),
        &[
            "[2026-01-01T12:00:00.123+0000] {tasks.py:12} INFO - 1 error was repaired",
            "[1234:0101/120000.123456:INFO:CONSOLE(1)] \"error\", source: x",
            "[ Info: x",
            "gyp info it worked if it ends with ok",
        ],
    );
    check(
        None,
        &[
            "{a: 1} error free",
            "Parse Error handling is done",
            "[ 12%] Building CXX object error.o",
            "git info exists",
        ],
    );
}

#[test]
fn pairs_state_a_level_where_the_line_consists_of_them() {
    check(
        Some(Level::Error),
        &[
            "time=\"2026-01-01\" level=error msg=\"level=info\"",
            "ts=2026-01-01T00:00:00Z caller=main.go:1 level=error msg=x",
            "level=error x",
            "2026-01-01T00:00:00+00:00 heroku[router]: at=error code=H12 desc=\"x\"",
        ],
    );
    check(
        None,
        &["we now set level=error for tests", "GET-log x?level=error"],
    );
}

#[test]
fn a_request_is_judged_by_its_status() {
    check(
        Some(Level::Error),
        &[
            "127.0.0.1 - - [01/Jan/2026:12:00:00 +0000] \"GET /a?level=warn HTTP/1.1\" 502 157 \"-\" \"x\"",
            "POST /api/x 500 12ms",
            "[GIN] 2026/01/01 - 12:00:00 | 500 |  1.2ms | 127.0.0.1 | GET \"/x\"",
            "Completed 500 Internal Server Error in 12ms",
            " GET /x 500 in 12ms",
        ],
    );
    check(
        Some(Level::Warn),
        &["[Mon Jan  1 12:00:00 2026] 127.0.0.1:1 [404]: GET /x"],
    );
    check(
        Some(Level::Info),
        &[
            "GET /failures 204 3ms - 0",
            "[01/Jan/2026 12:00:00] \"GET /warn HTTP/1.1\" 200 1",
        ],
    );
}

#[test]
fn what_stands_before_a_colon_states_a_level() {
    check(
        Some(Level::Error),
        &[
            "error: x",
            "error[E0061]: x",
            "lib/b.cc:3:1: error: x",
            "src/a.ts(3,7): error TS2322: x",
            "src/a.ts:3:7 - error TS2322: x",
            "Internal server error: x",
            "12:00:00 PM [vite] Pre-transform error: x",
            "TypeError: x is not a function",
            "Error [ERR_MODULE_NOT_FOUND]: x",
            "json.decoder.JSONDecodeError: x",
            "java.lang.IllegalStateException: x",
            "psql: error: x",
            "[03.14 08:00:00] b.exe - 9.8.7.6:443 error : x",
            "app.rb:5:in 'foo': x (RuntimeError)",
            "ERROR in ./src/index.js 3:0-22",
            "bundle compiled with 1 error in 30 ms",
            "error while reading settings:",
        ],
    );
    check(
        Some(Level::Warn),
        &[
            "(node:12) Warning: x",
            "(node:12) [DEP0040] DeprecationWarning: x",
            "warning: unused import: `x`",
            "/x.py:5: UserWarning: x",
            "PHP Warning:  x in /x.php on line 1",
            "✖ 1 problem (0 errors, 1 warning)".trim_start_matches("✖ 1 problem ("),
        ],
    );
    check(
        Some(Level::Fatal),
        &[
            "panic: x",
            "fatal: no such reference",
            "PHP Fatal error:  x",
        ],
    );
}

#[test]
fn words_that_are_not_a_level_state_none() {
    check(
        None,
        &[
            "0 errors, 0 warnings",
            "Suites: 0 failed, 31 passed",
            "Bundling lib/warnings/fatal.ts",
            "cp -r var/error var/warn.old",
            "sent panic-room.mp4 to the cache",
            "mirror critically acclaimed films",
            "tracer attached to 127.0.0.1:4318",
            "probe passed; recent_error=none",
            "\"error\": null,",
            "last error: none",
            "cache: error pages kept: 0",
            "error: null",
            "--error-limit 3",
            "",
            "   ",
        ],
    );
}

#[test]
fn a_stack_trace_belongs_to_the_record_above() {
    let mut leveller = Leveller::default();
    let lines = [
        ("12:00:00 ERROR x failed", Some(Level::Error)),
        ("java.lang.IllegalStateException: x", Some(Level::Error)),
        ("\tat com.acme.A.b(A.java:1)", Some(Level::Error)),
        ("Caused by: x", Some(Level::Error)),
        ("\t... 3 more", Some(Level::Error)),
        ("12:00:01 INFO y", Some(Level::Info)),
        ("      Now listening on: http://x", Some(Level::Info)),
        ("plain", None),
        ("  at nothing", None),
    ];
    for (line, level) in lines {
        assert_eq!(leveller.next(line.as_bytes()), level, "{line}");
    }
}

#[test]
fn the_users_rules_come_first_and_in_order() {
    let rules = LevelRules::new(
        [
            ("^!!", Some(Level::Fatal)),
            ("^!", Some(Level::Warn)),
            ("heartbeat", None),
        ],
        None,
    );
    let mut leveller = Leveller::new(std::sync::Arc::new(rules.expect("sound")));
    assert_eq!(leveller.next(b"!! x"), Some(Level::Fatal));
    assert_eq!(leveller.next(b"! x"), Some(Level::Warn));
    assert_eq!(leveller.next(b"ERROR heartbeat"), None);
    assert_eq!(leveller.next(b"ERROR x"), Some(Level::Error));
    let error = LevelRules::new([("(", None)], None).expect_err("wrong");
    assert!(error.to_string().contains("level rule `(`"), "{error}");
}

#[test]
fn with_a_first_line_given_all_others_continue() {
    let rules = LevelRules::new([], Some("^\\d")).expect("sound");
    let mut leveller = Leveller::new(std::sync::Arc::new(rules));
    assert_eq!(leveller.next(b"1 error: x"), Some(Level::Error));
    assert_eq!(leveller.next(b"info: y"), Some(Level::Error));
    assert_eq!(leveller.next(b"2 y"), None);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 4000, ..Default::default() })]

    #[test]
    fn no_line_is_too_strange(pieces in proptest::collection::vec(proptest::prelude::prop_oneof![
        proptest::sample::select(vec![
            "ERROR", "error", "Warning", "W", "[", "]", "(", ")", "<", ">", ":", ": ", " ", "  ", "\t", "|", "=", "{", "}",
            "\"", "\\", "level", "Jan", "12:00:00", "2026-01-01", "GET", "/x", "500", "é", "→", "✖", "\u{1F6D1}", "0", "-", "npm ",
            "at ", "#1", "PHP ", ".", ",", "::", "==", "*", "T", "Completed ", "\u{2003}", "E", "1123 ", "=REPORT",
        ]).prop_map(str::to_string),
        proptest::string::string_regex(".{0,6}").expect("sound"),
    ], 0..14)) {
        let line = pieces.concat();
        let mut leveller = Leveller::default();
        leveller.next(b"ERROR x");
        leveller.next(line.as_bytes());
        level_of(line.as_bytes());
        for end in 0..line.len().min(8) {
            level_of(&line.as_bytes()[..end]);
        }
    }
}
