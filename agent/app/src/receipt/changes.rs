//! What changed between two states of consent, as entries of a receipt.

use farhand_protocol::ParticipantId;
use farhand_protocol::consent::{ConsentEnd, ConsentState, Hold};
use farhand_protocol::rights::Rights;
use farhand_seal::receipt::{What, Who};

/// What made consent change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The customer, at this machine.
    Customer,
    /// A technician, by their number.
    Technician(ParticipantId),
    /// Time, the link, the desktop, or the service.
    Agent,
}

/// An entry without its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub who: Who,
    /// Which technician, or 0.
    pub technician: ParticipantId,
    /// What.
    pub what: What,
    /// Rights.
    pub rights: Rights,
    /// Reasons, as fixed words.
    pub text: String,
}

/// A state's parts.
#[derive(Clone, Copy)]
struct Parts<'a> {
    rights: Rights,
    asked: Option<Rights>,
    holds: &'a [Hold],
    ended: Option<ConsentEnd>,
}

fn parts(state: &ConsentState) -> Parts<'_> {
    let nothing = Parts { rights: Rights::EMPTY, asked: None, holds: &[], ended: None };
    match state {
        ConsentState::Fresh | ConsentState::Unknown => nothing,
        ConsentState::Asking { rights } => Parts { asked: Some(*rights), ..nothing },
        ConsentState::Granted { rights, more } => Parts { rights: *rights, asked: *more, ..nothing },
        ConsentState::Held { rights, holds } => Parts { rights: *rights, holds, ..nothing },
        ConsentState::Ended { why } => Parts { ended: Some(*why), ..nothing },
    }
}

/// What happened between two states, in the order in which it is told. `asker` is the technician who asked last.
#[must_use]
pub fn changes(
    before: &ConsentState,
    after: &ConsentState,
    cause: Cause,
    asker: ParticipantId,
) -> Vec<Change> {
    let (old, new) = (parts(before), parts(after));
    let (who, technician) = match cause {
        Cause::Customer => (Who::Customer, 0),
        Cause::Technician(number) => (Who::Technician, number),
        Cause::Agent => (Who::Agent, 0),
    };
    let mut found = Vec::new();
    let mut say = |who, technician, what, rights, text: &str| {
        found.push(Change { who, technician, what, rights, text: text.into() });
    };
    let widened = !old.rights.contains_all(new.rights);
    if widened {
        // Only the customer can: by an answer, or beforehand.
        say(Who::Customer, 0, What::Grant, new.rights, "");
    } else if let Some(asked) = old.asked
        && new.asked.is_none()
    {
        let silent =
            new.ended == Some(ConsentEnd::TimedOut) || (cause == Cause::Agent && new.ended.is_none());
        let refused = new.ended == Some(ConsentEnd::Refused) || cause == Cause::Customer;
        let (by, text) = match (silent, refused) {
            (true, _) if *after == ConsentState::Fresh || !new.holds.is_empty() => (Who::Agent, "link_lost"),
            (true, _) => (Who::Agent, "silent"),
            (false, true) => (Who::Customer, ""),
            (false, false) => (Who::Agent, "void"),
        };
        say(by, 0, What::Refusal, asked, text);
    }
    if new.ended.is_none() && !widened && !new.rights.contains_all(old.rights) {
        say(who, technician, What::Withdrawal, new.rights, "");
    }
    if new.holds != old.holds && new.ended.is_none() {
        // A technician who goes or comes back is the link.
        let who = if who == Who::Technician { Who::Agent } else { who };
        match new.holds {
            [] => say(who, 0, What::Resume, new.rights, ""),
            holds => say(who, 0, What::Hold, new.rights, &reasons(holds)),
        }
    }
    if let Some(asked) = new.asked
        && old.asked != Some(asked)
    {
        say(Who::Technician, asker, What::Ask, asked, "");
    }
    if let Some(why) = new.ended
        && old.ended.is_none()
    {
        let (by, number, text) = match why {
            ConsentEnd::Refused => (Who::Customer, 0, "refused"),
            ConsentEnd::Stopped => (Who::Customer, 0, "stopped"),
            ConsentEnd::Blocked => (Who::Customer, 0, "blocked"),
            ConsentEnd::TimedOut => (Who::Agent, 0, "timed_out"),
            ConsentEnd::GraceOver => (Who::Agent, 0, "lost"),
            ConsentEnd::EndedRemotely | ConsentEnd::Unknown => match cause {
                Cause::Technician(number) => (Who::Technician, number, "technician"),
                Cause::Customer | Cause::Agent => (Who::Agent, 0, "service"),
            },
        };
        say(by, number, What::End, Rights::EMPTY, text);
    }
    found
}

