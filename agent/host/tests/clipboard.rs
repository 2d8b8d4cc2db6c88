//! What people copy is read as it is, and what is put there can be pasted, in every format and size that is carried.
//!
//! The promises are the façade's, each kept by every back end; under X11 "another program" is one that knows nothing of
//! ours.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use farhand_agent_host::clipboard::fake::FakeDesk;
use farhand_agent_host::clipboard::{Backend, Clipboard, ClipboardError, open_clipboard_on};
use farhand_protocol::channel::clipboard::{ClipboardContent, ClipboardFormat};
use support::{Desktop, PATIENCE};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// A desktop with another program on it.
trait Program {
    /// Copies, in place of what it copied before.
    fn copies(&mut self, parts: &[(ClipboardFormat, Vec<u8>)], secret: bool);
    /// Copies files.
    fn copies_files(&mut self, paths: &[&str]);
    /// Pastes what lies there in a format.
    fn pastes(&mut self, format: ClipboardFormat) -> Option<Vec<u8>>;
}

struct Scene {
    program: Box<dyn Program>,
    clipboard: Box<dyn Clipboard>,
    changed: mpsc::Receiver<()>,
}

impl Scene {
    fn fake() -> Self {
        let desk = FakeDesk::default();
        let (tell, changed) = mpsc::channel();
        let clipboard = desk.clipboard(Box::new(move || tell.send(()).unwrap()));
        Self { program: Box::new(desk), clipboard: Box::new(clipboard), changed }
    }

    fn x11() -> Self {
        let desktop = Desktop::start(64, 64);
        let (tell, changed) = mpsc::channel();
        let tell = Box::new(move || {
            let _ = tell.send(());
        });
        let clipboard = open_clipboard_on(Backend::X11, Some(&desktop.display), tell).unwrap();
        Self { program: Box::new(Desk { owner: None, desktop }), clipboard, changed }
    }

    fn change(&self) {
        self.changed.recv_timeout(PATIENCE).expect("a change is told");
    }
}

impl Program for FakeDesk {
    fn copies(&mut self, parts: &[(ClipboardFormat, Vec<u8>)], secret: bool) {
        self.copy(ClipboardContent { parts: parts.to_vec(), files: vec![] }, secret);
    }

    fn copies_files(&mut self, paths: &[&str]) {
        let files = paths.iter().map(|path| (*path).to_owned()).collect();
        self.copy(ClipboardContent { parts: vec![(ClipboardFormat::Text, b"names".to_vec())], files }, false);
    }

    fn pastes(&mut self, format: ClipboardFormat) -> Option<Vec<u8>> {
        self.paste().part(format).map(<[u8]>::to_vec)
    }
}

/// Programs on an X11 display: one of the tests' own copies, `xclip` pastes.
struct Desk {
    /// Ends before its display does.
    owner: Option<Owner>,
    desktop: Desktop,
}

const fn target(format: ClipboardFormat) -> &'static str {
    match format {
        ClipboardFormat::Text => "UTF8_STRING",
        ClipboardFormat::Html => "text/html",
        ClipboardFormat::Png => "image/png",
        ClipboardFormat::Unknown => "application/octet-stream",
    }
}

impl Desk {
    fn copy(&mut self, targets: Vec<(&str, Vec<u8>)>) {
        self.owner = None;
        self.owner = Some(Owner::start(&self.desktop.display, targets));
    }

    fn xclip(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("xclip");
        command.args(["-selection", "clipboard"]).args(arguments).env("DISPLAY", &self.desktop.display);
        command
    }
}

impl Program for Desk {
    fn copies(&mut self, parts: &[(ClipboardFormat, Vec<u8>)], secret: bool) {
        let mut targets: Vec<_> =
            parts.iter().map(|(format, bytes)| (target(*format), bytes.clone())).collect();
        if secret {
            targets.push(("x-kde-passwordManagerHint", b"secret".to_vec()));
        }
        self.copy(targets);
    }

    fn copies_files(&mut self, paths: &[&str]) {
        let list: String =
            paths.iter().map(|path| format!("file://{}\r\n", path.replace(' ', "%20"))).collect();
        self.copy(vec![("text/uri-list", list.into_bytes()), ("UTF8_STRING", b"names".to_vec())]);
    }

