//! JavaScript and TypeScript: Node, Deno, Bun, and the tools around them.

mod common;
use common::check;

#[test]
fn deno_and_bun_are_read() {
    let text =
        "error: Uncaught (in promise) TypeError: Cannot read properties of undefined (reading 'a')
  return x.y.a;
             ^
    at f (file:///srv/shop/main.ts:3:14)
    at file:///srv/shop/main.ts:6:1";
    check(
        text,
        "typescript",
        "unhandled-rejection",
        "TypeError: Cannot read properties of undefined (reading 'a')",
        "main.ts:3",
    );
    let text = "1 | function f(x) {
2 |   return x.y.z;
             ^
TypeError: undefined is not an object (evaluating 'x.y.z')
      at f (/srv/shop/src/a.ts:2:12)
      at /srv/shop/src/a.ts:4:1

Bun v1.1.0 (Linux x64)";
    check(
        text,
        "typescript",
        "exception",
        "TypeError: undefined is not an object (evaluating 'x.y.z')",
        "src/a.ts:2",
    );
    check(
        "error: Cannot find package 'hono' from '/srv/shop/src/index.ts'\n\nBun v1.2.3 (Linux x64)",
        "-",
        "missing-module",
        "Cannot find package 'hono' from '/srv/shop/src/index.ts'",
        "-",
    );
}

#[test]
fn a_trace_behind_colours_and_a_prefix_is_read() {
    let text = "\x1b[35m[1]\x1b[0m /srv/shop/src/a.js:6\n\x1b[35m[1]\x1b[0m   x.y()\n\x1b[35m[1]\x1b[0m     ^\n\x1b[35m[1]\x1b[0m \n\x1b[35m[1]\x1b[0m TypeError: x.y is not a function\n\x1b[34m[0]\x1b[0m GET / 200\n\x1b[35m[1]\x1b[0m     at run \x1b[90m(/srv/shop/\x1b[39msrc/a.js:6:5\x1b[90m)\x1b[39m\n\x1b[35m[1]\x1b[0m     at Module._compile (node:internal/modules/cjs/loader:1521:14)\n\x1b[35m[1]\x1b[0m \n\x1b[35m[1]\x1b[0m Node.js v22.1.0\n\x1b[35m[1]\x1b[0m node src/a.js exited with code 1";
    let found = check(
        text,
        "javascript",
        "exception",
        "TypeError: x.y is not a function",
        "src/a.js:6",
    );
    assert!(found.fatal);
}

#[test]
fn a_record_of_a_structured_log_is_opened() {
    let text = r#"{"level":50,"time":1732183200000,"pid":1,"err":{"type":"RangeError","message":"too big","stack":"RangeError: too big\n    at size (/srv/shop/lib/size.js:9:11)\n    at next (/srv/shop/node_modules/express/lib/router/route.js:144:13)"},"msg":"request errored"}"#;
    check(
        text,
        "javascript",
        "exception",
        "RangeError: too big",
        "lib/size.js:9",
    );
}

#[test]
fn causes_and_properties_are_read() {
    let text = "/srv/shop/node_modules/pg-pool/index.js:45
    Error.captureStackTrace(err)
          ^

Error: query failed
    at /srv/shop/node_modules/pg-pool/index.js:45:11
    at async main (/srv/shop/db.js:7:3) {
  code: 'E_QUERY',
  [cause]: Error: connect ECONNREFUSED 127.0.0.1:5432
      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16) {
    errno: -111,
    code: 'ECONNREFUSED',
    port: 5432
  }
}

Node.js v22.1.0";
    let found = check(
        text,
        "javascript",
        "connection-refused",
        "Error: query failed",
        "db.js:7",
    );
    assert_eq!(
        (found.port, found.host.as_deref()),
        (Some(5432), Some("127.0.0.1"))
    );
    assert_eq!(
        found.causes[0].error,
        "Error: connect ECONNREFUSED 127.0.0.1:5432"
    );
}

#[test]
fn values_that_are_no_errors_are_told_as_they_were_thrown() {
    let text = "\n/srv/shop/a.js:1\nthrow \"boom\";\n^\nboom\n(Use `node --trace-uncaught ...` to show where the exception was thrown)\n\nNode.js v20.20.2";
    check(text, "javascript", "exception", "boom", "a.js:1");
}

