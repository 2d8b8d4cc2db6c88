//! The record by which an agent goes on after its computer was restarted, and its times.

use std::time::Duration;

use farhand_agent_core::resume::{MAX_RECORD, Record};
use farhand_protocol::channel::restart::MAX_BACK_WITHIN;

const LONGEST: Duration = Duration::from_secs(MAX_BACK_WITHIN as u64);

/// Three clocks, eight bytes each, and a record. Whatever they say, nothing is allowed for longer than the customer could
/// have chosen, nor than either clock leaves; and the receipt's name leads nowhere but into its folder.
pub fn resume(data: &[u8]) {
    let Some((clocks, bytes)) = data.split_first_chunk::<24>() else { return };
    let clock = |at: usize| u64::from_be_bytes(*clocks[at * 8..].first_chunk().expect("there are three"));
    let Ok(record) = Record::read(bytes) else { return };
    assert!(bytes.len() <= MAX_RECORD);
    assert!(Record::read(&record.write()).is_ok_and(|again| again == record), "what is written is read");
    assert!(record.receipt.as_ref().is_none_or(|name| !name.contains(['/', '\\']) && name != ".."));
    for (now, service, until) in [(clock(0), clock(1), Some(clock(2))), (clock(0), clock(1), None)] {
        let Some(left) = record.left(now) else { continue };
        assert!(left.allowed <= left.waits && left.waits <= LONGEST);
        let both = record.left_by_service(left, service, until);
        assert!(both.allowed <= left.allowed && both.waits == left.waits);
        let of_service = until.map_or(0, |until| until.saturating_sub(service));
        assert!(both.allowed <= Duration::from_millis(of_service), "no longer than the service waits");
        let session = record.of_session(now);
        let minutes = record.joined.ceiling.session_minutes;
        assert!(session.is_none_or(|left| left <= Duration::from_secs(u64::from(minutes.unwrap_or(0)) * 60)));
    }
}
