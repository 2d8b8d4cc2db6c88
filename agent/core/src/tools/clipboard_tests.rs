use farhand_protocol::channel::clipboard::ClipboardFormat;

use super::*;

const ADA: ParticipantId = 2;
const BOB: ParticipantId = 3;

fn text(text: &str) -> ClipboardContent {
    ClipboardContent { parts: vec![(ClipboardFormat::Text, text.into())], files: Vec::new() }
}

fn large(size: usize) -> ClipboardContent {
    text(&"farhand ".repeat(size / 8))
}

#[derive(Default)]
struct Scene {
    clipboard: Clipboard,
}

impl Scene {
    fn say(&mut self, sender: ParticipantId, message: Message) {
        self.clipboard.handle_message(sender, message, true);
    }

    fn said(&mut self) -> Vec<(ParticipantId, Message)> {
        std::iter::from_fn(|| self.clipboard.poll_message()).collect()
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.clipboard.poll_output()).collect()
    }

    /// The shell reads what it is told to.
    fn read(&mut self, content: Result<ClipboardContent, ClipboardWhy>) {
        assert_eq!(self.outputs(), [Output::Read]);
        self.clipboard.handle_done(Done::Read(content));
    }

    fn watched() -> Self {
        let mut scene = Self::default();
        scene.say(ADA, Message::Watch { watch: Watch::On });
        assert_eq!(scene.outputs(), [Output::Watch(true)]);
        scene
    }

    fn copied(&mut self, content: ClipboardContent) {
        self.clipboard.handle_done(Done::Changed);
        self.read(Ok(content));
    }

    /// Everything that is offered is granted; what came of it, in bytes.
    fn receive(&mut self, to: ParticipantId) -> (u32, Vec<u8>) {
        let offers: Vec<_> = self.said();
        let [(receiver, Message::Offer { request, transfer, parts, .. })] = offers.as_slice() else {
            panic!("one offer: {offers:?}")
        };
        assert_eq!(*receiver, to);
        let size: usize = parts.iter().map(|part| part.size as usize).sum();
        let mut bytes = Vec::new();
        while bytes.len() < size {
            self.say(to, Message::Credit { transfer: *transfer, bytes: CLIPBOARD_WINDOW });
            for (_, message) in self.said() {
                let Message::Piece { bytes: piece, .. } = message else { panic!("a piece: {message:?}") };
                assert!(piece.len() <= CLIPBOARD_PIECE);
                bytes.extend(piece);
            }
        }
        self.say(to, Message::Taken { transfer: *transfer });
        (*request, bytes)
    }
}

#[test]
fn what_is_asked_for_comes_whole() {
    let mut scene = Scene::default();
    scene.say(ADA, Message::Fetch { request: 7 });
    let content = large(3_000_000);
    scene.read(Ok(content.clone()));
    assert_eq!(scene.receive(ADA), (7, content.parts[0].1.clone()));
}

#[test]
fn nothing_is_sent_that_was_not_granted() {
    let mut scene = Scene::default();
    scene.say(ADA, Message::Fetch { request: 1 });
    scene.read(Ok(large(1_000_000)));
    assert_eq!(scene.said().len(), 1, "the offer alone");
    scene.say(ADA, Message::Credit { transfer: 1, bytes: 20_000 });
    let sizes: Vec<usize> = scene
        .said()
        .into_iter()
        .map(|(_, message)| if let Message::Piece { bytes, .. } = message { bytes.len() } else { 0 })
        .collect();
    assert_eq!(sizes, [CLIPBOARD_PIECE, 20_000 - CLIPBOARD_PIECE]);
    scene.say(BOB, Message::Credit { transfer: 1, bytes: 20_000 });
    scene.say(ADA, Message::Credit { transfer: 9, bytes: 20_000 });
    assert_eq!(scene.said(), []);
    scene.say(ADA, Message::Refused { transfer: 1, why: ClipboardWhy::Busy });
    scene.say(ADA, Message::Credit { transfer: 1, bytes: 20_000 });
    assert_eq!(scene.said(), [], "it is not wanted any more");
}

#[test]
fn why_there_is_nothing_is_said() {
    let mut scene = Scene::default();
    scene.say(ADA, Message::Fetch { request: 7 });
    scene.read(Err(ClipboardWhy::Secret));
    assert_eq!(scene.said(), [(ADA, Message::Nothing { request: 7, why: ClipboardWhy::Secret })]);
}

#[test]
fn who_watches_gets_each_copy_and_not_what_lay_there_before() {
    let mut scene = Scene::watched();
    assert_eq!(scene.outputs(), [], "nothing is read for it");
    scene.copied(text("first"));
    assert_eq!(scene.receive(ADA), (0, b"first".to_vec()));
    scene.copied(text("first"));
    assert_eq!(scene.said(), [], "it has that already");
    scene.copied(text("second"));
    assert_eq!(scene.receive(ADA), (0, b"second".to_vec()));
}