/// What happened between two states of a colleague's consent. Every entry has their number, so that nobody takes what
/// they are allowed for what the session is; the first ask is by whoever brought them in.
#[must_use]
pub fn of_colleague(
    before: &ConsentState,
    after: &ConsentState,
    cause: Cause,
    colleague: ParticipantId,
    by: ParticipantId,
) -> Vec<Change> {
    let (old, new) = (parts(before), parts(after));
    let who = match cause {
        Cause::Customer => Who::Customer,
        Cause::Technician(number) if number == colleague => Who::Technician,
        Cause::Technician(_) | Cause::Agent => Who::Agent,
    };
    let change = |who, technician, what, rights, text: &str| Change {
        who,
        technician,
        what,
        rights,
        text: text.into(),
    };
    let mut found = Vec::new();
    if !old.rights.contains_all(new.rights) {
        found.push(change(Who::Customer, colleague, What::Grant, new.rights, ""));
    } else if let Some(asked) = old.asked
        && new.asked.is_none()
    {
        let (by, text) = match cause {
            Cause::Customer => (Who::Customer, ""),
            Cause::Technician(_) | Cause::Agent => (Who::Agent, "silent"),
        };
        found.push(change(by, colleague, What::Refusal, asked, text));
    }
    if !new.rights.contains_all(old.rights) {
        found.push(change(who, colleague, What::Withdrawal, new.rights, ""));
    }
    if let Some(asked) = new.asked
        && old.asked != Some(asked)
    {
        let asker = if *before == ConsentState::Fresh { by } else { colleague };
        found.push(change(Who::Technician, asker, What::Ask, asked, ""));
    }
    found
}

