//! Files of the far side: names that would leave their folder, and both ends of a transfer in the wrong hands.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use farhand_agent_core::tools::files::{FileKey, Files as Agent, FromCustomer, Gate, Output};
use farhand_protocol::channel::encode;
use farhand_protocol::channel::files::{FileEnd, Files};
use farhand_protocol::transfer::names::{MAX_NAME, confined_path, numbered};
use farhand_protocol::transfer::{Console, ConsoleOutput, Job, Said};

/// A folder that names are used in, with a canary beside it.
fn cage() -> &'static Path {
    static CAGE: OnceLock<PathBuf> = OnceLock::new();
    CAGE.get_or_init(|| {
        let cage = std::env::temp_dir().join(format!("farhand-names-{}", std::process::id()));
        fs::create_dir_all(cage.join("inside")).expect("the system has a temporary folder");
        fs::write(cage.join("canary"), b"sings").expect("it can be written to");
        cage
    })
}

/// Names: the steps of a path, with 0x1f between them. What is taken is written, and the canary outside sings on.
pub fn names(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let steps: Vec<String> = text.split('\u{1f}').map(str::to_owned).collect();
    let Ok(path) = confined_path(&steps) else { return };
    assert_eq!(path.len(), steps.len());
    assert_eq!(confined_path(&path).as_ref(), Ok(&path), "what is taken stays as it is");
    for step in &path {
        assert!(step.len() <= MAX_NAME && numbered(step, 9999).len() <= MAX_NAME);
        let mut components = Path::new(step).components();
        assert!(matches!(components.next(), Some(Component::Normal(_))) && components.next().is_none());
    }
    let inside = cage().join("inside");
    let place = path.iter().fold(inside.clone(), |place, step| place.join(step));
    assert!(place.starts_with(&inside));
    // Long paths are the system's to refuse.
    if path.len() <= 4
        && place.as_os_str().len() < 2048
        && let Some(folder) = place.parent()
        && fs::create_dir_all(folder).is_ok()
    {
        let _ = fs::write(&place, b"hostile");
        let _ = fs::remove_file(&place);
        let _ = fs::remove_dir_all(inside.join(&path[0]));
    }
    assert_eq!(fs::read(cage().join("canary")).ok().as_deref(), Some(&b"sings"[..]), "{path:?}");
    let beside = fs::read_dir(cage()).map_or(0, Iterator::count);
    assert_eq!(beside, 2, "{path:?}");
}

/// A number and what is left.
fn take(data: &mut &[u8]) -> Option<u8> {
    let (first, rest) = data.split_first()?;
    *data = rest;
    Some(*first)
}

/// A message: whole, or made of a few bytes so that they fit one another.
fn message(data: &mut &[u8]) -> Option<Files> {
    let kind = take(data)?;
    let transfer = u32::from(take(data)? % 4);
    let amount = u64::from(take(data)?) * 9_000;
    let path = || "/home/ada/a".to_owned();
    Some(match kind % 12 {
        0 => Files::Offer { transfer, path: vec!["a".into()], size: amount, more: 0, more_size: 0 },
        1 => {
            Files::Fetch { transfer, path: path(), offset: amount, until: amount * 2, more: 1, more_size: 5 }
        }
        2 => Files::Ready { transfer, name: "a".into(), size: amount, offset: amount / 2, until: amount },
        3 => Files::Chunk { transfer, offset: amount, bytes: vec![kind; 1 + usize::from(kind)] },
        4 => Files::Grant { transfer, until: amount },
        5 => Files::Done { transfer, hash: vec![kind; 32] },
        6 => Files::Finished { transfer, name: "b".into() },
        7 => Files::Stop { transfer, why: FileEnd::ALL[usize::from(kind) % FileEnd::ALL.len()] },
        8 => Files::List { list: transfer, path: path() },
        9 => Files::Asking { transfer },
        _ => {
            let length = usize::from(take(data)?).min(data.len());
            let (body, rest) = data.split_at(length);
            *data = rest;
            Files::decode(body).ok()?
        }
    })
}

