//! What goes into the hub and what comes out of it.

use farhand_protocol::ParticipantId;
use farhand_protocol::api::Policy;
use farhand_protocol::session::code::Number;
use farhand_protocol::session::{Role, SessionSnapshot};
use farhand_protocol::signal::FromService;
use farhand_protocol::version::Version;

use crate::identity::TokenHash;
use crate::store::{Tenant, Write};

/// A socket, for as long as the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// Who starts a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The tenant.
    pub tenant: Tenant,
    /// The user.
    pub user: String,
    /// Name as customers see it.
    pub name: String,
    /// The organisation's name.
    pub organisation: String,
    /// What the session may come to at most.
    pub policy: Policy,
}

/// A session to be started.
#[derive(Clone, Debug)]
pub struct CreateSession {
    /// Its identifier, drawn by the shell.
    pub id: String,
    /// Its code, drawn by the shell.
    pub code: Number,
    /// Who starts it.
    pub owner: Owner,
}

/// A session that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Created {
    /// The six digits by which the service knows the session; the code's other four are its console's.
    pub code: String,
    /// Where it stands.
    pub session: SessionSnapshot,
}

/// Why a session was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateRefused {
    /// Another open session has the code: draw another.
    CodeTaken,
    /// The user has too many open sessions.
    TooMany,
}

/// What an agent learns when it joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedRoom {
    /// The session.
    pub session: String,
    /// Who asks.
    pub technician: String,
    /// Of which organisation.
    pub organisation: String,
    /// The organisation itself.
    pub tenant: Tenant,
    /// What may be asked for at most.
    pub ceiling: Policy,
}

/// Why a code opened nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinRefused {
    /// No such code.
    Unknown,
    /// Its time was over.
    Expired,
    /// Another agent used it.
    Used,
    /// The session was ended before.
    Ended,
}

/// Who opens a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A signed-in user.
    User {
        /// The tenant.
        tenant: Tenant,
        /// The user.
        user: String,
        /// By which sign-in: its socket ends with it.
        sign_in: TokenHash,
    },
    /// Whoever holds the token with this hash.
    Token(TokenHash),
}

/// Why a socket was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachRefused {
    /// There is no such session for the caller.
    NoSession,
    /// The caller proves nothing about this session.
    NotYours,
}

/// A participant's place in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The session.
    pub session: String,
    /// The participant.
    pub participant: ParticipantId,
    /// Its role.
    pub role: Role,
    /// The sign-in that it rests on.
    pub sign_in: Option<TokenHash>,
}

/// What a socket is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Outgoing {
    /// As it stands.
    Signal(FromService),
    /// The answer to a hello; the shell adds the media offer.
    Welcome {
        /// The version agreed on.
        version: Version,
        /// Who it is.
        seat: Seat,
        /// Where the session stands.
        session: SessionSnapshot,
        /// The wall clock, milliseconds since 1970.
        now: u64,
    },
    /// A fresh media offer, which the shell makes.
    Offer {
        /// For whom.
        seat: Seat,
    },
}

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseWhy {
    /// The session ended.
    Ended,
    /// It did something that cannot be.
    Refused,
    /// A newer socket of the same participant took its place.
    Replaced,
    /// It is gone already.
    Gone,
}

/// What the shell does next, in this order.
#[derive(Clone)]
pub enum Output {
    /// Tell a socket.
    Send {
        /// Which.
        socket: SocketId,
        /// What.
        message: Outgoing,
    },
    /// Close a socket after all that it was told.
    Close {
        /// Which.
        socket: SocketId,
        /// Why.
        why: CloseWhy,
    },
    /// Write a row.
    Keep(Write),
    /// Close the session's media connections.
    EndMedia {
        /// The session.
        session: String,
    },
    /// Close a participant's media connection.
    KickMedia {
        /// The session.
        session: String,
        /// The participant.
        participant: ParticipantId,
    },
    /// Count a refusal of something out of order.
    Refused,
}