#[test]
fn who_is_away_gets_the_newest_when_it_is_back() {
    let mut scene = Scene::watched();
    scene.say(ADA, Message::Watch { watch: Watch::Away });
    scene.clipboard.handle_done(Done::Changed);
    scene.clipboard.handle_done(Done::Changed);
    assert_eq!((scene.outputs(), scene.said()), (vec![], vec![]), "nobody looks");
    scene.say(ADA, Message::Watch { watch: Watch::On });
    scene.read(Ok(text("newest")));
    assert_eq!(scene.receive(ADA), (0, b"newest".to_vec()));
    scene.say(ADA, Message::Watch { watch: Watch::Away });
    scene.say(ADA, Message::Watch { watch: Watch::On });
    assert_eq!(scene.outputs(), [], "nothing has changed");
    scene.say(ADA, Message::Watch { watch: Watch::Off });
    assert_eq!(scene.outputs(), [Output::Watch(false)]);
}

#[test]
fn a_copy_during_a_reading_is_read_again() {
    let mut scene = Scene::watched();
    scene.clipboard.handle_done(Done::Changed);
    assert_eq!(scene.outputs(), [Output::Read]);
    scene.clipboard.handle_done(Done::Changed);
    scene.clipboard.handle_done(Done::Read(Ok(text("older"))));
    assert_eq!(scene.receive(ADA).1, b"older");
    scene.read(Ok(text("newer")));
    assert_eq!(scene.receive(ADA).1, b"newer");
}

/// Sends content as a console does, and says what the agent wants of it.
fn give(scene: &mut Scene, sender: ParticipantId, transfer: u32, content: &ClipboardContent) {
    let (parts, files, more_files) = content.offered();
    scene.say(sender, Message::Offer { transfer, request: 0, parts, files, more_files });
    let all: Vec<u8> = content.parts.iter().flat_map(|(_, bytes)| bytes).copied().collect();
    let (mut sent, mut open) = (0, 0);
    while sent < all.len() {
        for (_, message) in scene.said() {
            if let Message::Credit { bytes, .. } = message {
                open += bytes as usize;
                assert!(open <= CLIPBOARD_WINDOW as usize);
            }
        }
        let end = (sent + open.min(CLIPBOARD_PIECE)).min(all.len());
        assert!(end > sent, "credit comes before it is used up");
        open -= end - sent;
        scene.say(sender, Message::Piece { transfer, bytes: all[sent..end].to_vec() });
        sent = end;
    }
}

#[test]
fn what_a_console_gives_is_put_there_whole_and_not_told_back() {
    let mut scene = Scene::watched();
    let mut content = large(1_000_000);
    content.parts.push((ClipboardFormat::Html, b"<b>farhand</b>".to_vec()));
    give(&mut scene, ADA, 4, &content);
    let write = Output::Write { from: ADA, transfer: 4, content: content.clone() };
    assert_eq!(scene.outputs(), [write]);
    scene.said();
    scene.clipboard.handle_done(Done::Written { from: ADA, transfer: 4, result: Ok(()) });
    assert_eq!(scene.said(), [(ADA, Message::Taken { transfer: 4 })]);
    scene.copied(content);
    assert_eq!(scene.said(), [], "a clipboard manager took it over: it came from there");
}

#[test]
fn what_is_not_what_it_claims_to_be_is_refused() {
    for (format, bytes, why) in [
        (ClipboardFormat::Png, b"not a picture at all, but of some length".to_vec(), ClipboardWhy::Format),
        (ClipboardFormat::Text, vec![0xff, 0xfe], ClipboardWhy::Format),
        (ClipboardFormat::Html, b"a\0b".to_vec(), ClipboardWhy::Format),
        (ClipboardFormat::Png, png(60_000, 60_000), ClipboardWhy::TooLarge),
        (ClipboardFormat::Unknown, b"?".to_vec(), ClipboardWhy::Format),
    ] {
        let mut scene = Scene::default();
        let size = bytes.len() as u32;
        let parts = vec![ClipboardPart { format, size }];
        scene.say(ADA, Message::Offer { transfer: 1, request: 0, parts, files: vec![], more_files: 0 });
        scene.say(ADA, Message::Piece { transfer: 1, bytes });
        let last = scene.said().pop();
        assert_eq!(last, Some((ADA, Message::Refused { transfer: 1, why })), "{format:?}");
        assert_eq!(scene.outputs(), []);
    }
    assert_eq!(ClipboardFormat::Png.check(&png(4000, 3000)), Ok(()));
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 6, 0, 0, 0]);
    bytes
}

