//! Connections on the UDP port.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use farhand_link::quic::{self, Broken, Hop, Receiver, Session};
use farhand_protocol::framing;
use farhand_room::ConnectionId;
use quinn::crypto::rustls::HandshakeData;
use web_transport_quinn::Request;
use web_transport_quinn::http::StatusCode;

use crate::counters::{Carrier, Reason};
use crate::rooms::{self, Cell, Peer};
use crate::server::{Shared, TICKET_WITHIN};
use crate::webtransport::WebTransport;

/// HTTP/3, which WebTransport begins with.
pub(crate) const H3: &[u8] = b"h3";

/// Serves a connection from its first packet to its end.
/// `handshake` is held while it costs more than it has proved to be worth.
pub(crate) async fn serve(shared: Arc<Shared>, incoming: quinn::Incoming, handshake: Arc<()>) {
    let from = incoming.remote_address().ip();
    let until = tokio::time::Instant::now() + TICKET_WITHIN;
    let connection = async { incoming.await.ok() };
    let connection = match tokio::time::timeout_at(until, connection).await {
        Ok(Some(connection)) => connection,
        Ok(None) | Err(_) => return shared.refused(Reason::Handshake, None, from),
    };
    drop(handshake);
    let data = connection.handshake_data().and_then(|data| data.downcast::<HandshakeData>().ok());
    if data.and_then(|data| data.protocol).as_deref() != Some(H3) {
        return participate(&shared, connection, Carrier::Quic, from, until).await;
    }
    match tokio::time::timeout_at(until, webtransport(&shared, &connection)).await {
        Ok(Ok(session)) => participate(&shared, session, Carrier::WebTransport, from, until).await,
        Ok(Err(reason)) => {
            shared.refused(reason, Some(Carrier::WebTransport), from);
            // What was answered gets some time to arrive.
            let _ = tokio::time::timeout(TICKET_WITHIN, connection.closed()).await;
        }
        Err(_) => {
            shared.refused(Reason::NoTicket, Some(Carrier::WebTransport), from);
            connection.close(quinn::VarInt::from_u32(Reason::NoTicket.code()), b"");
        }
    }
}

async fn webtransport(shared: &Shared, connection: &quinn::Connection) -> Result<WebTransport, Reason> {
    let request = Request::accept(connection.clone()).await.map_err(|_| Reason::Handshake)?;
    if request.url.path() != shared.webtransport_path {
        // Fails only when the connection is gone.
        let _ = request.reject(StatusCode::NOT_FOUND).await;
        return Err(Reason::Path);
    }
    request.ok().await.map(WebTransport).map_err(|_| Reason::Handshake)
}

struct QuicPeer<S: Session> {
    hop: Hop<S>,
    cell: Arc<Cell>,
    connection: ConnectionId,
}

impl<S: Session> Peer for QuicPeer<S> {
    fn wake(&self) {
        self.hop.pump(Instant::now(), &mut |reach| self.cell.take(self.connection, reach));
    }

    fn close(&self, code: u32, why: &'static str) {
        self.hop.session().close(code, why);
    }
}

/// Why a participant's loop ended.
enum End {
    Broken(Broken),
    Refused(Reason),
}

impl From<Broken> for End {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// Takes the ticket, lets the participant in and relays its messages.
async fn participate<S: Session>(
    shared: &Arc<Shared>,
    session: S,
    carrier: Carrier,
    from: IpAddr,
    until: tokio::time::Instant,
) {
    let refuse = |reason: Reason| {
        shared.refused(reason, Some(carrier), from);
        session.close(reason.code(), reason.name());
    };
    let opened = tokio::time::timeout_at(until, Receiver::accept(session.clone())).await;
    let (opening, ticket) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(broken)) => return refuse(rooms::broken(&broken).unwrap_or(Reason::NoTicket)),
        Err(_) => return refuse(Reason::NoTicket),
    };
    let ticket = match shared.verify(&ticket) {
        Ok(ticket) => ticket,
        Err(reason) => return refuse(reason),
    };
    let place = match shared.rooms.join(&ticket, carrier) {
        Ok(place) => place,
        Err(reason) => return refuse(reason),
    };
    let _guard = shared.enter(&place, carrier);
    let mut sending = opening.sending;
    let mut receiver = opening.receiver;
    for (stream, send) in &mut sending {
        if *stream == farhand_protocol::envelope::Stream::Control
            && quic::answer::<S>(&session, send, &place.accepted).await.is_err()
        {
            return;
        }
    }
    let peer =
        Arc::new(QuicPeer { hop: Hop::new(session.clone()), cell: place.cell, connection: place.connection });
    for (stream, send) in sending {
        peer.hop.attach(stream, send);
    }
    if let Some((code, why)) = peer.cell.present(peer.connection, peer.clone()) {
        return session.close(code, why);
    }
    let mut source = |reach| peer.cell.take(peer.connection, reach);
    let end = quic::run(&peer.hop, &mut receiver, &mut source, |stream, message| {
        peer.cell.handle_message(peer.connection, stream, message).map_err(End::Refused)
    })
    .await;
    match end {
        End::Refused(reason) => refuse(reason),
        End::Broken(broken) => match rooms::broken(&broken) {
            Some(reason) => refuse(reason),
            None => session.close(framing::close::ENDED, ""),
        },
    }
}
