//! The link's task: connects, carries, switches, reconnects.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_protocol::api::MediaOffer;
use farhand_protocol::envelope::Stream;
use farhand_protocol::framing::close;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::connect::{self, ConnectError, Socket};
use crate::handle::{Carrier, LinkConfig, LinkEvent};
use crate::queue::Shared;
use crate::quic::{self, Broken, Hop, Receiver};
use crate::socket::{self, SocketLink};

/// A ticket older than this is replaced before the next connection: they live 60 s.
const TICKET_FRESH_FOR: Duration = Duration::from_secs(40);
/// How often a fresh offer is asked for again.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// What was sent by the WebSocket has so long to arrive before a switch, and the rest after it.
const SETTLE_WITHIN: Duration = Duration::from_millis(1500);
/// What waits when the link is closed has so long to leave.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);

type Probe = Pin<Box<dyn Future<Output = quinn::Connection> + Send>>;

/// A QUIC hop over which messages flow.
struct QuicLink {
    hop: Arc<Hop<quinn::Connection>>,
    receiver: Receiver<quinn::Connection>,
    /// What the offer named that this connection was opened with.
    certificates: Vec<String>,
}

enum Opened {
    Quic(Box<QuicLink>, ParticipantId),
    Socket(Box<Socket>, ParticipantId, Probe),
}

/// Why a connection, or the attempt at one, is over.
enum End {
    Broken(Broken),
    Failed(ConnectError),
    /// The link was closed by its owner.
    Closed,
}

impl From<Broken> for End {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

pub(crate) struct Task {
    pub(crate) config: Arc<LinkConfig>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) events: mpsc::Sender<LinkEvent>,
}

impl Task {
    /// Runs the link to its end.
    pub(crate) async fn run(self) {
        let mut pause = self.config.timing.retry.0;
        loop {
            if self.shared.offer_age() > TICKET_FRESH_FOR && !self.fresh_offer().await {
                break;
            }
            let end = match self.open().await {
                Ok(opened) => {
                    pause = self.config.timing.retry.0;
                    self.carry(opened).await
                }
                Err(end) => end,
            };
            self.shared.down();
            let goes_on = match end {
                End::Closed => false,
                End::Broken(Broken::Closed { code, why }) => self.handle_refusal(code, why).await,
                End::Broken(broken) => self.handle_loss(broken.to_string()).await,
                End::Failed(error) => {
                    tracing::debug!(%error, "no way to the media service");
                    !self.is_over()
                }
            };
            if !goes_on || self.rest(pause).await.is_err() {
                break;
            }
            pause = (pause * 2).min(self.config.timing.retry.1);
        }
        self.shared.closed();
    }

    async fn handle_refusal(&self, code: u32, why: String) -> bool {
        tracing::info!(code, %why, "the media service closed the connection");
        let told = self.tell(LinkEvent::Refused { code, why }).await;
        match code {
            close::TICKET_REFUSED => told && self.fresh_offer().await,
            close::NO_TICKET | close::BUSY => told,
            _ => false,
        }
    }

    async fn handle_loss(&self, why: String) -> bool {
        tracing::info!(%why, "the media connection is lost");
        self.tell(LinkEvent::Lost { why }).await
    }

    /// Waits for a newer offer; false when the link is over.
    async fn fresh_offer(&self) -> bool {
        let known = self.shared.offer();
        while self.tell(LinkEvent::OfferNeeded).await {
            let until = pin!(sleep(ASK_AGAIN_AFTER));
            tokio::select! {
                () = until => {}
                () = self.shared.changed.notified() => {}
                () = self.events.closed() => {}
            }
            if self.is_over() {
                return false;
            }
            if self.shared.offer() != known {
                return true;
            }
        }
        false
    }

    /// A pause that a newer offer cuts short.
    async fn rest(&self, pause: Duration) -> Result<(), ()> {
        tokio::select! {
            () = sleep(pause) => {}
            () = self.shared.changed.notified() => {}
            () = self.events.closed() => {}
        }
        if self.is_over() { Err(()) } else { Ok(()) }
    }

    fn is_over(&self) -> bool {
        self.shared.is_closing() || self.events.is_closed()
    }

    /// Ready when the owner closes the link or no longer listens.
    async fn over(&self) {
        while !self.is_over() {
            self.changed().await;
        }
    }

    /// The same, or ready when an offer names none of these certificates: then the service that showed one of them was
    /// restarted, and its connections are gone without a word.
    async fn over_or_restarted(&self, certificates: &[String]) -> End {
        loop {
            if self.is_over() {
                return End::Closed;
            }
            if !self.shared.offer().certificate_sha256.iter().any(|hash| certificates.contains(hash)) {
                return End::Broken(Broken::Lost("the media service was restarted".to_owned()));
            }
            self.changed().await;
        }
    }

