use std::collections::{BTreeMap, BTreeSet};

use farhand_protocol::channel::files::MAX_CHUNK;
use farhand_protocol::transfer::names::HOSTILE;
use farhand_protocol::transfer::{Console, ConsoleOutput, ItemState, SMALL_PIECE, Said};

use super::*;

const CONSOLE: ParticipantId = 1;

/// Enough of a hash to tell contents apart.
fn hash(bytes: &[u8]) -> Vec<u8> {
    let mut state = [0xcbf2_9ce4_8422_2325u64, 7, 11, 13];
    for (at, byte) in bytes.iter().enumerate() {
        let lane = &mut state[at % 4];
        *lane = (*lane ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(5);
    }
    state[3] ^= bytes.len() as u64;
    state.iter().flat_map(|lane| lane.to_be_bytes()).collect()
}

fn content(salt: usize, length: usize) -> Vec<u8> {
    (0..length).map(|at| ((at * 31 + salt * 7 + at / 251) % 256) as u8).collect()
}

enum Open {
    Writes { name: String, bytes: Vec<u8> },
    Reads { bytes: Vec<u8>, at: usize },
}

/// A disk that does one job when it is told to.
#[derive(Default)]
struct Disk {
    files: BTreeMap<String, Vec<u8>>,
    open: BTreeMap<u32, Open>,
    jobs: VecDeque<(u32, Job)>,
    full: bool,
}

impl Disk {
    fn work(&mut self) -> Option<(u32, Option<Said>)> {
        let (transfer, job) = self.jobs.pop_front()?;
        let said = match job {
            Job::Create { path, .. } => {
                self.open.insert(transfer, Open::Writes { name: path.join("/"), bytes: Vec::new() });
                Some(Said::Created)
            }
            Job::Write { .. } if self.full => Some(Said::Failed { why: FileEnd::DiskFull }),
            Job::Write { offset, bytes: new } => {
                let Some(Open::Writes { bytes, .. }) = self.open.get_mut(&transfer) else {
                    panic!("not open")
                };
                assert_eq!(bytes.len() as u64, offset, "nothing is left out and nothing comes twice");
                bytes.extend(new);
                Some(Said::Written { until: bytes.len() as u64 })
            }
            Job::Finish { hash: theirs } => {
                let Some(Open::Writes { name, bytes }) = self.open.remove(&transfer) else {
                    panic!("not open")
                };
                if hash(&bytes) != theirs {
                    return Some((transfer, Some(Said::Failed { why: FileEnd::Mismatch })));
                }
                assert!(self.files.insert(name.clone(), bytes).is_none(), "{name} is there twice");
                Some(Said::Kept { name })
            }
            Job::Open { path } => match self.files.get(&path) {
                Some(bytes) => {
                    let (size, bytes) = (bytes.len() as u64, bytes.clone());
                    self.open.insert(transfer, Open::Reads { bytes, at: 0 });
                    Some(Said::Opened { name: path, size })
                }
                None => Some(Said::Failed { why: FileEnd::Vanished }),
            },
            Job::Seek { offset, .. } => {
                if let Some(Open::Reads { at, .. }) = self.open.get_mut(&transfer) {
                    *at = usize::try_from(offset).unwrap();
                }
                None
            }
            Job::Read { turn, length } => {
                let Some(Open::Reads { bytes, at }) = self.open.get_mut(&transfer) else {
                    panic!("not open")
                };
                let end = bytes.len().min(*at + usize::try_from(length).unwrap());
                let read = bytes[*at..end].to_vec();
                *at = end;
                let hash = (end == bytes.len()).then(|| hash(bytes));
                Some(Said::Read { turn, bytes: read, hash })
            }
            Job::Close => {
                self.open.remove(&transfer);
                None
            }
        };
        Some((transfer, said))
    }
}

struct World {
    console: Console,
    agent: Files,
    here: Disk,
    there: Disk,
    to_agent: VecDeque<Message>,
    to_console: VecDeque<Message>,
    gate: Gate,
    now: u64,
    start: Instant,
    records: Vec<Record>,
    lists: Vec<(u32, String)>,
    dice: u64,
    sent_at_once: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            console: Console::new(),
            agent: Files::default(),
            here: Disk::default(),
            there: Disk::default(),
            to_agent: VecDeque::new(),
            to_console: VecDeque::new(),
            gate: Gate::Open,
            now: 0,
            start: Instant::now(),
            records: Vec::new(),
            lists: Vec::new(),
            dice: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            sent_at_once: 0,
        };
        world.console.handle_reach(true, 0);
        world
    }

    fn at(&self) -> Instant {
        self.start + Duration::from_millis(self.now)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % limit
    }

    fn put(&mut self, transfer: u32, name: &str, bytes: Vec<u8>) {
        let size = bytes.len() as u64;
        self.here.open.insert(transfer, Open::Reads { bytes, at: 0 });
        assert!(self.console.put(transfer, vec![name.into()], size, self.now));
        self.drain();
    }

    fn fetch(&mut self, transfer: u32, path: &str) {
        let step = path.trim_matches('/').to_owned();
        assert!(self.console.fetch(transfer, path.into(), vec![step], 0, self.now));
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.console.poll_output() {
            match output {
                ConsoleOutput::Send { message } => self.to_agent.push_back(message),
                ConsoleOutput::Disk { transfer, job } => self.here.jobs.push_back((transfer, job)),
            }
        }
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Send { message, to: CONSOLE } => self.to_console.push_back(message),
                Output::Send { .. } => panic!("for nobody"),
                Output::Disk { file, job } => self.there.jobs.push_back((file.transfer, job)),
                Output::List { list, path, .. } => self.lists.push((list, path)),
                Output::Changed => {}
                Output::Record(record) => self.records.push(record),
            }
        }
        let bytes = |queue: &VecDeque<Message>| -> u64 {
            queue
                .iter()
                .map(
                    |message| if let Message::Chunk { bytes, .. } = message { bytes.len() as u64 } else { 0 },
                )
                .sum()
        };
        self.sent_at_once = self.sent_at_once.max(bytes(&self.to_agent)).max(bytes(&self.to_console));
    }

    /// One of the things that can happen now. False when nothing can.
    fn step(&mut self) -> bool {
        let can = [
            !self.to_agent.is_empty(),
            !self.to_console.is_empty(),
            !self.here.jobs.is_empty(),
            !self.there.jobs.is_empty(),
        ];
        let many = can.iter().filter(|can| **can).count() as u64;
        if many == 0 {
            return false;
        }
        let pick = usize::try_from(self.below(many)).unwrap();
        let which = (0..4).filter(|which| can[*which]).nth(pick).unwrap();
        match which {
            0 => {
                let message = self.to_agent.pop_front().unwrap();
                let (gate, at) = (self.gate, self.at());
                self.agent.handle_message(CONSOLE, message, gate, at);
            }
            1 => {
                let message = self.to_console.pop_front().unwrap();
                self.console.handle_message(message, self.now);
            }
            2 => {
                if let Some((transfer, Some(said))) = self.here.work() {
                    self.console.handle_said(transfer, said, self.now);
                }
            }
            _ => {
                if let Some((transfer, Some(said))) = self.there.work() {
                    self.agent.handle_said(FileKey { console: CONSOLE, transfer }, said, self.gate);
                }
            }
        }
        self.drain();
        true
    }

    /// The customer allows whatever is asked.
    fn allow(&mut self) {
        while let Some(question) = self.agent.question().cloned() {
            let at = self.at();
            self.agent.handle_customer(FromCustomer::Allow(question.ask), at);
        }
        self.drain();
    }

    fn cut(&mut self) {
        self.to_agent.clear();
        self.to_console.clear();
        self.gate = Gate::Held;
        self.agent.handle_gate(CONSOLE, self.gate);
        self.console.handle_reach(false, self.now);
        self.drain();
    }

    fn mend(&mut self) {
        self.to_agent.clear();
        self.to_console.clear();
        self.gate = Gate::Open;
        self.agent.handle_gate(CONSOLE, self.gate);
        self.console.handle_reach(true, self.now);
        self.drain();
    }

    /// Goes on until nothing more happens, saying again what is not answered.
    fn settle(&mut self) {
        for _ in 0..10 {
            while self.step() {
                self.allow();
            }
            if !self.console.is_busy() && !self.agent_is_busy() {
                return;
            }
            self.now += AGAIN_MS;
            self.console.handle_timeout(self.now);
            let (gate, at) = (self.gate, self.at());
            self.agent.handle_timeout(at, |_| gate);
            self.drain();
        }
        let states: Vec<_> = self.console.items().collect();
        panic!("it does not end: {states:?}");
    }

    fn agent_is_busy(&self) -> bool {
        self.agent.rows(99).iter().any(|row| matches!(row.state, RowState::Waits | RowState::Flows))
    }

    fn end_of(&self, transfer: u32) -> (ItemState, Option<FileEnd>) {
        let item = self.console.items().find(|item| item.transfer == transfer).unwrap();
        (item.state, item.why)
    }
}

