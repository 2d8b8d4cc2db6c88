//! Who gets which message: rooms, participants, tickets. No socket, no clock, no runtime.
#![forbid(unsafe_code)]

pub mod ticket;

pub use ticket::{Ticket, TicketError, TicketKey};
