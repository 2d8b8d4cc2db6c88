//! Tickets: how the media service knows a participant without asking anybody.
//!
//! The session broker signs a [`Ticket`], the participant carries it to the media service, and the media service
//! verifies it with the same key. A ticket opens connections until it expires; an open connection outlives it.
//!
//! Layout before base64url: `layout u8 | role u8 | participant u8 | expires u64 | session | mac [32]`, big endian.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use farhand_protocol::ParticipantId;
use farhand_protocol::session::Role;
use ring::{hmac, rand};

/// Bytes of a signing key.
pub const KEY_LEN: usize = 32;
/// The longest session identifier that a ticket can name, in bytes.
pub const MAX_SESSION: usize = 64;
/// The longest encoded ticket, in bytes. A longer one is refused unread.
pub const MAX_TICKET: usize = 192;

const LAYOUT: u8 = 1;
const HEAD_LEN: usize = 1 + 1 + 1 + 8;
const MAC_LEN: usize = 32;

/// What a ticket says: this participant may join the media of this session until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The session.
    pub session: String,
    /// Who the bearer is in the session.
    pub participant: ParticipantId,
    /// The bearer's role.
    pub role: Role,
    /// From then on it opens no connection. Milliseconds since 1970.
    pub expires_at: u64,
}

/// Why a ticket was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// Not a ticket of this layout.
    #[error("the ticket cannot be read")]
    Malformed,
    /// The signature is not this service's.
    #[error("the ticket is not genuine")]
    Forged,
    /// Its time is over.
    #[error("the ticket has expired")]
    Expired,
    /// A ticket that cannot be issued: participant 0, a role of a newer version, or an empty or too long session.
    #[error("the ticket names no possible participant")]
    Impossible,
}

/// The key that tickets are signed and verified with (HMAC-SHA256).
#[derive(Clone)]
pub struct TicketKey(hmac::Key);

impl std::fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TicketKey(..)")
    }
}

impl TicketKey {
    /// A new random key.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn generate() -> Result<Self, ring::error::Unspecified> {
        hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new()).map(Self)
    }

    /// The key with these bytes, for services that share one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; KEY_LEN]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Signs a ticket: what goes into [`farhand_protocol::api::MediaOffer::ticket`].
    ///
    /// # Errors
    /// [`TicketError::Impossible`].
    pub fn sign(&self, ticket: &Ticket) -> Result<String, TicketError> {
        let role = role_byte(ticket.role).ok_or(TicketError::Impossible)?;
        if ticket.participant == 0 || ticket.session.is_empty() || ticket.session.len() > MAX_SESSION {
            return Err(TicketError::Impossible);
        }
        let mut bytes = Vec::with_capacity(HEAD_LEN + ticket.session.len() + MAC_LEN);
        bytes.extend_from_slice(&[LAYOUT, role, ticket.participant]);
        bytes.extend_from_slice(&ticket.expires_at.to_be_bytes());
        bytes.extend_from_slice(ticket.session.as_bytes());
        let mac = hmac::sign(&self.0, &bytes);
        bytes.extend_from_slice(mac.as_ref());
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Verifies a ticket at `now` (milliseconds since 1970). The signature is compared in constant time, and before
    /// anything else of the ticket is looked at.
    ///
    /// # Errors
    /// [`TicketError`] for everything but a genuine ticket that still has time.
    pub fn verify(&self, ticket: &[u8], now: u64) -> Result<Ticket, TicketError> {
        if ticket.len() > MAX_TICKET {
            return Err(TicketError::Malformed);
        }
        let bytes = URL_SAFE_NO_PAD.decode(ticket).map_err(|_| TicketError::Malformed)?;
        let (signed, mac) = bytes.split_last_chunk::<MAC_LEN>().ok_or(TicketError::Malformed)?;
        hmac::verify(&self.0, signed, mac).map_err(|_| TicketError::Forged)?;
        let (&[LAYOUT, role, participant, a, b, c, d, e, f, g, h], session) =
            signed.split_first_chunk::<HEAD_LEN>().ok_or(TicketError::Malformed)?
        else {
            return Err(TicketError::Malformed);
        };
        let expires_at = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let role = role_from(role).ok_or(TicketError::Malformed)?;
        let session = std::str::from_utf8(session).map_err(|_| TicketError::Malformed)?;
        if participant == 0 || session.is_empty() || session.len() > MAX_SESSION {
            return Err(TicketError::Impossible);
        }
        if now >= expires_at {
            return Err(TicketError::Expired);
        }
        Ok(Ticket { session: session.to_owned(), participant, role, expires_at })
    }
}