const SIZES: [usize; 4] = [0, 1, 70_000, 400_000];

fn begin(world: &mut World) {
    for (at, size) in SIZES.into_iter().enumerate() {
        let number = u32::try_from(at).unwrap();
        world.put(number, &format!("in-{at}"), content(at, size));
        world.there.files.insert(format!("/out-{at}"), content(at + 10, size));
        world.fetch(100 + number, &format!("/out-{at}"));
    }
}

fn check(world: &World, seed: u64) {
    for (at, size) in SIZES.into_iter().enumerate() {
        assert!(world.there.files[&format!("in-{at}")] == content(at, size), "seed {seed}: in-{at}");
        assert!(world.here.files[&format!("out-{at}")] == content(at + 10, size), "seed {seed}: out-{at}");
    }
    assert!(world.console.items().all(|item| item.state == ItemState::Finished), "seed {seed}");
    assert!(world.here.open.is_empty() && world.there.open.is_empty(), "seed {seed}: nothing stays open");
    assert_eq!(world.records.len(), 2 * SIZES.len(), "seed {seed}: one entry each");
    assert!(world.records.iter().all(|record| record.end.is_none()), "seed {seed}: {:?}", world.records);
}

/// Steps that both ways take together without a cut.
fn steps(seed: u64) -> u64 {
    let mut world = World::new(seed);
    begin(&mut world);
    let mut steps = 0;
    while world.step() {
        world.allow();
        steps += 1;
    }
    check(&world, seed);
    steps
}

