use bytes::Bytes;
use farhand_protocol::channel::diagnostics::{
    Disk, LogLine, Process, SHELL_INPUT_AHEAD, SHELL_OUTPUT_AHEAD, ShellEnd,
};
use farhand_protocol::envelope::MAX_MESSAGE;

use super::*;
use crate::tools::shell::{Event, Output as ShellOutput, Typing};

const ADA: ParticipantId = 1;
const BOB: ParticipantId = 3;
const OPEN: Gate = Gate { diagnostics: true, shell: Standing::Open };
const SHUT: Gate = Gate { diagnostics: false, shell: Standing::Closed };

struct Scene {
    machine: Diagnostics,
    gates: Gates,
}

impl Scene {
    fn new() -> Self {
        Self { machine: Diagnostics::default(), gates: Gates([(ADA, OPEN), (BOB, OPEN)].into()) }
    }

    fn say(&mut self, sender: ParticipantId, message: Message) -> Vec<Output> {
        self.machine.handle_message(sender, message, self.gates.of(sender));
        self.take()
    }

    fn event(&mut self, event: Event) -> Vec<Output> {
        self.machine.handle_shell(event, &self.gates);
        self.take()
    }

    fn gate(&mut self, gate: Gate) -> Vec<Output> {
        self.gates.0.insert(ADA, gate);
        self.machine.handle_gates(&self.gates);
        self.take()
    }

    fn take(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.machine.poll_output()).collect()
    }

    /// Ada has a command line, and grants so much of it.
    fn with_shell(until: u64) -> Self {
        let mut scene = Self::new();
        let started = scene.say(ADA, Message::ShellOpen { cols: 80, rows: 24 });
        assert_eq!(started, [Output::Shell(ShellOutput::Start { shell: 1, cols: 80, rows: 24 })]);
        let opened =
            scene.event(Event::Started { shell: 1, program: "/bin/bash".into(), user: "ada".into() });
        assert!(
            matches!(&opened[0], Output::Command(Command { by: None, text, .. }) if text == "$ /bin/bash")
        );
        assert!(matches!(
            &opened[1],
            Output::Say(ADA, Message::ShellOpened { shell: 1, taken: 0, received: 0, .. })
        ));
        let granted = scene.grant(0, until, false);
        assert_eq!(granted, [Output::Shell(ShellOutput::ReadUntil { shell: 1, until })]);
        scene
    }

    fn grant(&mut self, received: u64, until: u64, again: bool) -> Vec<Output> {
        self.say(ADA, Message::ShellGrant { shell: 1, received, until, again })
    }

    fn wrote(&mut self, data: &[u8]) -> Vec<Output> {
        self.event(Event::Wrote { shell: 1, data: Bytes::copy_from_slice(data) })
    }

    fn typed(&mut self, at: u64, data: &[u8]) -> Vec<Output> {
        self.say(ADA, Message::ShellInput { shell: 1, at, data: data.to_vec() })
    }

    /// What was handed to the terminal comes back as taken.
    fn types(&mut self, outputs: &[Output], typing: Typing) -> Vec<Output> {
        let mut more = Vec::new();
        for output in outputs {
            if let Output::Shell(ShellOutput::Write { shell, data }) = output {
                more.extend(self.event(Event::Typing { shell: *shell, data: data.clone(), typing }));
            }
        }
        more
    }
}

fn process(pid: u32, command: &str) -> Process {
    Process {
        pid,
        parent: 1,
        name: "p".into(),
        user: "ada".into(),
        own: true,
        cpu: 0,
        memory: 0,
        started: 1,
        command: command.into(),
    }
}

fn fetch(request: u32, pages: u8) -> Message {
    Message::Fetch { request, topic: Topic::Processes, pages }
}

fn pages(outputs: &[Output]) -> Vec<(usize, bool)> {
    let page = |output: &Output| match output {
        Output::Say(_, Message::Rows { rows: Rows::Processes { rows }, more, .. }) => {
            Some((rows.len(), *more))
        }
        _ => None,
    };
    outputs.iter().filter_map(page).collect()
}

