//! The one TCP port: limits on connections, the TLS hand-shake under a time limit, and HTTP/1.1 or HTTP/2 by ALPN.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::app::{Living, ended};
use crate::identity::throttle::network;
use crate::metrics::{Metrics, Refused};

/// The TLS hand-shake takes at most this long.
const HAND_SHAKE: Duration = Duration::from_secs(10);
/// The first request comes within this time of the hand-shake, and the head of every request within it.
const HEAD: Duration = Duration::from_secs(15);
/// Bytes of a request's head.
const MAX_HEAD: usize = 16 * 1024;
/// Header lines of a request.
const MAX_HEADERS: usize = 64;
/// HTTP/2 streams of one connection.
const MAX_STREAMS: u32 = 64;
/// What is read of a connection that does not begin with TLS.
const PEEK: usize = 8;

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all.
    pub connections: usize,
    /// From one address (one /64 of IPv6).
    pub per_address: usize,
}

/// The listener's parts.
pub struct Listener {
    /// The bound port.
    pub socket: TcpListener,
    /// TLS.
    pub tls: TlsAcceptor,
    /// What answers.
    pub router: Router,
    /// Limits.
    pub limits: Limits,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Counts the connections that are served.
    pub living: Living,
    /// Turns true when the service ends.
    pub ending: watch::Receiver<bool>,
}

impl Listener {
    /// Serves until the service ends; then no new connection is taken, and those that stand finish their request.
    pub async fn run(mut self) {
        let seats = Arc::new(Seats { limits: self.limits, taken: Mutex::default() });
        let shared = Arc::new(Shared {
            tls: self.tls,
            router: self.router,
            metrics: self.metrics,
            ending: self.ending.clone(),
        });
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = ended(&mut self.ending) => return,
            };
            match accepted {
                Ok((stream, from)) => {
                    let Some(seat) = seats.take(from.ip()) else {
                        shared.metrics.refused(Refused::Connections);
                        continue;
                    };
                    let shared = Arc::clone(&shared);
                    let life = self.living.one();
                    tokio::spawn(async move {
                        shared.serve(stream, from).await;
                        drop((seat, life));
                    });
                }
                Err(error) => {
                    // Out of file handles, mostly: wait for some to come back instead of spinning.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

struct Shared {
    tls: TlsAcceptor,
    router: Router,
    metrics: Arc<Metrics>,
    ending: watch::Receiver<bool>,
}

impl Shared {
    async fn serve(&self, stream: TcpStream, from: SocketAddr) {
        farhand_media_server::tune(&stream);
        let hand_shake = async {
            let mut first = [0; PEEK];
            let read = stream.peek(&mut first).await?;
            if looks_like_http(&first[..read]) {
                self.metrics.refused(Refused::PlainHttp);
                return hint(stream).await.map(|()| None);
            }
            self.tls.accept(stream).await.map(Some)
        };
        let tls = match tokio::time::timeout(HAND_SHAKE, hand_shake).await {
            Ok(Ok(Some(tls))) => tls,
            Ok(Ok(None)) => return,
            Ok(Err(error)) => {
                self.metrics.refused(Refused::HandShake);
                tracing::debug!(%error, "a TLS hand-shake failed");
                return;
            }
            Err(_) => {
                self.metrics.refused(Refused::HandShake);
                return;
            }
        };
        // A certificate authority has seen what it asked for in the hand-shake.
        if tls.get_ref().1.alpn_protocol() == Some(crate::tls::CHALLENGE) {
            return;
        }
        let http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        let router = self.router.clone();
        let asked = Arc::new(Notify::new());
        let first_request = Arc::clone(&asked);
        let service = service_fn(move |mut request: Request<Incoming>| {
            first_request.notify_one();
            request.extensions_mut().insert(Peer(from));
            router.clone().oneshot(request.map(Body::new))
        });
        let io = TokioIo::new(tls);
        let mut ending = self.ending.clone();
        let silent = async {
            if tokio::time::timeout(HEAD, asked.notified()).await.is_ok() {
                std::future::pending::<()>().await;
            }
        };
        if http2 {
            let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            builder
                .timer(TokioTimer::new())
                .max_concurrent_streams(MAX_STREAMS)
                .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
                .keep_alive_interval(Duration::from_secs(20))
                .keep_alive_timeout(Duration::from_secs(10));
            let mut connection = std::pin::pin!(builder.serve_connection(io, service));
            tokio::select! {
                _ = connection.as_mut() => {}
                () = silent => self.metrics.refused(Refused::Silent),
                () = ended(&mut ending) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await.ok();
                }
            }
        } else {
            let mut builder = hyper::server::conn::http1::Builder::new();
            builder
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .max_headers(MAX_HEADERS)
                .max_buf_size(MAX_HEAD);
            let mut connection = std::pin::pin!(builder.serve_connection(io, service).with_upgrades());
            tokio::select! {
                _ = connection.as_mut() => {}
                () = silent => self.metrics.refused(Refused::Silent),
                () = ended(&mut ending) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await.ok();
                }
            }
        }
    }
}

/// Whether the first bytes are a request without TLS.
fn looks_like_http(first: &[u8]) -> bool {
    [&b"GET "[..], b"HEAD ", b"POST ", b"PUT ", b"OPTIONS ", b"DELETE ", b"CONNECT ", b"PRI "]
        .iter()
        .any(|method| first.starts_with(&method[..method.len().min(PEEK)]))
}

async fn hint(mut stream: TcpStream) -> std::io::Result<()> {
    const TEXT: &str = "This port speaks HTTPS. Write https:// instead of http:// in the address.\n";
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{TEXT}",
        TEXT.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // Read what was sent, or the answer is lost in a reset; as much as one head.
    stream.take(MAX_HEAD as u64).read_to_end(&mut Vec::new()).await.map(drop)
}

struct Seats {
    limits: Limits,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

struct Seat {
    seats: Arc<Seats>,
    address: IpAddr,
}

impl Seats {
    fn take(self: &Arc<Self>, from: IpAddr) -> Option<Seat> {
        let address = network(from);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let here = taken.by_address.get(&address).copied().unwrap_or(0);
        if taken.all >= self.limits.connections || here >= self.limits.per_address {
            return None;
        }
        taken.all += 1;
        taken.by_address.insert(address, here + 1);
        Some(Seat { seats: Arc::clone(self), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_limited_in_all_and_by_address() {
        let seats =
            Arc::new(Seats { limits: Limits { connections: 3, per_address: 2 }, taken: Mutex::default() });
        let (a, b): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let first = seats.take(a).unwrap();
        let _second = seats.take(a).unwrap();
        assert!(seats.take(a).is_none());
        let _third = seats.take(b).unwrap();
        assert!(seats.take(b).is_none());
        drop(first);
        assert!(seats.take(b).is_some());
        assert_eq!(seats.taken.lock().unwrap().all, 2);
    }

    #[test]
    fn tls_is_not_taken_for_http() {
        assert!(looks_like_http(b"GET / HT"));
        assert!(looks_like_http(b"OPTIONS "));
        assert!(!looks_like_http(&[0x16, 3, 1, 2, 0, 1, 0, 1]));
        assert!(!looks_like_http(b""));
    }
}
