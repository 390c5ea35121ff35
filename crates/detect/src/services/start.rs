//! The command that starts a service on this machine: a local server where there is one, else docker.

use crate::kinds::Kind;
use crate::machine::Machine;

/// The command, and whether this machine has its program.
pub(crate) fn command(
    kind: Kind,
    port: u16,
    composed: Option<&str>,
    machine: &dyn Machine,
) -> (String, bool) {
    if let Some(command) = local(kind, port, machine) {
        return (command, true);
    }
    let docker = ["docker", "podman"]
        .into_iter()
        .find(|program| machine.has(program));
    let program = docker.unwrap_or("docker");
    let command = match composed {
        Some(composed) => composed.replacen("docker", program, 1),
        None => container(kind, port, program),
    };
    (command, docker.is_some())
}

/// A server of this machine, with its data in the workspace's `.forge` folder.
fn local(kind: Kind, port: u16, machine: &dyn Machine) -> Option<String> {
    let find = |program: &str| match machine.has(program) {
        true => Some(program.to_string()),
        false => machine
            .elsewhere(program)
            .map(|path| path.to_string_lossy().into_owned()),
    };
    let data = format!(".forge/data/{}", kind.name);
    match kind.name {
        "postgres" => {
            let (server, init) = (find("postgres")?, find("initdb")?);
            Some(postgres(&server, &init, &data, port, machine.is_root()))
        }
        "redis" => {
            let server = find("redis-server").or_else(|| find("valkey-server"))?;
            Some(format!("{server} --port {port} --bind 127.0.0.1 --save ''"))
        }
        "mongodb" => {
            let server = find("mongod")?;
            Some(format!(
                "mkdir -p {data} && exec {server} --dbpath {data} --port {port} --bind_ip 127.0.0.1"
            ))
        }
        "mysql" | "mariadb" => {
            let server = find("mysqld").or_else(|| find("mariadbd"))?;
            // `mariadbd` has no `--initialize-insecure`; its data folder is made by another program.
            (!machine.has("mariadbd") && kind.name == "mysql").then(|| {
                format!(
                    "mkdir -p .forge/data && {{ [ -d {data} ] || {server} --initialize-insecure --datadir=\"$PWD/{data}\"; }} && \
                     exec {server} --datadir=\"$PWD/{data}\" --port={port} --bind-address=127.0.0.1 --socket=\"$PWD/{data}.sock\" --mysqlx=OFF"
                )
            })
        }
        "memcached" => Some(format!("{} -p {port} -l 127.0.0.1", find("memcached")?)),
        "nats" => Some(format!("{} -p {port}", find("nats-server")?)),
        "minio" => Some(format!(
            "{} server {data} --address :{port}",
            find("minio")?
        )),
        "mailpit" => Some(format!("{} --smtp 127.0.0.1:{port}", find("mailpit")?)),
        "mailhog" => Some(format!(
            "{} -smtp-bind-addr 127.0.0.1:{port}",
            find("mailhog")?
        )),
        "meilisearch" => Some(format!(
            "{} --http-addr 127.0.0.1:{port} --db-path {data}",
            find("meilisearch")?
        )),
        _ => None,
    }
}

/// PostgreSQL with a data folder of its own, which the first start creates. It refuses to run as
/// root, so root hands it to the user `postgres`, with the data where that user may go.
fn postgres(server: &str, init: &str, data: &str, port: u16, root: bool) -> String {
    let run = format!("-p {port} -h 127.0.0.1 -k ''");
    match root {
        false => format!(
            "[ -d {data} ] || {init} -D {data} -U postgres -A trust && exec {server} -D {data} {run}"
        ),
        true => format!(
            "cd / && D=/var/tmp/forge-postgres-$(echo \"$OLDPWD\" | cksum | cut -d' ' -f1); \
             [ -d $D ] || setpriv --reuid postgres --regid postgres --clear-groups {init} -D $D -U postgres -A trust && \
             exec setpriv --reuid postgres --regid postgres --clear-groups {server} -D $D {run}"
        ),
    }
}

fn container(kind: Kind, port: u16, program: &str) -> String {
    let settings = match kind.name {
        "postgres" => " -e POSTGRES_HOST_AUTH_METHOD=trust",
        "mysql" => " -e MYSQL_ALLOW_EMPTY_PASSWORD=1",
        "mariadb" => " -e MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1",
        "sqlserver" => " -e ACCEPT_EULA=Y -e MSSQL_SA_PASSWORD=Forge-development-1",
        "elasticsearch" => " -e discovery.type=single-node -e xpack.security.enabled=false",
        "opensearch" => " -e discovery.type=single-node -e DISABLE_SECURITY_PLUGIN=true",
        "neo4j" => " -e NEO4J_AUTH=none",
        _ => "",
    };
    let arguments = match kind.name {
        "minio" => " server /data",
        _ => "",
    };
    let inner = match kind.name {
        "inbucket" => 2500,
        _ => kind.port,
    };
    format!(
        "{program} run --rm -p {port}:{inner}{settings} {}{arguments}",
        kind.image
    )
}
