//! What changes between two readings of the technician's sessions, for the tray and the notifications.

use std::collections::BTreeSet;

use farhand_protocol::api::{ColleagueInvitations, SessionList};
use farhand_protocol::session::{Role, SessionSnapshot, SessionState};

use crate::deep_link::is_session;
use crate::shell::TraySession;

/// Sessions beside the clock, at most.
const MAX_TRAY: usize = 12;
/// Invitations that are remembered, at most.
const MAX_CALLS: usize = 100;
/// Characters of a name that are shown there.
const MAX_LABEL: usize = 60;

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<'a> {
    /// A customer has come to a session that waited: their name, which may be empty.
    Customer(&'a str),
    /// A colleague calls into a session: their name.
    Colleague(&'a str),
}

/// A customer has come to a session that waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// The session.
    pub session: String,
    /// Their name, as their computer says it; may be empty. Plain text of one line.
    pub name: String,
}

fn has_come(session: &SessionSnapshot) -> bool {
    match session.state {
        SessionState::Claimed | SessionState::Live | SessionState::Interrupted => true,
        SessionState::Waiting | SessionState::Ended { .. } | SessionState::Unknown => false,
    }
}

/// Text of the far side, on one line and short.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_LABEL).collect::<String>().trim().to_owned()
}

fn customer(session: &SessionSnapshot) -> String {
    let agent = session.participants.iter().find(|participant| participant.role == Role::Agent);
    agent.map(|agent| plain(&agent.name)).unwrap_or_default()
}

/// Who has come since the reading before. The first reading is no news.
#[must_use]
pub fn came(before: Option<&SessionList>, after: &SessionList) -> Vec<Came> {
    let Some(before) = before else { return Vec::new() };
    let waited = |id: &str| {
        before
            .sessions
            .iter()
            .any(|known| known.session.id == id && matches!(known.session.state, SessionState::Waiting))
    };
    after
        .sessions
        .iter()
        .map(|created| &created.session)
        .filter(|session| has_come(session) && waited(&session.id) && is_session(&session.id))
        .map(|session| Came { session: session.id.clone(), name: customer(session) })
        .collect()
}

/// Who calls since the reading before, by name; `known` becomes what was read. Also the first reading is news: somebody
/// waits.
#[must_use]
pub fn calls(known: &mut BTreeSet<String>, after: &ColleagueInvitations) -> Vec<String> {
    let fresh = after.invitations.iter().filter(|call| is_session(&call.session));
    let fresh = fresh.filter(|call| !known.contains(&call.session)).map(|call| plain(&call.from)).collect();
    let sessions = after.invitations.iter().take(MAX_CALLS).map(|call| call.session.clone());
    *known = sessions.collect();
    fresh
}

/// What stands beside the clock.
#[must_use]
pub fn tray(list: &SessionList) -> Vec<TraySession> {
    list.sessions
        .iter()
        .filter(|created| is_session(&created.session.id))
        .take(MAX_TRAY)
        .map(|created| {
            let name = customer(&created.session);
            let code = plain(&created.code);
            // The last four digits are the pages' alone.
            let code = match code.split_at_checked(3) {
                Some((one, two)) if code.len() == 6 => format!("{one} {two} ····"),
                Some(_) | None => code,
            };
            let label = if has_come(&created.session) && !name.is_empty() { name } else { code };
            TraySession { session: created.session.id.clone(), label }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(state: &str, id: &str, name: &str) -> SessionList {
        let json = serde_json::json!({"sessions": [{
            "code": "482193",
            "link": "https://help.example.org/join#482193",
            "session": {
                "id": id, "state": state, "revision": 1, "code_expires_at": 0,
                "created_at": 0,
                "participants": [{
                    "id": 2, "role": "agent", "name": name, "connected": true, "media": true, "organisation": ""
                }],
            },
        }]});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_customer_who_comes_is_told_once() {
        let (waiting, claimed) = (list("waiting", "s1", "Ada"), list("claimed", "s1", "Ada"));
        assert_eq!(came(None, &claimed), [], "the first reading is no news");
        assert_eq!(came(Some(&waiting), &waiting), []);
        let expected = [Came { session: "s1".into(), name: "Ada".into() }];
        assert_eq!(came(Some(&waiting), &claimed), expected);
        assert_eq!(came(Some(&claimed), &claimed), []);
    }

    #[test]
    fn a_name_from_the_far_side_is_one_short_line() {
        let evil = format!("<b>x</b>\n\u{1b}]0;{}", "y".repeat(500));
        let found = came(Some(&list("waiting", "s1", "")), &list("claimed", "s1", &evil));
        assert_eq!(found[0].name.chars().count(), MAX_LABEL);
        assert!(!found[0].name.contains(['\n', '\u{1b}']));
        let strange = list("claimed", "../../etc", "x");
        assert_eq!(came(Some(&list("waiting", "../../etc", "")), &strange), []);
        assert_eq!(tray(&strange), []);
    }

    #[test]
    fn a_waiting_session_shows_its_code() {
        assert_eq!(tray(&list("waiting", "s1", ""))[0].label, "482 193 ····");
        assert_eq!(tray(&list("live", "s1", "Ada"))[0].label, "Ada");
    }
}
