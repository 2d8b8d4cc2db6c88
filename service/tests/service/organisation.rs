//! The organisation: logo, domain, history and report.

use farhand_protocol::api::{Domain, History, Organisation, Report};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::world::{World, problem};

#[tokio::test]
async fn a_logo_is_a_picture_and_nothing_else() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let put = async |body: Vec<u8>| {
        world.with_token(Method::PUT, "/api/v1/organisation/logo", &token).body(body).send().await.unwrap()
    };
    let picture = b"\x89PNG\r\n\x1a\nrest".to_vec();
    for bad in [b"<svg onload=alert(1)>".to_vec(), Vec::new()] {
        assert_eq!(problem(put(bad).await).await.1.code, "image_invalid");
    }
    assert_eq!(put(picture.clone()).await.status(), StatusCode::NO_CONTENT);
    let logo = world.with_token(Method::GET, "/api/v1/organisation/logo", &token).send().await.unwrap();
    assert_eq!(logo.headers()["content-type"], "image/png");
    assert_eq!(logo.bytes().await.unwrap().to_vec(), picture);
    let gone = world.with_token(Method::DELETE, "/api/v1/organisation/logo", &token).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let answer = world.with_token(Method::GET, "/api/v1/organisation", &token).send().await.unwrap();
    assert!(!answer.json::<Organisation>().await.unwrap().logo);
}

#[tokio::test]
async fn a_domain_is_named_with_its_proof_and_forgotten() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let name = async |name: &str| {
        let request = world.with_token(Method::POST, "/api/v1/organisation/domain", &token);
        request.json(&json!({ "name": name })).send().await.unwrap()
    };
    for bad in ["", "localhost", "192.0.2.1", "https://example.org", "a b.example"] {
        assert_eq!(problem(name(bad).await).await.1.code, "domain_invalid", "{bad}");
    }
    let first: Domain = name("Example.ORG").await.json().await.unwrap();
    assert_eq!((first.name.as_str(), first.txt_name.as_str()), ("example.org", "_farhand.example.org"));
    assert!(first.value.starts_with("farhand-verification=") && first.verified_at.is_none());
    // Named again the proof stays, another name gets another one.
    assert_eq!(name("example.org").await.json::<Domain>().await.unwrap().value, first.value);
    assert_ne!(name("example.net").await.json::<Domain>().await.unwrap().value, first.value);
    let gone = world.with_token(Method::DELETE, "/api/v1/organisation/domain", &token).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_report_adds_up_what_the_history_shows() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let from = world.service.app().now().unix_ms - 60_000;
    for joined in [true, false] {
        let created = world.create(&token).await;
        if joined {
            world.join(&created.code).await;
        }
        let path = format!("/api/v1/sessions/{}", created.session.id);
        assert_eq!(world.with_token(Method::DELETE, &path, &token).send().await.unwrap().status(), 204);
    }
    let get = async |path: &str| world.with_token(Method::GET, path, &token).send().await.unwrap();
    let history: History = get("/api/v1/history?limit=1").await.json().await.unwrap();
    assert_eq!(history.sessions.len(), 1);
    let next = history.next.unwrap();
    let rest: History = get(&format!("/api/v1/history?limit=1&before={next}")).await.json().await.unwrap();
    assert_eq!(rest.sessions.len(), 1);
    assert_ne!(rest.sessions[0].id, history.sessions[0].id);
    let none: History = get("/api/v1/history?search=nobody").await.json().await.unwrap();
    assert!(none.sessions.is_empty());
    let to = from + 24 * 3600 * 1000;
    let report: Report = get(&format!("/api/v1/report?from={from}&to={to}")).await.json().await.unwrap();
    assert_eq!(report.rows.iter().map(|row| row.sessions).sum::<u32>(), 2);
    assert_eq!(report.rows.iter().map(|row| row.joined).sum::<u32>(), 1);
    assert!(report.rows.iter().all(|row| row.technician_name == "Ada"));
    let table = get(&format!("/api/v1/report.csv?from={from}&to={to}")).await;
    assert_eq!(table.headers()["content-type"], "text/csv; charset=utf-8");
    assert!(table.text().await.unwrap().starts_with("day,technician,outcome,"));
    assert_eq!(problem(get("/api/v1/report?from=5&to=4").await).await.1.code, "range_invalid");
}