/// The longest piece to the customer and from them, where so many steps take a millisecond.
fn longest_pieces(steps: u64) -> (usize, usize) {
    const SIZE: usize = 16_000_000;
    let mut world = World::new(steps);
    world.put(1, "in", content(1, SIZE));
    world.there.files.insert("/out".into(), content(2, SIZE));
    world.fetch(2, "/out");
    let longest = |queue: &VecDeque<Message>| {
        let piece =
            |message: &Message| if let Message::Chunk { bytes, .. } = message { bytes.len() } else { 0 };
        queue.iter().map(piece).max().unwrap_or_default()
    };
    let (mut up, mut down, mut taken) = (0, 0, 0u64);
    while world.step() {
        world.allow();
        taken += 1;
        world.now += u64::from(taken % steps == 0);
        (up, down) = (up.max(longest(&world.to_agent)), down.max(longest(&world.to_console)));
    }
    assert!(world.there.files["in"] == content(1, SIZE) && world.here.files["out"] == content(2, SIZE));
    (up, down)
}

#[test]
fn pieces_are_large_each_way_where_files_go_fast_and_small_where_they_do_not() {
    assert_eq!(longest_pieces(10), (MAX_CHUNK, MAX_CHUNK));
    assert_eq!(longest_pieces(1), (SMALL_PIECE, SMALL_PIECE));
}