fn said(data: &mut &[u8]) -> Option<Said> {
    let (kind, amount) = (take(data)?, u64::from(take(data)?) * 9_000);
    Some(match kind % 6 {
        0 => Said::Created,
        1 => Said::Written { until: amount },
        2 => Said::Kept { name: "kept".into() },
        3 => Said::Opened { name: "opened".into(), size: amount },
        4 => Said::Read {
            turn: u32::from(kind / 16),
            bytes: vec![1; usize::try_from(amount / 16).unwrap_or(0)],
            hash: (kind > 128).then(|| vec![0; 32]),
        },
        _ => Said::Failed { why: FileEnd::DiskFull },
    })
}

/// Both ends of file transfer, with whatever the other end, the disk and the customer do.
pub fn files(mut data: &[u8]) {
    let (mut agent, mut console) = (Agent::default(), Console::new());
    let start = Instant::now();
    let mut now = 0;
    let mut gate = Gate::Open;
    console.handle_reach(true, now);
    while let Some(step) = take(&mut data) {
        now += u64::from(step) * 50;
        let at = start + Duration::from_millis(now);
        let number = u32::from(step / 64);
        match step % 8 {
            0 | 1 => {
                let Some(message) = message(&mut data) else { continue };
                let mut body = Vec::new();
                encode(&message, &mut body);
                assert_eq!(
                    Files::decode(&body).ok(),
                    Some(message.clone()),
                    "what was read can be read again"
                );
                agent.handle_message(1 + step / 128, message.clone(), gate, at);
                console.handle_message(message, now);
            }
            2 => {
                let Some(said) = said(&mut data) else { continue };
                agent.handle_said(FileKey { console: 1, transfer: number }, said.clone(), gate);
                console.handle_said(number, said, now);
            }
            3 => {
                let ask = agent.question().map_or(0, |question| question.ask);
                agent.handle_customer(FromCustomer::Allow(ask), at);
                console.put(number, vec!["a".into()], u64::from(step) * 1000, now);
            }
            4 => {
                let ask = agent.question().map_or(0, |question| question.ask);
                agent.handle_customer(FromCustomer::Refuse(ask), at);
                console.fetch(number, "/a".into(), vec!["a".into()], 0, now);
            }
            5 => {
                gate = [Gate::Open, Gate::Held, Gate::Shut, Gate::Open][usize::from(step / 64)];
                agent.handle_gate(1 + step / 128, gate);
                console.handle_reach(gate == Gate::Open, now);
            }
            6 => {
                agent.handle_timeout(at, |_| gate);
                console.handle_timeout(now);
            }
            _ => {
                agent.handle_customer(FromCustomer::StopAll, at);
                console.stop(number, now);
            }
        }
        check(&mut agent, &mut console);
    }
}

/// Whatever was said, nobody is told to write elsewhere, and nothing grows without an end.
fn check(agent: &mut Agent, console: &mut Console) {
    let confined = |job: &Job| match job {
        Job::Create { path, .. } => assert_eq!(confined_path(path).as_ref(), Ok(path)),
        Job::Write { .. }
        | Job::Finish { .. }
        | Job::Open { .. }
        | Job::Seek { .. }
        | Job::Read { .. }
        | Job::Close => {}
    };
    while let Some(output) = agent.poll_output() {
        match output {
            Output::Disk { job, .. } => confined(&job),
            Output::Send { .. } | Output::List { .. } | Output::Changed | Output::Record(_) => {}
        }
    }
    while let Some(output) = console.poll_output() {
        match output {
            ConsoleOutput::Disk { job, .. } => confined(&job),
            ConsoleOutput::Send { message } => {
                let mut body = Vec::new();
                encode(&message, &mut body);
                assert!(Files::decode(&body).is_ok(), "a console says what an agent takes: {message:?}");
            }
        }
    }
    assert!(agent.count() <= 512 && console.items().count() <= 20_000);
}