    async fn changed(&self) {
        tokio::select! {
            () = self.shared.changed.notified() => {}
            () = self.events.closed() => {}
        }
    }

    async fn tell(&self, event: LinkEvent) -> bool {
        self.events.send(event).await.is_ok()
    }

    fn handle(&self) -> impl FnMut(Stream, Bytes) -> Result<(), Broken> + Send + use<> {
        let events = self.events.clone();
        move |stream, message| {
            let event = LinkEvent::Message { stream, message };
            events.try_send(event).map_err(|_| Broken::Lost("messages are not taken".to_owned()))
        }
    }

    /// Opens whichever carrier answers, QUIC first, and hands in the ticket there.
    async fn open(&self) -> Result<Opened, End> {
        let offer = self.shared.offer();
        let timing = self.config.timing;
        let mut quic = pin!(timeout(timing.connect_within, connect::quic(&self.config, &offer)));
        let mut quic_failed = None;
        tokio::select! {
            connected = &mut quic => match flatten(connected) {
                Ok(connection) => return self.enter_quic(connection).await,
                Err(error) => quic_failed = Some(error),
            },
            () = sleep(timing.fall_back_after) => {}
            () = self.over() => return Err(End::Closed),
        }
        let mut socket = pin!(timeout(timing.connect_within, connect::websocket(&self.config, &offer)));
        loop {
            tokio::select! {
                connected = &mut quic, if quic_failed.is_none() => match flatten(connected) {
                    Ok(connection) => return self.enter_quic(connection).await,
                    Err(error) => quic_failed = Some(error),
                },
                connected = &mut socket => match flatten(connected) {
                    Ok(socket) => return self.enter_socket(socket).await,
                    Err(error) => {
                        tracing::debug!(%error, "no WebSocket");
                        if quic_failed.is_none() {
                            let connection = flatten(quic.await).map_err(End::Failed)?;
                            return self.enter_quic(connection).await;
                        }
                        return Err(End::Failed(error));
                    }
                },
                () = self.over() => return Err(End::Closed),
            }
        }
    }

    async fn enter_quic(&self, connection: quinn::Connection) -> Result<Opened, End> {
        let offer = self.shared.offer();
        let (link, participant) = enter_quic(connection, &offer, self.config.timing.connect_within).await?;
        Ok(Opened::Quic(Box::new(link), participant))
    }

    async fn enter_socket(&self, mut socket: Socket) -> Result<Opened, End> {
        let ticket = self.shared.offer().ticket;
        let entered = timeout(self.config.timing.connect_within, socket::enter(&mut socket, &ticket)).await;
        let accepted = entered.unwrap_or_else(|_| Err(Broken::Lost("no answer to the ticket".to_owned())))?;
        Ok(Opened::Socket(Box::new(socket), accepted.participant, self.probe(Duration::ZERO)))
    }

    /// Tries QUIC, now and again, until it answers.
    fn probe(&self, pause: Duration) -> Probe {
        let (config, shared) = (self.config.clone(), self.shared.clone());
        Box::pin(async move {
            sleep(pause).await;
            loop {
                let offer = shared.offer();
                let attempt = timeout(config.timing.connect_within, connect::quic(&config, &offer)).await;
                match flatten(attempt) {
                    Ok(connection) => return connection,
                    Err(error) => tracing::debug!(%error, "UDP is still blocked"),
                }
                sleep(config.timing.probe_every).await;
            }
        })
    }

    async fn carry(&self, opened: Opened) -> End {
        match opened {
            Opened::Quic(link, participant) => {
                self.shared.up_by_quic(link.hop.clone());
                if !self.tell(LinkEvent::Connected { carrier: Carrier::Quic, participant }).await {
                    return End::Closed;
                }
                self.carry_quic(*link).await
            }
            Opened::Socket(socket, participant, probe) => {
                let link = SocketLink::new(*socket, self.shared.clone(), self.config.timing.idle_after);
                self.shared.up_by_socket();
                if !self.tell(LinkEvent::Connected { carrier: Carrier::WebSocket, participant }).await {
                    return End::Closed;
                }
                self.carry_socket(link, probe).await
            }
        }
    }