fn answered(outputs: &[Output]) -> Option<Outcome> {
    outputs.iter().find_map(|output| match output {
        Output::Say(_, Message::Answered { outcome, .. }) => Some(*outcome),
        _ => None,
    })
}

fn ended(outputs: &[Output]) -> Option<ShellEnd> {
    outputs.iter().find_map(|output| match output {
        Output::Say(_, Message::ShellEnded { why, .. }) => Some(*why),
        _ => None,
    })
}

fn commands(outputs: &[Output]) -> Vec<(Option<ParticipantId>, String)> {
    let command = |output: &Output| match output {
        Output::Command(Command { by, text, .. }) => Some((*by, text.clone())),
        _ => None,
    };
    outputs.iter().filter_map(command).collect()
}

fn shown(outputs: &[Output]) -> Vec<(u64, String)> {
    let piece = |output: &Output| match output {
        Output::Say(ADA, Message::ShellOutput { at, data, .. }) => {
            Some((*at, String::from_utf8_lossy(data).into_owned()))
        }
        _ => None,
    };
    outputs.iter().filter_map(piece).collect()
}

#[test]
fn nothing_is_read_or_done_without_the_right() {
    let mut scene = Scene::new();
    scene.gates = Gates::default();
    assert_eq!(answered(&scene.say(ADA, fetch(1, 8))), Some(Outcome::NotAllowed));
    let stop = Message::Act { request: 2, action: Action::StopService { name: "cups.service".into() } };
    let refused = scene.say(ADA, stop);
    assert_eq!(
        (refused.len(), answered(&refused)),
        (1, Some(Outcome::NotAllowed)),
        "and nothing in the receipt"
    );
    assert_eq!(ended(&scene.say(ADA, Message::ShellOpen { cols: 80, rows: 24 })), Some(ShellEnd::NotAllowed));
}

#[test]
fn what_was_read_after_the_right_was_taken_back_is_not_told() {
    let mut scene = Scene::new();
    assert_eq!(scene.say(ADA, fetch(1, 8)), [Output::Read(Job { by: ADA, request: 1 }, Topic::Processes)]);
    scene.gate(SHUT);
    let rows = Rows::Processes { rows: vec![process(1, "secret")] };
    scene.machine.handle_read(Job { by: ADA, request: 1 }, Ok(rows.clone()), &scene.gates);
    assert_eq!(answered(&scene.take()), Some(Outcome::NotAllowed));
    // Nor the pages that wait.
    scene.gate(OPEN);
    scene.say(ADA, fetch(2, 0));
    scene.machine.handle_read(Job { by: ADA, request: 2 }, Ok(rows), &scene.gates);
    assert_eq!(scene.take(), []);
    scene.gate(SHUT);
    scene.gate(OPEN);
    assert_eq!(scene.say(ADA, Message::More { request: 2, pages: 8 }), []);
}

#[test]
fn answers_come_in_pages_that_fit_and_only_as_many_as_were_asked_for() {
    let mut scene = Scene::new();
    scene.say(ADA, fetch(1, 2));
    let job = Job { by: ADA, request: 1 };
    let rows = Rows::Processes { rows: (0..100).map(|pid| process(pid, &"x".repeat(5000))).collect() };
    scene.machine.handle_read(job, Ok(rows), &scene.gates);
    let first = scene.take();
    assert_eq!(pages(&first).len(), 2);
    let mut all = pages(&first);
    while all.last().is_some_and(|(_, more)| *more) {
        let next = scene.say(ADA, Message::More { request: 1, pages: 3 });
        assert!((1..=3).contains(&pages(&next).len()));
        all.extend(pages(&next));
        for output in &next {
            if let Output::Say(_, message) = output {
                let mut written = Vec::new();
                encode(message, &mut written);
                assert!(written.len() < MAX_MESSAGE - 64, "{}", written.len());
                assert_eq!(Message::decode(&written).unwrap(), *message);
            }
        }
    }
    assert_eq!(all.iter().map(|(rows, _)| rows).sum::<usize>(), 100);
    assert_eq!(scene.say(ADA, Message::More { request: 1, pages: 3 }), [], "it is told once");
    assert_eq!(scene.say(BOB, Message::More { request: 1, pages: 3 }), [], "and to nobody else");
}

