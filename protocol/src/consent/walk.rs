//! Every reachable state of [`Consent`], and every input in each: breadth first, over a small alphabet.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::machine::{Ask, State};
use super::*;
use crate::rights::Right;

const TICK: Duration = Duration::from_secs(30);
const VIEW: Rights = Rights::of(&[Right::View]);
const CONTROL: Rights = Rights::of(&[Right::Control]);
const FILES: Rights = Rights::of(&[Right::Files]);
const SHELL: Rights = Rights::of(&[Right::Shell]);

/// Shell is outside.
const POLICY: Rights = Rights::of(&[Right::View, Right::Control, Right::Files]);

fn config() -> ConsentConfig {
    ConsentConfig { policy: POLICY, answer_within: 2 * TICK, grace: 2 * TICK, max_refusals: 3 }
}

fn fresh() -> Consent {
    Consent::new(config()).with_pause_limit(3 * TICK)
}

/// An input of the walk. Prompts are named by their age, so that the alphabet is finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Standing(Rights),
    AllowShown(Rights),
    AllowOlder(Rights),
    AllowFuture(Rights),
    RefuseShown,
    RefuseOlder,
    Local(Local),
    Remote(Remote),
    Tick,
}

fn alphabet() -> Vec<Step> {
    let some = [VIEW, CONTROL, FILES, POLICY, SHELL, Rights::ALL, Rights::EMPTY];
    let mut steps = vec![Step::RefuseShown, Step::RefuseOlder, Step::Tick];
    for rights in some {
        steps.extend([
            Step::Standing(rights),
            Step::AllowShown(rights),
            Step::AllowOlder(rights),
            Step::AllowFuture(rights),
            Step::Remote(Remote::Ask { rights }),
            Step::Remote(Remote::GiveUp { rights }),
        ]);
    }
    steps.extend(
        [Right::View, Right::Control, Right::Files, Right::Shell].map(|r| Step::Local(Local::Withdraw(r))),
    );
    steps.extend(
        [
            Local::WithdrawAll,
            Local::Hold,
            Local::Resume,
            Local::DesktopLocked,
            Local::DesktopUnlocked,
            Local::Stop,
            Local::Block,
        ]
        .map(Step::Local),
    );
    steps.extend([Remote::LinkLost, Remote::LinkBack, Remote::End].map(Step::Remote));
    steps
}

/// What tells two states apart for everything that is to come: times count from now, prompts by whether they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    state: &'static str,
    rights: Rights,
    asked: Option<(Rights, Duration)>,
    ended: Option<ConsentEnd>,
    holds: [Option<Duration>; 3],
    refusals: u8,
}

fn key(consent: &Consent, now: Instant) -> Key {
    let asked = |ask: Ask| (ask.rights, ask.expires - now);
    let (state, rights, asked, ended) = match consent.state {
        State::Fresh => ("fresh", Rights::EMPTY, None, None),
        State::Asking(ask) => ("asking", Rights::EMPTY, Some(asked(ask)), None),
        State::Granted { rights, more } => ("granted", rights, more.map(asked), None),
        State::Held { rights } => ("held", rights, None, None),
        State::Ended(why) => ("ended", Rights::EMPTY, None, Some(why)),
    };
    let left = |until: Option<Instant>| until.map(|until| until.saturating_duration_since(now));
    let holds = [consent.holds.customer, consent.holds.locked, consent.holds.link].map(left);
    Key { state, rights, asked, ended, holds, refusals: consent.refusals }
}

/// A state on the walk, with what only the observer knows.
#[derive(Clone)]
struct Place {
    consent: Consent,
    now: Instant,
    /// The newest prompt that was shown and is not any more.
    older: Option<AskId>,
    /// The prompt that is shown, as the outputs tell.
    shown: Option<(AskId, Rights)>,
}

/// What a step did, as the outputs tell.
struct Told {
    result: Result<(), ConsentRefused>,
    outputs: Vec<Output>,
}