    fn pastes(&mut self, format: ClipboardFormat) -> Option<Vec<u8>> {
        let output = self
            .xclip(&["-o", "-t", target(format)])
            .output()
            .expect("these tests need the program xclip (Debian package xclip)");
        output.status.success().then_some(output.stdout)
    }
}

/// A program that owns the clipboard and answers for several targets; what is large goes in increments.
struct Owner {
    quit: mpsc::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.quit.send(());
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Owner {
    fn start(display: &str, targets: Vec<(&str, Vec<u8>)>) -> Self {
        let (connection, screen) = RustConnection::connect(Some(display)).unwrap();
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id().unwrap();
        let kind = xproto::WindowClass::INPUT_ONLY;
        let aux = xproto::CreateWindowAux::new();
        connection.create_window(0, window, root, 0, 0, 1, 1, 0, kind, 0, &aux).unwrap();
        let atom = |name: &str| connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        let list: BTreeMap<u32, Vec<u8>> =
            targets.into_iter().map(|(name, bytes)| (atom(name), bytes)).collect();
        let clipboard = atom("CLIPBOARD");
        let (all, incr) = (atom("TARGETS"), atom("INCR"));
        connection.set_selection_owner(window, clipboard, x11rb::CURRENT_TIME).unwrap();
        assert_eq!(connection.get_selection_owner(clipboard).unwrap().reply().unwrap().owner, window);
        let (quit, asked) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut sending: BTreeMap<(u32, u32), (u32, Vec<u8>)> = BTreeMap::new();
            while asked.recv_timeout(Duration::from_millis(1)).is_err() {
                while let Some(event) = connection.poll_for_event().unwrap() {
                    match event {
                        Event::SelectionRequest(request) => {
                            answer(&connection, &request, &list, (all, incr), &mut sending);
                        }
                        Event::PropertyNotify(notify) if notify.state == xproto::Property::DELETE => {
                            let key = (notify.window, notify.atom);
                            let Some((kind, rest)) = sending.get_mut(&key) else { continue };
                            let piece: Vec<u8> = rest.drain(..rest.len().min(40_000)).collect();
                            let mode = xproto::PropMode::REPLACE;
                            connection.change_property8(mode, key.0, key.1, *kind, &piece).unwrap();
                            if piece.is_empty() {
                                sending.remove(&key);
                            }
                            connection.flush().unwrap();
                        }
                        _ => {}
                    }
                }
            }
        });
        Self { quit, thread: Some(thread) }
    }
}

fn answer(
    connection: &RustConnection,
    request: &xproto::SelectionRequestEvent,
    list: &BTreeMap<u32, Vec<u8>>,
    (all, incr): (u32, u32),
    sending: &mut BTreeMap<(u32, u32), (u32, Vec<u8>)>,
) {
    let (window, property) = (request.requestor, request.property);
    let replace = xproto::PropMode::REPLACE;
    let given = if request.target == all {
        let names: Vec<u32> = list.keys().copied().chain([all]).collect();
        connection.change_property32(replace, window, property, xproto::AtomEnum::ATOM, &names).unwrap();
        true
    } else if let Some(bytes) = list.get(&request.target) {
        if bytes.len() > 100_000 {
            let aux = xproto::ChangeWindowAttributesAux::new().event_mask(xproto::EventMask::PROPERTY_CHANGE);
            connection.change_window_attributes(window, &aux).unwrap();
            connection.change_property32(replace, window, property, incr, &[1]).unwrap();
            sending.insert((window, property), (request.target, bytes.clone()));
        } else {
            connection.change_property8(replace, window, property, request.target, bytes).unwrap();
        }
        true
    } else {
        false
    };
    let notify = xproto::SelectionNotifyEvent {
        response_type: xproto::SELECTION_NOTIFY_EVENT,
        sequence: 0,
        time: request.time,
        requestor: window,
        selection: request.selection,
        target: request.target,
        property: if given { property } else { x11rb::NONE },
    };
    connection.send_event(false, window, xproto::EventMask::NO_EVENT, notify).unwrap();
    connection.flush().unwrap();
}

