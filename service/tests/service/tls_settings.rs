//! N2: current TLS only, strong suites only.

use std::sync::Arc;

use rustls::crypto::ring as provider;
use rustls::{CipherSuite, ClientConfig, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;

use super::world::World;

async fn shakes_hands(world: &World, suite: CipherSuite, version: &'static SupportedProtocolVersion) -> bool {
    let mut provider = provider::default_provider();
    provider.cipher_suites.retain(|s| s.suite() == suite);
    assert_eq!(provider.cipher_suites.len(), 1, "{suite:?} is known to the client");
    let mut roots = rustls::RootCertStore::empty();
    let file = world.folder.path().join(farhand_service::tls::CERTIFICATE_FILE);
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(world.service.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.is_ok()
}

#[tokio::test]
async fn strong_suites_work_and_the_others_do_not() {
    use CipherSuite as S;
    use rustls::version::{TLS12, TLS13};
    let world = World::start().await;
    for (suite, version, works) in [
        (S::TLS13_AES_256_GCM_SHA384, &TLS13, true),
        (S::TLS13_CHACHA20_POLY1305_SHA256, &TLS13, true),
        (S::TLS13_AES_128_GCM_SHA256, &TLS13, false),
        (S::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, &TLS12, true),
        (S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, &TLS12, false),
        (S::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, &TLS12, false),
    ] {
        assert_eq!(shakes_hands(&world, suite, version).await, works, "{suite:?}");
    }
}
