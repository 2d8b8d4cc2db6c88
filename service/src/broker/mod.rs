//! The session broker: [`hub`] decides, this shell gives it the time, carries out what it says, and keeps the sockets.

pub mod hub;
mod seen;
pub mod sign_ins;
pub mod socket;
mod timers;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use farhand_media_server::MediaServer;
use farhand_protocol::ParticipantId;
use farhand_protocol::api::{ColleagueInvitation, Joined, MediaOffer};
use farhand_protocol::channel::together::Purpose;
use farhand_protocol::session::EndReason;
use farhand_protocol::session::code::{COUNT, Number};
use farhand_protocol::signal::FromService;
use farhand_room::{Ticket, TicketKey};
use tokio::sync::{Notify, mpsc, watch};

use self::hub::{
    AttachRefused, CloseWhy, CreateRefused, CreateSession, Created, Hub, HubConfig, InviteRefused, Invitee,
    JoinRefused, Outgoing, Output, Owner, Seat, SocketId, Who,
};
use self::seen::Seen;
use crate::audit::Actor;
use crate::clock::Now;
use crate::http::MEDIA_SOCKET;
use crate::identity::{Token, TokenHash, random, random_id};
use crate::metrics::{Metrics, Refused};
use crate::store::{Store, StoreError, Tenant, Write, Written};

/// A ticket opens connections for this long.
const TICKET_LASTS_MS: u64 = 60_000;
/// Path of the WebTransport session.
pub const WEBTRANSPORT_PATH: &str = "/media";
/// What may wait to be written to a session's socket; beyond that its reader is too slow and it is closed.
const WAITING: usize = 64;
/// Numbers drawn before giving up. With thirty thousand that are open or remembered, three draws in a hundred collide.
const DRAWS: usize = 16;

/// What a socket's task is told.
#[derive(Debug)]
pub enum ToSocket {
    /// Write this.
    Text(String),
    /// Close, after all that went before.
    Close(CloseWhy),
}

/// How participants reach the media service.
#[derive(Clone)]
pub struct MediaSide {
    /// The running media service.
    pub server: MediaServer,
    /// What tickets are signed with.
    pub tickets: TicketKey,
    /// Its UDP port as participants see it.
    pub port: u16,
}

/// The broker. Cheap to clone.
#[derive(Clone)]
pub struct Broker {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Mutex<Shared>,
    store: Store,
    media: MediaSide,
    metrics: Arc<Metrics>,
    due: Notify,
    seen: Seen,
}

struct Shared {
    hub: Hub,
    sockets: HashMap<SocketId, mpsc::Sender<ToSocket>>,
}

