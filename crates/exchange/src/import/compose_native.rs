//! Services of known images by the command that runs the same program without a container.

use crate::draft::Draft;
use crate::fields::Fields;
use crate::value::Value;

use super::compose_ports::{self as ports, Published};

/// A program that is known by its image.
struct Program {
    /// Last part of the image's name.
    images: &'static [&'static str],
    /// The port within the container.
    port: u16,
    /// `{port}` and `{data}` are filled in.
    command: &'static str,
    /// Exit 0 when it is well.
    check: &'static str,
}

const PROGRAMS: [Program; 8] = [
    Program {
        images: &[
            "postgres",
            "postgis",
            "pgvector",
            "timescaledb",
            "postgresql",
        ],
        port: 5432,
        command: "test -s {data}/PG_VERSION || { mkdir -p {data} && initdb -D {data} -U \"${POSTGRES_USER:-postgres}\" --auth=trust; }\nexec postgres -D {data} -p {port} -k /tmp",
        check: "pg_isready -h localhost -p {port}",
    },
    Program {
        images: &["redis", "redis-stack-server", "redis-stack", "redismod"],
        port: 6379,
        command: "mkdir -p {data} && exec redis-server --port {port} --dir {data}",
        check: "redis-cli -p {port} ping",
    },
    Program {
        images: &["valkey"],
        port: 6379,
        command: "mkdir -p {data} && exec valkey-server --port {port} --dir {data}",
        check: "valkey-cli -p {port} ping",
    },
    Program {
        images: &["mysql", "mariadb", "percona"],
        port: 3306,
        command: "test -d {data}/mysql || { mkdir -p {data} && mysqld --initialize-insecure --datadir=\"$PWD/{data}\"; }\nexec mysqld --datadir=\"$PWD/{data}\" --port={port} --socket=\"$PWD/{data}/mysql.sock\"",
        check: "mysqladmin ping --protocol=tcp -h 127.0.0.1 -P {port}",
    },
    Program {
        images: &["mongo", "mongodb"],
        port: 27017,
        command: "mkdir -p {data} && exec mongod --dbpath {data} --port {port}",
        check: "",
    },
    Program {
        images: &["memcached"],
        port: 11211,
        command: "exec memcached -p {port}",
        check: "",
    },
    Program {
        images: &["nats"],
        port: 4222,
        command: "exec nats-server -p {port}",
        check: "",
    },
    Program {
        images: &["mailpit"],
        port: 8025,
        command: "exec mailpit --listen 127.0.0.1:{port}",
        check: "",
    },
];

/// Makes a draft of a service whose image is known; false where it is not.
pub(super) fn read(draft: &mut Draft, fields: &Fields<'_>) -> bool {
    let image = fields
        .rest()
        .into_iter()
        .find(|field| field.path == "image");
    let name = image
        .as_ref()
        .and_then(|field| field.node.scalar())
        .unwrap_or_default();
    let Some(program) = known(name) else {
        return false;
    };
    let built = fields.rest().iter().any(|field| field.path == "build");
    if built {
        return false;
    }
    let published = fields.take("ports").map(|field| {
        let ports = ports::read(&field);
        field.approximated("the program listens on the port that Docker would have opened");
        ports
    });
    let published = published.unwrap_or_default();
    let main = published
        .iter()
        .position(|port| port.target == Some(program.port));
    let port = match main.map(|at| &published[at]) {
        Some(port) => port.clone(),
        None => Published {
            host: program.port.to_string(),
            target: Some(program.port),
        },
    };
    let data = format!(".forge/data/{}", draft.name);
    let fill = |text: &str| text.replace("{port}", "\"$PORT\"").replace("{data}", &data);
    super::compose::write_ports(draft, std::slice::from_ref(&port));
    draft.set(
        "command",
        Value::text(fill(program.command).replace("127.0.0.1:\"$PORT\"", "\"127.0.0.1:$PORT\"")),
    );
    if !program.check.is_empty() {
        draft.set(
            "health_check",
            Value::map([("command", Value::text(fill(program.check)))]),
        );
    }
    if let Some(field) = fields.take("image") {
        field.approximated(format!(
            "by the program of this machine, in whatever version; its data lies in {data}"
        ));
    }
    environment(draft, fields);
    for key in ["container_name", "hostname", "restart", "expose"] {
        if let Some(field) = fields.take(key) {
            field.approximated("Forge names, restarts and reaches it as any other process");
        }
    }
    for key in ["healthcheck", "command", "entrypoint"] {
        if let Some(field) = fields.take(key) {
            match key {
                "healthcheck" => field.approximated("the program's own check"),
                _ => field.dropped(
                    "it is written for the container: add what you need to the command here",
                ),
            }
        }
    }
    true
}

fn known(image: &str) -> Option<&'static Program> {
    let image = image.split('@').next().unwrap_or(image);
    let name = image.rsplit('/').next().unwrap_or(image);
    let name = name.split(':').next().unwrap_or(name);
    PROGRAMS
        .iter()
        .find(|program| program.images.contains(&name))
}

fn environment(draft: &mut Draft, fields: &Fields<'_>) {
    let Some(field) = fields.take("environment") else {
        return;
    };
    let mut set = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|_| !name.is_empty()) {
            let value = crate::dollar::value(value).text;
            draft.set_in("env", name, Value::text(value));
        }
    };
    for (text, _) in field.node.texts() {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        set(name, text.contains('=').then_some(value));
    }
    for entry in field.node.map().unwrap_or_default() {
        set(&entry.key, entry.value.scalar());
    }
    field.approximated(
        "passed on; what the image makes of it, such as users and databases, is not done",
    );
}
