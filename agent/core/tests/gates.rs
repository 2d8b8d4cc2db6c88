//! The one gate, asked for whoever sends: a right that one technician has is nobody else's, in no tool.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::time::Instant;

use farhand_agent_core::tools::clipboard::{Done, Output as ClipboardTask};
use farhand_agent_core::tools::files::{self, FileKey, Output as FileTask};
use farhand_agent_core::tools::{diagnostics, shell};
use farhand_agent_core::{Agent, AgentConfig, FromCustomer, Output};
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::chat::Chat;
use farhand_protocol::channel::clipboard::{
    Clipboard, ClipboardContent, ClipboardFormat, ClipboardPart, ClipboardWhy, Watch,
};
use farhand_protocol::channel::diagnostics::{Diagnostics, Outcome, ShellEnd, Topic};
use farhand_protocol::channel::files::{FileEnd, Files};
use farhand_protocol::channel::monitors::Area;
use farhand_protocol::channel::pointing::{Place, Pointing};
use farhand_protocol::channel::together::{Purpose, Together};
use farhand_protocol::channel::{self, Control};
use farhand_protocol::consent::ConsentConfig;
use farhand_protocol::envelope::{HEAD_LEN, Head, Stream, TO_HEAD_LEN};
use farhand_protocol::rights::{Right, Rights};
use farhand_protocol::transfer::{Job, Said};

const ME: ParticipantId = 2;
const ADA: ParticipantId = 1;
const BOB: ParticipantId = 3;
const TOOLS: Rights =
    Rights::of(&[Right::Control, Right::Files, Right::Clipboard, Right::Diagnostics, Right::Shell]);

struct Scene {
    agent: Agent,
    now: Instant,
    sequences: BTreeMap<(ParticipantId, u8), u32>,
}

impl Scene {
    /// The customer has allowed Ada, whose session it is, this, and let Bob in.
    fn new(adas: Rights, purpose: Purpose) -> Self {
        let consent = ConsentConfig { policy: Rights::ALL, ..ConsentConfig::default() };
        let agent = Agent::new(AgentConfig { participant: ME, consent });
        let mut scene = Self { agent, now: Instant::now(), sequences: BTreeMap::new() };
        scene.agent.handle_area(Area { x: 0, y: 0, width: 800, height: 600 });
        scene.agent.handle_link_up(scene.now);
        scene.agent.handle_met(ADA, scene.now);
        scene.allowed(ADA, adas);
        let message = Together::Introduce {
            participant: BOB,
            name: "Bob".into(),
            organisation: "Help".into(),
            purpose,
            rights: Rights::ALL,
            digits: "4711".into(),
        };
        scene.say(ADA, Stream::Control, &Control::Together { message });
        scene.agent.handle_met(BOB, scene.now);
        scene.allow();
        scene.agent.handle_admitted(BOB);
        scene.take();
        scene
    }

    /// They ask for this, and the customer allows it.
    fn allowed(&mut self, who: ParticipantId, rights: Rights) {
        self.say(who, Stream::Control, &Control::Ask { rights });
        self.allow();
    }

    fn allow(&mut self) {
        let prompt = self.agent.prompt().expect("a prompt is shown");
        self.agent.handle_customer(FromCustomer::Allow { ask: prompt.ask, rights: prompt.rights }, self.now);
        self.take();
    }

    fn say<T: serde::Serialize>(&mut self, sender: ParticipantId, stream: Stream, body: &T) {
        let sequence = self.sequences.entry((sender, stream as u8)).or_default();
        let mut message = Vec::with_capacity(HEAD_LEN);
        Head { stream, flags: 0, sender, sequence: *sequence }.write(&mut message);
        *sequence += 1;
        channel::encode(body, &mut message);
        self.agent.handle_message(stream, &message, self.now);
    }

    fn dismiss_bob(&mut self) {
        let message = Together::Dismiss { participant: BOB };
        self.say(ADA, Stream::Control, &Control::Together { message });
    }

