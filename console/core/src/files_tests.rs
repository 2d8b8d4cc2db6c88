use std::os::unix::fs::symlink;

use farhand_protocol::transfer::names::HOSTILE;

use super::*;

fn wanted(transfer: u32, steps: &[&str], size: u64) -> BeginFile {
    BeginFile {
        session: "s".into(),
        transfer,
        from: "/home/c/a".into(),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        size,
    }
}

fn hex(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// A whole file, as a page writes it.
fn put(files: &mut Incoming, transfer: u32, steps: &[&str], bytes: &[u8]) -> Result<String, FileEnd> {
    let now = Instant::now();
    let number = files.begin(&wanted(transfer, steps, bytes.len() as u64), now)?;
    for (at, part) in bytes.chunks(1000).enumerate() {
        files.write(number, at as u64 * 1000, part, now)?;
    }
    files.keep(number, &hex(bytes))
}

/// Everything below a folder, links not followed.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_whole_file_gets_its_name_and_replaces_nothing() {
    let place = tempfile::tempdir().unwrap();
    let mut files = Incoming::new(Some(place.path().join("Downloads")));
    let bytes = vec![7; 2500];
    assert_eq!(put(&mut files, 1, &["report.pdf"], &bytes), Ok("report.pdf".into()));
    assert_eq!(put(&mut files, 2, &["report.pdf"], b"other"), Ok("report (2).pdf".into()));
    assert_eq!(put(&mut files, 3, &["a", "b", "deep.txt"], b""), Ok("deep.txt".into()));
    let folder = place.path().join("Downloads");
    assert_eq!(fs::read(folder.join("report.pdf")).unwrap(), bytes);
    assert_eq!(fs::read(folder.join("report (2).pdf")).unwrap(), b"other");
    assert_eq!(tree(&folder).len(), 3, "no temporary file stays");
}

#[test]
fn what_is_not_whole_or_not_the_same_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let mut files = Incoming::new(Some(place.path().to_owned()));
    let now = Instant::now();
    let short = files.begin(&wanted(1, &["a"], 10), now).unwrap();
    files.write(short, 0, &[1; 9], now).unwrap();
    assert_eq!(files.keep(short, &hex(&[1; 9])), Err(FileEnd::Mismatch));
    let other = files.begin(&wanted(2, &["a"], 4), now).unwrap();
    files.write(other, 0, &[1; 4], now).unwrap();
    assert_eq!(files.keep(other, &hex(&[2; 4])), Err(FileEnd::Mismatch));
    let gone = files.begin(&wanted(3, &["a"], 4), now).unwrap();
    files.forget(gone);
    assert_eq!(files.write(gone, 0, &[1], now), Err(FileEnd::Vanished));
    for (offset, length) in [(1, 1), (0, 5), (u64::MAX, 2)] {
        let number = files.begin(&wanted(4, &["a"], 4), now).unwrap();
        assert_eq!(files.write(number, offset, &vec![0; length], now), Err(FileEnd::Failed));
    }
    assert_eq!(tree(place.path()), [] as [PathBuf; 0]);
}

#[test]
fn hostile_names_write_nothing_outside_of_the_folder() {
    let around = tempfile::tempdir().unwrap();
    let canary = around.path().join("canary");
    fs::write(&canary, b"sings").unwrap();
    let folder = around.path().join("inside");
    fs::create_dir(&folder).unwrap();
    symlink(around.path(), folder.join("way-out")).unwrap();
    symlink(&canary, folder.join("link")).unwrap();
    let mut files = Incoming::new(Some(folder.clone()));
    let mut transfer = 0;
    for name in HOSTILE.iter().chain(&["way-out", "link"]) {
        for steps in [vec![*name], vec![*name, "canary"], vec!["deep", *name, "x"]] {
            transfer += 1;
            let _ = put(&mut files, transfer, &steps, b"hostile");
        }
    }
    assert_eq!(fs::read(&canary).unwrap(), b"sings");
    let outside: Vec<_> = tree(around.path()).into_iter().filter(|path| !path.starts_with(&folder)).collect();
    assert_eq!(outside, [canary]);
    assert!(folder.join("link").is_symlink(), "a link is not replaced either");
}

#[test]
fn a_page_that_is_loaded_again_goes_on_where_the_file_is() {
    let place = tempfile::tempdir().unwrap();
    let mut files = Incoming::new(Some(place.path().to_owned()));
    let now = Instant::now();
    let bytes: Vec<u8> = (0..5000u32).map(|at| (at % 251) as u8).collect();
    let number = files.begin(&wanted(9, &["a", "big"], 5000), now).unwrap();
    files.write(number, 0, &bytes[..3000], now).unwrap();
    let [open] = &files.of("s")[..] else { panic!("one is open") };
    assert_eq!((open.transfer, open.had, open.size, open.from.as_str()), (9, 3000, 5000, "/home/c/a"));
    assert_eq!(open.steps, ["a", "big"]);
    assert!(files.of("another session").is_empty());
    assert_eq!(files.begin(&wanted(9, &["a", "big"], 5000), now), Ok(number));
    assert_eq!(files.begin(&wanted(9, &["a", "big"], 5001), now), Err(FileEnd::Changed));
    files.write(number, 3000, &bytes[3000..], now).unwrap();
    assert_eq!(files.keep(number, &hex(&bytes)), Ok("big".into()));
    assert!(files.of("s").is_empty());
    assert_eq!(fs::read(place.path().join("a/big")).unwrap(), bytes);
}

#[test]
fn the_open_ones_are_bounded_and_those_of_a_page_that_is_gone_make_room() {
    let place = tempfile::tempdir().unwrap();
    let mut files = Incoming::new(Some(place.path().to_owned()));
    let now = Instant::now();
    for transfer in 0..u32::try_from(MAX_OPEN).unwrap() {
        files.begin(&wanted(transfer, &["a"], 10), now).unwrap();
    }
    assert_eq!(files.begin(&wanted(1000, &["a"], 10), now), Err(FileEnd::Busy));
    assert!(files.begin(&wanted(1000, &["a"], 10), now + IDLE).is_ok());
    assert_eq!(tree(place.path()).len(), MAX_OPEN);
    files.forget_all();
    assert_eq!(tree(place.path()), [] as [PathBuf; 0]);
    assert_eq!(Incoming::new(None).begin(&wanted(1, &["a"], 1), now), Err(FileEnd::Denied));
}

#[test]
fn only_what_a_killed_program_left_long_ago_is_removed() {
    let place = tempfile::tempdir().unwrap();
    let left = place.path().join(format!("{}0123456789abcdef{}", TEMPORARY.0, TEMPORARY.1));
    let others = ["a.part", ".farhand-console-x.part", ".farhand-0123456789abcdef.part"]
        .map(|name| place.path().join(name));
    for path in others.iter().chain([&left]) {
        fs::write(path, b"x").unwrap();
    }
    let files = Incoming::new(Some(place.path().to_owned()));
    files.sweep(SystemTime::now());
    assert!(left.exists());
    files.sweep(SystemTime::now() + 2 * LEFT_FOR);
    assert!(!left.exists() && others.iter().all(|path| path.exists()));
}