fn step(place: &mut Place, step: Step) -> Told {
    let shown = place.shown.map_or(AskId(u32::MAX), |(id, _)| id);
    let older = place.older.unwrap_or(AskId(0));
    let future = AskId(shown.0.wrapping_add(1));
    let (consent, now) = (&mut place.consent, place.now);
    let result = match step {
        Step::Standing(rights) => consent.handle_local(Local::Standing(rights), now),
        Step::AllowShown(rights) => consent.handle_local(Local::Allow { ask: shown, rights }, now),
        Step::AllowOlder(rights) => consent.handle_local(Local::Allow { ask: older, rights }, now),
        Step::AllowFuture(rights) => consent.handle_local(Local::Allow { ask: future, rights }, now),
        Step::RefuseShown => consent.handle_local(Local::Refuse { ask: shown }, now),
        Step::RefuseOlder => consent.handle_local(Local::Refuse { ask: older }, now),
        Step::Local(input) => consent.handle_local(input, now),
        Step::Remote(input) => consent.handle_remote(input, now),
        Step::Tick => {
            place.now = now + TICK;
            consent.handle_timeout(now + TICK);
            Ok(())
        }
    };
    let outputs: Vec<Output> = std::iter::from_fn(|| place.consent.poll_output()).collect();
    for output in &outputs {
        match output {
            Output::Prompt { ask, rights, .. } => {
                assert_eq!(place.shown, None, "two prompts at once");
                place.shown = Some((*ask, *rights));
            }
            Output::PromptGone { ask } => {
                assert_eq!(place.shown.map(|(id, _)| id), Some(*ask), "a prompt goes that is not shown");
                place.shown = None;
                place.older = Some(*ask);
            }
            Output::Snapshot(_) | Output::ControlEnded | Output::Ended(_) => {}
        }
    }
    Told { result, outputs }
}

fn permitted(consent: &Consent) -> Vec<Right> {
    Right::ALL.into_iter().filter(|right| consent.permits(*right)).collect()
}

/// Walks everything; `check` sees each edge: the place before, the step, the place after, what was told.
fn walk(mut check: impl FnMut(&Place, Step, &Place, &Told)) -> usize {
    let start = Place { consent: fresh(), now: Instant::now(), older: None, shown: None };
    let steps = alphabet();
    let mut seen = HashSet::from([key(&start.consent, start.now)]);
    let mut open = VecDeque::from([start]);
    while let Some(before) = open.pop_front() {
        for &input in &steps {
            let mut after = before.clone();
            let told = step(&mut after, input);
            check(&before, input, &after, &told);
            if seen.insert(key(&after.consent, after.now)) {
                open.push_back(after);
            }
        }
    }
    seen.len()
}

fn granted_by(input: Step) -> bool {
    match input {
        Step::Standing(_) | Step::AllowShown(_) => true,
        Step::AllowOlder(_)
        | Step::AllowFuture(_)
        | Step::RefuseShown
        | Step::RefuseOlder
        | Step::Local(_)
        | Step::Remote(_)
        | Step::Tick => false,
    }
}

#[test]
fn the_walk_reaches_every_state() {
    let mut names = HashSet::new();
    let mut ends = HashSet::new();
    let mut holds = HashSet::new();
    let count = walk(|_, _, after, _| {
        let key = key(&after.consent, after.now);
        names.insert((key.state, key.asked.is_some()));
        ends.extend(key.ended);
        holds.insert((key.state, key.holds.map(|hold| hold.is_some())));
    });
    let all = [
        ("fresh", false),
        ("asking", true),
        ("granted", false),
        ("granted", true),
        ("held", false),
        ("ended", false),
    ];
    assert_eq!(names, HashSet::from(all));
    assert_eq!(ends.len(), 6, "{ends:?}");
    assert_eq!(holds.iter().filter(|(state, _)| *state == "held").count(), 7, "every set of holds but none");
    assert!(count > 500, "{count} states: the walk went nowhere");
}

#[test]
fn only_a_local_grant_widens_rights() {
    walk(|before, input, after, _| {
        let (had, has) = (before.consent.granted(), after.consent.granted());
        assert!(granted_by(input) || had.contains_all(has), "{input:?}: {had:?} → {has:?}");
    });
}

#[test]
fn no_remote_input_permits_what_the_customer_did_not_grant_before() {
    walk(|before, input, after, _| {
        let Step::Remote(remote) = input else { return };
        let had = before.consent.granted();
        for right in permitted(&after.consent) {
            assert!(had.contains(right), "{remote:?} gave {right:?}");
        }
        let lifts = remote == Remote::LinkBack && before.consent.holds.reasons() == [Hold::LinkLost];
        let more = permitted(&after.consent).len() > permitted(&before.consent).len();
        assert!(!more || lifts, "{remote:?} lifted a hold that is not its own");
    });
}

