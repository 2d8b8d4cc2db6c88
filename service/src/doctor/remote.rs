//! Checks of the way to a running service: TCP, TLS, the API, and a QUIC hand-shake on the media service's UDP port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use farhand_link::trust::Pinned;
use farhand_protocol::api::ServiceInfo;
use farhand_protocol::framing::ALPN;
use http_body_util::{BodyExt as _, Limited};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Finding;

/// Each step takes at most this long.
const WITHIN: Duration = Duration::from_secs(5);
/// The service's answer is a few hundred bytes.
const MAX_ANSWER: usize = 16 * 1024;

/// How the service's certificate is known.
pub(super) enum Known {
    /// By its SHA-256.
    Fingerprint(String),
    /// By this machine's certificate authorities.
    Authorities,
}

struct Target {
    host: String,
    port: u16,
}

pub(super) async fn examine(server: &str, fingerprint: Option<&str>) -> Vec<Finding> {
    const ADDRESS: &str = "Address";
    let target = match target(server) {
        Ok(target) => target,
        Err(why) => {
            return vec![Finding::bad(ADDRESS, why, "Write it like https://support.example.org:8443.")];
        }
    };
    let known = match fingerprint {
        Some(text) => {
            Known::Fingerprint(text.chars().filter(|c| *c != ':').collect::<String>().to_ascii_lowercase())
        }
        None => Known::Authorities,
    };
    let mut findings = Vec::new();
    let addresses = match tokio::net::lookup_host((target.host.as_str(), target.port)).await {
        Ok(addresses) => addresses.collect::<Vec<_>>(),
        Err(e) => {
            let found = format!("{} is not known: {e}", target.host);
            return vec![Finding::bad(
                ADDRESS,
                found,
                "Check the name for typing errors, and this machine's DNS.",
            )];
        }
    };
    let stream = match connect(&addresses).await {
        Ok(stream) => stream,
        Err(why) => {
            findings.push(Finding::bad(
                "TCP",
                format!("port {} of {} does not answer: {why}", target.port, target.host),
                "Check that the service runs, and that no firewall between here and there blocks the port.",
            ));
            return findings;
        }
    };
    let reached = stream.peer_addr().map(|a| a.ip()).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    findings.push(Finding::good("TCP", format!("{reached} port {} answers", target.port)));
    let info = match service(stream, &target, &known).await {
        Ok(info) => info,
        Err(finding) => {
            findings.push(finding);
            return findings;
        }
    };
    findings.push(Finding::good("TLS", format!("certificate {}", info.certificate_sha256)));
    findings.push(Finding::good("Service", format!("farhand {}", info.version)));
    match info.media_port {
        Some(port) => {
            findings.push(quic(SocketAddr::new(reached, port), &info.media_certificate_sha256).await)
        }
        None => findings.push(Finding::doubtful(
            "UDP",
            "the service does not say where its media port is",
            "Update the service, then check again.",
        )),
    }
    findings
}

/// Asks a service what anybody may know.
pub(super) async fn ask(url: &str, known: &Known) -> Result<ServiceInfo, String> {
    let target = target(url)?;
    let addresses: Vec<_> = tokio::net::lookup_host((target.host.as_str(), target.port))
        .await
        .map_err(|e| e.to_string())?
        .collect();
    let stream = connect(&addresses).await?;
    service(stream, &target, known).await.map_err(|finding| finding.found)
}

/// A QUIC hand-shake with the media service, whose certificate is one of those that it offers.
pub(super) async fn quic(address: SocketAddr, hashes: &[String]) -> Finding {
    const CHECK: &str = "UDP";
    match tokio::time::timeout(WITHIN, shake_hands(address, hashes)).await {
        Ok(Ok(millis)) => Finding::good(CHECK, format!("{address} shook hands over QUIC in {millis} ms")),
        Ok(Err(why)) => Finding::bad(
            CHECK,
            format!("{address} does not speak QUIC with us: {why}"),
            "Something else may answer on this port. Sessions fall back to the WebSocket, which is slower.",
        ),
        Err(_) => Finding::bad(
            CHECK,
            format!("{address} does not answer"),
            "A firewall between here and there blocks UDP. Open this port for outgoing UDP; until then sessions fall \
             back to the WebSocket, which is slower.",
        ),
    }
}