    fn take(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.agent.poll_output()).collect()
    }

    /// The customer answers what is asked about files.
    fn let_files_go(&mut self) {
        let ask = self.agent.files_shown().question().expect("they are asked").ask;
        self.agent.handle_files_customer(files::FromCustomer::Allow(ask), self.now);
    }
}

/// What was said on a stream whose messages are for one console, and to whom.
fn sent(outputs: &[Output], wanted: Stream) -> Vec<(ParticipantId, Vec<u8>)> {
    let of = |output: &Output| match output {
        Output::Send { stream, message } if *stream == wanted => {
            Some((message[TO_HEAD_LEN - 1], message[TO_HEAD_LEN..].to_vec()))
        }
        _ => None,
    };
    outputs.iter().filter_map(of).collect()
}

fn told_of_files(outputs: &[Output]) -> Vec<(ParticipantId, Files)> {
    sent(outputs, Stream::Files).iter().map(|(to, body)| (*to, Files::decode(body).unwrap())).collect()
}

fn told_of_clipboard(outputs: &[Output]) -> Vec<(ParticipantId, Clipboard)> {
    sent(outputs, Stream::Clipboard)
        .iter()
        .map(|(to, body)| (*to, Clipboard::decode(body).unwrap()))
        .collect()
}

fn told_of_machine(outputs: &[Output]) -> Vec<(ParticipantId, Diagnostics)> {
    let decode = |(to, body): &(ParticipantId, Vec<u8>)| (*to, Diagnostics::decode(body).unwrap());
    sent(outputs, Stream::Diagnostics).iter().map(decode).collect()
}

fn file_tasks(outputs: Vec<Output>) -> Vec<FileTask> {
    let task = |output| match output {
        Output::Files(task @ (FileTask::Disk { .. } | FileTask::List { .. } | FileTask::Record(_))) => {
            Some(task)
        }
        _ => None,
    };
    outputs.into_iter().filter_map(task).collect()
}

fn machine_tasks(outputs: Vec<Output>) -> Vec<diagnostics::Output> {
    let task = |output| if let Output::Diagnostics(task) = output { Some(task) } else { None };
    outputs.into_iter().filter_map(task).collect()
}

fn offer(transfer: u32) -> Files {
    Files::Offer { transfer, path: vec!["a".into()], size: 5, more: 0, more_size: 0 }
}

fn fetch(transfer: u32) -> Files {
    Files::Fetch { transfer, path: "/home/a".into(), offset: 0, until: 5, more: 0, more_size: 0 }
}

fn list(list: u32) -> Files {
    Files::List { list, path: String::new() }
}

#[test]
fn a_colleague_who_only_watches_has_no_part_in_files() {
    let mut scene = Scene::new(TOOLS, Purpose::Watch);
    scene.say(BOB, Stream::Files, &offer(1));
    scene.say(BOB, Stream::Files, &fetch(2));
    scene.say(BOB, Stream::Files, &list(3));
    assert!(scene.agent.files_shown().question().is_none(), "the customer is not even asked");
    let outputs = scene.take();
    let why = FileEnd::NoRight;
    let answers = [
        (BOB, Files::Stop { transfer: 1, why }),
        (BOB, Files::Stop { transfer: 2, why }),
        (BOB, Files::ListRefused { list: 3, why }),
    ];
    assert_eq!(told_of_files(&outputs), answers);
    assert_eq!(file_tasks(outputs), []);
    // Ada's go to Ada, also where Bob names the same number.
    scene.say(ADA, Stream::Files, &fetch(1));
    scene.let_files_go();
    let file = FileKey { console: ADA, transfer: 1 };
    scene.agent.handle_file_said(file, Said::Opened { name: "a".into(), size: 5 });
    let bytes = b"hello".to_vec();
    scene.agent.handle_file_said(file, Said::Read { turn: 1, bytes: bytes.clone(), hash: Some(vec![7; 32]) });
    scene.say(BOB, Stream::Files, &Files::Grant { transfer: 1, until: 5 });
    scene.say(BOB, Stream::Files, &Files::Finished { transfer: 1, name: "a".into() });
    let outputs = scene.take();
    let told = told_of_files(&outputs);
    assert!(told.contains(&(ADA, Files::Chunk { transfer: 1, offset: 0, bytes })), "{told:?}");
    assert!(told.iter().all(|(to, _)| *to == ADA), "{told:?}");
    assert!(file_tasks(outputs).iter().all(|task| !matches!(task, FileTask::Record(_))), "it is not over");
}

