//! Signed releases on the HTTPS port, and start tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farhand_protocol::api::{ServiceInfo, StartToken};
use farhand_release::start::{StartError, Token};
use farhand_release::{Offer, Release, SecretKey, Version};
use farhand_service::config::SignedFolder;
use reqwest::StatusCode;
use serde_json::json;

use super::world::World;

const TARGET: &str = "windows-x86_64-exe";

fn key() -> SecretKey {
    SecretKey::from_seed(*b"releases", [9; 32])
}

fn put(folder: &std::path::Path, version: &str, name: &str, bytes: &[u8]) {
    let release = Release::of("farhand-agent", Version::parse(version).unwrap(), TARGET, name, bytes);
    std::fs::write(folder.join(name), bytes).unwrap();
    std::fs::write(folder.join(format!("{name}.minisig")), release.sign(&key(), bytes).unwrap()).unwrap();
}

async fn info(world: &World) -> ServiceInfo {
    world.get("/api/v1/service").await.json().await.unwrap()
}

#[tokio::test]
async fn signed_releases_are_offered_whole_and_with_their_signature() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = vec![7_u8; 200_000];
    put(folder.path(), "0.2.0", "agent-0.2.0.exe", &bytes);
    put(folder.path(), "0.1.0", "agent-0.1.0.exe", b"older");
    let place = SignedFolder { folder: folder.path().to_owned(), key: key().public() };
    let world = World::start_with(|config| config.downloads = Some(place)).await;
    let known = info(&world).await;
    assert_eq!(known.release_key, Some(key().public().to_string()));
    let [offered] = known.downloads.as_slice() else { panic!("{:?}", known.downloads) };
    assert_eq!((offered.target.as_str(), offered.version.as_str(), offered.size), (TARGET, "0.2.0", 200_000));

    let signature = world.get(&format!("/download/farhand-agent/{TARGET}.minisig")).await;
    assert_eq!(signature.status(), StatusCode::OK);
    let offer = Offer::read(&signature.bytes().await.unwrap(), &key().public()).unwrap();
    assert_eq!(offer.release().file, offered.file);
    let file = world.get(&format!("/download/farhand-agent/{}", offered.file)).await;
    assert_eq!(file.headers()["content-length"], "200000");
    assert_eq!(file.headers()["content-disposition"], "attachment");
    assert_eq!(file.headers()["x-content-type-options"], "nosniff");
    assert_eq!(file.bytes().await.unwrap(), bytes);

    for path in [
        "/download/farhand-agent/linux-x86_64-deb.minisig",
        "/download/farhand-console/agent-0.2.0.exe",
        "/download/farhand-agent/agent-0.2.0.exe.minisig",
        "/download/farhand-agent/..%2f..%2fetc%2fpasswd",
        "/download/farhand-agent/",
        "/download/farhand-agent",
    ] {
        assert_eq!(world.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }

    std::fs::write(folder.path().join("agent-0.2.0.exe"), vec![8_u8; 200_000]).unwrap();
    assert_eq!(
        info(&world).await.downloads[0].version,
        "0.1.0",
        "what is not genuine any more is not offered"
    );
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = super::world::config(folder.path());
    config.downloads = Some(SignedFolder { folder: folder.path().join("none"), key: key().public() });
    let refused = farhand_service::serve::Service::start(config).await.err().expect("it does not start");
    assert!(refused.to_string().contains("--downloads"), "{refused}");
}

#[tokio::test]
async fn a_start_token_names_this_service_and_ends() {
    let world = World::start().await;
    let answer = world.post("/api/v1/start-token", &json!({"number": "482193"})).await;
    let StartToken { token, expires_at } = answer.json().await.unwrap();
    let token = Token::read(&token).unwrap();
    let start_key = STANDARD.decode(info(&world).await.start_key).unwrap();
    let now = world.clock.now().unix_ms / 1000;
    let start = token.verify(&start_key, now).unwrap();
    assert_eq!((start.number.as_str(), start.until * 1000), ("482193", expires_at));
    assert_eq!(start.fingerprint, world.service.ready().fingerprint, "nobody vouches for it but itself");
    assert!(start.server.starts_with("https://127.0.0.1:"), "{}", start.server);
    assert_eq!(token.verify(&start_key, now + 31 * 60), Err(StartError::Expired));
    let other = World::start().await;
    let other_key = STANDARD.decode(info(&other).await.start_key).unwrap();
    assert_eq!(token.verify(&other_key, now), Err(StartError::Signature));
    for wrong in ["", "48219", "4821935710", "48219x"] {
        let refused = world.post("/api/v1/start-token", &json!({ "number": wrong })).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
}
