//! Java, Kotlin, Ruby, PHP, .NET, Elixir, Erlang, Perl.

mod common;
use common::check;

#[test]
fn java_and_kotlin_with_causes() {
    let text = "2025-11-21T10:00:00.000Z ERROR 1 --- [main] o.s.boot.SpringApplication : Application run failed\n\norg.springframework.beans.factory.BeanCreationException: Error creating bean with name 'shop': boom\n\tat org.springframework.beans.factory.support.AbstractBeanFactory.doGetBean(AbstractBeanFactory.java:333) ~[spring-beans-6.1.0.jar!/:6.1.0]\n\tat com.acme.shop.ShopApplication.main(ShopApplication.java:10) ~[!/:0.0.1]\nCaused by: java.lang.IllegalStateException: boom\n\tat com.acme.shop.Config.load(Config.java:22) ~[!/:0.0.1]\n\t... 17 common frames omitted\n";
    let found = check(
        text,
        "java",
        "exception",
        "org.springframework.beans.factory.BeanCreationException: Error creating bean with name 'shop': boom",
        "ShopApplication.java:10",
    );
    assert_eq!(
        found.causes[0]
            .location
            .as_ref()
            .map(|place| place.file.as_str()),
        Some("Config.java")
    );
    let text = "Exception in thread \"main\" java.lang.NullPointerException: x must not be null\n\tat com.acme.CartKt.total(Cart.kt:8)\n\tat com.acme.MainKt.main(Main.kt)\n";
    check(
        text,
        "kotlin",
        "nil-dereference",
        "java.lang.NullPointerException: x must not be null",
        "Cart.kt:8",
    );
    let text = "Exception in thread \"main\" java.lang.StackOverflowError\n\tat com.acme.A.f(A.java:3)\n\tat com.acme.A.f(A.java:3)\n";
    check(
        text,
        "java",
        "stack-overflow",
        "java.lang.StackOverflowError",
        "A.java:3",
    );
}

#[test]
fn the_jvm_and_its_frameworks_without_a_stack() {
    let text = "***************************\nAPPLICATION FAILED TO START\n***************************\n\nDescription:\n\nWeb server failed to start. Port 8080 was already in use.\n\nAction:\n\nIdentify and stop the process that's listening on port 8080 or configure this application to listen on another port.\n";
    let found = check(
        text,
        "java",
        "port-in-use",
        "Web server failed to start. Port 8080 was already in use.",
        "-",
    );
    assert_eq!(found.port, Some(8080));
    check(
        "Error: Unable to access jarfile target/shop.jar",
        "java",
        "missing-file",
        "Error: Unable to access jarfile target/shop.jar",
        "-",
    );
    check(
        "src/Main.java:12: error: cannot find symbol\n    foo();\n    ^\n1 error",
        "java",
        "compile",
        "error: cannot find symbol",
        "src/Main.java:12",
    );
    check(
        "e: file:///srv/shop/src/Main.kt:3:5 Unresolved reference: foo",
        "kotlin",
        "compile",
        "error: Unresolved reference: foo",
        "src/Main.kt:3",
    );
}

#[test]
fn ruby_in_both_quotings() {
    let text = "/srv/shop/lib/cart.rb:14:in 'Cart#price': undefined method 'fetch' for nil (NoMethodError)\n\n    item[:price].fetch(:amount)\n                ^^^^^^\n\tfrom /srv/shop/lib/cart.rb:10:in 'block in Cart#total'\n\tfrom main.rb:6:in '<main>'\n";
    check(
        text,
        "ruby",
        "exception",
        "NoMethodError: undefined method 'fetch' for nil",
        "lib/cart.rb:14",
    );
    let text = "Traceback (most recent call last):\n\t1: from main.rb:5:in `<main>'\nmain.rb:2:in `run': boom (RuntimeError)\n";
    check(text, "ruby", "exception", "RuntimeError: boom", "main.rb:2");
    let text = "/srv/shop/a.rb:3:in `rescue in load': cannot load (StoreError)\n\tfrom /srv/shop/a.rb:1:in `load'\n/srv/shop/b.rb:9:in `read': bad bytes (ArgumentError)\n\tfrom /srv/shop/a.rb:2:in `load'\n";
    let found = check(
        text,
        "ruby",
        "exception",
        "StoreError: cannot load",
        "a.rb:3",
    );
    assert_eq!(found.causes[0].error, "ArgumentError: bad bytes");
}