#[test]
fn files_that_one_technician_may_exchange_are_not_the_others_and_end_with_their_part() {
    let mut scene = Scene::new(Rights::of(&[Right::View]), Purpose::Help);
    scene.allowed(BOB, Rights::of(&[Right::Files]));
    scene.say(ADA, Stream::Files, &offer(1));
    assert_eq!(told_of_files(&scene.take()), [(ADA, Files::Stop { transfer: 1, why: FileEnd::NoRight })]);
    scene.say(BOB, Stream::Files, &offer(1));
    scene.say(BOB, Stream::Files, &list(4));
    assert_eq!(scene.agent.files_shown().question().expect("they are asked").console, BOB);
    scene.let_files_go();
    scene.let_files_go();
    let file = FileKey { console: BOB, transfer: 1 };
    let tasks = file_tasks(scene.take());
    assert!(tasks.contains(&FileTask::Disk { file, job: Job::Create { path: vec!["a".into()], size: 5 } }));
    assert!(tasks.contains(&FileTask::List { console: BOB, list: 4, path: String::new() }));
    // On hold it neither goes nor ends.
    scene.agent.handle_customer(FromCustomer::Pause, scene.now);
    assert_eq!(file_tasks(scene.take()), []);
    scene.agent.handle_customer(FromCustomer::Resume, scene.now);
    // Ada gets the right as well, and has one under way.
    scene.allowed(ADA, Rights::of(&[Right::Files]));
    scene.say(ADA, Stream::Files, &offer(9));
    scene.let_files_go();
    scene.take();
    scene.dismiss_bob();
    // Nothing else is looked at or asked meanwhile.
    scene.agent.handle_listed(BOB, vec![Files::ListRefused { list: 4, why: FileEnd::Denied }]);
    scene.agent.handle_file_said(file, Said::Created);
    let outputs = scene.take();
    assert_eq!(told_of_files(&outputs), [(BOB, Files::Stop { transfer: 1, why: FileEnd::NoRight })]);
    let tasks = file_tasks(outputs);
    assert!(tasks.contains(&FileTask::Disk { file, job: Job::Close }));
    let ended = |task: &FileTask| matches!(task, FileTask::Record(record) if record.console == BOB);
    assert!(tasks.iter().any(ended) && tasks.len() == 2, "{tasks:?}");
    scene.agent.handle_file_said(FileKey { console: ADA, transfer: 9 }, Said::Created);
    assert!(matches!(told_of_files(&scene.take())[..], [(ADA, Files::Ready { transfer: 9, .. })]));
    scene.say(BOB, Stream::Files, &offer(2));
    assert_eq!(told_of_files(&scene.take()), [(BOB, Files::Stop { transfer: 2, why: FileEnd::NoRight })]);
}

#[test]
fn a_question_about_files_makes_room_for_the_next_when_whoever_asked_is_gone() {
    let mut scene = Scene::new(TOOLS, Purpose::Help);
    scene.allowed(BOB, Rights::of(&[Right::Files]));
    scene.say(BOB, Stream::Files, &offer(1));
    scene.say(ADA, Stream::Files, &offer(1));
    assert_eq!(scene.agent.files_shown().question().expect("they are asked").console, BOB);
    scene.dismiss_bob();
    assert!(scene.agent.files_shown().question().is_none());
    assert!(scene.agent.poll_timeout().is_some_and(|due| due <= scene.now));
    scene.agent.handle_timeout(scene.now);
    assert_eq!(scene.agent.files_shown().question().expect("they are asked").console, ADA);
}