#[test]
fn nothing_is_permitted_unless_granted() {
    walk(|_, input, after, _| {
        let granted = matches!(after.consent.state, State::Granted { .. });
        assert!(granted || permitted(&after.consent).is_empty(), "{input:?}");
        if granted {
            assert_eq!(permitted(&after.consent), after.consent.granted().iter().collect::<Vec<_>>());
            assert!(after.consent.holds.reasons().is_empty(), "granted beside a hold");
        }
    });
}

#[test]
fn a_grant_is_within_what_was_allowed_and_asked_and_the_policy() {
    walk(|before, input, after, told| {
        let (had, has) = (before.consent.granted(), after.consent.granted());
        assert!(POLICY.contains_all(has));
        if told.result.is_err() || had.contains_all(has) {
            return;
        }
        let given = match input {
            Step::Standing(rights) => rights,
            Step::AllowShown(rights) => {
                rights.intersection(before.shown.expect("an answer needs a prompt").1)
            }
            Step::AllowOlder(_)
            | Step::AllowFuture(_)
            | Step::RefuseShown
            | Step::RefuseOlder
            | Step::Local(_)
            | Step::Remote(_)
            | Step::Tick => panic!("{input:?} granted"),
        };
        assert!(had.union(given).contains_all(has), "{input:?}: {had:?} → {has:?}");
    });
}

#[test]
fn an_answer_to_another_prompt_changes_nothing() {
    walk(|before, input, after, told| {
        let stale = matches!(input, Step::AllowOlder(_) | Step::AllowFuture(_) | Step::RefuseOlder);
        let none_shown = before.shown.is_none() && matches!(input, Step::AllowShown(_) | Step::RefuseShown);
        if stale || none_shown {
            let ended = matches!(before.consent.state, State::Ended(_));
            let why = if ended { ConsentRefused::Ended } else { ConsentRefused::StaleAsk };
            assert_eq!(told.result, Err(why), "{input:?}");
            assert_eq!(before.consent.state, after.consent.state);
        }
    });
}

#[test]
fn a_refused_input_changes_and_says_nothing() {
    walk(|before, input, after, told| {
        if told.result.is_err() {
            assert_eq!(told.outputs, [], "{input:?}");
            assert_eq!(key(&before.consent, before.now), key(&after.consent, after.now), "{input:?}");
        }
    });
}

#[test]
fn the_end_is_the_end() {
    walk(|before, input, after, told| {
        if let State::Ended(_) = before.consent.state {
            assert_eq!(before.consent.state, after.consent.state);
            assert_eq!(told.outputs, []);
            assert!(input == Step::Tick || told.result == Err(ConsentRefused::Ended), "{input:?}");
            assert_eq!(after.consent.poll_timeout(), None);
        }
    });
}

#[test]
fn stop_block_and_end_work_everywhere() {
    walk(|before, input, after, _| {
        let why = match input {
            Step::Local(Local::Stop) => ConsentEnd::Stopped,
            Step::Local(Local::Block) => ConsentEnd::Blocked,
            Step::Remote(Remote::End) => ConsentEnd::EndedRemotely,
            _ => return,
        };
        if !matches!(before.consent.state, State::Ended(_)) {
            assert_eq!(after.consent.state, State::Ended(why));
        }
    });
}

#[test]
fn everything_is_taken_back_at_once_and_the_session_stays() {
    walk(|before, input, after, told| {
        let Step::Local(Local::WithdrawAll) = input else { return };
        match before.consent.state {
            State::Granted { more, .. } => {
                assert_eq!(after.consent.state, State::Granted { rights: Rights::EMPTY, more: None });
                assert_eq!(after.consent.refusals, before.consent.refusals + u8::from(more.is_some()));
            }
            State::Held { .. } => {
                assert_eq!(after.consent.granted(), Rights::EMPTY);
                assert!(!after.consent.holds.reasons().contains(&Hold::Customer));
            }
            State::Fresh | State::Asking(_) => assert_eq!(told.result, Err(ConsentRefused::NotNow)),
            State::Ended(_) => assert_eq!(told.result, Err(ConsentRefused::Ended)),
        }
    });
}

