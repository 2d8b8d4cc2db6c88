use super::*;
use crate::channel::files::{HASH, MAX_CHUNK};
use crate::transfer::stops::HEARD_MS;

fn said(console: &mut Console) -> Vec<Files> {
    let outputs = std::iter::from_fn(|| console.poll_output());
    outputs
        .filter_map(|output| if let ConsoleOutput::Send { message } = output { Some(message) } else { None })
        .collect()
}

fn stops(console: &mut Console) -> Vec<(u32, FileEnd)> {
    let stop =
        |message| if let Files::Stop { transfer, why } = message { Some((transfer, why)) } else { None };
    said(console).into_iter().filter_map(stop).collect()
}

/// A console that sends file 1, of which the agent has heard.
fn sending() -> Console {
    let mut console = Console::new();
    console.handle_reach(true, 0);
    console.put(1, vec!["a".into()], 100, 0);
    let ready = Files::Ready { transfer: 1, name: "a".into(), size: 100, offset: 0, until: 100 };
    console.handle_message(ready, 0);
    said(&mut console);
    console
}

#[test]
fn a_file_stopped_while_the_link_is_cut_is_told_when_it_is_back() {
    let mut console = sending();
    console.handle_reach(false, 10);
    console.stop(1, 20);
    assert_eq!(stops(&mut console), [], "nobody can be reached");
    assert_eq!(console.untold().collect::<Vec<_>>(), [1]);
    // Even where the technician has taken it from the list meanwhile, and however long it took.
    console.stop(1, 30);
    assert_eq!(console.items().count(), 0);
    console.handle_reach(true, 10 * HEARD_MS);
    assert_eq!(stops(&mut console), [(1, FileEnd::Cancelled)]);
    assert_eq!(console.untold().count(), 0);
    // A second cut at once: the word may be lost with the link.
    console.handle_reach(false, 10 * HEARD_MS + 1);
    console.handle_reach(true, 10 * HEARD_MS + 2);
    assert_eq!(stops(&mut console), [(1, FileEnd::Cancelled)]);
    // What was said long before a cut was heard.
    console.handle_reach(false, 12 * HEARD_MS);
    console.handle_reach(true, 12 * HEARD_MS + 1);
    assert_eq!(stops(&mut console), []);
}

#[test]
fn an_end_said_on_a_link_that_was_breaking_is_said_again() {
    let mut console = sending();
    console.stop(1, 1_000);
    assert_eq!(stops(&mut console), [(1, FileEnd::Cancelled)]);
    console.handle_reach(false, 3_000);
    console.handle_reach(true, 4_000);
    assert_eq!(stops(&mut console), [(1, FileEnd::Cancelled)]);
    // What the disk ended is as good as what a person did.
    let mut console = sending();
    console.handle_reach(false, 0);
    console.handle_said(1, Said::Failed { why: FileEnd::Vanished }, 5);
    console.handle_reach(true, 6);
    assert_eq!(stops(&mut console), [(1, FileEnd::Vanished)]);
}

#[test]
fn what_the_agent_ended_or_never_heard_of_is_not_told() {
    let mut console = sending();
    console.handle_message(Files::Stop { transfer: 1, why: FileEnd::Stopped }, 1);
    console.handle_reach(false, 2);
    console.put(2, vec!["b".into()], 100, 3);
    console.stop(2, 4);
    console.handle_reach(true, 5);
    assert_eq!(stops(&mut console), []);
}

/// A page that was loaded again goes on with a file of which `had` bytes are on its disk.
fn going_on(size: u64, had: u64) -> Console {
    let mut console = Console::new();
    assert!(console.fetch_on(7, "/home/c/big".into(), vec!["big".into()], (size, had), 0));
    console.handle_reach(true, 0);
    console
}

#[test]
fn a_file_goes_on_from_what_is_on_the_disk() {
    let mut console = going_on(100, 60);
    let [Files::Fetch { transfer: 7, offset: 60, until: 60, .. }] = said(&mut console)[..] else {
        panic!("it asks from where it is")
    };
    assert_eq!(console.items().next().unwrap().moved, 60);
    console
        .handle_message(Files::Ready { transfer: 7, name: "big".into(), size: 100, offset: 60, until: 0 }, 1);
    let create = Job::Create { path: vec!["big".into()], size: 100 };
    assert_eq!(console.poll_output(), Some(ConsoleOutput::Disk { transfer: 7, job: create }));
    console.handle_said(7, Said::Created, 2);
    assert_eq!(said(&mut console), [Files::Grant { transfer: 7, until: 100 }]);
    console.handle_message(Files::Chunk { transfer: 7, offset: 60, bytes: vec![5; 40] }, 3);
    let write = Job::Write { offset: 60, bytes: vec![5; 40] };
    assert_eq!(console.poll_output(), Some(ConsoleOutput::Disk { transfer: 7, job: write }));
    console.handle_said(7, Said::Written { until: 100 }, 4);
    console.handle_message(Files::Done { transfer: 7, hash: vec![1; HASH] }, 5);
    let finish = Job::Finish { hash: vec![1; HASH] };
    assert_eq!(console.poll_output(), Some(ConsoleOutput::Disk { transfer: 7, job: finish }));
    console.handle_said(7, Said::Kept { name: "big".into() }, 6);
    assert_eq!(console.items().next().unwrap().state, ItemState::Finished);
}

#[test]
fn another_file_of_the_same_name_does_not_go_on() {
    let mut console = going_on(100, 60);
    said(&mut console);
    console
        .handle_message(Files::Ready { transfer: 7, name: "big".into(), size: 101, offset: 60, until: 0 }, 1);
    assert_eq!(stops(&mut console), [(7, FileEnd::Changed)]);
    assert!(!Console::new().fetch_on(1, "/a".into(), vec!["a".into()], (5, 6), 0), "more than there is");
    // All of it was there: only the hash is missing.
    let mut console = going_on(100, 100);
    said(&mut console);
    console.handle_message(
        Files::Ready { transfer: 7, name: "big".into(), size: 100, offset: 100, until: 0 },
        1,
    );
    console.handle_said(7, Said::Created, 2);
    console.handle_message(Files::Done { transfer: 7, hash: vec![1; HASH] }, 5);
    let jobs: Vec<ConsoleOutput> = std::iter::from_fn(|| console.poll_output()).collect();
    let finish = ConsoleOutput::Disk { transfer: 7, job: Job::Finish { hash: vec![1; HASH] } };
    assert!(jobs.contains(&finish), "{jobs:?}");
}

#[test]
fn ends_that_nobody_hears_are_bounded() {
    let mut console = Console::new();
    console.handle_reach(true, 0);
    for transfer in 0..30_000 {
        console.put(transfer, vec!["a".into()], MAX_CHUNK as u64, 0);
        console.handle_reach(false, 0);
        console.stop(transfer, 0);
        console.stop(transfer, 0);
        console.up = true;
    }
    assert!(console.untold().count() <= crate::transfer::stops::MAX_STOPS);
}
