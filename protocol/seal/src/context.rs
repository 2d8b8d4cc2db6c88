//! What the two ends must agree on beside the secret: who is who, and what was offered. Each end says its own view in
//! its first message; the views are bound into the keys and compared.

use farhand_protocol::ParticipantId;
use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::session::MAX_NAME;
use farhand_protocol::version::{Version, VersionRange};

use crate::LABEL;
use crate::bytes::{ReadError, Reader, lv_cat, put};

/// The longest session id, in bytes.
pub const MAX_SESSION: usize = 64;
/// The largest [`Offer`] as bytes.
pub const MAX_OFFER: usize = 1024;

/// A person as the other end is shown them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Name; empty for an anonymous customer.
    pub name: String,
    /// Organisation; empty for a customer.
    pub organisation: String,
}

/// What one end knows of the session, mostly from the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The session's id.
    pub session: String,
    /// The agent's number in it.
    pub agent: ParticipantId,
    /// The console's number in it.
    pub console: ParticipantId,
    /// The technician as the customer is shown them, and as their own console has them.
    pub technician: Identity,
    /// The customer as the technician is shown them.
    pub customer: Identity,
    /// The protocol version that the service agreed on with this end.
    pub version: Version,
}

/// What an end says of itself, and its view: the associated data of its CPace message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What it knows of the session.
    pub view: View,
    /// Versions that it speaks.
    pub versions: VersionRange,
    /// Agent: rights that may be granted here at all. Console: rights that it may ask for.
    pub rights: Rights,
    /// Its Ed25519 key for this session's receipt.
    pub key: [u8; 32],
}

/// Where two ends' views differ. Nothing between them can change any of it unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Difference {
    /// The session's id.
    Session,
    /// A participant's number.
    Participant,
    /// The technician's name or organisation.
    Technician,
    /// The customer's name.
    Customer,
    /// The protocol version, which is not the newest that both speak.
    Version,
}

impl View {
    /// The draft's channel identifier: what the two ends know for sure without having met. The roles are in it, the
    /// initiator's first, so that no message can be turned back to its sender.
    #[must_use]
    pub fn channel(&self) -> Vec<u8> {
        lv_cat(&[LABEL, b"agent", &[self.agent], b"console", &[self.console], self.session.as_bytes()])
    }
}

impl Offer {
    /// The bytes, one spelling only.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let View { session, agent, console, technician, customer, version } = &self.view;
        let mut out = lv_cat(&[session.as_bytes()]);
        out.extend_from_slice(&[*agent, *console]);
        for identity in [technician, customer] {
            put(&mut out, identity.name.as_bytes());
            put(&mut out, identity.organisation.as_bytes());
        }
        for version in [*version, self.versions.oldest, self.versions.newest] {
            out.extend_from_slice(&version.0.to_be_bytes());
        }
        out.extend_from_slice(&write_rights(self.rights).to_be_bytes());
        out.extend_from_slice(&self.key);
        out
    }

    /// Reads an offer.
    ///
    /// # Errors
    /// [`ReadError`] for anything but one whole offer within its limits.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.len() > MAX_OFFER {
            return Err(ReadError::Long);
        }
        let mut reader = Reader::new(bytes);
        let session = reader.text(MAX_SESSION)?;
        let [agent, console] = reader.array()?;
        let mut identity = || -> Result<Identity, ReadError> {
            Ok(Identity { name: reader.text(MAX_NAME)?, organisation: reader.text(MAX_NAME)? })
        };
        let (technician, customer) = (identity()?, identity()?);
        let mut version =
            || -> Result<Version, ReadError> { Ok(Version(u16::from_be_bytes(reader.array()?))) };
        let (version, oldest, newest) = (version()?, version()?, version()?);
        let rights = read_rights(u16::from_be_bytes(reader.array()?)).ok_or(ReadError::Malformed)?;
        let key = reader.array()?;
        reader.end()?;
        let view = View { session, agent, console, technician, customer, version };
        Ok(Self { view, versions: VersionRange { oldest, newest }, rights, key })
    }

    /// Where the other end's offer does not fit to this one.
    #[must_use]
    pub fn difference(&self, theirs: &Self) -> Option<Difference> {
        let (a, b) = (&self.view, &theirs.view);
        let fits = [
            (a.session == b.session, Difference::Session),
            (a.agent == b.agent && a.console == b.console, Difference::Participant),
            (a.technician == b.technician, Difference::Technician),
            (a.customer == b.customer, Difference::Customer),
            (
                a.version == b.version && self.versions.agree(theirs.versions) == Some(a.version),
                Difference::Version,
            ),
        ];
        fits.into_iter().find(|(fits, _)| !fits).map(|(_, difference)| difference)
    }
}

/// Rights as bits, in the order of [`Right::ALL`].
#[must_use]
pub fn write_rights(rights: Rights) -> u16 {
    rights.iter().fold(0, |bits, right| bits | 1 << right as u16)
}

/// Rights from bits; nothing when a bit names no right, or control comes without view.
#[must_use]
pub fn read_rights(bits: u16) -> Option<Rights> {
    let rights: Rights = Right::ALL.into_iter().filter(|right| bits & (1 << *right as u16) != 0).collect();
    (write_rights(rights) == bits).then_some(rights)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn offer() -> Offer {
        Offer {
            view: View {
                session: "s-1".into(),
                agent: 2,
                console: 1,
                technician: Identity { name: "Ada".into(), organisation: "Example Help".into() },
                customer: Identity::default(),
                version: Version(1),
            },
            versions: VersionRange { oldest: Version(1), newest: Version(1) },
            rights: Rights::of(&[Right::Control]),
            key: [7; 32],
        }
    }

    #[test]
    fn an_offer_survives_its_bytes() {
        let offer = offer();
        let bytes = offer.write();
        assert_eq!(Offer::read(&bytes), Ok(offer));
        for end in 0..bytes.len() {
            assert!(Offer::read(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn every_swap_is_seen() {
        let ours = offer();
        assert_eq!(ours.difference(&offer()), None);
        let swapped = |change: fn(&mut Offer)| {
            let mut theirs = offer();
            change(&mut theirs);
            ours.difference(&theirs)
        };
        assert_eq!(swapped(|o| o.view.session = "s-2".into()), Some(Difference::Session));
        assert_eq!(swapped(|o| o.view.agent = 3), Some(Difference::Participant));
        assert_eq!(swapped(|o| o.view.technician.name = "Eve".into()), Some(Difference::Technician));
        assert_eq!(swapped(|o| o.view.technician.organisation.clear()), Some(Difference::Technician));
        assert_eq!(swapped(|o| o.view.customer.name = "Bob".into()), Some(Difference::Customer));
        assert_eq!(swapped(|o| o.view.version = Version(0)), Some(Difference::Version));
    }

    #[test]
    fn a_version_talked_down_is_seen_although_both_views_agree() {
        let (mut ours, mut theirs) = (offer(), offer());
        ours.versions.newest = Version(2);
        theirs.versions.newest = Version(2);
        assert_eq!(ours.difference(&theirs), Some(Difference::Version));
    }

    #[test]
    fn rights_have_one_spelling() {
        for rights in [Rights::EMPTY, Rights::ALL, Rights::of(&[Right::Control])] {
            assert_eq!(read_rights(write_rights(rights)), Some(rights));
        }
        assert_eq!(read_rights(0b10), None, "control without view");
        assert_eq!(read_rights(1 << 12), None);
    }
}
