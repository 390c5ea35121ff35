//! Services: where they are known from, and how this machine starts them.

mod common;

use common::{Repository, services};

const SERVER: (&str, &str) = (
    "package.json",
    r#"{"dependencies": {"express": "4"}, "scripts": {"dev": "node server.js"}}"#,
);

#[test]
fn compose_files_name_services_and_their_ports_on_this_machine() {
    let compose = "services:\n  db:\n    image: postgres:16\n    ports:\n      - ${DB_PORT:-5433}:5432\n  cache:\n    image: redis:7\n    ports: [\"127.0.0.1:6380:6379\"]\n  admin:\n    image: adminer\n  search:\n    image: elasticsearch:8\n    profiles: [search]\n";
    services(
        &[SERVER, ("compose.yaml", compose)],
        &["postgres : 5433", "redis : 6380"],
    );
}

#[test]
fn compose_files_of_production_and_tests_do_not_count() {
    let compose = "services:\n  db:\n    image: mysql\n    ports: ['3306:3306']\n";
    services(
        &[
            SERVER,
            ("docker-compose.prod.yml", compose),
            ("docker-compose.test.yml", compose),
        ],
        &[],
    );
}

#[test]
fn connection_strings_in_examples_name_services() {
    let env = "# OLD=mysql://localhost/x\nDATABASE_URL=\"postgres://u:p@localhost:54320/x\"\nMONGO_URI=mongodb+srv://x.mongodb.net\nAMQP_URL=amqp://guest@rabbit\nREDIS_HOST=localhost\n";
    services(
        &[SERVER, (".env.example", env)],
        &["postgres : 54320", "rabbitmq : 5672", "redis : 6379"],
    );
}

#[test]
fn a_database_in_a_file_needs_no_service() {
    services(
        &[SERVER, (".env.example", "DATABASE_URL=file:./dev.db\n")],
        &[],
    );
    let env = "DB_CONNECTION=sqlite\nREDIS_HOST=127.0.0.1\nMEMCACHED_HOST=127.0.0.1\nCACHE_STORE=database\n";
    services(
        &[
            ("artisan", ""),
            ("composer.json", "{}"),
            (".env.example", env),
        ],
        &[],
    );
    let pom = "<artifactId>spring-boot-maven-plugin</artifactId>\n<groupId>com.h2database</groupId>\n<groupId>org.postgresql</groupId>\n";
    services(
        &[
            ("pom.xml", pom),
            ("compose.yml", "services:\n  db:\n    image: postgres\n"),
        ],
        &[],
    );
    services(
        &[("app.py", ""), ("requirements.txt", "flask\npsycopg2\n")],
        &[],
    );
}

#[test]
fn client_libraries_name_services() {
    let package = r#"{"dependencies": {"express": "4", "mongoose": "8", "bullmq": "5"}, "scripts": {"dev": "node server.js"}}"#;
    services(
        &[("package.json", package)],
        &["mongodb : 27017", "redis : 6379"],
    );
    let cargo = "[package]\nname = \"x\"\n[dependencies]\naxum = \"0.8\"\nsqlx = { version = \"0.8\", features = [\"postgres\"] }\n";
    services(
        &[("Cargo.toml", cargo), ("src/main.rs", "")],
        &["postgres : 5432"],
    );
    let go = "module x.io/y\nrequire (\n\tgithub.com/gin-gonic/gin v1.9.0\n\tgithub.com/jackc/pgx/v5 v5.0.0\n\tgithub.com/redis/go-redis/v9 v9.0.0 // indirect\n)\n";
    services(&[("go.mod", go), ("main.go", "")], &["postgres : 5432"]);
    let rails = [
        (
            "Gemfile",
            "gem 'rails'\ngem 'pg'\ngem 'sidekiq'\ngroup :production do\n  gem 'mysql2'\nend\n",
        ),
        ("bin/rails", ""),
        ("config/database.yml", "default:\n  adapter: postgresql\n"),
    ];
    services(&rails, &["postgres : 5432", "redis : 6379"]);
}

#[test]
fn without_a_process_there_is_no_need() {
    services(
        &[
            (
                "compose.test.yml",
                "services:\n  db:\n    image: postgres\n",
            ),
            ("package.json", r#"{"dependencies": {"pg": "8"}}"#),
        ],
        &[],
    );
}

#[test]
fn a_local_server_is_preferred_and_docker_is_next() {
    let compose = "services:\n  cache:\n    image: redis\n    ports: ['6390:6379']\n";
    let repository = Repository::new(&[SERVER, ("compose.yml", compose)]);
    let command = |programs: &[&str]| {
        let found = repository.on(programs).services.remove(0);
        (found.command, found.available)
    };
    assert_eq!(
        command(&["redis-server", "docker"]),
        (
            "redis-server --port 6390 --bind 127.0.0.1 --save ''".into(),
            true
        )
    );
    assert_eq!(
        command(&["docker"]),
        ("docker compose up cache".into(), true)
    );
    assert_eq!(
        command(&["podman"]),
        ("podman compose up cache".into(), true)
    );
    assert_eq!(command(&[]), ("docker compose up cache".into(), false));
}

#[test]
fn a_local_database_keeps_its_data_in_the_workspace() {
    let repository = Repository::new(&[
        SERVER,
        (".env.example", "DATABASE_URL=postgres://localhost:5433/x\n"),
    ]);
    let found = repository.on(&["postgres", "initdb"]).services.remove(0);
    assert_eq!(
        found.command,
        "[ -d .forge/data/postgres ] || initdb -D .forge/data/postgres -U postgres -A trust && \
         exec postgres -D .forge/data/postgres -p 5433 -h 127.0.0.1 -k ''"
    );
}

#[test]
fn a_service_that_compose_does_not_publish_gets_a_container_that_does() {
    let repository = Repository::new(&[
        SERVER,
        ("compose.yml", "services:\n  cache:\n    image: redis\n"),
    ]);
    let found = repository.on(&["docker"]).services.remove(0);
    assert_eq!(found.command, "docker run --rm -p 6379:6379 redis:7");
    assert_eq!(found.why, "compose.yml:2: service `cache` is redis");
}