#[test]
fn whatever_step_the_link_is_cut_at_nothing_is_lost_and_the_hashes_agree() {
    const CUTS: u64 = 300;
    let whole = steps(1);
    assert!(whole > 150, "{whole}");
    for seed in 1..=CUTS {
        let mut world = World::new(seed);
        begin(&mut world);
        // Every step of the transfers has its turn, and a second cut comes soon after the first.
        let first = seed * whole / CUTS;
        for _ in 0..first {
            world.step();
            world.allow();
        }
        for _ in 0..=world.below(2) {
            world.cut();
            // The disks go on meanwhile.
            for _ in 0..world.below(6) {
                world.step();
            }
            world.now += world.below(20_000);
            world.mend();
            for _ in 0..world.below(40) {
                world.step();
                world.allow();
            }
        }
        world.settle();
        check(&world, seed);
    }
}

#[test]
fn messages_that_are_lost_without_a_word_are_said_again() {
    let whole = steps(3);
    for seed in 0..120 {
        let mut world = World::new(seed + 1);
        begin(&mut world);
        for _ in 0..seed * whole / 120 {
            world.step();
            world.allow();
        }
        // A carrier was changed, and some of what was on its way is gone.
        let lost = usize::try_from(world.below(5)).unwrap();
        world.to_agent.drain(..lost.min(world.to_agent.len()));
        world.to_console.drain(..lost.min(world.to_console.len()));
        world.settle();
        check(&world, seed);
    }
}

#[test]
fn no_more_is_under_way_than_the_receiving_end_granted() {
    let mut world = World::new(5);
    for number in 0..6 {
        world.put(number, &format!("in-{number}"), content(1, 3_000_000));
    }
    world.settle();
    assert!(world.sent_at_once <= 2 * farhand_protocol::transfer::BUDGET, "{}", world.sent_at_once);
    assert_eq!(world.there.files.len(), 6);
}

#[test]
fn a_pause_of_the_customer_holds_a_file_and_taking_the_right_back_ends_it() {
    let mut world = World::new(9);
    world.put(1, "held", content(1, 300_000));
    for _ in 0..30 {
        world.step();
        world.allow();
    }
    world.gate = Gate::Held;
    world.agent.handle_gate(CONSOLE, Gate::Held);
    while world.step() {}
    assert!(world.records.is_empty() && world.console.is_busy());
    world.gate = Gate::Open;
    world.agent.handle_gate(CONSOLE, Gate::Open);
    world.settle();
    assert_eq!(world.end_of(1), (ItemState::Finished, None));

    world.put(2, "gone", content(2, 300_000));
    for _ in 0..20 {
        world.step();
    }
    world.gate = Gate::Shut;
    world.agent.handle_gate(CONSOLE, Gate::Shut);
    world.drain();
    world.settle();
    assert_eq!(world.end_of(2), (ItemState::Over, Some(FileEnd::NoRight)));
    assert!(!world.there.files.contains_key("gone") && world.there.open.is_empty());
    world.put(3, "after", Vec::new());
    world.settle();
    assert_eq!(world.end_of(3), (ItemState::Over, Some(FileEnd::NoRight)));
}

fn offer(transfer: u32, name: &str) -> Message {
    Message::Offer { transfer, path: vec![name.into()], size: 10, more: 2, more_size: 30 }
}

fn fetch(transfer: u32, path: &str) -> Message {
    Message::Fetch { transfer, path: path.into(), offset: 0, until: 0, more: 0, more_size: 0 }
}

/// What the agent wants done, without what only changes pictures.
fn outputs(files: &mut Files) -> Vec<Output> {
    std::iter::from_fn(|| files.poll_output()).filter(|output| *output != Output::Changed).collect()
}

fn says(message: Message) -> Output {
    Output::Send { to: CONSOLE, message }
}