#[test]
fn what_is_too_much_is_cut_and_said_to_be() {
    let (all, left_out) = paged(Rows::Processes { rows: (0..10_000).map(|pid| process(pid, "")).collect() });
    let count: usize =
        all.iter().map(|page| if let Rows::Processes { rows } = page { rows.len() } else { 0 }).sum();
    assert_eq!((count, left_out), (MAX_ROWS, true));
    let disk = Disk { name: "d".repeat(4000), mount: "ü".repeat(4000), ..Disk::default() };
    let summary = Summary { host: "h".repeat(9000), disks: vec![disk; 5000], ..Summary::default() };
    let (all, left_out) = paged(Rows::Summary { summary: Box::new(summary) });
    let mut written = Vec::new();
    encode(&Message::Rows { request: 1, rows: all[0].clone(), more: false, cut: true }, &mut written);
    assert!(left_out && written.len() < MAX_MESSAGE - 64);
    assert!(Message::decode(&written).is_ok());
    let line = LogLine { at: 1, priority: 200, unit: "u".repeat(9999), message: "m".repeat(99_999) };
    let (all, _) = paged(Rows::Log { rows: vec![line; 30], place: "p".repeat(9999) });
    for page in all {
        let mut written = Vec::new();
        encode(&Message::Rows { request: 1, rows: page, more: false, cut: true }, &mut written);
        assert!(Message::decode(&written).is_ok() && written.len() < MAX_MESSAGE - 64, "{}", written.len());
    }
    assert_eq!(paged(Rows::Software { rows: Vec::new() }).0, [Rows::Software { rows: Vec::new() }]);
}

#[test]
fn a_technician_has_few_things_under_way_at_once() {
    let mut scene = Scene::new();
    for request in 0..MAX_JOBS as u32 {
        assert!(matches!(scene.say(ADA, fetch(request, 1))[..], [Output::Read(..)]));
    }
    assert_eq!(answered(&scene.say(ADA, fetch(99, 1))), Some(Outcome::Busy));
    assert_eq!(answered(&scene.say(ADA, fetch(0, 1))), Some(Outcome::Busy), "nor the same twice");
    assert!(matches!(scene.say(BOB, fetch(0, 1))[..], [Output::Read(..)]), "others are not held up");
    let job = Job { by: ADA, request: 0 };
    let denied = Refused { outcome: Outcome::Denied, text: "x".repeat(9999) };
    scene.machine.handle_read(job, Err(denied), &scene.gates);
    assert!(matches!(
        &scene.take()[..],
        [Output::Say(ADA, Message::Answered { request: 0, outcome: Outcome::Denied, text })] if text.len() == MAX_FIELD
    ));
}

#[test]
fn what_is_done_is_in_the_receipt_first() {
    let mut scene = Scene::new();
    let action = Action::EndProcess { pid: 7, started: 1, name: "sleep".into(), force: false };
    let outputs = scene.say(ADA, Message::Act { request: 1, action: action.clone() });
    assert_eq!(
        outputs,
        [
            Output::Command(Command {
                by: Some(ADA),
                right: Right::Diagnostics,
                text: "end process 7 sleep".into()
            }),
            Output::Act(Job { by: ADA, request: 1 }, action)
        ]
    );
    scene.machine.handle_acted(Job { by: ADA, request: 1 }, Ok(()));
    assert_eq!(answered(&scene.take()), Some(Outcome::Done));
    assert_eq!(
        answered(&scene.say(ADA, Message::Act { request: 2, action: Action::Unknown })),
        Some(Outcome::NotHere)
    );
}

#[test]
fn what_the_receipt_has_no_room_for_is_not_done() {
    let mut scene = Scene::with_shell(1000);
    scene.machine.commands = MAX_COMMANDS - 1;
    let typed = scene.typed(0, b"one\rtwo\r");
    let outputs = scene.types(&typed, Typing::Shown);
    assert_eq!(commands(&outputs), [(Some(ADA), "one".into())]);
    assert_eq!(ended(&outputs), Some(ShellEnd::Full));
    assert!(outputs.contains(&Output::Shell(ShellOutput::Kill { shell: 1 })));
    let action = Action::StopService { name: "cups.service".into() };
    assert_eq!(answered(&scene.say(ADA, Message::Act { request: 1, action })), Some(Outcome::Busy));
    scene.say(ADA, Message::ShellOpen { cols: 80, rows: 24 });
    let started = Event::Started { shell: 2, program: "/bin/bash".into(), user: "ada".into() };
    assert_eq!(ended(&scene.event(started)), Some(ShellEnd::Full));
}

