//! Go, Rust, C and C++.

mod common;
use common::check;

#[test]
fn go_panics_in_all_their_forms() {
    let text = "panic: assignment to entry in nil map\n\ngoroutine 1 [running]:\nmain.f(...)\n\t/srv/shop/a.go:4\nmain.main()\n\t/srv/shop/a.go:8 +0xe5\nexit status 2";
    check(
        text,
        "go",
        "panic",
        "panic: assignment to entry in nil map",
        "a.go:4",
    );
    let text = "panic: first [recovered, repanicked]\n\ngoroutine 1 gp=0xc000002380 m=0 mp=0x5d [running]:\nmain.main.func4()\n\t/srv/shop/a.go:15 +0x25\npanic({0x4ac760?, 0x4d2c98?})\n\t/usr/local/go/src/runtime/panic.go:860 +0x13a\n";
    check(text, "go", "panic", "panic: first", "a.go:15");
    let text = "fatal error: concurrent map writes\n\ngoroutine 14 [running]:\ninternal/runtime/maps.fatal({0x4cb2e5?, 0x0?})\n\t/usr/local/go/src/runtime/panic.go:1181 +0x18\nexample.com/shop/internal/cart.(*Cart[...]).Add(0x0)\n\t/srv/shop/internal/cart/cart.go:13 +0x28\ncreated by main.main in goroutine 1\n\t/srv/shop/main.go:13 +0x2ec\n";
    check(
        text,
        "go",
        "panic",
        "fatal error: concurrent map writes",
        "internal/cart/cart.go:13",
    );
    let text = "2025/11/21 10:00:00 http: panic serving [::1]:5000: interface conversion: interface {} is nil, not string\ngoroutine 34 [running]:\nnet/http.(*conn).serve.func1()\n\tnet/http/server.go:1903 +0xb0\npanic({0x1, 0x2})\n\truntime/panic.go:770 +0x124\nexample.com/shop/api.handle(0x0)\n\texample.com/shop/api/api.go:9 +0x1c\n";
    check(
        text,
        "go",
        "panic",
        "panic: interface conversion: interface {} is nil, not string",
        "example.com/shop/api/api.go:9",
    );
}

#[test]
fn go_frameworks_loggers_and_tools() {
    let text = "2025/11/21 10:00:00 [Recovery] 2025/11/21 - 10:00:00 panic recovered:\nGET /x HTTP/1.1\nHost: localhost:8080\n\nruntime error: index out of range [5] with length 1\n/usr/local/go/src/runtime/panic.go:115 (0x43)\n\tgoPanicIndex: panic(boundsError{x: int64(x)})\n/srv/shop/main.go:14 (0x8b)\n\tmain.func1: _ = a[i]\n/home/u/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go:174 (0x8a)\n\t(*Context).Next: c.handlers[c.index](c)\n";
    check(
        text,
        "go",
        "panic",
        "panic: runtime error: index out of range [5] with length 1",
        "main.go:14",
    );
    let text = "==================\nWARNING: DATA RACE\nRead at 0x0000005ce310 by goroutine 7:\n  main.inc()\n      /srv/shop/main.go:4 +0x24\n\nPrevious write at 0x0000005ce310 by goroutine 8:\n  main.dec()\n      /srv/shop/main.go:9 +0x3c\n==================\nFound 1 data race(s)\nexit status 66";
    check(text, "go", "sanitizer", "WARNING: DATA RACE", "main.go:4");
    let text = "# example.com/shop/cmd\ncmd/main.go:2:8: \"os\" imported and not used\ncmd/main.go:3:22: undefined: foo\n";
    check(
        text,
        "go",
        "compile",
        "\"os\" imported and not used",
        "cmd/main.go:2",
    );
    let text = "main.go:4:2: no required module provides package github.com/x/y; to add it:\n\tgo get github.com/x/y\n";
    check(
        text,
        "go",
        "missing-module",
        "no required module provides package github.com/x/y; to add it:",
        "main.go:4",
    );
    let text = "--- FAIL: TestTotal (0.00s)\n    cart_test.go:14: got 3, want 4\nFAIL\nFAIL\texample.com/shop/cart\t0.004s\nFAIL\n";
    check(text, "go", "assertion", "got 3, want 4", "cart_test.go:14");
    let text = "{\"level\":\"fatal\",\"ts\":1732183200.1,\"caller\":\"app/main.go:10\",\"msg\":\"cannot start\",\"error\":\"dial tcp 127.0.0.1:5432: connect: connection refused\",\"stacktrace\":\"main.run\\n\\t/srv/shop/main.go:21\\nmain.main\\n\\t/srv/shop/main.go:10\\nruntime.main\\n\\t/usr/local/go/src/runtime/proc.go:267\"}";
    let found = check(
        text,
        "go",
        "connection-refused",
        "dial tcp 127.0.0.1:5432: connect: connection refused",
        "main.go:21",
    );
    assert_eq!(found.port, Some(5432));
}

