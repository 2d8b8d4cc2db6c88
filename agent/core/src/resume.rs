//! What an agent needs to go on with its session after its computer was restarted, as the file holds it before it is
//! sealed. It is read once and removed; what it says counts no longer than both the computer's clock and the service's say.

use std::time::Duration;

use farhand_protocol::ParticipantId;
use farhand_protocol::api::Joined;
use farhand_protocol::channel::restart::MAX_BACK_WITHIN;
use farhand_protocol::consent::Carried;
use farhand_protocol::session::MAX_NAME;
use serde::{Deserialize, Serialize};

/// The largest record, in bytes.
pub const MAX_RECORD: usize = 128 * 1024;
/// A clock that stands further than this before the time at which the record was written cannot be believed.
const BEFORE: u64 = 5 * 60 * 1000;
/// The longest text in it but the session's own, in bytes.
const MAX_TEXT: usize = 1024;
/// The form that this version writes and reads.
pub const VERSION: u8 = 1;

/// See the module. Debug output hides it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`VERSION`].
    pub version: u8,
    /// When it was written, milliseconds since 1970.
    pub written: u64,
    /// What is allowed stays so until then, milliseconds since 1970; not after `written` where nothing does.
    pub until: u64,
    /// The service waits for this computer until then, milliseconds since 1970.
    pub waits: u64,
    /// When the session began here, milliseconds since 1970.
    pub joined_at: u64,
    /// Address of the service, beginning with `https://`.
    pub server: String,
    /// The one certificate that is trusted, where that is so.
    pub fingerprint: Option<String>,
    /// The session, its token, who asks and the ceiling.
    pub joined: Joined,
    /// This agent's number in it.
    pub participant: ParticipantId,
    /// Whose session it is: nobody else is let in by this.
    pub console: ParticipantId,
    /// Their name, as it was proven.
    pub technician: String,
    /// Their organisation, likewise.
    pub organisation: String,
    /// What the last hand-shake with that console left: it is good for one more.
    pub resumption: [u8; 32],
    /// Seed of the key that signs the receipt.
    pub seed: [u8; 32],
    /// File name of the receipt in its folder; nothing where none is kept.
    pub receipt: Option<String>,
    /// What is carried over.
    pub carried: Carried,
    /// The chat's newest line.
    pub chat: u32,
    /// The customer's own word on locking the screen at the end.
    pub lock_at_end: Option<bool>,
    /// Seconds that a question waits for an answer.
    pub answer_within: u16,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("until", &self.until).finish_non_exhaustive()
    }
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Larger than [`MAX_RECORD`].
    #[error("the record is too large")]
    Long,
    /// Not of this form or version.
    #[error("the record cannot be read")]
    Malformed,
    /// Times, names or numbers in it cannot be.
    #[error("the record says something that cannot be")]
    Impossible,
}

/// What a record's times come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// What was allowed stays so for this long; zero for not at all.
    pub allowed: Duration,
    /// The session is waited for that long.
    pub waits: Duration,
}

impl Record {
    /// As bytes, to be sealed.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a record has no map with keys that are not strings")
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`RecordError`] for anything but one whole record within its limits.
    pub fn read(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > MAX_RECORD {
            return Err(RecordError::Long);
        }
        let record: Self = serde_json::from_slice(bytes).map_err(|_| RecordError::Malformed)?;
        if record.version != VERSION {
            return Err(RecordError::Malformed);
        }
        let longest = u64::from(MAX_BACK_WITHIN) * 1000;
        let spans = |to: u64| to.checked_sub(record.written).is_some_and(|span| span <= longest);
        let texts = [&record.server, &record.joined.session, &record.joined.token];
        let names = [&record.technician, &record.organisation];
        // The receipt's name must lead nowhere but into its folder.
        let name = |name: &String| {
            !name.is_empty()
                && name.len() <= 255
                && !name.starts_with('.')
                && !name.contains(['/', '\\', '\0'])
        };
        let possible = spans(record.until)
            && record.until <= record.waits
            && spans(record.waits)
            && record.joined_at <= record.written
            && record.server.starts_with("https://")
            && texts.iter().all(|text| !text.is_empty() && text.len() <= MAX_TEXT)
            && names.iter().all(|name| name.len() <= MAX_NAME)
            && record.fingerprint.as_ref().is_none_or(|text| text.len() <= MAX_TEXT)
            && record.receipt.as_ref().is_none_or(name)
            && record.participant != 0
            && record.console != 0
            && record.participant != record.console;
        if possible { Ok(record) } else { Err(RecordError::Impossible) }
    }

    /// What is left by this computer's clock (milliseconds since 1970). Nothing when nobody waits any more; and nothing of
    /// what was allowed by a clock that stands before the record was written.
    #[must_use]
    pub fn left(&self, now: u64) -> Option<Left> {
        let believed = now.saturating_add(BEFORE) >= self.written;
        let now = now.max(self.written);
        let span = |to: u64| Duration::from_millis(to.saturating_sub(now));
        let allowed = if believed { span(self.until) } else { Duration::ZERO };
        let waits = span(self.waits);
        (!waits.is_zero()).then_some(Left { allowed, waits })
    }

    /// What of it the service leaves, which tells its own clock and until when it waits: a computer whose clock was put
    /// back gains nothing. A service that tells neither leaves nothing of what was allowed.
    #[must_use]
    pub fn left_by_service(&self, left: Left, now: u64, back_until: Option<u64>) -> Left {
        let waits = back_until.map_or(0, |until| until.saturating_sub(now));
        // The service knows when its waiting ends; what was allowed ends so much before that.
        let allowed = Duration::from_millis(waits.saturating_sub(self.waits.saturating_sub(self.until)));
        Left { allowed: left.allowed.min(allowed), waits: left.waits }
    }

    /// What is left of the longest that the session may last, which counts from when it began.
    #[must_use]
    pub fn of_session(&self, now: u64) -> Option<Duration> {
        let minutes = self.joined.ceiling.session_minutes?;
        let over = self.joined_at.saturating_add(u64::from(minutes) * 60_000);
        Some(Duration::from_millis(over.saturating_sub(now.max(self.written))))
    }
}