async fn shake_hands(address: SocketAddr, hashes: &[String]) -> Result<u128, String> {
    let any: SocketAddr = match address.ip() {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let mut tls = pinned(hashes.to_vec(), quinn_provider())?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    let crypto = quinn::crypto::rustls::QuicClientConfig::try_from(tls).map_err(|e| e.to_string())?;
    let mut endpoint = quinn::Endpoint::client(any).map_err(|e| e.to_string())?;
    endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(crypto)));
    let begun = std::time::Instant::now();
    let connection =
        endpoint.connect(address, "farhand").map_err(|e| e.to_string())?.await.map_err(|e| e.to_string())?;
    let took = begun.elapsed().as_millis();
    connection.close(0u32.into(), b"checked");
    endpoint.wait_idle().await;
    Ok(took)
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let mut why = "there is no address".to_owned();
    for address in addresses {
        match tokio::time::timeout(WITHIN, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(e)) => why = e.to_string(),
            Err(_) => why = "nothing came back in time".to_owned(),
        }
    }
    Err(why)
}

async fn service(stream: TcpStream, target: &Target, known: &Known) -> Result<ServiceInfo, Finding> {
    let failed = |check: &'static str, found: String| {
        let remedy = match check {
            "TLS" => {
                "When the service printed a fingerprint, compare it and give it with --fingerprint. A certificate that \
                 is neither known nor printed by the service belongs to somebody in between."
            }
            _ => "Check that the address is the one of a farhand service, and look at its log.",
        };
        Finding::bad(check, found, remedy)
    };
    let name = ServerName::try_from(target.host.clone()).map_err(|e| failed("TLS", e.to_string()))?;
    let tls = match known {
        Known::Fingerprint(hash) => pinned(vec![hash.clone()], crate::tls::crypto()),
        Known::Authorities => by_authorities(),
    };
    let tls = tls.map_err(|e| failed("TLS", e))?;
    let shake = TlsConnector::from(Arc::new(tls)).connect(name, stream);
    let tls = tokio::time::timeout(WITHIN, shake)
        .await
        .map_err(|_| failed("TLS", "the hand-shake took too long".into()))?
        .map_err(|e| failed("TLS", e.to_string()))?;
    let answer = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls)).await?;
        let connection = tokio::spawn(connection);
        let request = http::Request::get("/api/v1/service")
            .header(http::header::HOST, format!("{}:{}", target.host, target.port))
            .body(http_body_util::Empty::<bytes::Bytes>::new())
            .expect("the request is well formed");
        let answer = sender.send_request(request).await?;
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await.map(|b| b.to_bytes());
        connection.abort();
        Ok::<_, hyper::Error>(body)
    };
    let body = tokio::time::timeout(WITHIN, answer)
        .await
        .map_err(|_| failed("Service", "no answer came in time".into()))?
        .map_err(|e| failed("Service", e.to_string()))?
        .map_err(|e| failed("Service", e.to_string()))?;
    serde_json::from_slice(&body)
        .map_err(|_| failed("Service", "the answer is not a farhand service's".into()))
}

fn target(url: &str) -> Result<Target, String> {
    let uri: http::Uri = url.parse().map_err(|_| format!("{url:?} is no address"))?;
    let Some(host) = uri.host() else { return Err(format!("{url:?} names no host")) };
    if uri.scheme_str() != Some("https") {
        return Err(format!("{url:?} does not begin with https://"));
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Target { host, port: uri.port_u16().unwrap_or(443) })
}

fn by_authorities() -> Result<ClientConfig, String> {
    let provider = crate::tls::crypto();
    let verifier =
        rustls_platform_verifier::Verifier::new(Arc::clone(&provider)).map_err(|e| e.to_string())?;
    config(provider, Arc::new(verifier))
}

fn pinned(hashes: Vec<String>, provider: Arc<CryptoProvider>) -> Result<ClientConfig, String> {
    config(Arc::clone(&provider), Arc::new(Pinned::from_hex(&hashes, provider)))
}

fn config(
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, String> {
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// QUIC protects its first packets with AES-128, so its provider needs that suite too.
fn quinn_provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