#[test]
fn rust_panics_of_every_version() {
    let text = "thread 'main' panicked at 'index out of bounds: the len is 1 but the index is 4', src/cart.rs:7:9\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";
    check(
        text,
        "rust",
        "panic",
        "panic: index out of bounds: the len is 1 but the index is 4",
        "src/cart.rs:7",
    );
    let text = "\nthread 'worker' (71) panicked at /srv/shop/crates/cart/src/lib.rs:3:5:\nexplicit panic\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";
    check(
        text,
        "rust",
        "panic",
        "panic: explicit panic",
        "crates/cart/src/lib.rs:3",
    );
    let text = "thread 'main' panicked at /home/u/.cargo/registry/src/index.crates.io-6f/tokio-1.0.0/src/runtime/x.rs:5:1:\nthere is no reactor running\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/std/src/panicking.rs:665:5\n   1: tokio::runtime::x\n             at /home/u/.cargo/registry/src/index.crates.io-6f/tokio-1.0.0/src/runtime/x.rs:5:1\n   2: shop::main\n             at ./src/main.rs:9:5\n";
    check(
        text,
        "rust",
        "panic",
        "panic: there is no reactor running",
        "src/main.rs:9",
    );
}

#[test]
fn rust_errors_that_main_returned() {
    check(
        "Error: Os { code: 2, kind: NotFound, message: \"No such file or directory\" }",
        "rust",
        "missing-file",
        "Error: Os { code: 2, kind: NotFound, message: \"No such file or directory\" }",
        "-",
    );
    let text = "Error: cannot connect\n\nCaused by:\n    0: pool is closed\n    1: Connection refused (os error 111)\n";
    let found = check(
        text,
        "rust",
        "connection-refused",
        "Error: cannot connect",
        "-",
    );
    assert_eq!(found.causes.len(), 2);
    let text = "Error: \n   0: \u{1b}[91mcannot read config\u{1b}[0m\n   1: \u{1b}[91mNo such file or directory (os error 2)\u{1b}[0m\n\nLocation:\n   \u{1b}[35msrc/config.rs\u{1b}[0m:\u{1b}[35m12\u{1b}[0m\n";
    check(
        text,
        "rust",
        "missing-file",
        "Error: cannot read config",
        "src/config.rs:12",
    );
}

#[test]
fn rust_compilers_and_endings() {
    let text = "   Compiling shop v0.1.0 (/srv/shop)\nerror[E0308]: mismatched types\n --> src/main.rs:3:18\n  |\n3 |     let x: u32 = \"a\";\n  |            ---   ^^^ expected `u32`, found `&str`\n\nerror: could not compile `shop` (bin \"shop\") due to 1 previous error";
    check(
        text,
        "rust",
        "compile",
        "error[E0308]: mismatched types",
        "src/main.rs:3",
    );
    check(
        "memory allocation of 4096 bytes failed",
        "rust",
        "out-of-memory",
        "memory allocation of 4096 bytes failed",
        "-",
    );
    check(
        "error: process didn't exit successfully: `target/debug/shop` (signal: 11, SIGSEGV: invalid memory reference)",
        "rust",
        "segfault",
        "SIGSEGV: invalid memory reference",
        "-",
    );
}