#[test]
fn nothing_happens_before_the_customer_allows_that_direction() {
    let (mut files, now) = (Files::default(), Instant::now());
    files.handle_message(CONSOLE, offer(1, "report.pdf"), Gate::Open, now);
    assert_eq!(outputs(&mut files), [says(Message::Asking { transfer: 1 })]);
    let question = files.question().unwrap().clone();
    assert_eq!(
        (question.direction, question.name.as_deref(), question.size, question.more, question.more_size),
        (Direction::In, Some("report.pdf"), 10, 2, 30)
    );
    // The other direction is another question, and waits for its turn.
    files.handle_message(CONSOLE, fetch(2, "/home/ada/x"), Gate::Open, now);
    files.handle_message(CONSOLE, Message::List { list: 4, path: String::new() }, Gate::Open, now);
    assert_eq!(
        outputs(&mut files),
        [says(Message::Asking { transfer: 2 }), says(Message::ListAsking { list: 4 })]
    );
    files.handle_customer(FromCustomer::Allow(question.ask), now);
    let create = Job::Create { path: vec!["report.pdf".into()], size: 10 };
    let key = |transfer| FileKey { console: CONSOLE, transfer };
    assert_eq!(outputs(&mut files), [Output::Disk { file: key(1), job: create }]);
    let second = files.question().unwrap().clone();
    assert_eq!(second.direction, Direction::Out);
    // An answer that was meant for another question answers nothing.
    files.handle_customer(FromCustomer::Allow(question.ask), now);
    assert_eq!(outputs(&mut files), []);
    files.handle_customer(FromCustomer::Refuse(second.ask), now);
    let refused = FileEnd::Refused;
    let end = |transfer, name: &str, direction, end| {
        Output::Record(Record { console: CONSOLE, direction, name: name.into(), size: transfer, end })
    };
    assert_eq!(
        outputs(&mut files),
        [
            says(Message::Stop { transfer: 2, why: refused }),
            Output::Disk { file: key(2), job: Job::Close },
            end(0, "x", Direction::Out, Some(refused)),
            says(Message::ListRefused { list: 4, why: refused }),
        ]
    );
    // What is allowed once is not asked again.
    files.handle_message(CONSOLE, offer(3, "b"), Gate::Open, now);
    assert!(matches!(outputs(&mut files)[..], [Output::Disk { job: Job::Create { .. }, .. }]));
    // Nor by another technician.
    files.handle_message(2, offer(3, "c"), Gate::Open, now);
    assert_eq!(outputs(&mut files), [Output::Send { to: 2, message: Message::Asking { transfer: 3 } }]);
}

#[test]
fn silence_is_a_no_and_after_three_there_are_no_more_questions() {
    let (mut files, mut now) = (Files::default(), Instant::now());
    for transfer in 0..u32::from(MAX_REFUSALS) {
        files.handle_message(CONSOLE, offer(transfer, "a"), Gate::Open, now);
        assert_eq!(files.poll_timeout(), Some(now + ANSWER_WITHIN));
        files.handle_timeout(now + ANSWER_WITHIN - Duration::from_millis(1), |_| Gate::Open);
        assert!(files.question().is_some());
        now += ANSWER_WITHIN;
        files.handle_timeout(now, |_| Gate::Open);
        assert!(files.question().is_none());
    }
    outputs(&mut files);
    files.handle_message(CONSOLE, offer(9, "a"), Gate::Open, now);
    assert!(files.question().is_none());
    assert_eq!(outputs(&mut files)[0], says(Message::Stop { transfer: 9, why: FileEnd::Refused }));
}