#[test]
fn more_than_was_granted_ends_the_transfer() {
    let mut scene = Scene::default();
    let (parts, files, more_files) = large(1_000_000).offered();
    scene.say(ADA, Message::Offer { transfer: 1, request: 0, parts, files, more_files });
    for _ in 0..2_000_000 / CLIPBOARD_PIECE {
        scene.clipboard.handle_message(
            ADA,
            Message::Piece { transfer: 1, bytes: vec![b'x'; CLIPBOARD_PIECE] },
            true,
        );
        if scene.clipboard.consoles[&ADA].receiving.is_none() {
            break;
        }
    }
    let refused = Message::Refused { transfer: 1, why: ClipboardWhy::TooLarge };
    assert_eq!((scene.said().pop(), scene.outputs()), (Some((ADA, refused)), vec![]));
    scene.say(ADA, Message::Piece { transfer: 1, bytes: vec![b'x'] });
    assert_eq!((scene.said(), scene.outputs()), (vec![], vec![]));
}

#[test]
fn one_console_at_a_time_gives_and_its_newer_offer_counts() {
    let mut scene = Scene::default();
    let offer = |transfer| {
        let (parts, files, more_files) = large(800_000).offered();
        Message::Offer { transfer, request: 0, parts, files, more_files }
    };
    scene.say(ADA, offer(1));
    scene.say(BOB, offer(1));
    let refused = Message::Refused { transfer: 1, why: ClipboardWhy::Busy };
    assert!(scene.said().contains(&(BOB, refused)));
    scene.say(ADA, offer(2));
    scene.said();
    scene.say(ADA, Message::Piece { transfer: 1, bytes: vec![b'x'; 9] });
    assert_eq!(scene.clipboard.consoles[&ADA].receiving.as_ref().map(|r| r.bytes.len()), Some(0));
    scene.clipboard.handle_gone(ADA);
    scene.say(BOB, offer(2));
    assert!(matches!(scene.said().as_slice(), [(BOB, Message::Credit { transfer: 2, .. })]));
}

#[test]
fn without_the_right_nothing_is_read_written_or_told() {
    let mut scene = Scene::default();
    let (parts, files, more_files) = text("hello").offered();
    for message in [
        Message::Watch { watch: Watch::On },
        Message::Fetch { request: 3 },
        Message::Offer { transfer: 1, request: 0, parts, files, more_files },
        Message::Piece { transfer: 1, bytes: b"hello".to_vec() },
    ] {
        scene.clipboard.handle_message(ADA, message, false);
    }
    let why = ClipboardWhy::NotAllowed;
    let refused = (ADA, Message::Refused { transfer: 1, why });
    let nothing = (ADA, Message::Nothing { request: 3, why });
    assert_eq!(scene.said(), [nothing, refused.clone(), refused]);
    assert_eq!(scene.outputs(), []);
}

#[test]
fn a_right_that_goes_takes_everything_under_way_with_it() {
    let mut scene = Scene::watched();
    // Under way: a reading, and content from a console.
    scene.say(ADA, Message::Fetch { request: 3 });
    let content = large(800_000);
    let (parts, files, more_files) = content.offered();
    scene.say(ADA, Message::Offer { transfer: 1, request: 0, parts, files, more_files });
    scene.said();
    scene.clipboard.close(ADA);
    assert_eq!(scene.outputs(), [Output::Watch(false)], "what was not begun is not begun");
    let why = ClipboardWhy::NotAllowed;
    assert_eq!(
        scene.said(),
        [(ADA, Message::Refused { transfer: 1, why }), (ADA, Message::Nothing { request: 3, why })]
    );
    scene.clipboard.handle_done(Done::Read(Ok(text("secret"))));
    scene.clipboard.handle_done(Done::Changed);
    assert_eq!((scene.said(), scene.outputs()), (vec![], vec![]));
    // And with content on its way to a console.
    let mut scene = Scene::default();
    scene.say(ADA, Message::Fetch { request: 3 });
    scene.read(Ok(content));
    scene.said();
    scene.clipboard.close(ADA);
    assert_eq!(scene.said(), [(ADA, Message::Dropped { transfer: 1 })]);
    scene.say(ADA, Message::Credit { transfer: 1, bytes: CLIPBOARD_WINDOW });
    assert_eq!(scene.said(), []);
}

#[test]
fn a_reading_of_before_the_right_went_is_not_handed_out_after_it_is_back() {
    let mut scene = Scene::default();
    scene.say(ADA, Message::Fetch { request: 3 });
    assert_eq!(scene.outputs(), [Output::Read]);
    scene.clipboard.close(ADA);
    scene.said();
    scene.clipboard.handle_done(Done::Read(Ok(text("old"))));
    assert_eq!(scene.said(), [], "nobody asked since");
}
