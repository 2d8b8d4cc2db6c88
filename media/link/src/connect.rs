//! Opening the two carriers, up to where a ticket can be handed in.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use farhand_protocol::api::MediaOffer;
use farhand_protocol::envelope::MAX_ANY_MESSAGE;
use farhand_protocol::framing::ALPN;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use quinn::crypto::rustls::QuicClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::handle::{LinkConfig, Udp};
use crate::proxy::Proxy;
use crate::quic;
use crate::trust::Pinned;

/// The name in the media service's certificate. Nobody relies on it: the certificate is pinned.
const MEDIA_NAME: &str = "farhand-media";
/// The next address of a name is tried when the one before is silent for so long.
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(150);
/// What a kernel may hold back of a WebSocket: an urgent message waits for no more than that.
const SOCKET_SEND_BUFFER: usize = 48 * 1024;
const READ_BUFFER: usize = 16 * 1024;

/// A WebSocket over TLS.
pub(crate) type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Why no connection stands, for the log.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The network's error, or the far side's certificate is refused: see [`crate::trust::certificate_error`].
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The name is known and leads nowhere.
    #[error("the host has no address")]
    NoAddress,
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The QUIC connection failed.
    #[error("{0}")]
    Quic(String),
    /// TCP and TLS stand, and the WebSocket was refused.
    #[error("the WebSocket was refused: {0}")]
    WebSocket(Box<tokio_tungstenite::tungstenite::Error>),
    /// The host's name cannot stand in a certificate.
    #[error("the host's name is none")]
    Name,
    /// Nobody answered in time.
    #[error("no answer in time")]
    TimedOut,
}

/// A QUIC connection to where the offer says.
pub(crate) async fn quic(config: &LinkConfig, offer: &MediaOffer) -> Result<quinn::Connection, ConnectError> {
    let host = offer.host.as_deref().unwrap_or(&config.api_host);
    let client = client_config(offer, config.timing.idle_after)?;
    first_of(host, offer.port, |address| quic_to(address, client.clone(), config.udp)).await
}

async fn quic_to(
    address: SocketAddr,
    client: quinn::ClientConfig,
    udp: Udp,
) -> Result<quinn::Connection, ConnectError> {
    // A socket of its own: a new connection does not inherit what a middlebox holds against the old one.
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let endpoint = quic::caller(quic::socket(any)?, udp)?;
    let connecting = endpoint.connect_with(client, address, MEDIA_NAME);
    let connecting = connecting.map_err(|error| ConnectError::Quic(error.to_string()))?;
    connecting.await.map_err(|error| ConnectError::Quic(error.to_string()))
}

fn client_config(offer: &MediaOffer, idle_after: Duration) -> Result<quinn::ClientConfig, ConnectError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let pinned = Pinned::from_hex(&offer.certificate_sha256, provider.clone());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_no_client_auth();
    tls.alpn_protocols = vec![ALPN.to_vec()];
    let crypto = QuicClientConfig::try_from(tls).map_err(|error| ConnectError::Quic(error.to_string()))?;
    let mut client = quinn::ClientConfig::new(Arc::new(crypto));
    client.transport_config(Arc::new(quic::transport(idle_after)));
    Ok(client)
}

/// A host as it stands in an address: an IPv6 address in brackets.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// TLS over TCP to a host (without brackets), through a proxy if there is one. Speaks HTTP/1.1, which a WebSocket
/// needs. Has no time limit of its own.
///
/// # Errors
/// [`ConnectError`].
pub async fn open_tls(
    host: &str,
    port: u16,
    proxy: Option<&Proxy>,
    tls: &rustls::ClientConfig,
) -> Result<TlsStream<TcpStream>, ConnectError> {
    let (near, near_port) = match proxy {
        Some(proxy) => (proxy.host.as_str(), proxy.port),
        None => (host, port),
    };
    let mut tcp = first_of(near, near_port, |address| async move {
        let tcp = TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        // A system that does not grant it is slower at worst.
        let _ = socket2::SockRef::from(&tcp).set_send_buffer_size(SOCKET_SEND_BUFFER);
        Ok(tcp)
    })
    .await?;
    if let Some(proxy) = proxy {
        proxy.open(&mut tcp, &bracketed(host), port).await?;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectError::Name)?;
    let mut tls = tls.clone();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(tls)).connect(name, tcp).await?)
}

/// A WebSocket on the API's HTTPS port.
pub(crate) async fn websocket(config: &LinkConfig, offer: &MediaOffer) -> Result<Socket, ConnectError> {
    let tls = open_tls(&config.api_host, config.api_port, config.proxy.as_ref(), &config.tls).await?;
    let url = format!("wss://{}:{}{}", bracketed(&config.api_host), config.api_port, offer.websocket_path);
    let settings = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(MAX_ANY_MESSAGE + 1))
        .max_frame_size(Some(MAX_ANY_MESSAGE + 1));
    let opened = tokio_tungstenite::client_async_with_config(url, tls, Some(settings)).await;
    opened.map(|(socket, _)| socket).map_err(|error| ConnectError::WebSocket(Box::new(error)))
}

/// Connects to the addresses of a name, a little after one another; the first that answers counts.
async fn first_of<T, F: Future<Output = Result<T, ConnectError>>>(
    host: &str,
    port: u16,
    connect: impl Fn(SocketAddr) -> F,
) -> Result<T, ConnectError> {
    let mut addresses: VecDeque<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let mut attempts = FuturesUnordered::new();
    let mut error = ConnectError::NoAddress;
    loop {
        match addresses.pop_front() {
            Some(address) => attempts.push(connect(address)),
            None if attempts.is_empty() => return Err(error),
            None => {}
        }
        tokio::select! {
            Some(attempt) = attempts.next() => match attempt {
                Ok(connected) => return Ok(connected),
                Err(failed) => error = failed,
            },
            () = tokio::time::sleep(NEXT_ADDRESS_AFTER), if !addresses.is_empty() => {}
        }
    }
}