#[test]
fn the_customer_stops_one_file_or_all_and_the_rest_goes_on() {
    let mut world = World::new(4);
    for number in 1..=3 {
        world.put(number, &format!("in-{number}"), content(1, 600_000));
    }
    for _ in 0..60 {
        world.step();
        world.allow();
    }
    let at = world.at();
    let row = world.agent.rows(9).iter().find(|row| row.name == "in-2").unwrap().row;
    world.agent.handle_customer(FromCustomer::Stop(row), at);
    world.settle();
    assert_eq!(world.end_of(2), (ItemState::Over, Some(FileEnd::Stopped)));
    assert_eq!(world.end_of(1), (ItemState::Finished, None));
    assert_eq!(world.end_of(3), (ItemState::Finished, None));
    world.put(4, "in-4", content(1, 600_000));
    world.put(5, "in-5", content(1, 600_000));
    for _ in 0..60 {
        world.step();
    }
    world.agent.handle_customer(FromCustomer::StopAll, at);
    world.drain();
    while world.step() {}
    assert_eq!(world.end_of(4), (ItemState::Over, Some(FileEnd::Stopped)));
    assert_eq!(world.end_of(5), (ItemState::Over, Some(FileEnd::Stopped)));
    assert!(world.there.open.is_empty());
    world.put(6, "in-6", content(1, 10));
    while world.step() {}
    assert!(world.agent.question().is_some(), "the next one is asked about again");
}

#[test]
fn a_full_disk_ends_its_file_and_tells_it() {
    let mut world = World::new(6);
    world.there.full = true;
    world.put(1, "big", content(1, 100_000));
    world.settle();
    assert_eq!(world.end_of(1), (ItemState::Over, Some(FileEnd::DiskFull)));
    world.fetch(2, "/nowhere");
    world.settle();
    assert_eq!(world.end_of(2), (ItemState::Over, Some(FileEnd::Vanished)));
    world.there.full = false;
    world.put(3, "small", content(1, 100));
    world.settle();
    assert_eq!(world.end_of(3), (ItemState::Finished, None));
}

#[test]
fn hostile_names_reach_no_disk_but_as_one_step() {
    let (mut files, now) = (Files::default(), Instant::now());
    for (at, name) in HOSTILE.iter().enumerate() {
        let transfer = u32::try_from(at).unwrap();
        for path in [vec![(*name).to_owned()], vec![(*name).to_owned(), "x".into()]] {
            let message = Message::Offer { transfer, path, size: 1, more: 0, more_size: 0 };
            files.handle_message(CONSOLE, message, Gate::Open, now);
            files.handle_customer(
                FromCustomer::Allow(files.question().map_or(0, |question| question.ask)),
                now,
            );
            for output in outputs(&mut files) {
                if let Output::Disk { job: Job::Create { path, .. }, .. } = output {
                    let steps =
                        path.iter().all(|step| !step.contains(['/', '\\', '\0', ':']) && step != "..");
                    assert!(steps && path.iter().all(|step| !step.is_empty() && step != "."), "{path:?}");
                }
            }
            files.handle_customer(FromCustomer::StopAll, now);
            files = Files::default();
        }
    }
}

#[test]
fn what_a_hostile_console_says_out_of_turn_ends_at_most_its_own_file() {
    let mut world = World::new(8);
    world.put(1, "good", content(1, 200_000));
    for _ in 0..20 {
        world.step();
        world.allow();
    }
    let at = world.at();
    let chunk = |transfer, offset| Message::Chunk { transfer, offset, bytes: vec![1; 100] };
    for message in [
        chunk(77, 0),
        Message::Done { transfer: 77, hash: vec![0; 32] },
        Message::Finished { transfer: 77, name: "x".into() },
        Message::Grant { transfer: 77, until: u64::MAX },
        Message::Stop { transfer: 77, why: FileEnd::Refused },
        Message::Ready { transfer: 1, name: "x".into(), size: 1, offset: 0, until: 9 },
        Message::Asking { transfer: 1 },
        Message::Finished { transfer: 1, name: "x".into() },
    ] {
        world.agent.handle_message(CONSOLE, message, Gate::Open, at);
    }
    // Somebody else's number is their own file.
    world.agent.handle_message(3, chunk(1, 0), Gate::Open, at);
    while let Some(output) = world.agent.poll_output() {
        assert_eq!(output, Output::Changed);
    }
    // More than was granted.
    world.agent.handle_message(CONSOLE, offer(5, "flood"), Gate::Open, at);
    world.agent.handle_said(FileKey { console: CONSOLE, transfer: 5 }, Said::Created, Gate::Open);
    world.agent.handle_message(CONSOLE, chunk(5, 1 << 40), Gate::Open, at);
    let told: BTreeSet<bool> = std::iter::from_fn(|| world.agent.poll_output())
        .map(|output| output == says(Message::Stop { transfer: 5, why: FileEnd::Failed }))
        .collect();
    assert!(told.contains(&true));
    world.settle();
    assert_eq!(world.end_of(1), (ItemState::Finished, None));
}