#[test]
fn typed_bytes_reach_the_terminal_once_and_in_order_line_by_line() {
    let mut scene = Scene::with_shell(1000);
    let write =
        |data: &'static [u8]| Output::Shell(ShellOutput::Write { shell: 1, data: Bytes::from_static(data) });
    let first = scene.typed(0, b"echo a\recho");
    assert_eq!(first, [write(b"echo a\r"), write(b"echo")]);
    // A connection was lost: the console sends what was not confirmed.
    assert_eq!(scene.typed(0, b"echo a\recho b\r"), [write(b" b\r")]);
    assert_eq!(scene.typed(3, b"o a"), []);
    assert_eq!(scene.typed(500, b"later"), [], "what cannot follow yet comes again");
    let taken = scene.types(&first, Typing::Shown);
    assert!(taken.contains(&Output::Say(ADA, Message::ShellTaken { shell: 1, taken: 7 })), "{taken:?}");
    assert_eq!(commands(&taken), [(Some(ADA), "echo a".into())]);
}

#[test]
fn a_console_cannot_type_without_end_ahead_of_the_terminal() {
    let mut scene = Scene::with_shell(1000);
    let mut handed = 0;
    for at in 0..100 {
        let outputs = scene.typed(at * 8192, &[b'x'; 8192]);
        handed += outputs
            .iter()
            .map(
                |output| {
                    if let Output::Shell(ShellOutput::Write { data, .. }) = output { data.len() } else { 0 }
                },
            )
            .sum::<usize>();
    }
    assert_eq!(handed as u64, SHELL_INPUT_AHEAD);
}

#[test]
fn output_goes_as_far_as_it_was_granted_and_again_where_it_was_lost() {
    let mut scene = Scene::with_shell(5);
    assert_eq!(shown(&scene.wrote(b"abcdefgh")), [(0, "abcde".into())]);
    let more = scene.grant(5, 7, false);
    assert_eq!(shown(&more), [(5, "fg".into())]);
    assert!(more.contains(&Output::Shell(ShellOutput::ReadUntil { shell: 1, until: 7 })));
    // The connection was lost behind the sixth.
    assert_eq!(shown(&scene.grant(6, 8, true)), [(6, "gh".into())]);
    // Whoever counts what was not sent, or what is long gone, changes nothing.
    assert_eq!(scene.grant(100, 200, true), []);
    assert_eq!(scene.grant(2, 200, true), []);
    let far = scene.grant(8, u64::MAX, false);
    assert_eq!(far, [Output::Shell(ShellOutput::ReadUntil { shell: 1, until: 8 + SHELL_OUTPUT_AHEAD })]);
}

#[test]
fn a_page_that_was_loaded_again_goes_on_with_the_command_line_that_stands() {
    let mut scene = Scene::with_shell(100);
    scene.wrote(b"hello");
    scene.grant(2, 100, false);
    let typed = scene.typed(0, b"rm -r");
    scene.types(&typed, Typing::Shown);
    let outputs = scene.say(ADA, Message::ShellOpen { cols: 90, rows: 30 });
    assert!(outputs.contains(&Output::Shell(ShellOutput::Resize { shell: 1, cols: 90, rows: 30 })));
    assert!(outputs.iter().any(|output| matches!(
        output,
        Output::Say(ADA, Message::ShellOpened { shell: 1, taken: 5, received: 2, .. })
    )));
    // What the page does not know any more stands for itself in the receipt.
    assert_eq!(commands(&outputs), [(None, "… rm -r".into())]);
    assert_eq!(shown(&scene.grant(2, 100, false)), [(2, "llo".into())]);
    // Another technician has a command line of their own, and no hand on this one.
    assert_eq!(
        ended(&scene.say(BOB, Message::ShellInput { shell: 1, at: 5, data: b"\r".to_vec() })),
        Some(ShellEnd::Gone)
    );
    assert_eq!(ended(&scene.say(BOB, Message::ShellClose { shell: 1 })), Some(ShellEnd::Gone));
    let second = scene.say(BOB, Message::ShellOpen { cols: 80, rows: 24 });
    assert_eq!(second, [Output::Shell(ShellOutput::Start { shell: 2, cols: 80, rows: 24 })]);
}

