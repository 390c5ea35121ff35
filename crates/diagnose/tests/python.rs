//! Python as its interpreter, its servers and its test runner write it.

mod common;
use common::check;

#[test]
fn a_traceback_is_read_behind_a_prefix_and_between_lines_of_others() {
    let text = r#"web-1  | INFO:     Started server process [1]
db-1   | 2025-11-21 10:00:00.000 UTC [1] LOG:  database system is ready
web-1  | Traceback (most recent call last):
web-1  |   File "/usr/local/lib/python3.12/site-packages/flask/app.py", line 1498, in __call__
web-1  |     return self.wsgi_app(environ, start_response)
db-1   | 2025-11-21 10:00:01.000 UTC [9] LOG:  checkpoint starting: time
web-1  |   File "/srv/shop/shop/views.py", line 31, in order
web-1  |     return ORDERS[number]
web-1  |            ~~~~~~^^^^^^^^
web-1  | KeyError: 17"#;
    check(
        text,
        "python",
        "exception",
        "KeyError: 17",
        "shop/views.py:31",
    );
}

#[test]
fn a_log_line_within_a_traceback_is_not_its_error() {
    let text = r#"Traceback (most recent call last):
  File "/srv/shop/a.py", line 3, in <module>
    main()
2025-11-21 10:00:00,000 INFO worker: still here
  File "/srv/shop/b.py", line 9, in main
    return 1 / 0
           ~~^~~
ZeroDivisionError: division by zero"#;
    check(
        text,
        "python",
        "exception",
        "ZeroDivisionError: division by zero",
        "b.py:9",
    );
}

#[test]
fn chained_errors_keep_their_causes() {
    let text = r#"Traceback (most recent call last):
  File "/srv/shop/store.py", line 4, in load
    int("x")
ValueError: invalid literal for int() with base 10: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/shop/main.py", line 8, in <module>
    load()
  File "/srv/shop/store.py", line 6, in load
    raise StoreError("broken store") from None
store.StoreError: broken store
"#;
    let found = check(
        text,
        "python",
        "exception",
        "store.StoreError: broken store",
        "store.py:6",
    );
    assert_eq!(
        found.causes[0].error,
        "ValueError: invalid literal for int() with base 10: 'x'"
    );
}

#[test]
fn groups_of_errors_tell_of_their_members() {
    let text = r#"  + Exception Group Traceback (most recent call last):
  |   File "/srv/shop/main.py", line 6, in <module>
  |     asyncio.run(f())
  |   File "/usr/lib/python3.11/asyncio/taskgroups.py", line 145, in __aexit__
  |     raise me from None
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/shop/jobs.py", line 5, in h
    |     1/0
    | ZeroDivisionError: division by zero
    +------------------------------------
"#;
    let found = check(
        text,
        "python",
        "exception",
        "ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)",
        "main.py:6",
    );
    assert_eq!(
        found.causes[0].location.as_ref().map(|place| place.line),
        Some(Some(5))
    );
}

#[test]
fn syntax_errors_are_placed_where_they_are() {
    let text = r#"Traceback (most recent call last):
  File "/srv/shop/main.py", line 1, in <module>
    import orders
  File "/srv/shop/orders.py", line 2
    return 1 +
              ^
SyntaxError: invalid syntax"#;
    check(
        text,
        "python",
        "syntax",
        "SyntaxError: invalid syntax",
        "orders.py:2",
    );
}

#[test]
fn causes_are_told_from_the_message() {
    let trace = |error: &str| {
        format!(
            "Traceback (most recent call last):\n  File \"/srv/shop/a.py\", line 3, in <module>\n    x()\n{error}\n"
        )
    };
    for (error, kind) in [
        (
            "ModuleNotFoundError: No module named 'flask'",
            "missing-module",
        ),
        ("OSError: [Errno 98] Address already in use", "port-in-use"),
        (
            "ConnectionRefusedError: [Errno 111] Connection refused",
            "connection-refused",
        ),
        (
            "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.",
            "connection-refused",
        ),
        (
            "PermissionError: [Errno 13] Permission denied: '/etc/shadow'",
            "permission",
        ),
        ("MemoryError", "out-of-memory"),
        (
            "RecursionError: maximum recursion depth exceeded",
            "stack-overflow",
        ),
        ("KeyboardInterrupt", "signal"),
        (
            "RuntimeError: Missing environment variable: API_URL",
            "missing-env",
        ),
        (
            "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
            "config",
        ),
        ("ValueError: bad value", "exception"),
    ] {
        check(&trace(error), "python", kind, error, "a.py:3");
    }
}