#[test]
fn what_was_taken_back_must_be_asked_for_anew() {
    let mut consent = fresh();
    let now = Instant::now();
    consent.handle_local(Local::Standing(CONTROL), now).unwrap();
    consent.handle_local(Local::Hold, now).unwrap();
    consent.handle_local(Local::WithdrawAll, now).unwrap();
    assert_eq!(permitted(&consent), []);
    assert_eq!(consent.handle_local(Local::Resume, now), Err(ConsentRefused::NotNow));
    consent.handle_remote(Remote::Ask { rights: VIEW }, now).unwrap();
    assert_eq!(permitted(&consent), []);
    consent.handle_local(Local::Allow { ask: AskId(1), rights: VIEW }, now).unwrap();
    assert_eq!(permitted(&consent), [Right::View]);
}

#[test]
fn the_end_of_control_is_told_once_whatever_ended_it() {
    let mut causes = HashSet::new();
    walk(|before, input, after, told| {
        let had = before.consent.permits(Right::Control);
        let lost = had && !after.consent.permits(Right::Control);
        let times = told.outputs.iter().filter(|output| **output == Output::ControlEnded).count();
        assert_eq!(times, usize::from(lost), "{input:?}");
        if lost {
            causes.insert(input);
        }
    });
    let must = [
        Step::Local(Local::Withdraw(Right::Control)),
        Step::Local(Local::Withdraw(Right::View)),
        Step::Local(Local::WithdrawAll),
        Step::Local(Local::Hold),
        Step::Local(Local::DesktopLocked),
        Step::Local(Local::Stop),
        Step::Local(Local::Block),
        Step::Remote(Remote::LinkLost),
        Step::Remote(Remote::GiveUp { rights: CONTROL }),
        Step::Remote(Remote::GiveUp { rights: VIEW }),
        Step::Remote(Remote::End),
    ];
    for cause in must {
        assert!(causes.contains(&cause), "{cause:?} never ended control");
    }
}

#[test]
fn each_change_is_told_whole_and_once_with_the_next_revision() {
    walk(|before, input, after, told| {
        let (old, new) = (before.consent.snapshot(), after.consent.snapshot());
        let snapshots = told.outputs.iter().filter_map(|output| match output {
            Output::Snapshot(snapshot) => Some(snapshot.clone()),
            Output::Prompt { .. } | Output::PromptGone { .. } | Output::ControlEnded | Output::Ended(_) => {
                None
            }
        });
        let told: Vec<_> = snapshots.collect();
        if old.state == new.state {
            assert_eq!((old.revision, told), (new.revision, vec![]), "{input:?}");
        } else {
            assert_eq!((old.revision + 1, told), (new.revision, vec![new]), "{input:?}");
        }
    });
}

#[test]
fn the_end_is_told_once_and_last() {
    walk(|before, input, after, told| {
        let ends = told.outputs.iter().filter(|output| matches!(output, Output::Ended(_))).count();
        let ended =
            before.consent.state != after.consent.state && matches!(after.consent.state, State::Ended(_));
        assert_eq!(ends, usize::from(ended), "{input:?}");
        assert!(!ended || matches!(told.outputs.last(), Some(Output::Ended(_))));
        assert!(!ended || after.shown.is_none(), "{input:?} leaves a prompt on the screen");
    });
}

#[test]
fn a_prompt_is_shown_exactly_while_one_is_asked() {
    walk(|_, input, after, _| {
        let asked = key(&after.consent, after.now).asked.map(|(rights, _)| rights);
        assert_eq!(after.shown.map(|(_, rights)| rights), asked, "{input:?}");
    });
}

#[test]
fn silence_means_no() {
    walk(|before, input, after, _| {
        let Step::Tick = input else { return };
        let key = key(&before.consent, before.now);
        if key.asked.is_some_and(|(_, left)| left <= TICK) {
            match key.state {
                "asking" => assert_eq!(after.consent.state, State::Ended(ConsentEnd::TimedOut)),
                "granted" => {
                    assert_eq!(after.consent.state, State::Granted { rights: key.rights, more: None });
                    assert_eq!(after.consent.refusals, key.refusals + 1);
                }
                other => panic!("a prompt while {other}"),
            }
        }
    });
}

#[test]
fn a_hold_that_lasts_too_long_ends_consent() {
    walk(|before, input, after, _| {
        let key = key(&before.consent, before.now);
        if input == Step::Tick && key.state == "held" {
            let over = key.holds.into_iter().flatten().any(|left| left <= TICK);
            assert_eq!(after.consent.state == State::Ended(ConsentEnd::GraceOver), over, "{key:?}");
        }
    });
}

