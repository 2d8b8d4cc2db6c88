use std::os::unix::fs::symlink;

use super::*;

/// A folder as someone would drop it, and its place without links.
fn place() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let path = fs::canonicalize(place.path()).unwrap();
    (place, path)
}

fn steps(found: &[Found]) -> Vec<String> {
    found.iter().map(|file| file.steps.join("/")).collect()
}

/// One file, dropped on `main` and taken for `s`.
fn one(drops: &mut Drops, path: &Path) -> DroppedFile {
    let number = drops.hold("main", None, vec![path.to_owned()]);
    let paths = drops.take("main", "s", number).unwrap();
    let DroppedFiles { mut files, cut } = drops.give("main", "s", find(&paths));
    assert!(!cut && files.len() == 1);
    files.remove(0)
}

#[test]
fn files_and_folders_come_with_their_names_and_nothing_by_a_link() {
    let (_keep, place) = place();
    let outside = place.join("outside");
    let folder = place.join("box");
    fs::create_dir_all(folder.join("below")).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), b"secret").unwrap();
    fs::write(folder.join("b.txt"), b"bb").unwrap();
    fs::write(folder.join("a.txt"), b"").unwrap();
    fs::write(folder.join("below/deep.txt"), b"deep").unwrap();
    fs::write(place.join("single"), b"1").unwrap();
    symlink(outside.join("secret"), folder.join("link")).unwrap();
    symlink(&outside, folder.join("way-out")).unwrap();
    symlink(&place, folder.join("round")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    let (found, cut) = find(&[place.join("single"), folder.clone(), folder.join("link"), place.join("no")]);
    assert_eq!(steps(&found), ["single", "box/a.txt", "box/b.txt", "box/below/deep.txt"]);
    assert!(!cut);
    assert_eq!(found.iter().map(|file| file.size).collect::<Vec<_>>(), [1, 0, 2, 4]);
    // A link above what was dropped is how the person got there.
    symlink(&folder, place.join("shortcut")).unwrap();
    assert_eq!(steps(&find(&[place.join("shortcut/b.txt")]).0), ["b.txt"]);
}

#[test]
fn a_drop_is_for_its_window_and_its_session_and_taken_once() {
    let mut drops = Drops::default();
    let paths = vec![PathBuf::from("/a"), PathBuf::from("https://x.example/"), PathBuf::from("etc/passwd")];
    let before = drops.hold("main", None, paths.clone());
    let number = drops.hold("main", None, paths.clone());
    assert_eq!(drops.take("main", "s", before), None, "a newer one took its place");
    assert_eq!(drops.take("session-s", "s", number), None);
    assert_eq!(drops.take("main", "s", number), Some(vec![PathBuf::from("/a")]));
    assert_eq!(drops.take("main", "s", number), None);
    let number = drops.hold("session-s", Some("s"), paths.clone());
    assert_eq!(drops.take("session-s", "t", number), None);
    assert!(drops.take("session-s", "s", number).is_some());
    let number = drops.hold("main", None, paths);
    drops.forget_window("main");
    assert_eq!(drops.take("main", "s", number), None);
}

#[test]
fn a_file_is_read_in_parts_and_only_by_whom_it_was_given_to() {
    let (_keep, place) = place();
    let path = place.join("big");
    let bytes: Vec<u8> = (0..2_500_000u32).map(|at| (at % 251) as u8).collect();
    fs::write(&path, &bytes).unwrap();
    let mut drops = Drops::default();
    let DroppedFile { file, size, .. } = one(&mut drops, &path);
    assert_eq!(size, 2_500_000);
    let given = drops.given("main", "s", file).unwrap();
    let mut read = Vec::new();
    while (read.len() as u64) < size {
        let length = (size - read.len() as u64).min(MAX_READ.into());
        read.extend(given.read(read.len() as u64, u32::try_from(length).unwrap()).unwrap());
    }
    assert_eq!(read, bytes);
    for (offset, length) in [(0, MAX_READ + 1), (2_500_000, 1), (2_499_999, 2), (u64::MAX, 1), (u64::MAX, 0)]
    {
        assert_eq!(given.read(offset, length), Err(FileEnd::Failed), "{offset} {length}");
    }
    assert_eq!(given.read(2_500_000, 0), Ok(vec![]));
    for (window, session, file) in [("main", "t", file), ("session-s", "s", file), ("main", "s", file + 1)] {
        assert_eq!(drops.given(window, session, file).unwrap_err(), FileEnd::Vanished);
    }
    drops.forget("session-s", file);
    assert!(drops.given("main", "s", file).is_ok(), "another window forgets nothing here");
    drops.forget("main", file);
    assert_eq!(drops.given("main", "s", file).unwrap_err(), FileEnd::Vanished);
}

#[test]
fn what_is_not_what_was_dropped_is_not_read() {
    let (_keep, place) = place();
    let path = place.join("below/a");
    fs::create_dir(place.join("below")).unwrap();
    let secret = place.join("secret");
    fs::write(&secret, b"secret").unwrap();
    let mut drops = Drops::default();
    let mut dropped = || {
        let _ = fs::remove_file(&path);
        fs::write(&path, b"before").unwrap();
        let file = one(&mut drops, &path).file;
        drops.given("main", "s", file).unwrap()
    };
    let given = dropped();
    fs::write(&path, b"longer than before").unwrap();
    assert_eq!(given.read(0, 6), Err(FileEnd::Changed));
    let given = dropped();
    let later = SystemTime::now() + std::time::Duration::from_secs(5);
    File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
    assert_eq!(given.read(0, 6), Err(FileEnd::Changed));
    let given = dropped();
    fs::remove_file(&path).unwrap();
    assert_eq!(given.read(0, 6), Err(FileEnd::Vanished));
    symlink(&secret, &path).unwrap();
    assert_eq!(given.read(0, 6), Err(FileEnd::Changed));
    let given = dropped();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(given.read(0, 6).is_err());
    fs::remove_dir(&path).unwrap();
    // A link in place of the folder leads to another file of the same name.
    let given = dropped();
    fs::rename(place.join("below"), place.join("moved")).unwrap();
    symlink(place.join("moved"), place.join("below")).unwrap();
    assert_eq!(given.read(0, 6), Err(FileEnd::Changed));
}

#[test]
fn a_drop_has_its_bounds() {
    let (_keep, place) = place();
    let many = place.join("many");
    fs::create_dir(&many).unwrap();
    for number in 0..=MAX_FILES {
        fs::write(many.join(number.to_string()), b"").unwrap();
    }
    let (found, cut) = find(&[many]);
    assert!(cut && found.len() == MAX_FILES);
    let mut drops = Drops::default();
    for _ in 0..MAX_GIVEN / MAX_FILES {
        assert!(!drops.give("main", "s", (found.clone(), false)).cut);
    }
    assert_eq!(drops.give("main", "s", (found.clone(), false)), DroppedFiles { files: vec![], cut: true });
    drops.forget_window("main");
    assert_eq!(drops.give("main", "s", (found, false)).files.len(), MAX_FILES);
    let mut deep = place.join("deep");
    for _ in 0..MAX_DEPTH + 3 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("x"), b"").unwrap();
    fs::write(place.join("deep/y"), b"").unwrap();
    assert_eq!(steps(&find(&[place.join("deep")]).0), ["deep/y"]);
}
