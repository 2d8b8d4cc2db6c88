//! A PostgreSQL of the tests' own: made in a temporary folder by the first test that asks, without a network port, and
//! gone when the test program ends, however it ends.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AnyConnection, Connection as _, Executor as _};

/// Set by `cargo xtask test`, which has installed PostgreSQL: then it is no excuse that there is none.
const REQUIRED: &str = "FARHAND_REQUIRE_POSTGRES";

/// Starts the server, says so, and waits for the test program's end, which closes the pipe.
const SCRIPT: &str = r#"
set -e
"$1/initdb" -D "$2/data" -U farhand --auth=trust --no-sync --locale=C -E UTF8 >"$2/log" 2>&1
"$1/pg_ctl" -D "$2/data" -w -l "$2/log" -o "-k $2 -h '' -F -c full_page_writes=off" start >/dev/null
echo ready
read -r _ || true
"$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1
rm -rf "$2"
"#;

struct Cluster {
    folder: PathBuf,
    _keeper: Child,
    _open: ChildStdin,
    made: AtomicU32,
}

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();

/// The URL of a new, empty database; `None` where no PostgreSQL is installed.
pub async fn database() -> Option<String> {
    let Some(cluster) = CLUSTER.get_or_init(start) else {
        assert!(std::env::var_os(REQUIRED).is_none(), "PostgreSQL is not installed, but {REQUIRED} is set");
        eprintln!("no PostgreSQL here: this test ran on SQLite alone");
        return None;
    };
    let name = format!("test_{}", cluster.made.fetch_add(1, Ordering::Relaxed));
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&url(&cluster.folder, "postgres")).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    connection.close().await.unwrap();
    Some(url(&cluster.folder, &name))
}

fn url(folder: &Path, name: &str) -> String {
    format!("postgres://farhand@localhost/{name}?host={}", folder.display().to_string().replace('/', "%2F"))
}

fn start() -> Option<Cluster> {
    let programs = programs()?;
    let folder = std::env::temp_dir().join(format!("farhand-postgres-{}", crate::identity::random_id(6)));
    // PostgreSQL refuses to run as root; its package brings a user for it.
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let owner: &[&str] = if root { &["-o", "postgres", "-g", "postgres"] } else { &[] };
    assert!(
        Command::new("install")
            .args(["-d", "-m", "700"])
            .args(owner)
            .arg(&folder)
            .status()
            .unwrap()
            .success()
    );
    let mut command = match root {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
            command
        }
        false => Command::new("sh"),
    };
    command.args(["-c", SCRIPT, "sh"]).arg(programs).arg(&folder).current_dir(&folder);
    let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n", "PostgreSQL did not start: {}", folder.join("log").display());
    let open = keeper.stdin.take().unwrap();
    Some(Cluster { folder, _keeper: keeper, _open: open, made: AtomicU32::new(0) })
}

/// Where the newest PostgreSQL's programs are, as Debian lays them.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs.join("initdb").exists().then_some((version, programs))
        })
        .collect();
    versions.sort();
    versions.pop().map(|(_, programs)| programs)
}