#[test]
fn each_hold_is_lifted_by_its_own_input_only() {
    walk(|before, input, after, _| {
        let (State::Held { .. }, true) =
            (before.consent.state, after.consent.granted() == before.consent.granted())
        else {
            return;
        };
        let mut left = before.consent.holds.reasons();
        let lifted = match input {
            Step::Local(Local::Resume | Local::WithdrawAll) => Some(Hold::Customer),
            Step::Local(Local::DesktopUnlocked) => Some(Hold::DesktopLocked),
            Step::Remote(Remote::LinkBack) => Some(Hold::LinkLost),
            _ => None,
        };
        left.retain(|hold| Some(*hold) != lifted);
        let now = after.consent.holds.reasons();
        assert!(left.iter().all(|hold| now.contains(hold)), "{input:?} lifted one of {left:?}");
        assert_eq!(matches!(after.consent.state, State::Granted { .. }), now.is_empty(), "{input:?}");
    });
}

#[test]
fn a_hold_repeated_gains_no_time() {
    walk(|before, input, after, _| {
        if let (State::Held { .. }, State::Held { .. }) = (before.consent.state, after.consent.state) {
            let holds = |place: &Place| {
                let holds = place.consent.holds;
                [holds.customer, holds.locked, holds.link]
            };
            for (old, new) in holds(before).into_iter().zip(holds(after)) {
                assert!(old.is_none() || new.is_none() || old == new, "{input:?}");
            }
        }
    });
}

#[test]
fn after_three_refusals_no_prompt_is_shown() {
    walk(|before, input, after, told| {
        if before.consent.refusals >= 3 {
            let prompts = told.outputs.iter().any(|output| matches!(output, Output::Prompt { .. }));
            assert!(!prompts, "{input:?}");
        }
        assert!(after.consent.refusals <= 3);
        assert!(after.consent.refusals >= before.consent.refusals, "{input:?} forgot a refusal");
    });
}

#[test]
fn a_lost_link_takes_the_first_prompt_away() {
    walk(|before, input, after, _| {
        if let (State::Asking(_), Step::Remote(Remote::LinkLost)) = (before.consent.state, input) {
            assert_eq!(after.consent.state, State::Fresh);
        }
    });
}

#[test]
fn time_is_always_looked_at_first() {
    // An answer that arrives after its prompt lapsed is no answer, whoever forgot to call handle_timeout.
    let mut consent = fresh();
    let now = Instant::now();
    consent.handle_remote(Remote::Ask { rights: VIEW }, now).unwrap();
    let late = now + 2 * TICK;
    let answer = Local::Allow { ask: AskId(1), rights: VIEW };
    assert_eq!(consent.handle_local(answer, late), Err(ConsentRefused::Ended));
    assert_eq!(consent.snapshot().state, ConsentState::Ended { why: ConsentEnd::TimedOut });
}

#[test]
fn a_click_meant_for_an_old_prompt_cannot_accept_a_stronger_one() {
    let mut consent = fresh();
    let now = Instant::now();
    consent.handle_remote(Remote::Ask { rights: VIEW }, now).unwrap();
    consent.handle_remote(Remote::Ask { rights: CONTROL }, now).unwrap();
    let click = Local::Allow { ask: AskId(1), rights: Rights::ALL };
    assert_eq!(consent.handle_local(click, now), Err(ConsentRefused::StaleAsk));
    assert_eq!(permitted(&consent), []);
    consent.handle_local(Local::Allow { ask: AskId(2), rights: VIEW }, now).unwrap();
    assert_eq!(permitted(&consent), [Right::View], "a part of what is asked may be allowed");
}

#[test]
fn a_grant_on_a_locked_desktop_starts_held() {
    let mut consent = fresh();
    let now = Instant::now();
    consent.handle_local(Local::DesktopLocked, now).unwrap();
    consent.handle_local(Local::Standing(CONTROL), now).unwrap();
    assert_eq!(
        consent.snapshot().state,
        ConsentState::Held { rights: CONTROL, holds: vec![Hold::DesktopLocked] }
    );
    consent.handle_local(Local::DesktopUnlocked, now).unwrap();
    assert_eq!(permitted(&consent), [Right::View, Right::Control]);
}

