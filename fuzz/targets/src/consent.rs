//! Consent under any sequence of inputs.

use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use farhand_protocol::consent::{AskId, Consent, ConsentConfig, ConsentState, Local, Output, Remote};
use farhand_protocol::rights::{Right, Rights};

#[derive(Arbitrary, Debug)]
enum Step {
    Standing(u16),
    Allow { ask: u8, rights: u16 },
    Refuse { ask: u8 },
    Withdraw(u8),
    Hold,
    Resume,
    Locked,
    Unlocked,
    Stop,
    Ask(u16),
    GiveUp(u16),
    LinkLost,
    LinkBack,
    End,
    Wait(u8),
    WithdrawAll,
    Block,
}

fn rights(bits: u16) -> Rights {
    Right::ALL.into_iter().filter(|right| bits & (1 << *right as u16) != 0).collect()
}

/// Any sequence of inputs: only local grants widen, nothing is permitted unless granted, the end of control is told.
pub fn consent(data: &[u8]) {
    let mut source = Unstructured::new(data);
    let policy = rights(source.arbitrary().unwrap_or(u16::MAX));
    let mut consent = Consent::new(ConsentConfig { policy, ..ConsentConfig::default() });
    let mut now = Instant::now();
    let mut revision = consent.snapshot().revision;
    while !source.is_empty() {
        let Ok(step) = source.arbitrary() else { return };
        let granted = consent.granted();
        let control = consent.permits(Right::Control);
        let mut may_widen = false;
        let right = |at: u8| Right::ALL[usize::from(at) % Right::ALL.len()];
        let result = match step {
            Step::Standing(bits) => {
                may_widen = true;
                consent.handle_local(Local::Standing(rights(bits)), now)
            }
            Step::Allow { ask, rights: bits } => {
                may_widen = true;
                consent.handle_local(Local::Allow { ask: AskId(ask.into()), rights: rights(bits) }, now)
            }
            Step::Refuse { ask } => consent.handle_local(Local::Refuse { ask: AskId(ask.into()) }, now),
            Step::Withdraw(at) => consent.handle_local(Local::Withdraw(right(at)), now),
            Step::Hold => consent.handle_local(Local::Hold, now),
            Step::Resume => consent.handle_local(Local::Resume, now),
            Step::Locked => consent.handle_local(Local::DesktopLocked, now),
            Step::Unlocked => consent.handle_local(Local::DesktopUnlocked, now),
            Step::Stop => consent.handle_local(Local::Stop, now),
            Step::WithdrawAll => consent.handle_local(Local::WithdrawAll, now),
            Step::Block => consent.handle_local(Local::Block, now),
            Step::Ask(bits) => consent.handle_remote(Remote::Ask { rights: rights(bits) }, now),
            Step::GiveUp(bits) => consent.handle_remote(Remote::GiveUp { rights: rights(bits) }, now),
            Step::LinkLost => consent.handle_remote(Remote::LinkLost, now),
            Step::LinkBack => consent.handle_remote(Remote::LinkBack, now),
            Step::End => consent.handle_remote(Remote::End, now),
            Step::Wait(seconds) => {
                now += Duration::from_secs(seconds.into());
                consent.handle_timeout(now);
                Ok(())
            }
        };
        let mut ends_of_control = 0;
        while let Some(output) = consent.poll_output() {
            match output {
                Output::ControlEnded => ends_of_control += 1,
                Output::Snapshot(snapshot) => {
                    assert_eq!(snapshot.revision, revision + 1);
                    revision = snapshot.revision;
                }
                Output::Prompt { .. } | Output::PromptGone { .. } | Output::Ended(_) => {}
            }
        }
        let lost = control && !consent.permits(Right::Control);
        assert_eq!(ends_of_control, u32::from(lost));
        assert!(policy.contains_all(consent.granted()));
        assert!(may_widen && result.is_ok() || granted.contains_all(consent.granted()));
        if !matches!(consent.snapshot().state, ConsentState::Granted { .. }) {
            assert!(Right::ALL.into_iter().all(|right| !consent.permits(right)));
        }
    }
}
