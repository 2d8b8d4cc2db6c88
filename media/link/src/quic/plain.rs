//! A UDP socket that needs no more of the system than sending and receiving: where the options of quinn's own are not to
//! be had, such as congestion marks on older Windows, QUIC goes on without them.

use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, Runtime, TokioRuntime, UdpPoller};
use tokio::io::ReadBuf;

use super::endpoint;
use crate::handle::Udp;

/// What Windows says of a datagram that is larger than the room for it (WSAEMSGSIZE); other systems cut it off.
const TOO_LARGE: i32 = 10_040;

/// An endpoint that only calls others, on quinn's own socket where the system allows it, else on a plain one.
///
/// # Errors
/// When the socket cannot be used at all.
pub fn caller(socket: std::net::UdpSocket, udp: Udp) -> io::Result<quinn::Endpoint> {
    let runtime = Arc::new(TokioRuntime);
    let helped = match udp {
        Udp::Best => runtime.wrap_udp_socket(socket.try_clone()?).map_err(Some),
        Udp::Plain => Err(None),
    };
    let socket = match helped {
        Ok(socket) => socket,
        Err(why) => {
            if let Some(error) = why {
                tracing::info!(%error, "plain UDP: this system lacks what QUIC would make use of");
            }
            socket.set_nonblocking(true)?;
            Arc::new(Plain(tokio::net::UdpSocket::from_std(socket)?))
        }
    };
    quinn::Endpoint::new_with_abstract_socket(endpoint(), None, socket, runtime)
}

/// One datagram a call, no congestion marks; datagrams may be taken apart on their way.
#[derive(Debug)]
struct Plain(tokio::net::UdpSocket);

impl AsyncUdpSocket for Plain {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Poller { socket: self, waiting: None })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        // One datagram: `max_transmit_segments` says that no more are taken.
        self.0.try_send_to(transmit.contents, transmit.destination).map(drop)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buffer), Some(meta)) = (bufs.first_mut(), meta.first_mut()) else {
            return Poll::Ready(Ok(0));
        };
        let mut buffer = ReadBuf::new(buffer);
        let addr = loop {
            match ready!(self.0.poll_recv_from(cx, &mut buffer)) {
                Ok(addr) => break addr,
                // One that does not fit is none of ours, and no reason to hear no others.
                Err(error) if error.raw_os_error() == Some(TOO_LARGE) => buffer.clear(),
                Err(error) => return Poll::Ready(Err(error)),
            }
        };
        let len = buffer.filled().len();
        *meta = RecvMeta { addr, len, stride: len, ecn: None, dst_ip: None };
        Poll::Ready(Ok(1))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Waits until the socket takes another datagram; each waiter has its own.
struct Poller {
    socket: Arc<Plain>,
    waiting: Option<Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>>,
}

impl std::fmt::Debug for Poller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poller").finish_non_exhaustive()
    }
}

impl UdpPoller for Poller {
    fn poll_writable(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket = Arc::clone(&self.socket);
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(async move { socket.0.writable().await }));
        let outcome = ready!(waiting.as_mut().poll(cx));
        self.waiting = None;
        Poll::Ready(outcome)
    }
}
