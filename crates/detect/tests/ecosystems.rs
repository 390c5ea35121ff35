//! Each ecosystem as its own tools leave it.

mod common;

use common::processes;

#[test]
fn python_frameworks_run_by_the_projects_own_tool() {
    processes(
        &[("manage.py", ""), ("requirements.txt", "Django==5.0\n")],
        &["python manage.py runserver @ . : 8000"],
    );
    processes(
        &[
            ("manage.py", ""),
            (
                "pyproject.toml",
                "[project]\ndependencies = [\"django>=5\"]\n",
            ),
            ("uv.lock", ""),
        ],
        &["uv run manage.py runserver @ . : 8000"],
    );
    processes(
        &[
            ("server/manage.py", ""),
            (
                "pyproject.toml",
                "[tool.poetry.dependencies]\ndjango = \"^5\"\n",
            ),
            ("poetry.lock", ""),
        ],
        &["poetry run python manage.py runserver @ server : 8000"],
    );
    processes(
        &[("app.py", ""), ("requirements.txt", "flask\n")],
        &["flask run --debug @ . : 5000"],
    );
    processes(
        &[
            ("shop.py", ""),
            (
                ".flaskenv",
                "FLASK_APP=shop.py\nFLASK_DEBUG=1\nFLASK_RUN_PORT=5055\n",
            ),
            ("Pipfile", "[packages]\nflask = \"*\"\n"),
        ],
        &["pipenv run flask run @ . : 5055"],
    );
    processes(
        &[
            ("app/main.py", ""),
            ("requirements.txt", "fastapi[standard]\n"),
        ],
        &["fastapi dev @ . : 8000"],
    );
    processes(
        &[
            ("src/main.py", ""),
            ("requirements.txt", "fastapi\nuvicorn\n"),
        ],
        &["uvicorn src.main:app --reload @ . : 8000"],
    );
    processes(
        &[("app.py", ""), ("requirements.txt", "streamlit\n")],
        &["streamlit run app.py @ . : 8501"],
    );
    processes(
        &[("requirements.txt", "requests\nclick\n"), ("main.py", "")],
        &[],
    );
}

#[test]
fn celery_works_beside_its_server() {
    let files = [
        ("manage.py", ""),
        ("config/celery.py", ""),
        ("requirements/base.txt", "django\ncelery[redis]\n"),
    ];
    processes(
        &files,
        &[
            "python manage.py runserver @ . : 8000",
            "celery -A config worker -l info @ .",
        ],
    );
}

#[test]
fn a_procfile_for_production_tells_of_workers_only() {
    let procfile = "web: gunicorn shop.wsgi\nworker: celery -A shop worker\nrelease: python manage.py migrate\n# old: python x.py\n";
    let files = [
        ("manage.py", ""),
        ("requirements.txt", "django\ncelery\n"),
        ("Procfile", procfile),
    ];
    processes(
        &files,
        &[
            "python manage.py runserver @ . : 8000",
            "celery -A shop worker @ .",
        ],
    );
}

#[test]
fn a_procfile_for_development_says_it_all() {
    let procfile = "web: bin/rails server -p 3100\njs: yarn build --watch\ncss: bin/rails tailwindcss:watch\nworker: bundle exec sidekiq\nredis: redis-server\n";
    let files = [
        ("Gemfile", "gem \"rails\"\ngem \"sidekiq\"\n"),
        ("bin/rails", ""),
        ("bin/dev", ""),
        ("Procfile.dev", procfile),
        ("Procfile", "web: puma\n"),
        (
            "package.json",
            r#"{"scripts": {"build": "esbuild app.js"}}"#,
        ),
    ];
    processes(
        &files,
        &[
            "bin/rails server -p 3100 @ . : 3100",
            "yarn build --watch @ .",
            "bin/rails tailwindcss:watch @ .",
            "bundle exec sidekiq @ .",
        ],
    );
}

#[test]
fn ruby_without_a_procfile_runs_its_frameworks() {
    processes(
        &[
            ("Gemfile", "gem 'rails'\ngem 'sidekiq'\n"),
            ("bin/rails", ""),
        ],
        &["bin/rails server @ . : 3000", "bundle exec sidekiq @ ."],
    );
    processes(
        &[("Gemfile", "gem 'jekyll'\n"), ("_config.yml", "title: x\n")],
        &["bundle exec jekyll serve @ . : 4000"],
    );
    processes(
        &[("Gemfile", "gem 'sinatra'\n"), ("config.ru", "")],
        &["bundle exec rackup @ . : 9292"],
    );
    processes(&[("Gemfile", "gem 'rspec'\n")], &[]);
}

#[test]
fn libraries_of_frameworks_serve_nothing() {
    let engine = [
        ("Gemfile", "gem 'rails'\n"),
        ("bin/rails", ""),
        ("engine.gemspec", ""),
    ];
    processes(&engine, &[]);
    let framework = "[project]\nname = \"x\"\ndependencies = [\"starlette\"]\n";
    let files = [
        ("pyproject.toml", framework),
        ("docs_src/first/main.py", ""),
    ];
    processes(&files, &[]);
}

#[test]
fn go_runs_what_serves() {
    let gin = "module example.com/shop\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.9.0\n)\n";
    processes(
        &[("go.mod", gin), ("main.go", "")],
        &["go run . @ . : 8080"],
    );
    let files = [
        ("go.mod", gin),
        ("cmd/server/main.go", "r.Run(\":9090\")"),
        ("cmd/worker/main.go", ""),
        ("cmd/migrate/main.go", ""),
    ];
    processes(
        &files,
        &["go run ./cmd/server @ . : 9090", "go run ./cmd/worker @ ."],
    );
    processes(
        &[("go.mod", gin), ("main.go", ""), (".air.toml", "")],
        &["air @ . : 8080"],
    );
    let tool = "module example.com/tool\n\nrequire github.com/spf13/cobra v1.8.0\n";
    processes(&[("go.mod", tool), ("main.go", "")], &[]);
    processes(
        &[("go.mod", "module example.com/lib\n"), ("lib.go", "")],
        &[],
    );
}

