//! Who gets which message: rooms, participants, tickets. No socket, no clock, no runtime.
#![forbid(unsafe_code)]

mod outbox;
pub mod room;
pub mod ticket;

pub use room::{Closed, ConnectionId, JoinError, Limits, Output, Room, Stats, Violation};
pub use ticket::{Ticket, TicketError, TicketKey};
