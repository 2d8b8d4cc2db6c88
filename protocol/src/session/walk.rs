//! Every reachable state of [`Session`], and every input in each: breadth first, with two technicians and an agent.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::*;

const TICK: Duration = Duration::from_secs(30);

fn config() -> SessionConfig {
    SessionConfig { code_valid: 3 * TICK, connect_within: 2 * TICK, grace: 2 * TICK }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Join(Role),
    Socket(Who, bool),
    Media(Who, bool),
    Restarting(Who, Option<Duration>),
    End(EndReason),
    Tick,
}

/// Participants by their role, for a session in which their order of joining differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    Agent,
    First,
    Second,
    Nobody,
}

fn alphabet() -> Vec<Step> {
    let mut steps = vec![Step::Tick];
    steps.extend([Role::Agent, Role::Technician, Role::Unknown].map(Step::Join));
    for who in [Who::Agent, Who::First, Who::Second, Who::Nobody] {
        for up in [true, false] {
            steps.extend([Step::Socket(who, up), Step::Media(who, up)]);
        }
    }
    steps.extend([Some(3 * TICK), None].map(|within| Step::Restarting(Who::Agent, within)));
    steps.push(Step::Restarting(Who::First, Some(3 * TICK)));
    let reasons = [EndReason::Technician, EndReason::Customer, EndReason::Refused, EndReason::Service];
    steps.extend(reasons.map(Step::End));
    steps
}

#[derive(Clone)]
struct Place {
    session: Session,
    now: Instant,
}

struct Told {
    result: Result<(), SessionRefused>,
    outputs: Vec<SessionOutput>,
}

fn number(session: &Session, who: Who) -> ParticipantId {
    let mut technicians = session.participants().iter().filter(|p| p.role == Role::Technician);
    let found = match who {
        Who::Agent => session.participants().iter().find(|p| p.role == Role::Agent),
        Who::First => technicians.next(),
        Who::Second => technicians.nth(1),
        Who::Nobody => None,
    };
    found.map_or(0, |participant| participant.id)
}

fn step(place: &mut Place, step: Step) -> Told {
    let now = place.now;
    let session = &mut place.session;
    let result = match step {
        // Two technicians are enough to tell one from several.
        Step::Join(Role::Technician) if number(session, Who::Second) != 0 => Ok(()),
        Step::Join(role) => session.handle_join(role, "name", "organisation", now).map(|_| ()),
        Step::Socket(who, up) => session.handle_socket(number(session, who), up, now),
        Step::Media(who, true) => session.handle_media_up(number(session, who), now),
        Step::Media(who, false) => session.handle_media_down(number(session, who), now),
        Step::Restarting(who, within) => session.handle_restarting(number(session, who), within, now, 9_000),
        Step::End(reason) => session.handle_end(reason, now),
        Step::Tick => {
            place.now = now + TICK;
            session.handle_timeout(now + TICK);
            Ok(())
        }
    };
    Told { result, outputs: std::iter::from_fn(|| place.session.poll_output()).collect() }
}

type Key = (SessionState, Option<Duration>, Option<Duration>, Vec<(Role, bool, bool)>);

fn key(place: &Place) -> Key {
    let left = place.session.poll_timeout().map(|due| due - place.now);
    let people = place.session.participants().iter().map(|p| (p.role, p.connected, p.media));
    let back = place.session.back.map(|(due, _)| due.saturating_duration_since(place.now));
    (place.session.state(), left, back, people.collect())
}

fn walk(mut check: impl FnMut(&Place, Step, &Place, &Told)) -> usize {
    let now = Instant::now();
    let start = Place { session: Session::new("s".into(), config(), now, 1_000), now };
    let steps = alphabet();
    let mut seen = HashSet::from([key(&start)]);
    let mut open = VecDeque::from([start]);
    while let Some(before) = open.pop_front() {
        for &input in &steps {
            let mut after = before.clone();
            let told = step(&mut after, input);
            check(&before, input, &after, &told);
            if seen.insert(key(&after)) {
                open.push_back(after);
            }
        }
    }
    seen.len()
}

