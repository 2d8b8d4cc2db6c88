//! The program itself: its start line, its exit codes, and its end.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::world::PATIENCE;

fn serve(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_farhand"))
        .arg("serve")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn refused(arguments: &[&str]) -> (i32, String) {
    let output = tokio::time::timeout(PATIENCE, serve(arguments).wait_with_output()).await.unwrap().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn it_says_when_it_is_ready_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let free = "127.0.0.1:0";
    let mut child =
        serve(&["--data", &data, "--listen", free, "--media", free, "--metrics", free, "--log", "json"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["event"], "ready");
    let url = ready["url"].as_str().unwrap();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    assert!(ready["setup_url"].as_str().unwrap().starts_with(&format!("{url}/setup#")));
    assert_eq!(ready["fingerprint"].as_str().unwrap().len(), 64);
    assert!(ready["media_port"].as_u64().unwrap() > 0);
    assert!(ready["metrics"].as_str().unwrap().starts_with("127.0.0.1:"));

    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(0));
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
    let events: Vec<serde_json::Value> = log
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(events.iter().any(|event| event["fields"]["message"] == "the service is ready"), "{log}");
    // The set-up link is for whoever started the program, and never for its log.
    let token = ready["setup_url"].as_str().unwrap().split_once('#').unwrap().1;
    assert!(events.iter().all(|event| !event.to_string().contains(token)));
}

#[tokio::test]
async fn what_is_wrong_is_one_sentence_and_an_exit_code() {
    let (code, said) = refused(&["--listen", "nowhere"]).await;
    assert_eq!(code, 2);
    assert!(said.contains("--listen") && said.lines().count() == 1, "{said}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("farhand.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:0\"\n").unwrap();
    let (code, said) = refused(&["--config", &file.display().to_string()]).await;
    assert_eq!(code, 2);
    assert!(said.contains("did you mean \"listen\"?") && said.lines().count() == 1, "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let data = folder.path().join("data").display().to_string();
    let (code, said) = refused(&["--data", &data, "--listen", &port, "--media", "127.0.0.1:0"]).await;
    assert_eq!(code, 1);
    assert!(said.contains("Another program has this port") && !said.contains("panicked"), "{said}");
}