#[test]
fn only_the_customers_side_says_what_the_customer_did() {
    let mut world = World::new(2);
    world.put(1, "a", content(1, 200_000));
    for _ in 0..20 {
        world.step();
        world.allow();
    }
    let at = world.at();
    world.agent.handle_message(CONSOLE, Message::Stop { transfer: 1, why: FileEnd::Stopped }, Gate::Open, at);
    world.drain();
    assert_eq!(world.records.last().unwrap().end, Some(FileEnd::Cancelled));
    let mut early = World::new(3);
    early.there.files.insert("/b".into(), content(2, 500_000));
    early.fetch(2, "/b");
    for _ in 0..12 {
        early.step();
        early.allow();
    }
    let at = early.at();
    early.agent.handle_message(CONSOLE, Message::Finished { transfer: 2, name: "b".into() }, Gate::Open, at);
    early.drain();
    assert_eq!(early.records.last().unwrap().end, Some(FileEnd::Failed), "nobody has what was not sent");
}

#[test]
fn a_console_that_begins_too_much_is_told_so() {
    let (mut files, now) = (Files::default(), Instant::now());
    for transfer in 0..u32::try_from(MAX_LIVE).unwrap() {
        files.handle_message(CONSOLE, offer(transfer, "a"), Gate::Open, now);
    }
    outputs(&mut files);
    files.handle_message(CONSOLE, offer(99, "a"), Gate::Open, now);
    assert_eq!(outputs(&mut files)[0], says(Message::Stop { transfer: 99, why: FileEnd::Busy }));
    for list in 0..10 {
        files.handle_message(CONSOLE, Message::List { list, path: String::new() }, Gate::Open, now);
    }
    let refused = |output: &Output| *output == says(Message::ListRefused { list: 9, why: FileEnd::Busy });
    assert!(outputs(&mut files).iter().any(refused));
    // Old ones are forgotten, so that there is always room for new ones.
    for transfer in 1000..2000 {
        files.handle_message(CONSOLE, offer(transfer, "a"), Gate::Open, now);
    }
    assert!(files.count() <= MAX_KEPT);
}

#[test]
fn folders_are_told_only_while_they_may_be_looked_at() {
    let (mut files, now) = (Files::default(), Instant::now());
    files.handle_message(CONSOLE, Message::List { list: 1, path: "/".into() }, Gate::Open, now);
    files.handle_customer(FromCustomer::Allow(files.question().unwrap().ask), now);
    let outputs_now = outputs(&mut files);
    assert!(outputs_now.contains(&Output::List { console: CONSOLE, list: 1, path: "/".into() }));
    let listing = || Message::ListRefused { list: 1, why: FileEnd::Denied };
    files.handle_listed(CONSOLE, vec![listing()], Gate::Held);
    assert_eq!(outputs(&mut files), []);
    files.handle_listed(CONSOLE, vec![listing()], Gate::Open);
    assert_eq!(outputs(&mut files), [says(listing())]);
    files.handle_gate(CONSOLE, Gate::Shut);
    files.handle_listed(CONSOLE, vec![listing()], Gate::Open);
    assert_eq!(outputs(&mut files), [], "the direction is not allowed any more");
}