#[test]
fn ruby_tools_and_frameworks() {
    let text = "bin/rails aborted!\nNameError: uninitialized constant Shop::Carts\n/srv/shop/config/routes.rb:3:in `block in <main>'\n/srv/shop/config/environment.rb:5:in `<main>'\n";
    check(
        text,
        "ruby",
        "exception",
        "NameError: uninitialized constant Shop::Carts",
        "config/routes.rb:3",
    );
    let text = "Started GET \"/orders\" for 127.0.0.1\n  \nNoMethodError (undefined method `total' for nil:NilClass):\n  \napp/controllers/orders_controller.rb:8:in `index'\n";
    check(
        text,
        "ruby",
        "exception",
        "NoMethodError: undefined method `total' for nil:NilClass",
        "app/controllers/orders_controller.rb:8",
    );
    check(
        "config.ru:3: syntax error, unexpected end-of-input (SyntaxError)",
        "ruby",
        "syntax",
        "SyntaxError: syntax error, unexpected end-of-input",
        "config.ru:3",
    );
    let text = "/usr/lib/ruby/gems/3.2.0/gems/puma-6.0/lib/puma/binder.rb:334:in `initialize': Address already in use - bind(2) for \"127.0.0.1\" port 3000 (Errno::EADDRINUSE)\n\tfrom /usr/lib/ruby/gems/3.2.0/gems/puma-6.0/lib/puma/binder.rb:334:in `new'\n";
    let found = check(
        text,
        "ruby",
        "port-in-use",
        "Errno::EADDRINUSE: Address already in use - bind(2) for \"127.0.0.1\" port 3000",
        "-",
    );
    assert_eq!(found.port, Some(3000));
}

#[test]
fn php_in_its_logs_and_frameworks() {
    let text = "[21-Nov-2025 10:00:00 UTC] PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /srv/shop/src/Db.php:9\nStack trace:\n#0 /srv/shop/src/Db.php(9): PDO->__construct()\n#1 /srv/shop/public/index.php(4): App\\Db->connect()\n#2 {main}\n  thrown in /srv/shop/src/Db.php on line 9\n";
    check(
        text,
        "php",
        "connection-refused",
        "PDOException: SQLSTATE[HY000] [2002] Connection refused",
        "src/Db.php:9",
    );
    check(
        "PHP Parse error:  syntax error, unexpected token \"}\" in /srv/shop/a.php on line 7",
        "php",
        "syntax",
        "Parse error: syntax error, unexpected token \"}\"",
        "a.php:7",
    );
    let text = "[2025-11-21 10:00:00] local.ERROR: Undefined variable $x {\"exception\":\"[object] (ErrorException(code: 0): Undefined variable $x at /srv/shop/app/Http/Cart.php:12)\n[stacktrace]\n#0 /srv/shop/vendor/laravel/framework/src/Illuminate/Foundation/Bootstrap/HandleExceptions.php(255): handleError()\n#1 /srv/shop/app/Http/Cart.php(12): run()\n#2 {main}\n\"} \n";
    check(
        text,
        "php",
        "exception",
        "ErrorException: Undefined variable $x",
        "app/Http/Cart.php:12",
    );
}

