//! The seam between QUIC and WebTransport: native programs have the first, browsers the second.

use std::future::Future;

use bytes::Bytes;
use farhand_protocol::framing::FrameError;
use tokio::io::{AsyncRead, AsyncWrite};

/// Why a hop is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The far side closed with one of [`farhand_protocol::framing::close`].
    #[error("closed with code {code}: {why}")]
    Closed {
        /// The code.
        code: u32,
        /// The far side's word.
        why: String,
    },
    /// The connection is lost.
    #[error("lost: {0}")]
    Lost(String),
    /// The far side sent what cannot be read.
    #[error("{0}")]
    Frame(#[from] FrameError),
    /// The far side used streams as it must not.
    #[error("{0}")]
    Streams(&'static str),
}

/// A QUIC connection or a WebTransport session. Clones are the same session.
pub trait Session: Clone + Send + Sync + Unpin + 'static {
    /// The sending half of a stream.
    type Send: AsyncWrite + Send + Unpin + 'static;
    /// The receiving half of a stream.
    type Recv: AsyncRead + Send + Unpin + 'static;

    /// Opens a bidirectional stream.
    fn open(&self) -> impl Future<Output = Result<(Self::Send, Self::Recv), Broken>> + Send;
    /// The next bidirectional stream that the far side opened.
    fn accept(&self) -> impl Future<Output = Result<(Self::Send, Self::Recv), Broken>> + Send;
    /// The next datagram.
    fn datagram(&self) -> impl Future<Output = Result<Bytes, Broken>> + Send;
    /// Sends a datagram, or drops it.
    fn send_datagram(&self, datagram: Bytes);
    /// Streams of higher priority are sent first.
    fn set_priority(stream: &Self::Send, priority: i32);
    /// The QUIC connection below.
    fn connection(&self) -> &quinn::Connection;
    /// Closes, with one of [`farhand_protocol::framing::close`].
    fn close(&self, code: u32, why: &str);
    /// Why it is closed, when it is.
    fn broken(&self) -> Option<Broken>;
}

/// What a QUIC connection's end says.
#[must_use]
pub fn broken_connection(error: &quinn::ConnectionError) -> Broken {
    match error {
        quinn::ConnectionError::ApplicationClosed(close) => Broken::Closed {
            code: u32::try_from(close.error_code.into_inner()).unwrap_or(u32::MAX),
            why: String::from_utf8_lossy(&close.reason).into_owned(),
        },
        other => Broken::Lost(other.to_string()),
    }
}

impl Session for quinn::Connection {
    type Send = quinn::SendStream;
    type Recv = quinn::RecvStream;

    async fn open(&self) -> Result<(Self::Send, Self::Recv), Broken> {
        self.open_bi().await.map_err(|error| broken_connection(&error))
    }

    async fn accept(&self) -> Result<(Self::Send, Self::Recv), Broken> {
        self.accept_bi().await.map_err(|error| broken_connection(&error))
    }

    async fn datagram(&self) -> Result<Bytes, Broken> {
        self.read_datagram().await.map_err(|error| broken_connection(&error))
    }

    fn send_datagram(&self, datagram: Bytes) {
        // A second copy or a pointer position: either may be lost.
        let _ = quinn::Connection::send_datagram(self, datagram);
    }

    fn set_priority(stream: &Self::Send, priority: i32) {
        // Fails on a closed stream only, which the next write finds.
        let _ = stream.set_priority(priority);
    }

    fn connection(&self) -> &quinn::Connection {
        self
    }

    fn close(&self, code: u32, why: &str) {
        quinn::Connection::close(self, quinn::VarInt::from_u32(code), why.as_bytes());
    }

    fn broken(&self) -> Option<Broken> {
        self.close_reason().map(|error| broken_connection(&error))
    }
}