    async fn carry_quic(&self, mut link: QuicLink) -> End {
        let mut source = |reach| self.shared.take(reach);
        let handle = self.handle();
        {
            let run = pin!(quic::run::<_, Broken>(&link.hop, &mut link.receiver, &mut source, handle));
            tokio::select! {
                broken = run => return End::Broken(broken),
                end = self.over_or_restarted(&link.certificates) => match end {
                    End::Closed => {}
                    End::Broken(_) | End::Failed(_) => return end,
                },
            }
        }
        let rtt = link.hop.session().rtt();
        let leave = async {
            let drain = quic::run::<_, Broken>(&link.hop, &mut link.receiver, &mut source, |_, _| Ok(()));
            let mut drain = pin!(drain);
            // What is on the wire arrives, and what is lost of it is sent once more.
            while self.shared.backlog() > 0 {
                tokio::select! {
                    _ = &mut drain => return,
                    () = sleep(rtt / 2 + Duration::from_millis(1)) => {}
                }
            }
            let _ = timeout(rtt * 2 + Duration::from_millis(20), drain).await;
        };
        let _ = timeout(CLOSE_WITHIN, leave).await;
        link.hop.session().close(quinn::VarInt::from_u32(close::ENDED), b"");
        End::Closed
    }

    async fn carry_socket(&self, mut link: SocketLink, mut probe: Probe) -> End {
        let mut handle = self.handle();
        loop {
            let next = async {
                tokio::select! {
                    connection = &mut probe => Some(connection),
                    () = self.over() => None,
                }
            };
            match link.run_until(next, &mut handle).await {
                Ok(Some(connection)) => match self.switch(&mut link, connection, &mut handle).await {
                    Ok(Some(quic)) => return self.carry_quic(quic).await,
                    Ok(None) => {
                        self.shared.resume();
                        probe = self.probe(self.config.timing.probe_every);
                    }
                    Err(broken) => return End::Broken(broken),
                },
                Ok(None) => {
                    let _ = link.settle(CLOSE_WITHIN, &mut handle).await;
                    let _ = timeout(CLOSE_WITHIN, link.close()).await;
                    return End::Closed;
                }
                Err(broken) => return End::Broken(broken),
            }
        }
    }

    /// From the WebSocket to QUIC, with no message lost, doubled or overtaken: what was sent has arrived before the
    /// ticket is handed in by QUIC, and what the service still sends by the WebSocket is read to its end before
    /// anything is read by QUIC.
    async fn switch(
        &self,
        link: &mut SocketLink,
        connection: quinn::Connection,
        handle: &mut (dyn FnMut(Stream, Bytes) -> Result<(), Broken> + Send),
    ) -> Result<Option<QuicLink>, Broken> {
        if self.shared.offer_age() > TICKET_FRESH_FOR {
            let fresh = async { self.fresh_offer().await };
            if !link.run_until(fresh, handle).await? {
                return Ok(None);
            }
        }
        self.shared.pause();
        if !link.settle(SETTLE_WITHIN, handle).await? {
            return Ok(None);
        }
        let offer = self.shared.offer();
        let mut enter = pin!(enter_quic(connection, &offer, self.config.timing.connect_within));
        let (entered, socket_ended) = match link.run_until(&mut enter, handle).await {
            Ok(entered) => (entered, false),
            // Its place is taken: by the connection that is being opened.
            Err(Broken::Closed { code: close::REPLACED, .. }) => (enter.await, true),
            Err(broken) => return Err(broken),
        };
        let quic = match entered {
            Ok((quic, _)) => quic,
            Err(End::Broken(broken)) if socket_ended => return Err(broken),
            Err(End::Broken(Broken::Closed { code: close::TICKET_REFUSED, .. })) => {
                self.tell(LinkEvent::OfferNeeded).await;
                return Ok(None);
            }
            Err(End::Broken(_) | End::Failed(_) | End::Closed) => return Ok(None),
        };
        if !socket_ended {
            let _ = link.run_until(sleep(SETTLE_WITHIN), handle).await;
        }
        self.shared.up_by_quic(quic.hop.clone());
        self.tell(LinkEvent::Switched { carrier: Carrier::Quic }).await;
        Ok(Some(quic))
    }
}

async fn enter_quic(
    connection: quinn::Connection,
    offer: &MediaOffer,
    within: Duration,
) -> Result<(QuicLink, ParticipantId), End> {
    let entered = timeout(within, Receiver::connect(connection.clone(), &offer.ticket)).await;
    let (opening, accepted) =
        entered.unwrap_or_else(|_| Err(Broken::Lost("no answer to the ticket".to_owned())))?;
    let hop = Arc::new(Hop::new(connection));
    for (stream, send) in opening.sending {
        hop.attach(stream, send);
    }
    let certificates = offer.certificate_sha256.clone();
    Ok((QuicLink { hop, receiver: opening.receiver, certificates }, accepted.participant))
}

fn flatten<T>(
    attempt: Result<Result<T, ConnectError>, tokio::time::error::Elapsed>,
) -> Result<T, ConnectError> {
    attempt.unwrap_or(Err(ConnectError::TimedOut))
}