fn role_byte(role: Role) -> Option<u8> {
    match role {
        Role::Agent => Some(1),
        Role::Technician => Some(2),
        Role::Unknown => None,
    }
}

fn role_from(byte: u8) -> Option<Role> {
    [Role::Agent, Role::Technician].into_iter().find(|role| role_byte(*role) == Some(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    fn key() -> TicketKey {
        TicketKey::from_bytes(&[7; KEY_LEN])
    }

    fn ticket() -> Ticket {
        Ticket { session: "s-1".into(), participant: 3, role: Role::Technician, expires_at: NOW + 60_000 }
    }

    #[test]
    fn a_signed_ticket_verifies_to_itself() {
        for role in [Role::Agent, Role::Technician] {
            let ticket = Ticket { role, ..ticket() };
            let text = key().sign(&ticket).unwrap();
            assert_eq!(key().verify(text.as_bytes(), NOW), Ok(ticket));
        }
    }

    #[test]
    fn the_longest_ticket_fits_its_limit() {
        let ticket = Ticket { session: "x".repeat(MAX_SESSION), ..ticket() };
        let text = key().sign(&ticket).unwrap();
        assert!(text.len() <= MAX_TICKET, "{}", text.len());
        assert_eq!(key().verify(text.as_bytes(), NOW), Ok(ticket));
    }

    #[test]
    fn a_ticket_opens_nothing_from_its_expiry_on() {
        let text = key().sign(&ticket()).unwrap();
        assert!(key().verify(text.as_bytes(), NOW + 59_999).is_ok());
        assert_eq!(key().verify(text.as_bytes(), NOW + 60_000), Err(TicketError::Expired));
    }

    #[test]
    fn a_ticket_of_another_key_is_refused() {
        let text = TicketKey::generate().unwrap().sign(&ticket()).unwrap();
        assert_eq!(key().verify(text.as_bytes(), NOW), Err(TicketError::Forged));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let text = key().sign(&ticket()).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1 << bit;
                let forged = URL_SAFE_NO_PAD.encode(&bytes);
                assert_eq!(
                    key().verify(forged.as_bytes(), NOW),
                    Err(TicketError::Forged),
                    "byte {at} bit {bit}"
                );
            }
            let cut = URL_SAFE_NO_PAD.encode(&bytes[..at]);
            assert!(key().verify(cut.as_bytes(), NOW).is_err(), "cut to {at}");
        }
    }

    #[test]
    fn what_is_no_ticket_is_malformed() {
        for text in ["", "=", "a", "not a ticket", &"A".repeat(MAX_TICKET + 1)] {
            assert_eq!(key().verify(text.as_bytes(), NOW), Err(TicketError::Malformed), "{text}");
        }
        assert_eq!(key().verify(&[0xff; 40], NOW), Err(TicketError::Malformed));
    }

    #[test]
    fn an_impossible_ticket_is_never_signed() {
        for ticket in [
            Ticket { participant: 0, ..ticket() },
            Ticket { role: Role::Unknown, ..ticket() },
            Ticket { session: String::new(), ..ticket() },
            Ticket { session: "x".repeat(MAX_SESSION + 1), ..ticket() },
        ] {
            assert_eq!(key().sign(&ticket), Err(TicketError::Impossible));
        }
    }

    #[test]
    fn a_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", key()), "TicketKey(..)");
    }
}