fn reasons(holds: &[Hold]) -> String {
    let word = |hold: &Hold| match hold {
        Hold::Customer => "customer",
        Hold::DesktopLocked => "locked",
        Hold::LinkLost => "link_lost",
        Hold::Unknown => "unknown",
    };
    holds.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use farhand_protocol::consent::{AskId, Consent, ConsentConfig, Local, Output, Remote};
    use farhand_protocol::rights::Right;
    use farhand_seal::receipt::Entry;
    use farhand_seal::receipt::witness::Standing;

    use super::*;

    const VIEW: Rights = Rights::of(&[Right::View]);
    const CONTROL: Rights = Rights::of(&[Right::Control]);

    fn told(before: &ConsentState, after: &ConsentState, cause: Cause) -> Vec<(Who, What, Rights, String)> {
        let told = changes(before, after, cause, 1).into_iter();
        told.map(|change| (change.who, change.what, change.rights, change.text)).collect()
    }

    #[test]
    fn each_step_of_a_session_has_its_entry() {
        let asking = ConsentState::Asking { rights: VIEW };
        let sees = ConsentState::Granted { rights: VIEW, more: None };
        let more = ConsentState::Granted { rights: VIEW, more: Some(CONTROL) };
        let controls = ConsentState::Granted { rights: CONTROL, more: None };
        let paused = ConsentState::Held { rights: VIEW, holds: vec![Hold::Customer] };
        let ended = |why| ConsentState::Ended { why };
        let entry = |who, what, rights, text: &str| (who, what, rights, text.to_owned());
        let technician = Cause::Technician(1);
        for (before, after, cause, expected) in [
            (&ConsentState::Fresh, &asking, technician, entry(Who::Technician, What::Ask, VIEW, "")),
            (&asking, &sees, Cause::Customer, entry(Who::Customer, What::Grant, VIEW, "")),
            (&sees, &more, technician, entry(Who::Technician, What::Ask, CONTROL, "")),
            (&more, &sees, Cause::Customer, entry(Who::Customer, What::Refusal, CONTROL, "")),
            (&more, &sees, Cause::Agent, entry(Who::Agent, What::Refusal, CONTROL, "silent")),
            (&more, &controls, Cause::Customer, entry(Who::Customer, What::Grant, CONTROL, "")),
            (&controls, &sees, Cause::Customer, entry(Who::Customer, What::Withdrawal, VIEW, "")),
            (&controls, &sees, technician, entry(Who::Technician, What::Withdrawal, VIEW, "")),
            (&sees, &paused, Cause::Customer, entry(Who::Customer, What::Hold, VIEW, "customer")),
            (&paused, &sees, Cause::Customer, entry(Who::Customer, What::Resume, VIEW, "")),
        ] {
            assert_eq!(told(before, after, cause), [expected], "{before:?} to {after:?}");
        }
        assert_eq!(
            told(&asking, &ended(ConsentEnd::TimedOut), Cause::Agent),
            [
                entry(Who::Agent, What::Refusal, VIEW, "silent"),
                entry(Who::Agent, What::End, Rights::EMPTY, "timed_out")
            ]
        );
        let both = told(&sees, &ended(ConsentEnd::EndedRemotely), technician);
        assert_eq!(both, [entry(Who::Technician, What::End, Rights::EMPTY, "technician")]);
        let service = told(&sees, &ended(ConsentEnd::EndedRemotely), Cause::Agent);
        assert_eq!(service, [entry(Who::Agent, What::End, Rights::EMPTY, "service")]);
    }

    /// Whatever happens, replaying the entries gives the consent that the consoles are told.
    #[test]
    fn the_entries_always_say_what_the_snapshots_say() {
        let mut dice: u64 = 0x5eed_1234;
        let mut below = move |limit: u64| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            dice % limit
        };
        for run in 0..300 {
            let mut now = Instant::now();
            let mut consent = Consent::new(ConsentConfig::default());
            let (mut state, mut standing, mut ask) = (ConsentState::Fresh, Standing::default(), AskId(0));
            for step in 0..40 {
                now += Duration::from_secs(below(30));
                let cause = match below(12) {
                    0..=2 => {
                        let rights = if below(2) == 0 { VIEW } else { CONTROL };
                        let _ = consent.handle_remote(Remote::Ask { rights }, now);
                        Cause::Technician(1)
                    }
                    3..=5 => {
                        let _ = consent.handle_local(Local::Allow { ask, rights: Rights::ALL }, now);
                        Cause::Customer
                    }
                    other => {
                        let (local, remote) = match other {
                            6 => (Some(Local::Refuse { ask }), None),
                            7 => (Some(Local::Hold), None),
                            8 => (Some(Local::Resume), None),
                            9 => (Some(Local::Withdraw(Right::Control)), None),
                            10 => (None, Some(Remote::LinkLost)),
                            _ => (None, Some(Remote::LinkBack)),
                        };
                        if let Some(local) = local {
                            let _ = consent.handle_local(local, now);
                            Cause::Customer
                        } else {
                            let _ = remote.map(|remote| consent.handle_remote(remote, now));
                            Cause::Agent
                        }
                    }
                };
                while let Some(output) = consent.poll_output() {
                    match output {
                        Output::Prompt { ask: number, .. } => ask = number,
                        Output::Snapshot(snapshot) => {
                            for change in changes(&state, &snapshot.state, cause, 1) {
                                let Change { who, technician, what, rights, text } = change;
                                standing =
                                    standing.after(&Entry { at: 0, who, technician, what, rights, text });
                            }
                            state = snapshot.state;
                            assert!(standing.fits(&state), "run {run} step {step}: {standing:?} {state:?}");
                        }
                        Output::PromptGone { .. } | Output::ControlEnded | Output::Ended(_) => {}
                    }
                }
            }
        }
    }
}