#[test]
fn on_hold_nothing_goes_either_way_and_afterwards_it_goes_on() {
    let mut scene = Scene::with_shell(1000);
    let held = Gate { diagnostics: false, shell: Standing::Held };
    assert_eq!(scene.gate(held), []);
    assert_eq!(scene.wrote(b"secret"), []);
    assert_eq!(scene.typed(0, b"ls\r"), []);
    assert_eq!(scene.grant(0, 2000, false), []);
    let outputs = scene.gate(OPEN);
    assert_eq!(shown(&outputs), [(0, "secret".into())]);
    assert!(
        outputs.contains(&Output::Shell(ShellOutput::Write { shell: 1, data: Bytes::from_static(b"ls\r") }))
    );
}

#[test]
fn while_the_customer_is_asked_nothing_is_typed_but_everything_is_shown() {
    let mut scene = Scene::with_shell(1000);
    let watching = Gate { diagnostics: true, shell: Standing::Watching };
    scene.gate(watching);
    assert_eq!(scene.typed(0, b"xdotool key Return\r"), []);
    assert_eq!(shown(&scene.wrote(b"log")), [(0, "log".into())]);
    assert_eq!(scene.gate(OPEN).len(), 1);
}

#[test]
fn a_right_that_is_taken_back_ends_the_command_line_and_all_that_was_typed_is_noted() {
    let mut scene = Scene::with_shell(1000);
    let typed = scene.typed(0, b"half a line");
    scene.types(&typed, Typing::Shown);
    let outputs = scene.gate(SHUT);
    assert_eq!(commands(&outputs), [(None, "… half a line".into())]);
    assert!(outputs.contains(&Output::Shell(ShellOutput::Kill { shell: 1 })));
    assert_eq!(ended(&outputs), Some(ShellEnd::NotAllowed));
    // What its threads still say has no effect.
    assert_eq!(scene.wrote(b"secret"), []);
    assert_eq!(scene.event(Event::Ended { shell: 1, started: true, text: String::new() }), []);
    assert!(scene.machine.is_idle());
}

#[test]
fn a_command_line_that_ends_by_itself_is_said_to_when_all_is_shown() {
    let mut scene = Scene::with_shell(3);
    scene.wrote(b"logout");
    assert_eq!(
        ended(&scene.event(Event::Ended { shell: 1, started: true, text: "exit code 0".into() })),
        None
    );
    let outputs = scene.grant(3, 100, false);
    assert_eq!(shown(&outputs), [(3, "out".into())]);
    assert_eq!(ended(&outputs), Some(ShellEnd::Exited));
    let again = scene.say(ADA, Message::ShellOpen { cols: 80, rows: 24 });
    assert_eq!(again, [Output::Shell(ShellOutput::Start { shell: 2, cols: 80, rows: 24 })]);
    let failed = scene.event(Event::Ended { shell: 2, started: false, text: "no terminal".into() });
    assert!(
        matches!(&failed[..], [Output::Say(ADA, Message::ShellEnded { shell: 0, why: ShellEnd::Failed, text })] if text == "no terminal")
    );
}

#[test]
fn passwords_are_not_noted() {
    let mut scene = Scene::with_shell(1000);
    let typed = scene.typed(0, b"sudo id\r");
    assert_eq!(commands(&scene.types(&typed, Typing::Shown)), [(Some(ADA), "sudo id".into())]);
    let typed = scene.typed(8, b"sesame\r");
    assert_eq!(commands(&scene.types(&typed, Typing::Secret)), [(None, crate::tools::lines::HIDDEN.into())]);
}