/// Runs each promise as a test of each back end.
macro_rules! promises {
    ($($promise:ident),* $(,)?) => {
        mod fake {
            $(#[test] fn $promise() { super::$promise(super::Scene::fake()); })*
        }
        mod x11 {
            $(#[test] fn $promise() { super::$promise(super::Scene::x11()); })*
        }
    };
}

promises! {
    an_empty_clipboard_says_so,
    what_another_program_copied_is_read_in_each_format,
    what_is_put_there_is_pasted_by_another_program,
    large_content_goes_whole_in_both_directions,
    what_is_too_large_is_left_out_and_the_rest_is_read,
    what_a_password_manager_marked_is_not_read,
    copied_files_are_paths,
    another_programs_copies_are_told_while_watched_and_our_own_are_not,
    what_was_put_there_is_gone_with_the_session,
}

fn text(text: &str) -> (ClipboardFormat, Vec<u8>) {
    (ClipboardFormat::Text, text.as_bytes().to_vec())
}

/// A picture that is large enough, and no picture beyond its head: nobody here looks inside.
fn png(size: usize) -> (ClipboardFormat, Vec<u8>) {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x06\0\0\0".to_vec();
    bytes.extend((0..size).map(|at| (at * 7 % 251) as u8));
    (ClipboardFormat::Png, bytes)
}

fn content(parts: &[(ClipboardFormat, Vec<u8>)]) -> ClipboardContent {
    ClipboardContent { parts: parts.to_vec(), files: vec![] }
}

fn an_empty_clipboard_says_so(mut scene: Scene) {
    assert_eq!(scene.clipboard.read(), Err(ClipboardError::Empty));
}

fn what_another_program_copied_is_read_in_each_format(mut scene: Scene) {
    let parts = [
        text("Grüße, 日本語 😀\nzweite"),
        (ClipboardFormat::Html, b"<b>Gr\xc3\xbc\xc3\x9fe</b>".to_vec()),
        png(9),
    ];
    scene.program.copies(&parts, false);
    assert_eq!(scene.clipboard.read(), Ok(content(&parts)));
    scene.program.copies(&[png(3)], false);
    assert_eq!(scene.clipboard.read(), Ok(content(&[png(3)])));
}

fn what_is_put_there_is_pasted_by_another_program(mut scene: Scene) {
    let html = (ClipboardFormat::Html, b"<i>kursiv</i>".to_vec());
    let parts = [text("Grüße 😀"), html.clone(), png(5)];
    scene.clipboard.write(content(&parts)).unwrap();
    for (format, bytes) in parts {
        assert_eq!(scene.program.pastes(format), Some(bytes), "{format:?}");
    }
    scene.clipboard.write(content(std::slice::from_ref(&html))).unwrap();
    assert_eq!(scene.program.pastes(ClipboardFormat::Html), Some(html.1.clone()));
    assert_eq!(scene.program.pastes(ClipboardFormat::Png), None, "the newer one took its place");
    assert_eq!(scene.clipboard.read(), Ok(content(&[html])));
}

fn large_content_goes_whole_in_both_directions(mut scene: Scene) {
    let parts = [text(&"Größe ".repeat(100_000)), png(3_000_000)];
    scene.clipboard.write(content(&parts)).unwrap();
    for (format, bytes) in parts.clone() {
        assert!(scene.program.pastes(format) == Some(bytes), "{format:?} differs");
    }
    scene.program.copies(&parts, false);
    assert!(scene.clipboard.read() == Ok(content(&parts)));
}

fn what_is_too_large_is_left_out_and_the_rest_is_read(mut scene: Scene) {
    let html = (ClipboardFormat::Html, vec![b'x'; 3 << 20]);
    scene.program.copies(&[text("short"), html.clone()], false);
    assert_eq!(scene.clipboard.read(), Ok(content(&[text("short")])));
    scene.program.copies(&[html], false);
    assert_eq!(scene.clipboard.read(), Err(ClipboardError::TooLarge));
    scene.program.copies(&[text("again")], false);
    assert_eq!(
        scene.clipboard.read(),
        Ok(content(&[text("again")])),
        "one that was given up disturbs nothing"
    );
}

fn what_a_password_manager_marked_is_not_read(mut scene: Scene) {
    scene.program.copies(&[text("correct horse battery staple")], true);
    assert_eq!(scene.clipboard.read(), Err(ClipboardError::Secret));
    scene.program.copies(&[text("something else")], false);
    assert_eq!(scene.clipboard.read(), Ok(content(&[text("something else")])));
}

fn copied_files_are_paths(mut scene: Scene) {
    scene.program.copies_files(&["/home/ada/a letter.odt", "/tmp/b"]);
    let files = vec!["/home/ada/a letter.odt".to_owned(), "/tmp/b".to_owned()];
    assert_eq!(scene.clipboard.read(), Ok(ClipboardContent { parts: vec![], files }));
}

fn another_programs_copies_are_told_while_watched_and_our_own_are_not(mut scene: Scene) {
    scene.program.copies(&[text("nobody watches")], false);
    scene.clipboard.read().unwrap();
    scene.clipboard.watch(true).unwrap();
    scene.clipboard.write(content(&[text("ours")])).unwrap();
    scene.program.copies(&[text("theirs")], false);
    scene.change();
    assert_eq!(scene.clipboard.read(), Ok(content(&[text("theirs")])));
    assert!(scene.changed.try_recv().is_err(), "one copy is one change");
    scene.clipboard.watch(false).unwrap();
    scene.program.copies(&[text("later")], false);
    scene.clipboard.read().unwrap();
    assert!(scene.changed.try_recv().is_err());
}

fn what_was_put_there_is_gone_with_the_session(scene: Scene) {
    let Scene { mut program, mut clipboard, .. } = scene;
    clipboard.write(content(&[text("for a while")])).unwrap();
    assert!(program.pastes(ClipboardFormat::Text).is_some());
    drop(clipboard);
    assert_eq!(program.pastes(ClipboardFormat::Text), None);
}

#[test]
fn a_program_that_does_not_answer_keeps_nobody_waiting_for_long() {
    let desktop = Desktop::start(64, 64);
    let mut clipboard = open_clipboard_on(Backend::X11, Some(&desktop.display), Box::new(|| {})).unwrap();
    // Owns the clipboard and never looks at its events.
    let (connection, screen) = RustConnection::connect(Some(&desktop.display)).unwrap();
    let root = connection.setup().roots[screen].root;
    let window = connection.generate_id().unwrap();
    let aux = xproto::CreateWindowAux::new();
    let kind = xproto::WindowClass::INPUT_ONLY;
    connection.create_window(0, window, root, 0, 0, 1, 1, 0, kind, 0, &aux).unwrap();
    let atom = connection.intern_atom(false, b"CLIPBOARD").unwrap().reply().unwrap().atom;
    connection.set_selection_owner(window, atom, x11rb::CURRENT_TIME).unwrap();
    connection.sync().unwrap();
    assert_eq!(clipboard.read(), Err(ClipboardError::Silent));
}

#[test]
fn two_of_ours_exchange_as_any_other_programs_do() {
    let desktop = Desktop::start(64, 64);
    let open = || open_clipboard_on(Backend::X11, Some(&desktop.display), Box::new(|| {})).unwrap();
    let (mut one, mut other) = (open(), open());
    let parts = content(&[text(&"x".repeat(500_000)), png(1_000_000)]);
    one.write(parts.clone()).unwrap();
    assert!(other.read() == Ok(parts));
    other.write(content(&[text("back")])).unwrap();
    assert_eq!(one.read(), Ok(content(&[text("back")])));
}

#[test]
fn a_real_program_copies_and_its_text_is_read() {
    let desktop = Desktop::start(64, 64);
    let mut clipboard = open_clipboard_on(Backend::X11, Some(&desktop.display), Box::new(|| {})).unwrap();
    let copied = Desk { owner: None, desktop };
    let mut program = copied.xclip(&["-i", "-quiet"]);
    let mut program = program.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let large = "Größe ".repeat(60_000);
    std::io::Write::write_all(&mut program.stdin.take().unwrap(), large.as_bytes()).unwrap();
    let until = std::time::Instant::now() + PATIENCE;
    let read = loop {
        match clipboard.read() {
            Err(ClipboardError::Empty) if std::time::Instant::now() < until => std::thread::yield_now(),
            read => break read,
        }
    };
    assert!(read == Ok(content(&[text(&large)])), "{read:?}");
    let _ = program.kill();
    let _ = program.wait();
}

#[test]
fn a_display_that_is_not_there_is_a_sentence() {
    let opened = open_clipboard_on(Backend::X11, Some(""), Box::new(|| {})).err().unwrap();
    assert!(opened.to_string().contains("display"), "{opened}");
}