const fn name(state: SessionState) -> &'static str {
    match state {
        SessionState::Waiting => "waiting",
        SessionState::Claimed => "claimed",
        SessionState::Live => "live",
        SessionState::Interrupted => "interrupted",
        SessionState::Ended { .. } => "ended",
        SessionState::Unknown => "unknown",
    }
}

fn both_here(session: &Session) -> bool {
    let here = |role| session.participants().iter().any(|p| p.role == role && p.connected && p.media);
    here(Role::Agent) && here(Role::Technician)
}

#[test]
fn only_the_edges_of_the_table_are_taken() {
    let mut edges = HashSet::new();
    let count = walk(|before, _, after, _| {
        let (from, to) = (name(before.session.state()), name(after.session.state()));
        if from != to {
            edges.insert((from, to));
        }
    });
    let all = [
        ("waiting", "claimed"),
        ("waiting", "ended"),
        ("claimed", "live"),
        ("claimed", "ended"),
        ("live", "interrupted"),
        ("live", "ended"),
        ("interrupted", "live"),
        ("interrupted", "ended"),
    ];
    assert_eq!(edges, HashSet::from(all));
    assert!(count > 200, "{count} states: the walk went nowhere");
}

#[test]
fn live_means_that_an_agent_and_a_technician_are_here() {
    walk(|_, input, after, _| {
        match after.session.state() {
            SessionState::Live => assert!(both_here(&after.session), "{input:?}"),
            SessionState::Claimed | SessionState::Interrupted => {
                assert!(!both_here(&after.session), "{input:?}")
            }
            SessionState::Waiting => assert_eq!(number(&after.session, Who::Agent), 0, "{input:?}"),
            SessionState::Ended { .. } => {}
            SessionState::Unknown => panic!("{input:?}"),
        };
    });
}

#[test]
fn a_code_lets_one_agent_in() {
    walk(|before, input, after, told| {
        let agents = after.session.participants().iter().filter(|p| p.role == Role::Agent).count();
        assert!(agents <= 1);
        if input == Step::Join(Role::Agent) {
            let expected = match before.session.state() {
                SessionState::Waiting => Ok(()),
                SessionState::Ended { .. } => Err(SessionRefused::Ended),
                SessionState::Claimed
                | SessionState::Live
                | SessionState::Interrupted
                | SessionState::Unknown => Err(SessionRefused::CodeUsed),
            };
            assert_eq!(told.result, expected);
        }
    });
}

#[test]
fn the_end_is_the_end_and_told_once_and_last() {
    walk(|before, input, after, told| {
        let ended = |place: &Place| matches!(place.session.state(), SessionState::Ended { .. });
        let times = told.outputs.iter().filter(|output| matches!(output, SessionOutput::Ended(_))).count();
        assert_eq!(times, usize::from(!ended(before) && ended(after)), "{input:?}");
        if ended(before) {
            assert_eq!(key(before).0, key(after).0);
            assert_eq!(told.outputs, []);
            let asks = !matches!(input, Step::Tick) && told.result.is_ok();
            let second = input == Step::Join(Role::Technician) && number(&before.session, Who::Second) != 0;
            assert!(!asks || second, "{input:?} was taken after the end");
        }
        if ended(after) {
            assert_eq!(after.session.poll_timeout(), None);
            assert!(after.session.participants().iter().all(|p| !p.media));
        }
        if times == 1 {
            assert!(matches!(told.outputs.last(), Some(SessionOutput::Ended(_))));
        }
    });
}