#[test]
fn a_colleague_who_only_watches_has_no_part_in_the_clipboard() {
    let mut scene = Scene::new(TOOLS, Purpose::Watch);
    for who in [ADA, BOB] {
        scene.say(who, Stream::Clipboard, &Clipboard::Watch { watch: Watch::On });
    }
    scene.say(BOB, Stream::Clipboard, &Clipboard::Fetch { request: 5 });
    let parts = vec![ClipboardPart { format: ClipboardFormat::Text, size: 4 }];
    let offer = Clipboard::Offer { transfer: 6, request: 0, parts, files: vec![], more_files: 0 };
    scene.say(BOB, Stream::Clipboard, &offer);
    scene.say(BOB, Stream::Clipboard, &Clipboard::Piece { transfer: 6, bytes: b"evil".to_vec() });
    let outputs = scene.take();
    let why = ClipboardWhy::NotAllowed;
    let refused = Clipboard::Refused { transfer: 6, why };
    let answers = [(BOB, Clipboard::Nothing { request: 5, why }), (BOB, refused.clone()), (BOB, refused)];
    assert_eq!(told_of_clipboard(&outputs), answers);
    let task = |output| if let Output::Clipboard(task) = output { Some(task) } else { None };
    let tasks: Vec<_> = outputs.into_iter().filter_map(task).collect();
    assert_eq!(tasks, [ClipboardTask::Watch(true)], "for Ada; nothing is read or written");
    scene.agent.handle_clipboard(Done::Changed);
    let parts = vec![(ClipboardFormat::Text, b"secret".to_vec())];
    scene.agent.handle_clipboard(Done::Read(Ok(ClipboardContent { parts, files: vec![] })));
    let told = told_of_clipboard(&scene.take());
    assert!(matches!(told[..], [(ADA, Clipboard::Offer { .. })]), "{told:?}");
    let transfer = if let [(_, Clipboard::Offer { transfer, .. })] = told[..] { transfer } else { 0 };
    scene.say(BOB, Stream::Clipboard, &Clipboard::Credit { transfer, bytes: 6 });
    assert_eq!(told_of_clipboard(&scene.take()), []);
}

#[test]
fn a_colleague_who_only_watches_reads_nothing_of_the_machine_and_does_nothing_to_it() {
    let mut scene = Scene::new(TOOLS, Purpose::Watch);
    let fetch = Diagnostics::Fetch { request: 1, topic: Topic::Summary, pages: 1 };
    scene.say(BOB, Stream::Diagnostics, &fetch);
    let outputs = scene.take();
    let told = told_of_machine(&outputs);
    let refused =
        matches!(told[..], [(BOB, Diagnostics::Answered { request: 1, outcome: Outcome::NotAllowed, .. })]);
    assert!(refused, "{told:?}");
    assert_eq!(machine_tasks(outputs).len(), 0);
    // What Ada reads is hers.
    scene.say(ADA, Stream::Diagnostics, &fetch);
    assert!(matches!(machine_tasks(scene.take())[..], [diagnostics::Output::Read(job, _)] if job.by == ADA));
    scene.say(BOB, Stream::Diagnostics, &Diagnostics::More { request: 1, pages: 1 });
    assert!(
        told_of_machine(&scene.take())
            .iter()
            .all(|(_, message)| !matches!(message, Diagnostics::Rows { .. }))
    );
}

/// Opens a command line, and says whether one is started.
fn opens(scene: &mut Scene, who: ParticipantId) -> Option<u32> {
    scene.say(who, Stream::Diagnostics, &Diagnostics::ShellOpen { cols: 80, rows: 24 });
    let started = |task: diagnostics::Output| match task {
        diagnostics::Output::Shell(shell::Output::Start { shell, .. }) => Some(shell),
        _ => None,
    };
    let shell = machine_tasks(scene.take()).into_iter().find_map(started)?;
    let (program, user) = ("/bin/sh".into(), "ann".into());
    scene.agent.handle_shell(shell::Event::Started { shell, program, user });
    scene.take();
    Some(shell)
}