#[test]
fn errors_while_loading_are_placed_in_the_file_that_is_wrong() {
    let text = "/srv/shop/lib/b.js:1\nconst x = ;\n          ^\n\nSyntaxError: Unexpected token ';'\n    at wrapSafe (node:internal/modules/cjs/loader:1464:18)\n    at require (node:internal/modules/helpers:182:18)\n    at Object.<anonymous> (/srv/shop/a.js:1:1)\n\nNode.js v20.20.2";
    check(
        text,
        "javascript",
        "syntax",
        "SyntaxError: Unexpected token ';'",
        "lib/b.js:1",
    );
    let text = "node:internal/modules/esm/resolve:873\n  throw new ERR_MODULE_NOT_FOUND(packageName, fileURLToPath(base), null);\n        ^\n\nError [ERR_MODULE_NOT_FOUND]: Cannot find package 'zod' imported from /srv/shop/src/e.mjs\n    at packageResolve (node:internal/modules/esm/resolve:873:9) {\n  code: 'ERR_MODULE_NOT_FOUND'\n}\n\nNode.js v20.20.2";
    check(
        text,
        "javascript",
        "missing-module",
        "Error: Cannot find package 'zod' imported from /srv/shop/src/e.mjs",
        "src/e.mjs",
    );
}

#[test]
fn bundlers_and_compilers_are_read() {
    check(
        "src/app.ts:12:7 - error TS2304: Cannot find name 'foo'.\n\n12       foo();\n         ~~~\n\nFound 1 error in src/app.ts:12\n",
        "typescript",
        "compile",
        "error TS2304: Cannot find name 'foo'.",
        "src/app.ts:12",
    );
    check(
        "✘ [ERROR] Could not resolve \"./nope\"\n\n    src/index.ts:1:17:\n      1 │ import { a } from './nope'\n        ╵                   ~~~~~~~~\n",
        "typescript",
        "missing-module",
        "Could not resolve \"./nope\"",
        "src/index.ts:1",
    );
    check(
        "ERROR in ./src/index.js 2:0-27\nModule not found: Error: Can't resolve './missing' in '/srv/shop/src'\n",
        "javascript",
        "missing-module",
        "Error: Can't resolve './missing' in '/srv/shop/src'",
        "src/index.js:2",
    );
    let text = "/srv/shop/node_modules/esbuild/lib/main.js:1225\n  let error = new Error(text);\n              ^\n\nError: Transform failed with 1 error:\n/srv/shop/src/a.ts:3:10: ERROR: Unexpected \";\"\n    at failureErrorWithLog (/srv/shop/node_modules/esbuild/lib/main.js:1467:15)\n    at /srv/shop/node_modules/esbuild/lib/main.js:736:50\n\nNode.js v22.1.0";
    check(
        text,
        "typescript",
        "compile",
        "Error: Transform failed with 1 error:",
        "src/a.ts:3",
    );
    let text = "10:00:00 AM [vite] Internal server error: Failed to resolve import \"./Nope\" from \"src/App.jsx\". Does the file exist?\n  Plugin: vite:import-analysis\n  File: /srv/shop/src/App.jsx:3:17\n  1  |  import a\n      at TransformPluginContext._formatLog (file:///srv/shop/node_modules/vite/dist/node/chunks/dep.js:1:2)\n      at TransformPluginContext.error (file:///srv/shop/node_modules/vite/dist/node/chunks/dep.js:1:2)\n";
    check(
        text,
        "javascript",
        "missing-module",
        "Failed to resolve import \"./Nope\" from \"src/App.jsx\". Does the file exist?",
        "src/App.jsx:3",
    );
}

#[test]
fn test_runners_are_read() {
    let text = "FAIL src/cart.test.js\n  ● cart › totals\n\n    TypeError: Cannot read properties of undefined (reading 'price')\n\n      4 | function total(items) {\n    > 5 |   return items[0].price;\n        |                   ^\n\n      at total (src/cart.js:5:19)\n      at Object.<anonymous> (src/cart.test.js:4:10)\n";
    check(
        text,
        "javascript",
        "exception",
        "TypeError: Cannot read properties of undefined (reading 'price')",
        "src/cart.js:5",
    );
    let text = " FAIL  src/cart.test.ts > cart > totals\nAssertionError: expected 4 to be 5 // Object.is equality\n ❯ src/cart.test.ts:9:17\n      7|   it('totals', () => {\n";
    check(
        text,
        "typescript",
        "assertion",
        "AssertionError: expected 4 to be 5 // Object.is equality",
        "src/cart.test.ts:9",
    );
}

#[test]
fn warnings_and_traces_that_were_asked_for_are_no_crash() {
    let text = "(node:1) [DEP0005] DeprecationWarning: Buffer() is deprecated\n    at showFlaggedDeprecation (node:buffer:203:11)\n    at new Buffer (node:buffer:287:3)\nlistening on 3000\n";
    check(text, "-", "-", "-", "-");
    check(
        "Trace: here\n    at f (/srv/shop/a.js:1:1)\nlistening\n",
        "-",
        "-",
        "-",
        "-",
    );
}