#[test]
fn a_missing_key_of_the_environment_is_a_missing_variable() {
    let text = r#"Traceback (most recent call last):
  File "/srv/shop/settings.py", line 3, in <module>
    url = os.environ["REDIS_URL"]
          ~~~~~~~~~~^^^^^^^^^^^^^
  File "<frozen os>", line 685, in __getitem__
KeyError: 'REDIS_URL'"#;
    let found = check(
        text,
        "python",
        "missing-env",
        "KeyError: 'REDIS_URL'",
        "settings.py:3",
    );
    assert_eq!(found.subject.as_deref(), Some("REDIS_URL"));
}

#[test]
fn the_interpreters_own_words_are_known() {
    check(
        "python3: can't open file '/srv/shop/main.py': [Errno 2] No such file or directory",
        "python",
        "missing-file",
        "can't open file '/srv/shop/main.py': [Errno 2] No such file or directory",
        "-",
    );
    check(
        "/usr/bin/python3: No module named uvicorn",
        "python",
        "missing-module",
        "No module named uvicorn",
        "-",
    );
    check(
        "ERROR:    Error loading ASGI app. Could not import module \"main\".",
        "python",
        "missing-module",
        "Error loading ASGI app. Could not import module \"main\".",
        "-",
    );
    let text = "Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f (most recent call first):\n  File \"/usr/lib/python3.11/ctypes/__init__.py\", line 519 in string_at\n  File \"/srv/shop/d.py\", line 4 in f\n";
    check(
        text,
        "python",
        "segfault",
        "Fatal Python error: Segmentation fault",
        "d.py:4",
    );
}

#[test]
fn rich_boxes_and_loguru_are_read() {
    let text = "╭───────────────────── Traceback (most recent call last) ──────────────────────╮
│ /srv/shop/cli.py:12 in main                                                  │
│                                                                              │
│    9 def main():                                                             │
│ ❱ 12 │   load()                                                              │
│                                                                              │
│ /srv/shop/load.py:4 in load                                                  │
│                                                                              │
│ ❱ 4 │   raise ValueError(\"bad\")                                              │
╰──────────────────────────────────────────────────────────────────────────────╯
ValueError: bad";
    check(text, "python", "exception", "ValueError: bad", "load.py:4");
    let text = "2025-11-21 10:00:00.000 | ERROR    | __main__:<module>:9 - failed\nTraceback (most recent call last):\n\n> File \"/srv/shop/a.py\", line 9, in <module>\n    f(1)\n    └ <function f at 0x7f>\n\n  File \"/srv/shop/a.py\", line 5, in f\n    return x / 0\n           └ 1\n\nZeroDivisionError: division by zero";
    check(
        text,
        "python",
        "exception",
        "ZeroDivisionError: division by zero",
        "a.py:5",
    );
}

#[test]
fn a_failing_test_is_placed() {
    let text = "_____________________ test_total _____________________

    def test_total():
>       assert total([]) == 1
E       assert 0 == 1
E        +  where 0 = total([])

tests/test_cart.py:7: AssertionError
=========================== short test summary info ============================
FAILED tests/test_cart.py::test_total - assert 0 == 1";
    check(
        text,
        "python",
        "assertion",
        "AssertionError: assert 0 == 1",
        "tests/test_cart.py:7",
    );
}

#[test]
fn classes_of_any_name_and_several_lines_are_errors() {
    let text = "Traceback (most recent call last):\n  File \"/srv/shop/a.py\", line 3, in f\n    raise E(\"x\")\nE: multi\nline message\n";
    check(text, "python", "exception", "E: multi", "a.py:3");
}