fn types(scene: &mut Scene, who: ParticipantId, shell: u32, at: u64) -> bool {
    let input = Diagnostics::ShellInput { shell, at, data: b"x".to_vec() };
    scene.say(who, Stream::Diagnostics, &input);
    let writes = |task| matches!(task, diagnostics::Output::Shell(shell::Output::Write { .. }));
    machine_tasks(scene.take()).into_iter().any(writes)
}

#[test]
fn a_colleague_who_only_watches_has_no_command_line_nor_a_part_in_anothers() {
    let mut scene = Scene::new(TOOLS, Purpose::Watch);
    let adas = opens(&mut scene, ADA).expect("she may");
    scene.say(BOB, Stream::Diagnostics, &Diagnostics::ShellOpen { cols: 80, rows: 24 });
    let outputs = scene.take();
    let told = told_of_machine(&outputs);
    let refused =
        matches!(told[..], [(BOB, Diagnostics::ShellEnded { shell: 0, why: ShellEnd::NotAllowed, .. })]);
    assert!(refused, "{told:?}");
    assert_eq!(machine_tasks(outputs).len(), 0);
    assert!(!types(&mut scene, BOB, adas, 0) && types(&mut scene, ADA, adas, 0));
    let grant = Diagnostics::ShellGrant { shell: adas, received: 0, until: 99, again: false };
    scene.say(ADA, Stream::Diagnostics, &grant);
    scene.say(BOB, Stream::Diagnostics, &grant);
    scene.take();
    let data = bytes::Bytes::from_static(b"secret");
    scene.agent.handle_shell(shell::Event::Wrote { shell: adas, data });
    let told = told_of_machine(&scene.take());
    assert!(matches!(told[..], [(ADA, Diagnostics::ShellOutput { .. })]), "{told:?}");
}

#[test]
fn taking_control_back_ends_every_command_line_and_nobody_opens_one_after_it() {
    let mut scene = Scene::new(TOOLS, Purpose::Help);
    scene.allowed(BOB, Rights::of(&[Right::Shell]));
    let adas = opens(&mut scene, ADA).expect("she may");
    let bobs = opens(&mut scene, BOB).expect("he may");
    scene.agent.handle_customer(FromCustomer::TakeBackControl, scene.now);
    let outputs = scene.take();
    let told = told_of_machine(&outputs);
    let tasks = machine_tasks(outputs);
    for (who, shell) in [(ADA, adas), (BOB, bobs)] {
        assert!(tasks.contains(&diagnostics::Output::Shell(shell::Output::Kill { shell })), "{who}");
        let why = ShellEnd::NotAllowed;
        let ended = Diagnostics::ShellEnded { shell, why, text: String::new() };
        assert!(told.contains(&(who, ended)), "{told:?}");
        assert!(!scene.agent.permits(Right::Shell, who) && !scene.agent.permits(Right::Control, who));
        assert!(scene.agent.permits(Right::View, who));
        assert_eq!(opens(&mut scene, who), None);
        assert!(!types(&mut scene, who, shell, 0));
    }
    assert!(scene.agent.permits(Right::Files, ADA), "what is no control stays");
    // Also where a command line is all that was allowed beside seeing.
    let mut scene = Scene::new(Rights::of(&[Right::View, Right::Shell]), Purpose::Watch);
    assert!(opens(&mut scene, ADA).is_some());
    scene.agent.handle_customer(FromCustomer::TakeBackControl, scene.now);
    assert_eq!(opens(&mut scene, ADA), None);
}

#[test]
fn pointing_takes_the_view_of_whoever_points_and_goes_with_them() {
    let mut scene = Scene::new(TOOLS, Purpose::Watch);
    let light = Chat::Pointing { pointing: Pointing::Light { at: Place { x: 5, y: 5 } } };
    scene.say(BOB, Stream::Chat, &light);
    assert!(scene.agent.is_pointed_at());
    scene.dismiss_bob();
    assert!(!scene.agent.is_pointed_at(), "what they showed goes with them");
    scene.say(BOB, Stream::Chat, &light);
    assert!(!scene.agent.is_pointed_at());
    scene.say(ADA, Stream::Chat, &light);
    assert!(scene.agent.is_pointed_at());
}