impl Broker {
    /// Starts with the sessions that had not ended when the service did.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub async fn start(
        config: HubConfig,
        store: Store,
        media: MediaSide,
        metrics: Arc<Metrics>,
        ending: watch::Receiver<bool>,
    ) -> Result<Self, StoreError> {
        let open = store.open_sessions().await?;
        let shared = Shared { hub: Hub::new(config), sockets: HashMap::new() };
        let broker = Self {
            inner: Arc::new(Inner {
                shared: Mutex::new(shared),
                store,
                media,
                metrics,
                due: Notify::new(),
                seen: Seen::default(),
            }),
        };
        if !open.is_empty() {
            tracing::info!(sessions = open.len(), "sessions that had not ended are open again");
            broker.drive(|hub, now| open.into_iter().for_each(|one| hub.handle_restore(one, now))).1.later();
        }
        tokio::spawn(broker.clone().keep_time(ending));
        Ok(broker)
    }

    /// Starts a session; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError`] outside, [`CreateRefused`] inside.
    pub async fn create(
        &self,
        owner: Owner,
        from: Option<IpAddr>,
    ) -> Result<Result<Created, CreateRefused>, StoreError> {
        let mut outcome = Err(CreateRefused::CodeTaken);
        for _ in 0..DRAWS {
            let create = CreateSession { id: random_id(16), code: draw(), owner: owner.clone() };
            let (created, written) = self.drive(|hub, now| hub.handle_create(create, from, now));
            outcome = created;
            match outcome {
                Ok(_) => {
                    written.wait().await?;
                    break;
                }
                Err(CreateRefused::CodeTaken) => {}
                Err(CreateRefused::TooMany) => break,
            }
        }
        Ok(outcome)
    }

    /// An agent brings the first six digits of a code; its token is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError`] outside, [`JoinRefused`] inside.
    pub async fn join(&self, code: &str, from: IpAddr) -> Result<Result<Joined, JoinRefused>, StoreError> {
        let Ok(code) = Number::parse(code) else { return Ok(Err(JoinRefused::Unknown)) };
        let token = Token::generate();
        let (joined, written) = self.drive(|hub, now| hub.handle_join(code, token.hash(), from, now));
        let room = match joined {
            Ok(room) => room,
            Err(refused) => return Ok(Err(refused)),
        };
        written.wait().await?;
        let domain = self.inner.store.tenant(room.tenant).verified_domain().await?;
        Ok(Ok(Joined {
            session: room.session,
            token: token.reveal().to_owned(),
            technician: room.technician,
            organisation: room.organisation,
            domain,
            ceiling: room.ceiling,
        }))
    }

    /// A user's open sessions, newest first.
    #[must_use]
    pub fn list(&self, tenant: &Tenant, user: &str) -> Vec<Created> {
        self.peek(|hub| hub.list(tenant, user))
    }

    /// A session's technician invites a colleague; their place is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError`] outside, [`InviteRefused`] inside.
    pub async fn invite(
        &self,
        tenant: &Tenant,
        session: &str,
        host: &str,
        invitee: Invitee,
        purpose: Purpose,
    ) -> Result<Result<ParticipantId, InviteRefused>, StoreError> {
        let (invited, written) =
            self.drive(|hub, now| hub.handle_invite(tenant, session, host, invitee, purpose, now));
        written.wait().await?;
        Ok(invited)
    }

    /// Sessions into which a user is invited and has not come. Whoever asks has a console open.
    #[must_use]
    pub fn invitations(&self, tenant: &Tenant, user: &str) -> Vec<ColleagueInvitation> {
        self.inner.seen.note(tenant, user, Now::read().instant);
        self.peek(|hub| hub.invitations(tenant, user))
    }

    /// Whether a user's console was heard of just now.
    #[must_use]
    pub fn is_online(&self, tenant: &Tenant, user: &str) -> bool {
        self.inner.seen.is_online(tenant, user, Now::read().instant)
    }

    /// A user does not follow an invitation; whether there was one.
    pub fn decline(&self, tenant: &Tenant, session: &str, user: &str) -> bool {
        let (declined, written) = self.drive(|hub, now| hub.handle_decline(tenant, session, user, now));
        written.later();
        declined
    }

    /// The user who started a session of this tenant.
    #[must_use]
    pub fn owner(&self, tenant: &Tenant, session: &str) -> Option<String> {
        self.peek(|hub| hub.owner(tenant, session).map(str::to_owned))
    }

    /// Open sessions by state.
    #[must_use]
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        self.peek(Hub::counts)
    }

    /// Ends a session of this tenant; the end is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end(
        &self,
        tenant: &Tenant,
        session: &str,
        reason: EndReason,
        actor: &Actor,
        from: Option<IpAddr>,
    ) -> Result<bool, StoreError> {
        let (ended, written) =
            self.drive(|hub, now| hub.handle_end(tenant, session, reason, actor, from, now));
        written.wait().await?;
        Ok(ended)
    }

    /// Somebody signed out: sockets that rest on that sign-in are closed.
    pub fn sign_out(&self, sign_in: &TokenHash) {
        self.drive(|hub, now| hub.handle_sign_out(sign_in, now)).1.later();
    }

    /// A sign-in was replaced by a new one: its sockets go on.
    pub fn rotate_sign_in(&self, before: &TokenHash, after: TokenHash) {
        self.drive(|hub, _| hub.handle_rotate(before, after)).1.later();
    }

    /// A user is gone: their sessions end. The ends are on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_of_owner(&self, tenant: &Tenant, user: &str) -> Result<(), StoreError> {
        self.drive(|hub, now| hub.handle_owner_gone(tenant, user, now)).1.wait().await
    }

    /// The sign-ins on which open sockets rest, and whether a session of each is live.
    #[must_use]
    pub fn resting_sign_ins(&self) -> Vec<(TokenHash, bool)> {
        self.peek(Hub::resting)
    }

    /// Whether somebody may open a socket of a session, and as whom.
    ///
    /// # Errors
    /// [`AttachRefused`].
    pub fn may_attach(&self, session: &str, who: &Who) -> Result<Seat, AttachRefused> {
        self.peek(|hub| hub.may_attach(session, who))
    }

    fn peek<R>(&self, look: impl FnOnce(&Hub) -> R) -> R {
        look(&self.inner.shared.lock().unwrap_or_else(PoisonError::into_inner).hub)
    }

    /// One input to the hub, and everything that it says to do, in order. Rows are queued under the lock, so that they
    /// are written in the order in which things happened.
    fn drive<R>(&self, input: impl FnOnce(&mut Hub, Now) -> R) -> (R, Written) {
        let mut shared = self.inner.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let due = shared.hub.poll_timeout();
        let result = input(&mut shared.hub, Now::read());
        let rows = self.carry_out(&mut shared);
        let written = if rows.is_empty() { Written::nothing() } else { self.inner.store.write(rows) };
        if shared.hub.poll_timeout() != due {
            self.inner.due.notify_one();
        }
        (result, written)
    }

    fn carry_out(&self, shared: &mut Shared) -> Vec<Write> {
        let mut rows = Vec::new();
        while let Some(output) = shared.hub.poll_output() {
            match output {
                Output::Send { socket, message } => {
                    let Some(to) = shared.sockets.get(&socket) else { continue };
                    let text = self.text(message);
                    if to.try_send(ToSocket::Text(text)).is_err() {
                        // Too slow, or gone: nobody waits for it.
                        shared.sockets.remove(&socket);
                        shared.hub.handle_detach(socket, Now::read());
                    }
                }
                Output::Close { socket, why } => {
                    // When the queue is full, dropping the sender closes the socket all the same.
                    if let Some(to) = shared.sockets.remove(&socket) {
                        to.try_send(ToSocket::Close(why)).ok();
                    }
                }
                Output::Keep(row) => rows.push(row),
                Output::KickMedia { session, participant } => {
                    self.inner.media.server.kick(&session, participant)
                }
                Output::EndMedia { session } => self.inner.media.server.close_session(&session),
                Output::Refused => self.inner.metrics.refused(Refused::Order),
            }
        }
        rows
    }

    fn text(&self, message: Outgoing) -> String {
        let signal = match message {
            Outgoing::Signal(signal) => signal,
            Outgoing::Welcome { version, seat, session, now } => FromService::Welcome {
                version,
                participant: seat.participant,
                session,
                media: self.offer(&seat),
                now,
            },
            Outgoing::Offer { seat } => FromService::Media { offer: self.offer(&seat) },
        };
        serde_json::to_string(&signal).expect("a signal is plain data")
    }

    fn offer(&self, seat: &Seat) -> MediaOffer {
        let media = &self.inner.media;
        let expires_at = Now::read().unix_ms + TICKET_LASTS_MS;
        let ticket = Ticket {
            session: seat.session.clone(),
            participant: seat.participant,
            role: seat.role,
            expires_at,
        };
        MediaOffer {
            ticket: media.tickets.sign(&ticket).expect("our own sessions' names fit into a ticket"),
            expires_at,
            port: media.port,
            host: None,
            certificate_sha256: media.server.certificate_hashes(),
            webtransport_path: WEBTRANSPORT_PATH.to_owned(),
            websocket_path: MEDIA_SOCKET.to_owned(),
        }
    }

    async fn keep_time(self, mut ending: watch::Receiver<bool>) {
        loop {
            let due = self.peek(Hub::poll_timeout);
            let sleep = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = sleep => self.drive(|hub, now| hub.handle_timeout(now)).1.later(),
                () = self.inner.due.notified() => {}
                () = crate::app::ended(&mut ending) => return,
            }
        }
    }
}

fn draw() -> Number {
    // 2^64 modulo 10^6 favours the lower numbers by less than one in a trillion.
    let number = u64::from_be_bytes(random()) % COUNT;
    Number::from_value(number).expect("the remainder is below the count")
}
