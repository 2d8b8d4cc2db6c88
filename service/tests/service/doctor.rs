//! `farhand doctor` tells what works and what does not, here and from afar.

use std::process::Stdio;

use tokio::process::Command;

use super::world::World;

async fn doctor(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_farhand"))
        .arg("doctor")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn a_running_service_is_reached_over_tcp_tls_and_udp() {
    let world = World::start().await;
    let (url, fingerprint) = (world.origin(), world.service.ready().fingerprint.clone());
    let (code, text) = doctor(&["--server", &url, "--fingerprint", &fingerprint]).await;
    assert_eq!(code, 0, "{text}");
    for line in ["✓ TCP:", "✓ TLS:", "✓ Service: farhand", "✓ UDP:"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    // Another certificate than the one that was printed belongs to somebody in between.
    let (code, text) = doctor(&["--server", &url, "--fingerprint", &"0".repeat(64)]).await;
    assert_eq!(code, 1);
    assert!(text.contains("✗ TLS:") && text.contains("→"), "{text}");
    let (code, text) = doctor(&["--server", &url]).await;
    assert_eq!(code, 1);
    assert!(text.contains("--fingerprint"), "{text}");
}

#[tokio::test]
async fn what_does_not_answer_is_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, text) = doctor(&["--server", &format!("https://{free}")]).await;
    assert_eq!(code, 1);
    assert!(text.contains("✗ TCP:"), "{text}");
    let (code, _) = doctor(&["--server", "http://x"]).await;
    assert_eq!(code, 1);
}

#[tokio::test]
async fn this_machine_is_checked_before_the_first_start_and_beside_the_running_service() {
    let world = World::start().await;
    let (listen, media) = (world.service.address(), world.service.app().media().local_addr());
    let data = world.folder.path().display().to_string();
    let flags = ["--json", "--data", &data, "--listen", &listen.to_string(), "--media", &media.to_string()];
    let (code, text) = doctor(&flags).await;
    let findings: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 0, "{text}");
    let checks: Vec<_> = findings.iter().map(|f| f["check"].as_str().unwrap()).collect();
    assert_eq!(
        checks,
        ["Data folder", "Disk space", "Database", "Clock", "Certificate", "TCP port", "UDP port", "UDP"]
    );
    let fresh = tempfile::tempdir().unwrap();
    let data = fresh.path().join("new").display().to_string();
    let (code, text) = doctor(&["--data", &data, "--listen", "127.0.0.1:0", "--media", "127.0.0.1:0"]).await;
    assert_eq!(code, 0, "{text}");
    assert!(!fresh.path().join("new").exists(), "it changes nothing");
    // Ports that others have.
    let (code, text) =
        doctor(&["--data", &data, "--listen", &listen.to_string(), "--media", &media.to_string()]).await;
    assert_eq!(code, 1);
    assert!(text.contains("✗ TCP port") && text.contains("✗ UDP port"), "{text}");
    let (code, _) = doctor(&["--listen", "nonsense"]).await;
    assert_eq!(code, 2);
}
