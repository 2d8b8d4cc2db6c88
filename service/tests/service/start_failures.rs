//! Whatever keeps the service from starting is one sentence that says what to do.

use std::net::{TcpListener, UdpSocket};

use farhand_service::config::{CertificateSource, Config};
use farhand_service::serve::Service;

use super::world::{World, config};

async fn said(config: Config) -> String {
    match Service::start(config).await {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut with_tcp = config(folder.path());
    with_tcp.listen = taken.local_addr().unwrap();
    let sentence = said(with_tcp).await;
    assert!(
        sentence.contains("Another program has this port") && sentence.contains("--listen"),
        "{sentence}"
    );

    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut with_udp = config(folder.path());
    with_udp.media = taken.local_addr().unwrap();
    let sentence = said(with_udp).await;
    assert!(sentence.contains("Another program has this port") && sentence.contains("--media"), "{sentence}");
    // What was begun was given back: the same folder starts.
    Service::start(config(folder.path())).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_or_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let sentence = said(config(&file)).await;
    assert!(sentence.contains("cannot be written") && sentence.contains("--data"), "{sentence}");

    let world = World::start().await;
    let sentence = said(config(world.folder.path())).await;
    assert!(sentence.contains("Another farhand is running"), "{sentence}");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.pem");
    std::fs::write(&bad, "hello").unwrap();
    let mut with_bad = config(folder.path());
    with_bad.certificate = CertificateSource::Files { certificate: bad.clone(), key: bad };
    let sentence = said(with_bad).await;
    assert!(sentence.contains("no usable certificate"), "{sentence}");
}

#[tokio::test]
async fn pages_or_an_agent_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut no_pages = config(folder.path());
    no_pages.web = Some(folder.path().join("none"));
    let sentence = said(no_pages).await;
    assert!(sentence.contains("--web"), "{sentence}");
    let mut no_agent = config(folder.path());
    no_agent.agent_file = Some(folder.path().join("none"));
    let sentence = said(no_agent).await;
    assert!(sentence.contains("--agent-file"), "{sentence}");
}

#[tokio::test]
async fn a_database_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("farhand.sqlite"), vec![b'x'; 8192]).unwrap();
    let sentence = said(config(folder.path())).await;
    assert!(sentence.contains("farhand.sqlite cannot be opened"), "{sentence}");
}
