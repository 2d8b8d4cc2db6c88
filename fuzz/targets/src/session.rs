//! A session under any sequence of inputs.

use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use farhand_protocol::session::{
    EndReason, MAX_PARTICIPANTS, Role, Session, SessionConfig, SessionOutput, SessionState,
};

#[derive(Arbitrary, Debug)]
enum Step {
    Join { agent: bool, name: u16 },
    Socket { who: u8, up: bool },
    Media { who: u8, up: bool },
    End,
    Wait(u8),
    Restart,
    Restarting { who: u8, seconds: u16 },
}

/// Any sequence of inputs: one agent, an end that stays, revisions that count.
pub fn session(data: &[u8]) {
    let mut source = Unstructured::new(data);
    let mut now = Instant::now();
    let mut wall = 1_000;
    let config = SessionConfig::default();
    let mut session = Session::new("s".to_owned(), config, now, wall);
    let mut revision = session.snapshot().revision;
    while !source.is_empty() {
        let Ok(step) = source.arbitrary() else { return };
        let ended = matches!(session.state(), SessionState::Ended { .. });
        let taken = match step {
            Step::Join { agent, name } => {
                let role = if agent { Role::Agent } else { Role::Technician };
                session.handle_join(role, &"ä".repeat(name.into()), "", now).is_ok()
            }
            Step::Socket { who, up } => session.handle_socket(who, up, now).is_ok(),
            Step::Media { who, up: true } => session.handle_media_up(who, now).is_ok(),
            Step::Media { who, up: false } => session.handle_media_down(who, now).is_ok(),
            Step::Restarting { who, seconds } => {
                let within = (seconds > 0).then(|| Duration::from_secs(u64::from(seconds)));
                session.handle_restarting(who, within, now, wall).is_ok()
            }
            Step::End => session.handle_end(EndReason::Technician, now).is_ok(),
            Step::Wait(seconds) => {
                now += Duration::from_secs(seconds.into());
                wall += u64::from(seconds) * 1_000;
                session.handle_timeout(now);
                false
            }
            Step::Restart => {
                session = Session::restore(session.snapshot(), config, now, wall);
                revision += 1;
                false
            }
        };
        assert!(!(ended && taken), "something was taken after the end");
        while let Some(output) = session.poll_output() {
            match output {
                SessionOutput::Snapshot(snapshot) => {
                    assert!(snapshot.revision > revision);
                    revision = snapshot.revision;
                }
                SessionOutput::Ended(_) => assert!(!ended),
            }
        }
        assert!(session.participants().len() <= MAX_PARTICIPANTS);
        assert!(session.participants().iter().filter(|p| p.role == Role::Agent).count() <= 1);
        assert!(session.poll_timeout().is_none_or(|due| due > now));
    }
}