#[test]
fn rust_runs_programs_that_serve() {
    let axum = "[package]\nname = \"shop\"\n[dependencies]\naxum = \"0.8\"\n";
    processes(
        &[
            ("Cargo.toml", axum),
            ("src/main.rs", "TcpListener::bind(\"127.0.0.1:3030\")"),
        ],
        &["cargo run @ . : 3030"],
    );
    let rocket = "[package]\nname = \"shop\"\n[dependencies]\nrocket = \"0.5\"\n";
    processes(
        &[
            ("Cargo.toml", rocket),
            ("src/main.rs", ""),
            ("Rocket.toml", "[default]\nport = 8011\n"),
        ],
        &["cargo run @ . : 8011"],
    );
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = [\"api\", \"cli\"]\n"),
        ("api/Cargo.toml", axum),
        ("api/src/main.rs", ""),
        (
            "cli/Cargo.toml",
            "[package]\nname = \"cli\"\n[dependencies]\nclap = \"4\"\n",
        ),
        ("cli/src/main.rs", ""),
    ];
    processes(&files, &["cargo run -p shop @ . : 8080"]);
    processes(
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"rg\"\n[dependencies]\nclap = \"4\"\n",
            ),
            ("src/main.rs", ""),
        ],
        &[],
    );
}

#[test]
fn the_jvm_runs_by_its_wrapper() {
    let pom = "<project>\n<artifactId>spring-boot-maven-plugin</artifactId>\n</project>";
    processes(
        &[
            ("pom.xml", pom),
            ("mvnw", ""),
            (
                "src/main/resources/application.properties",
                "server.port=8085\n",
            ),
        ],
        &["./mvnw spring-boot:run @ . : 8085"],
    );
    let gradle = "plugins {\n  id 'org.springframework.boot' version '3.2.0'\n}\n";
    processes(
        &[
            ("build.gradle", gradle),
            ("gradlew", ""),
            (
                "src/main/resources/application.yml",
                "server:\n  port: ${PORT:8086}\n",
            ),
        ],
        &["./gradlew bootRun @ . : 8086"],
    );
    let quarkus = "<artifactId>quarkus-maven-plugin</artifactId>";
    processes(&[("pom.xml", quarkus)], &["mvn quarkus:dev @ . : 8080"]);
}

#[test]
fn dotnet_runs_web_projects_on_their_launch_ports() {
    let settings = r#"{"profiles": {"IIS Express": {"commandName": "IISExpress"}, "https": {"commandName": "Project", "applicationUrl": "https://localhost:7101;http://localhost:5101"}}}"#;
    let files = [
        (
            "src/Api/Api.csproj",
            r#"<Project Sdk="Microsoft.NET.Sdk.Web"></Project>"#,
        ),
        ("src/Api/Properties/launchSettings.json", settings),
        (
            "src/Jobs/Jobs.csproj",
            r#"<Project Sdk="Microsoft.NET.Sdk.Worker"></Project>"#,
        ),
        (
            "src/Core/Core.csproj",
            r#"<Project Sdk="Microsoft.NET.Sdk"></Project>"#,
        ),
        (
            "src/Api.Tests/Api.Tests.csproj",
            r#"<Project Sdk="Microsoft.NET.Sdk.Web"></Project>"#,
        ),
    ];
    processes(
        &files,
        &["dotnet run @ src/Api : 7101", "dotnet run @ src/Jobs"],
    );
}

#[test]
fn phoenix_laravel_and_symfony_are_known() {
    processes(
        &[
            ("mix.exs", "{:phoenix, \"~> 1.7\"},"),
            ("config/dev.exs", "http: [ip: {127, 0, 0, 1}, port: 4004]"),
        ],
        &["mix phx.server @ . : 4004"],
    );
    let composer = r#"{"require": {"laravel/framework": "^11"}}"#;
    let files = [
        ("artisan", ""),
        ("composer.json", composer),
        (
            "package.json",
            r#"{"scripts": {"dev": "vite", "build": "vite build"}}"#,
        ),
        (".env.example", "QUEUE_CONNECTION=redis\n"),
    ];
    processes(
        &files,
        &[
            "php artisan serve @ . : 8000",
            "npm run dev @ . : 5173",
            "php artisan queue:work @ .",
        ],
    );
    let symfony = r#"{"require": {"symfony/framework-bundle": "7"}}"#;
    processes(
        &[("composer.json", symfony)],
        &["symfony server:start @ . : 8000"],
    );
}

#[test]
fn sites_are_served() {
    processes(
        &[("hugo.toml", "baseURL = 'x'\n")],
        &["hugo server @ . : 1313"],
    );
    processes(
        &[("config.toml", "baseURL = 'x'\n")],
        &["hugo server @ . : 1313"],
    );
    processes(
        &[("_config.yml", "title: x\n")],
        &["jekyll serve @ . : 4000"],
    );
    processes(
        &[("mkdocs.yml", "site_name: x\n")],
        &["mkdocs serve @ . : 8000"],
    );
    processes(
        &[("docs/mkdocs.yml", "site_name: x\n"), ("manage.py", "")],
        &["python manage.py runserver @ . : 8000"],
    );
}