#[test]
fn dotnet_and_its_loggers() {
    let text = "fail: Microsoft.AspNetCore.Server.Kestrel[13]\n      Connection id \"0HN\", Request id \"0HN:1\": An unhandled exception was thrown by the application.\n      System.InvalidOperationException: no price\n         at Shop.Cart.Total() in /srv/shop/Cart.cs:line 9\n         at Microsoft.AspNetCore.Routing.EndpointMiddleware.Invoke(HttpContext context)\n";
    check(
        text,
        "dotnet",
        "exception",
        "System.InvalidOperationException: no price",
        "Cart.cs:9",
    );
    let text = "Unhandled exception. System.IO.IOException: Failed to bind to address http://127.0.0.1:5000: address already in use.\n ---> Microsoft.AspNetCore.Connections.AddressInUseException: Address already in use\n ---> System.Net.Sockets.SocketException (98): Address already in use\n   at System.Net.Sockets.Socket.DoBind(EndPoint endPointSnapshot, SocketAddress socketAddress)\n   --- End of inner exception stack trace ---\n   at Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets.SocketTransportFactory.BindAsync(EndPoint endpoint)\n   --- End of inner exception stack trace ---\n   at Program.<Main>$(String[] args) in /srv/shop/Program.cs:line 6\n";
    let found = check(
        text,
        "dotnet",
        "port-in-use",
        "System.IO.IOException: Failed to bind to address http://127.0.0.1:5000: address already in use.",
        "Program.cs:6",
    );
    assert_eq!((found.port, found.causes.len()), (Some(5000), 2));
    check(
        "/srv/shop/Program.cs(12,5): error CS1002: ; expected [/srv/shop/shop.csproj]",
        "dotnet",
        "compile",
        "error CS1002: ; expected",
        "Program.cs:12",
    );
}

#[test]
fn elixir_and_erlang() {
    let text = "10:00:00.000 [error] #PID<0.500.0> running ShopWeb.Endpoint (connection #PID<0.499.0>, stream id 1) terminated\nServer: localhost:4000 (http)\nRequest: GET /\n** (exit) an exception was raised:\n    ** (KeyError) key :user not found in: %{}\n        (shop 0.1.0) lib/shop_web/controllers/page.ex:6: ShopWeb.Page.home/2\n        (phoenix 1.7.0) lib/phoenix/router.ex:432: Phoenix.Router.__call__/5\n";
    check(
        text,
        "elixir",
        "exception",
        "KeyError: key :user not found in: %{}",
        "lib/shop_web/controllers/page.ex:6",
    );
    let text = "** (RuntimeError) environment variable DATABASE_URL is missing.\nFor example: ecto://USER:PASS@HOST/DATABASE\n\n    /srv/shop/config/runtime.exs:27: (file)\n    (stdlib 4.2) erl_eval.erl:748: :erl_eval.do_apply/7\n";
    check(
        text,
        "elixir",
        "missing-env",
        "RuntimeError: environment variable DATABASE_URL is missing.",
        "config/runtime.exs:27",
    );
    let text = "    error: undefined variable \"x\"\n    │\n  9 │     x\n    │     ^\n    │\n    └─ lib/cart.ex:9:5: Shop.Cart.price/1\n\n\n== Compilation error in file lib/cart.ex ==\n** (CompileError) lib/cart.ex: cannot compile module Shop.Cart (errors have been logged)\n";
    check(
        text,
        "elixir",
        "compile",
        "CompileError: undefined variable \"x\"",
        "lib/cart.ex:9",
    );
    check(
        "** (Mix) The task \"phx.sever\" could not be found. Did you mean \"phx.server\"?",
        "elixir",
        "config",
        "The task \"phx.sever\" could not be found. Did you mean \"phx.server\"?",
        "-",
    );
}

#[test]
fn perl_dies_and_warns() {
    check(
        "Can't locate Nope/Mod.pm in @INC (you may need to install the Nope::Mod module) (@INC contains: /etc/perl) at app.pl line 2.\nBEGIN failed--compilation aborted at app.pl line 2.",
        "perl",
        "missing-module",
        "Can't locate Nope/Mod.pm in @INC (you may need to install the Nope::Mod module) (@INC contains: /etc/perl)",
        "app.pl:2",
    );
    check(
        "Can't call method \"total\" on an undefined value at lib/Cart.pm line 9, <STDIN> line 2.",
        "perl",
        "exception",
        "Can't call method \"total\" on an undefined value",
        "lib/Cart.pm:9",
    );
    check(
        "syntax error at app.pl line 3, near \"print\"\nExecution of app.pl aborted due to compilation errors.",
        "perl",
        "syntax",
        "syntax error",
        "app.pl:3",
    );
    check(
        "Use of uninitialized value $x in addition (+) at app.pl line 3.\nready\n",
        "-",
        "-",
        "-",
        "-",
    );
}