#[test]
fn c_and_cpp_say_their_last_words() {
    check(
        "shop: src/cart.c:12: total: Assertion `n > 0' failed.\nAborted (core dumped)",
        "c",
        "assertion",
        "Assertion `n > 0' failed.",
        "src/cart.c:12",
    );
    check(
        "Assertion failed: (n > 0), function total, file cart.c, line 12.",
        "c",
        "assertion",
        "Assertion failed: (n > 0)",
        "cart.c:12",
    );
    check(
        "terminate called after throwing an instance of 'std::runtime_error'\n  what():  no price\nAborted",
        "cpp",
        "exception",
        "std::runtime_error: no price",
        "-",
    );
    check(
        "libc++abi: terminating due to uncaught exception of type std::out_of_range: vector",
        "cpp",
        "exception",
        "std::out_of_range: vector",
        "-",
    );
    check(
        "*** stack smashing detected ***: terminated\nAborted (core dumped)",
        "c",
        "exception",
        "*** stack smashing detected ***: terminated",
        "-",
    );
    check(
        "./run.sh: line 3:  4711 Segmentation fault      (core dumped) ./shop",
        "-",
        "segfault",
        "Segmentation fault",
        "-",
    );
}

#[test]
fn sanitizers_and_valgrind_point_at_the_users_code() {
    let text = "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000014 at pc 0x4 bp 0x7 sp 0x7\nREAD of size 4 at 0x602000000014 thread T0\n    #0 0x4f in strlen (/srv/shop/a.out+0x43)\n    #1 0x50 in shop::Cart::total() const /srv/shop/src/cart.cc:8:12\n    #2 0x51 in main /srv/shop/src/main.cc:4:3\n    #3 0x7f in __libc_start_main /build/glibc-S/glibc-2.31/csu/../csu/libc-start.c:308:16\n\nSUMMARY: AddressSanitizer: heap-buffer-overflow /srv/shop/src/cart.cc:8:12\n==1==ABORTING\n";
    check(
        text,
        "cpp",
        "sanitizer",
        "AddressSanitizer: heap-buffer-overflow on address 0x602000000014 at pc 0x4 bp 0x7 sp 0x7",
        "src/cart.cc:8",
    );
    check(
        "src/a.c:5:9: runtime error: signed integer overflow: 2147483647 + 1 cannot be represented in type 'int'",
        "c",
        "sanitizer",
        "runtime error: signed integer overflow: 2147483647 + 1 cannot be represented in type 'int'",
        "src/a.c:5",
    );
    let text = "==7== Invalid read of size 4\n==7==    at 0x109156: total (cart.c:9)\n==7==    by 0x10917B: main (main.c:4)\n==7==  Address 0x0 is not stack'd\n";
    check(text, "c", "sanitizer", "Invalid read of size 4", "cart.c:9");
}

#[test]
fn gcc_clang_and_the_linker() {
    check(
        "src/a.cpp:1:13: error: 'foo' was not declared in this scope\n    1 | int main(){ foo(); }\n      |             ^~~\nmake: *** [Makefile:2: a] Error 1",
        "cpp",
        "compile",
        "error: 'foo' was not declared in this scope",
        "src/a.cpp:1",
    );
    check(
        "a.c:1:10: fatal error: zlib.h: No such file or directory\ncompilation terminated.",
        "c",
        "missing-file",
        "error: zlib.h: No such file or directory",
        "a.c:1",
    );
    check(
        "/usr/bin/ld: /tmp/cc.o: in function `main':\nsrc/b.c:(.text+0x5): undefined reference to `foo'\ncollect2: error: ld returned 1 exit status",
        "c",
        "compile",
        "undefined reference to `foo'",
        "src/b.c",
    );
}
