//! Disk and clipboard, as pages reach them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::types::{
    BeginFile, ClipPart, ClipboardParts, FileNumber, FilesOf, KeepFile, ReadDropped, TakeDropped,
};

fn console(mock: Mock) -> (tempfile::TempDir, Controller<Mock>) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    let keyring = Arc::new(MemoryKeyring::default());
    let vault = Vault::open(folder.clone(), keyring, Cost::FOR_TESTS);
    (place, Controller::new(mock, Parts { folder, vault, log: Log::default(), updates: None }))
}

fn wanted(session: &str, name: &str, size: u64) -> BeginFile {
    BeginFile { session: session.into(), transfer: 1, from: "/a".into(), steps: vec![name.into()], size }
}

#[tokio::test]
async fn a_file_comes_into_the_downloads_folder_and_goes_on_after_a_reload() {
    let downloads = tempfile::tempdir().unwrap();
    let mock = Mock { downloads: Some(downloads.path().to_owned()), ..Mock::default() };
    let (_place, console) = console(mock);
    let file = console.begin_file(&wanted("s-1", "up.txt", 6)).unwrap().file;
    console.write_file(file, 0, b"abc").unwrap();
    let open = console.open_files(&FilesOf { session: "s-1".into() }).unwrap().files;
    assert_eq!((open.len(), open[0].had), (1, 3));
    assert_eq!(console.begin_file(&wanted("s-1", "up.txt", 6)).unwrap(), FileNumber { file });
    console.write_file(file, 3, b"def").unwrap();
    let hash = blake3::hash(b"abcdef").to_hex().to_string();
    let kept = console.keep_file(&KeepFile { file, hash }).unwrap();
    assert_eq!(std::fs::read(downloads.path().join(&kept.name)).unwrap(), b"abcdef");
    assert_eq!(std::fs::read_dir(downloads.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_a_page_must_not_is_refused_with_a_word() {
    let downloads = tempfile::tempdir().unwrap();
    let mock = Mock { downloads: Some(downloads.path().to_owned()), ..Mock::default() };
    let (_place, console) = console(mock);
    let code = |result: Result<FileNumber, Failure>| result.unwrap_err().code;
    assert_eq!(code(console.begin_file(&wanted("../x", "a", 1))), "session_unknown");
    assert_eq!(code(console.begin_file(&wanted("s-1", "", 1))), "name");
    assert_eq!(code(console.begin_file(&wanted("s-1", "../../up.txt", 1))), "name");
    assert_eq!(code(console.begin_file(&wanted("s-1", "a", u64::MAX))), "name");
    assert_eq!(console.write_file(77, 0, b"x").unwrap_err().code, "vanished");
    let file = console.begin_file(&wanted("s-1", "a", 1)).unwrap();
    assert_eq!(console.write_file(file.file, 0, b"xy").unwrap_err().code, "failed");
    let file = console.begin_file(&wanted("s-1", "a", 1)).unwrap();
    console.drop_file(file);
    assert_eq!(std::fs::read_dir(downloads.path()).unwrap().count(), 0);
}

fn part(format: ClipFormat, bytes: &[u8]) -> ClipPart {
    ClipPart { format, base64: STANDARD.encode(bytes) }
}

#[tokio::test]
async fn the_clipboard_is_read_and_written_within_its_limits() {
    let (_place, console) = console(Mock::default());
    let parts = vec![part(ClipFormat::Text, b"text"), part(ClipFormat::Html, b"<b>text</b>")];
    console.write_clipboard("main", ClipboardParts { parts: parts.clone() }).await.unwrap();
    assert_eq!(console.read_clipboard("main").await.unwrap().parts, parts);
    let refused = |parts| {
        let console = &console;
        async move { console.write_clipboard("main", ClipboardParts { parts }).await.unwrap_err().code }
    };
    assert_eq!(refused(vec![]).await, "empty");
    assert_eq!(refused(vec![part(ClipFormat::Text, b"\xff")]).await, "failed");
    assert_eq!(refused(vec![part(ClipFormat::Png, b"<svg>")]).await, "failed");
    assert_eq!(refused(vec![ClipPart { format: ClipFormat::Text, base64: "%".into() }]).await, "failed");
    assert_eq!(refused(vec![part(ClipFormat::Text, b"a"), part(ClipFormat::Text, b"b")]).await, "failed");
    assert_eq!(refused(vec![part(ClipFormat::Text, &vec![b'a'; 1024 * 1024 + 1])]).await, "too_large");
    assert_eq!(console.read_clipboard("main").await.unwrap().parts, parts, "what lay there stays");
}

#[tokio::test]
async fn secrets_and_what_is_too_large_are_not_read() {
    let (_place, console) = console(Mock::default());
    let shell = console.shell();
    assert_eq!(console.read_clipboard("main").await.unwrap_err().code, "empty");
    *shell.clipboard.lock().unwrap() =
        vec![(ClipFormat::Text, vec![b'a'; 1024 * 1024 + 1]), (ClipFormat::Html, b"<i>".to_vec())];
    assert_eq!(console.read_clipboard("main").await.unwrap().parts, [part(ClipFormat::Html, b"<i>")]);
    shell.clipboard.lock().unwrap().truncate(1);
    assert_eq!(console.read_clipboard("main").await.unwrap_err().code, "too_large");
    *shell.refuses.lock().unwrap() = Some(Clip::Secret);
    assert_eq!(console.read_clipboard("main").await.unwrap_err().code, "secret");
}

#[tokio::test]
async fn what_is_dropped_on_a_window_is_read_there_for_the_session_that_took_it() {
    let (place, console) = console(Mock::default());
    let path = place.path().join("letter.txt");
    std::fs::write(&path, b"letter").unwrap();
    console.dropped("main", None, vec!["https://x.example/".into()]);
    console.held_over("main", std::slice::from_ref(&path));
    console.dropped("main", None, vec![path.clone()]);
    let told = std::mem::take(&mut *console.shell().told.lock().unwrap());
    let [Event::FilesOver { over: false }, Event::FilesOver { over: true }, Event::FilesDropped { drop }] =
        told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!(console.shell().calls(), ["tell main"; 3], "no other window is told");
    let take = |window: &'static str, session: &str| {
        let (console, request) = (console.clone(), TakeDropped { drop, session: session.into() });
        async move { console.take_dropped(window, &request).await }
    };
    assert_eq!(take("main", "../x").await.unwrap_err().code, "session_unknown");
    assert_eq!(take("session-s-1", "s-1").await.unwrap_err().code, "vanished");
    let files = take("main", "s-1").await.unwrap().files;
    assert_eq!(take("main", "s-1").await.unwrap_err().code, "vanished", "once");
    assert_eq!((files.len(), files[0].size), (1, 6));
    assert_eq!(files[0].steps, ["letter.txt"]);
    let file = files[0].file;
    let read = |window: &'static str, session: &str, offset, length| {
        let request = ReadDropped { file, session: session.into(), offset, length };
        let console = console.clone();
        async move { console.read_dropped(window, &request).await.map_err(|failure| failure.code) }
    };
    assert_eq!(read("main", "s-1", 2, 4).await, Ok(b"tter".to_vec()));
    assert_eq!(read("main", "s-1", 2, 5).await, Err("failed".into()));
    assert_eq!(read("main", "s-2", 0, 6).await, Err("vanished".into()));
    assert_eq!(read("session-s-1", "s-1", 0, 6).await, Err("vanished".into()));
    std::fs::write(&path, b"another letter").unwrap();
    assert_eq!(read("main", "s-1", 0, 6).await, Err("changed".into()));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(read("main", "s-1", 0, 6).await, Err("vanished".into()));
    console.forget_dropped("main", FileNumber { file });
    console.dropped("main", None, vec![path]);
    console.forget_drops("main");
    let [Event::FilesDropped { drop }] = console.shell().told.lock().unwrap()[..] else { panic!("one") };
    let request = TakeDropped { drop, session: "s-1".into() };
    assert_eq!(console.take_dropped("main", &request).await.unwrap_err().code, "vanished");
}