#[test]
fn a_repeated_ask_keeps_its_prompt_and_its_time() {
    let mut consent = fresh();
    let now = Instant::now();
    consent.handle_remote(Remote::Ask { rights: VIEW }, now).unwrap();
    let due = consent.poll_timeout();
    consent.handle_remote(Remote::Ask { rights: VIEW }, now + TICK).unwrap();
    assert_eq!(consent.poll_timeout(), due);
}

#[test]
fn a_pause_may_last_longer_than_a_lost_link() {
    let mut consent = Consent::new(ConsentConfig::default());
    let now = Instant::now();
    consent.handle_local(Local::Standing(VIEW), now).unwrap();
    consent.handle_local(Local::Hold, now).unwrap();
    assert_eq!(consent.poll_timeout(), Some(now + PAUSE_LIMIT));
    consent.handle_remote(Remote::LinkLost, now).unwrap();
    assert_eq!(consent.poll_timeout(), Some(now + ConsentConfig::default().grace));
    consent.handle_remote(Remote::LinkBack, now).unwrap();
    assert_eq!(consent.poll_timeout(), Some(now + PAUSE_LIMIT));
}

#[test]
fn giving_up_control_keeps_the_view_and_giving_up_the_view_keeps_nothing() {
    for (given_up, kept) in [(CONTROL, VIEW), (VIEW, Rights::EMPTY)] {
        let now = Instant::now();
        let mut consent = Consent::new(ConsentConfig { policy: Rights::ALL, ..ConsentConfig::default() });
        consent.handle_local(Local::Standing(CONTROL), now).expect("a standing grant is taken when fresh");
        consent
            .handle_remote(Remote::GiveUp { rights: given_up }, now)
            .expect("granted rights can be given up");
        let ConsentState::Granted { rights, .. } = consent.snapshot().state else {
            panic!("it stays granted")
        };
        assert_eq!(rights, kept);
    }
}

#[test]
fn what_is_carried_over_a_restart_is_held_until_somebody_proves_themselves_and_never_widens() {
    let now = Instant::now();
    let until = now + 3 * TICK;
    for rights in [VIEW, CONTROL, FILES, POLICY, SHELL, Rights::ALL, Rights::EMPTY] {
        let mut before = fresh();
        before.handle_local(Local::Standing(rights), now).ok();
        let carried = before.to_carry(Rights::ALL);
        assert_eq!(carried.rights, rights.intersection(POLICY));
        let start = || fresh().carried(carried, until);
        let mut consent = start();
        assert!(Right::ALL.into_iter().all(|right| !consent.permits(right)), "nobody is here yet");
        assert!(consent.snapshot().revision > before.snapshot().revision, "mirrors would ignore it");
        assert_eq!(consent.poll_timeout(), (!carried.rights.is_empty()).then_some(until));
        consent.handle_remote(Remote::Ask { rights: POLICY }, now).unwrap_err();
        consent.handle_remote(Remote::LinkBack, now).unwrap();
        assert!(Right::ALL.into_iter().all(|right| consent.permits(right) == carried.rights.contains(right)));
        let mut late = start();
        late.handle_timeout(until);
        let ended = matches!(late.snapshot().state, ConsentState::Ended { why: ConsentEnd::GraceOver });
        assert_eq!(ended, !carried.rights.is_empty());
    }
    // What is held at the moment is not allowed, and so not carried.
    let mut paused = fresh();
    paused.handle_local(Local::Standing(POLICY), now).unwrap();
    assert_eq!(paused.to_carry(VIEW).rights, VIEW, "no more than the customer said");
    paused.handle_local(Local::Hold, now).unwrap();
    assert_eq!(paused.to_carry(Rights::ALL).rights, Rights::EMPTY);
}

#[test]
fn refusals_and_the_numbers_of_prompts_count_on_over_a_restart() {
    let now = Instant::now();
    let mut before = fresh();
    before.handle_local(Local::Standing(VIEW), now).unwrap();
    for _ in 0..3 {
        before.handle_remote(Remote::Ask { rights: CONTROL }, now).unwrap();
        let ask = before.last_ask;
        before.handle_local(Local::Refuse { ask: AskId(ask) }, now).unwrap();
    }
    let mut after = fresh().carried(before.to_carry(VIEW), now + TICK);
    after.handle_remote(Remote::LinkBack, now).unwrap();
    let asked = after.handle_remote(Remote::Ask { rights: CONTROL }, now);
    assert_eq!(asked, Err(ConsentRefused::TooManyRefusals));
    assert!(after.last_ask > before.last_ask);
}
