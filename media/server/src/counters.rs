//! What is counted.

use std::sync::atomic::{AtomicU64, Ordering};

use farhand_protocol::framing::close;

macro_rules! reasons {
    ($($variant:ident $name:literal $code:ident $doc:literal,)*) => {
        /// Why a connection was refused, or closed for cause.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Reason { $(#[doc = $doc] $variant,)* }

        impl Reason {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// For logs and metrics.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What the far side is told.
            pub(crate) fn code(self) -> u32 {
                match self { $(Self::$variant => close::$code,)* }
            }
        }
    };
}

reasons! {
    NoTicket "no_ticket" NO_TICKET "No ticket came in time.",
    TicketMalformed "ticket_malformed" TICKET_REFUSED "What came is no ticket.",
    TicketForged "ticket_forged" TICKET_REFUSED "The ticket is not ours.",
    TicketExpired "ticket_expired" TICKET_REFUSED "The ticket's time is over.",
    SessionEnded "session_ended" ENDED "The ticket's session has ended.",
    RoleTaken "role_taken" TICKET_REFUSED "Another agent is in the room.",
    RoomFull "room_full" BUSY "The room has no place left.",
    ServiceFull "service_full" BUSY "The service has no place left.",
    AddressFull "address_full" BUSY "Too many connections come from one address.",
    Malformed "malformed" PROTOCOL "A message that is none.",
    Oversized "oversized" PROTOCOL "A message over its limit.",
    UnknownStream "unknown_stream" PROTOCOL "A stream that does not exist, or twice.",
    ForgedSender "forged_sender" PROTOCOL "A message in another participant's name.",
    Direction "direction" PROTOCOL "A stream that the role does not speak on.",
    Overflow "overflow" BUSY "A viewer that floods or does not read.",
    Path "path" PROTOCOL "A WebTransport session elsewhere than offered.",
    Handshake "handshake" PROTOCOL "A handshake that came to nothing.",
    Replaced "replaced" REPLACED "A newer connection took its place.",
}

/// What carries a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Quic,
    WebTransport,
    WebSocket,
}

impl Carrier {
    pub(crate) const ALL: [Self; 3] = [Self::Quic, Self::WebTransport, Self::WebSocket];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quic => "quic",
            Self::WebTransport => "webtransport",
            Self::WebSocket => "websocket",
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    refused: [AtomicU64; Reason::ALL.len()],
    participants: [AtomicU64; Carrier::ALL.len()],
}

impl Counters {
    pub(crate) fn refuse(&self, reason: Reason) {
        self.refused[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) -> Vec<(&'static str, u64)> {
        let counts = self.refused.iter().map(|count| count.load(Ordering::Relaxed));
        Reason::ALL.iter().map(|reason| reason.name()).zip(counts).collect()
    }

    pub(crate) fn came(&self, carrier: Carrier) {
        self.participants[carrier as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn went(&self, carrier: Carrier) {
        self.participants[carrier as usize].fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn participants(&self) -> Vec<(&'static str, u64)> {
        let counts = self.participants.iter().map(|count| count.load(Ordering::Relaxed));
        Carrier::ALL.iter().map(|carrier| carrier.name()).zip(counts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_counted_under_its_own_name() {
        let counters = Counters::default();
        for (times, reason) in Reason::ALL.iter().enumerate() {
            for _ in 0..times {
                counters.refuse(*reason);
            }
        }
        let counted = counters.refused();
        for (times, (reason, (name, count))) in Reason::ALL.iter().zip(&counted).enumerate() {
            assert_eq!((*name, *count), (reason.name(), times as u64));
        }
    }
}
