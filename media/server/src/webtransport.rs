//! WebTransport as a [`Session`].

use bytes::Bytes;
use farhand_link::quic::{Broken, Session, broken_connection};
use web_transport_quinn::{RecvStream, SendStream, SessionError, WebTransportError};

/// A browser's session.
#[derive(Clone, Debug)]
pub(crate) struct WebTransport(pub(crate) web_transport_quinn::Session);

fn broken(error: &SessionError) -> Broken {
    match error {
        SessionError::WebTransportError(WebTransportError::Closed(code, why)) => {
            Broken::Closed { code: *code, why: why.clone() }
        }
        SessionError::ConnectionError(error) => broken_connection(error),
        other => Broken::Lost(other.to_string()),
    }
}

impl Session for WebTransport {
    type Send = SendStream;
    type Recv = RecvStream;

    async fn open(&self) -> Result<(SendStream, RecvStream), Broken> {
        self.0.open_bi().await.map_err(|error| broken(&error))
    }

    async fn accept(&self) -> Result<(SendStream, RecvStream), Broken> {
        self.0.accept_bi().await.map_err(|error| broken(&error))
    }

    async fn datagram(&self) -> Result<Bytes, Broken> {
        self.0.read_datagram().await.map_err(|error| broken(&error))
    }

    fn send_datagram(&self, datagram: Bytes) {
        // A second copy or a pointer position: either may be lost.
        let _ = self.0.send_datagram(datagram);
    }

    fn set_priority(stream: &SendStream, priority: i32) {
        // Fails on a closed stream only, which the next write finds.
        let _ = stream.set_priority(priority);
    }

    fn connection(&self) -> &quinn::Connection {
        &self.0
    }

    fn close(&self, code: u32, why: &str) {
        self.0.close(code, why.as_bytes());
    }

    fn broken(&self) -> Option<Broken> {
        self.0.close_reason().map(|error| broken(&error))
    }
}