#[test]
fn nobody_waits_for_ever() {
    walk(|_, input, after, _| {
        let bounded = match after.session.state() {
            SessionState::Waiting | SessionState::Claimed | SessionState::Interrupted => true,
            SessionState::Live | SessionState::Ended { .. } | SessionState::Unknown => false,
        };
        assert_eq!(after.session.poll_timeout().is_some(), bounded, "{input:?}");
    });
}

#[test]
fn each_change_is_told_whole_and_once_with_the_next_revision() {
    walk(|before, input, after, told| {
        let (old, new) = (before.session.snapshot(), after.session.snapshot());
        let snapshots = told.outputs.iter().filter_map(|output| match output {
            SessionOutput::Snapshot(snapshot) => Some(snapshot.clone()),
            SessionOutput::Ended(_) => None,
        });
        let told: Vec<_> = snapshots.collect();
        let content = |snapshot: &SessionSnapshot| SessionSnapshot { revision: 0, ..snapshot.clone() };
        if content(&old) == content(&new) {
            assert_eq!((old.revision, told), (new.revision, vec![]), "{input:?}");
        } else {
            assert_eq!((old.revision + 1, told), (new.revision, vec![new]), "{input:?}");
        }
    });
}

#[test]
fn a_refused_input_changes_nothing() {
    walk(|before, input, after, told| {
        if told.result.is_err() {
            assert_eq!(before.session.snapshot(), after.session.snapshot(), "{input:?}");
            assert_eq!(told.outputs, []);
        }
    });
}

#[test]
fn time_ends_each_state_with_its_own_reason() {
    walk(|before, input, after, _| {
        let over = input == Step::Tick && before.session.poll_timeout().is_some_and(|due| due <= after.now);
        if over {
            let reason = match before.session.state() {
                SessionState::Waiting => EndReason::CodeExpired,
                SessionState::Claimed
                | SessionState::Live
                | SessionState::Interrupted
                | SessionState::Ended { .. }
                | SessionState::Unknown => EndReason::Lost,
            };
            assert_eq!(after.session.state(), SessionState::Ended { reason });
        }
    });
}

#[test]
fn an_agent_that_restarts_may_be_away_for_as_long_as_it_said_and_nobody_else_is() {
    walk(|before, input, after, told| {
        let (was, is) = (&before.session, &after.session);
        let here =
            |s: &Session| s.participants().iter().any(|p| p.role == Role::Agent && p.connected && p.media);
        if input == Step::Restarting(Who::First, Some(3 * TICK)) {
            assert!(told.result.is_err(), "a technician's computer does not count");
        }
        if let SessionState::Ended { .. } = is.state() {
            assert_eq!(is.snapshot().back_until, None);
            return;
        }
        if let Some((due, _)) = is.back {
            // Only a session that was live waits, and no longer than it was told to, or than for anybody.
            assert!(matches!(is.state(), SessionState::Live | SessionState::Interrupted));
            if !here(is) {
                assert!(is.poll_timeout().is_some_and(|end| end >= due), "{input:?}");
            }
        } else if is.state() == SessionState::Interrupted && was.back.is_some() && here(is) {
            assert!(is.poll_timeout().is_some_and(|end| end <= after.now + config().grace), "{input:?}");
        }
        if is.back.is_none() && was.back.is_some() && was.state() == is.state() {
            let came = matches!(input, Step::Media(Who::Agent, true) | Step::Restarting(Who::Agent, None));
            let late = was.back.is_some_and(|(due, _)| due <= after.now);
            assert!(came || late, "{input:?}");
        }
    });
}

