//! The web pages, their headers, and nothing beside them.

use reqwest::StatusCode;

use super::world::World;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    for (name, text) in [
        ("index.html", "<!doctype html>console"),
        ("join.html", "<!doctype html>join"),
        ("setup.html", "<!doctype html>setup"),
        ("assets/farhand-3f1c.wasm", "\0asm"),
        ("assets/index-77aa.js", "export {}"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[tokio::test]
async fn pages_come_with_their_types_and_strict_headers() {
    let pages = folder();
    let world = World::start_with(|config| config.web = Some(pages.path().to_owned())).await;
    for (path, kind, text) in [
        ("/", "text/html; charset=utf-8", "console"),
        ("/join", "text/html; charset=utf-8", "join"),
        ("/setup", "text/html; charset=utf-8", "setup"),
        ("/assets/farhand-3f1c.wasm", "application/wasm", "asm"),
        ("/assets/index-77aa.js", "text/javascript; charset=utf-8", "export"),
    ] {
        let page = world.get(path).await;
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        let headers = page.headers().clone();
        assert_eq!(headers["content-type"], kind);
        let policy = headers["content-security-policy"].to_str().unwrap();
        for part in [
            "default-src 'self'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "frame-ancestors 'none'",
            "object-src 'none'",
        ] {
            assert!(policy.contains(part), "{part} in {policy}");
        }
        assert!(
            policy.contains(&format!("https://127.0.0.1:{}", world.service.ready().media_port)),
            "{policy}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        // With a certificate that nobody vouches for this header would lock people out.
        assert!(headers.get("strict-transport-security").is_none());
        let hashed = path.starts_with("/assets/");
        assert_eq!(headers["cache-control"].to_str().unwrap().contains("immutable"), hashed, "{path}");
        let again = world
            .http
            .get(world.url(path))
            .header("if-none-match", headers["etag"].clone())
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert!(page.text().await.unwrap().contains(text));
    }
    for path in [
        "/nothing",
        "/assets",
        "/assets/",
        "/join/",
        "/Join",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/index.html/",
    ] {
        assert_eq!(world.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_agent_is_offered_only_when_there_is_one() {
    let world = World::start().await;
    assert_eq!(world.get("/download/farhand-agent").await.status(), StatusCode::NOT_FOUND);
    let folder = tempfile::tempdir().unwrap();
    let agent = folder.path().join("agent");
    let content = vec![7_u8; 200_000];
    std::fs::write(&agent, &content).unwrap();
    let world = World::start_with(|config| config.agent_file = Some(agent)).await;
    let info: farhand_protocol::api::ServiceInfo = world.get("/api/v1/service").await.json().await.unwrap();
    assert!(info.download && !info.demo);
    assert_eq!(info.certificate_sha256, world.service.ready().fingerprint);
    assert_eq!(info.media_port, Some(world.service.ready().media_port));
    let answer = world.get("/download/farhand-agent").await;
    assert_eq!(answer.headers()["content-length"], "200000");
    assert_eq!(answer.bytes().await.unwrap(), content);
}

#[tokio::test]
async fn health_is_on_the_https_port_and_metrics_are_not() {
    let world = World::start().await;
    assert_eq!(world.get("/healthz").await.text().await.unwrap(), "ok\n");
    assert_eq!(world.get("/metrics").await.status(), StatusCode::NOT_FOUND);
    assert!(world.metrics().await.contains("farhand_media_rooms 0\n"));
}