#[test]
fn a_restart_of_the_service_waits_for_a_machine_that_restarts_and_not_for_longer() {
    let now = Instant::now();
    let mut session = Session::new("s".into(), config(), now, 1_000);
    let technician = session.handle_join(Role::Technician, "", "", now).unwrap();
    let agent = session.handle_join(Role::Agent, "", "", now).unwrap();
    for who in [technician, agent] {
        session.handle_socket(who, true, now).unwrap();
        session.handle_media_up(who, now).unwrap();
    }
    session.handle_restarting(agent, Some(Duration::from_secs(24 * 60 * 60)), now, 1_000).unwrap();
    let kept = session.snapshot();
    assert_eq!(kept.back_until, Some(1_000 + 3_600_000), "an hour at most");
    let left = |wall| {
        let restored = Session::restore(kept.clone(), config(), now, wall);
        restored.poll_timeout().map(|due| due - now)
    };
    assert_eq!(left(1_000 + 1_800_000), Some(Duration::from_secs(1_800)));
    assert_eq!(left(1_000 + 3_600_000), Some(config().grace), "its time is over: as for anybody");
    assert_eq!(left(0), Some(Duration::from_secs(3_600)), "a clock that was moved back adds nothing");
}

#[test]
fn a_broken_socket_takes_the_media_report_with_it() {
    walk(|_, input, after, _| {
        assert!(after.session.participants().iter().all(|p| p.connected || !p.media), "{input:?}");
    });
}

#[test]
fn a_restart_of_the_service_gives_everybody_the_grace() {
    walk(|_, _, after, _| {
        let kept = after.session.snapshot();
        let restored = Session::restore(kept.clone(), config(), after.now, kept.created_at);
        let now = restored.snapshot();
        assert!(now.revision > kept.revision, "mirrors would ignore it");
        assert_eq!(now.participants.len(), kept.participants.len());
        assert!(now.participants.iter().all(|p| !p.connected && !p.media));
        let expected = match kept.state {
            SessionState::Live => SessionState::Interrupted,
            SessionState::Waiting
            | SessionState::Claimed
            | SessionState::Interrupted
            | SessionState::Ended { .. }
            | SessionState::Unknown => kept.state,
        };
        assert_eq!(now.state, expected);
        assert_eq!(restored.poll_timeout().is_none(), matches!(now.state, SessionState::Ended { .. }));
    });
}

#[test]
fn a_code_that_expired_during_a_restart_is_expired_after_it() {
    let now = Instant::now();
    let session = Session::new("s".into(), config(), now, 1_000);
    let mut restored = Session::restore(session.snapshot(), config(), now, 1_000 + 90_000);
    assert_eq!(restored.handle_join(Role::Agent, "", "", now), Err(SessionRefused::Ended));
    assert_eq!(restored.state(), SessionState::Ended { reason: EndReason::CodeExpired });
}

#[test]
fn a_code_is_refused_at_the_moment_it_expires_whoever_forgot_the_timeout() {
    let now = Instant::now();
    let mut session = Session::new("s".into(), config(), now, 1_000);
    let late = now + config().code_valid;
    assert_eq!(session.handle_join(Role::Agent, "", "", late), Err(SessionRefused::Ended));
}

#[test]
fn the_agent_s_place_is_kept_and_the_rest_is_bounded() {
    let now = Instant::now();
    let mut session = Session::new("s".into(), config(), now, 1_000);
    let mut numbers = HashSet::new();
    for _ in 1..MAX_PARTICIPANTS {
        assert!(numbers.insert(session.handle_join(Role::Technician, "", "", now).unwrap()));
    }
    assert_eq!(session.handle_join(Role::Technician, "", "", now), Err(SessionRefused::Full));
    assert!(numbers.insert(session.handle_join(Role::Agent, "", "", now).unwrap()));
    assert!(!numbers.contains(&0), "0 is never given out");
}

#[test]
fn names_are_cut_at_a_whole_letter() {
    let now = Instant::now();
    let mut session = Session::new("s".into(), config(), now, 1_000);
    session.handle_join(Role::Technician, &"ä".repeat(500), &"x".repeat(500), now).unwrap();
    let name = &session.participants()[0].name;
    assert!(name.len() <= MAX_NAME && name.chars().all(|letter| letter == 'ä'));
    assert_eq!(session.participants()[0].organisation.len(), MAX_NAME);
}
