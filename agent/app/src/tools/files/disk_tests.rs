use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::mpsc;

use farhand_protocol::transfer::names::HOSTILE;

use super::*;

fn hash(bytes: &[u8]) -> Vec<u8> {
    blake3::hash(bytes).as_bytes().to_vec()
}

/// Does these jobs in a folder, and gives what was said.
fn work(folder: &Path, list: Vec<Job>) -> Vec<Said> {
    let (jobs, todo) = mpsc::channel();
    list.into_iter().for_each(|job| jobs.send(job).unwrap());
    drop(jobs);
    let said = std::cell::RefCell::new(Vec::new());
    run(&todo, Some(folder), |word| {
        said.borrow_mut().push(word);
        true
    });
    said.into_inner()
}

fn create(path: &[&str], size: u64) -> Job {
    Job::Create { path: path.iter().map(|step| (*step).to_owned()).collect(), size }
}

fn put(path: &[&str], bytes: &[u8]) -> Vec<Job> {
    vec![
        create(path, bytes.len() as u64),
        Job::Write { offset: 0, bytes: bytes.to_vec() },
        Job::Finish { hash: hash(bytes) },
    ]
}

/// Everything below a folder, with what is in it.
fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => found.push((entry.path(), std::fs::read(entry.path()).unwrap_or_default())),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_file_gets_its_name_when_its_hash_agrees_and_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["report.pdf", "report (2).pdf", "report (3).pdf"] {
        let said = work(folder.path(), put(&["report.pdf"], name.as_bytes()));
        assert_eq!(said.last(), Some(&Said::Kept { name: name.into() }));
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), name.as_bytes());
    }
    let said = work(folder.path(), put(&["a", "b", "deep.txt"], b"x"));
    assert_eq!(said.last(), Some(&Said::Kept { name: "deep.txt".into() }));
    assert_eq!(std::fs::read(folder.path().join("a/b/deep.txt")).unwrap(), b"x");
    assert_eq!(tree(folder.path()).len(), 4, "no temporary file stays");
}

#[test]
fn what_is_not_whole_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut jobs = put(&["a"], b"content");
    jobs[2] = Job::Finish { hash: hash(b"other") };
    assert_eq!(work(folder.path(), jobs).last(), Some(&Said::Failed { why: FileEnd::Mismatch }));
    // The jobs end in the middle, as when the agent is told to stop.
    let mut jobs = put(&["a"], b"content");
    jobs.pop();
    work(folder.path(), jobs);
    let mut jobs = put(&["a"], b"content");
    jobs[2] = Job::Close;
    work(folder.path(), jobs);
    assert_eq!(tree(folder.path()), []);
}

#[test]
fn hostile_names_write_nothing_outside_of_the_folder() {
    let around = tempfile::tempdir().unwrap();
    let canary = around.path().join("canary");
    std::fs::write(&canary, b"sings").unwrap();
    let folder = around.path().join("inside");
    std::fs::create_dir(&folder).unwrap();
    // Somebody on this machine has put links where folders would go.
    symlink(around.path(), folder.join("way-out")).unwrap();
    symlink(&canary, folder.join("link")).unwrap();
    let link = ["way-out", "link"];
    for name in HOSTILE.iter().chain(&link) {
        for path in [vec![*name], vec![*name, "canary"], vec!["deep", *name, "x"]] {
            let said = work(&folder, put(&path, b"hostile"));
            let fine = matches!(said.last(), Some(Said::Kept { .. } | Said::Failed { .. }));
            assert!(fine, "{path:?}: {said:?}");
        }
    }
    assert_eq!(std::fs::read(&canary).unwrap(), b"sings");
    let outside: Vec<_> =
        tree(around.path()).into_iter().filter(|(path, _)| !path.starts_with(&folder)).collect();
    assert_eq!(outside, [(canary, b"sings".to_vec())]);
    assert!(folder.join("link").is_symlink(), "a link is not replaced either");
}

#[test]
fn a_folder_that_becomes_a_link_meanwhile_leads_nowhere() {
    let around = tempfile::tempdir().unwrap();
    let (folder, outside) = (around.path().join("inside"), around.path().join("outside"));
    std::fs::create_dir_all(folder.join("sub")).unwrap();
    std::fs::create_dir(&outside).unwrap();
    let (jobs, todo) = mpsc::channel();
    let (say, said) = mpsc::channel();
    let place = folder.clone();
    let thread = std::thread::spawn(move || run(&todo, Some(&place), |word| say.send(word).is_ok()));
    jobs.send(create(&["sub", "race.txt"], 4)).unwrap();
    assert_eq!(said.recv().unwrap(), Said::Created);
    std::fs::rename(folder.join("sub"), folder.join("moved")).unwrap();
    symlink(&outside, folder.join("sub")).unwrap();
    jobs.send(Job::Write { offset: 0, bytes: b"race".to_vec() }).unwrap();
    jobs.send(Job::Finish { hash: hash(b"race") }).unwrap();
    assert_eq!(said.recv().unwrap(), Said::Written { until: 4 });
    assert_eq!(said.recv().unwrap(), Said::Kept { name: "race.txt".into() });
    drop(jobs);
    thread.join().unwrap();
    assert_eq!(tree(&outside), []);
    assert_eq!(std::fs::read(folder.join("moved/race.txt")).unwrap(), b"race");
    // And who comes later does not get through the link at all.
    let later = work(&folder, put(&["sub", "later.txt"], b"x"));
    assert!(matches!(later.last(), Some(Said::Failed { .. })), "{later:?}");
    assert_eq!(tree(&outside), []);
}

#[test]
fn a_disk_without_room_says_so_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let said = work(folder.path(), vec![create(&["huge"], 1 << 52)]);
    assert_eq!(said, [Said::Failed { why: FileEnd::DiskFull }]);
    assert_eq!(tree(folder.path()), []);
    for (error, end) in [
        (io::ErrorKind::StorageFull, FileEnd::DiskFull),
        (io::ErrorKind::QuotaExceeded, FileEnd::DiskFull),
        (io::ErrorKind::PermissionDenied, FileEnd::Denied),
        (io::ErrorKind::NotFound, FileEnd::Vanished),
    ] {
        assert_eq!(why(&error.into()), end);
    }
}

#[test]
fn reading_gives_the_hash_of_the_whole_wherever_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..300_000u32).map(|at| (at % 251) as u8).collect();
    let path = folder.path().join("source.bin");
    std::fs::write(&path, &bytes).unwrap();
    let path = path.to_str().unwrap().to_owned();
    let read = |turn, length| Job::Read { turn, length };
    for from in [0u64, 1, 100_000, 299_999, 300_000] {
        let mut jobs = vec![Job::Open { path: path.clone() }];
        // Somewhere else first, then back.
        jobs.push(Job::Seek { turn: 1, offset: 200_000 });
        jobs.push(read(1, 1000));
        jobs.push(Job::Seek { turn: 2, offset: from });
        jobs.extend((0..4).map(|_| read(2, READ)));
        let said = work(folder.path(), jobs);
        assert_eq!(said[0], Said::Opened { name: "source.bin".into(), size: 300_000 });
        let mut rest = Vec::new();
        let mut last = None;
        for word in said {
            if let Said::Read { turn: 2, bytes, hash } = word {
                rest.extend(bytes);
                last = last.or(hash);
            }
        }
        assert!(rest == bytes[usize::try_from(from).unwrap()..]);
        assert_eq!(last, Some(hash(&bytes)));
    }
}

#[test]
fn what_is_no_ordinary_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| work(folder.path(), vec![Job::Open { path: path.to_str().unwrap().into() }]);
    let failed = |why| vec![Said::Failed { why }];
    assert_eq!(open(folder.path()), failed(FileEnd::NotAFile));
    assert_eq!(open(Path::new("/dev/zero")), failed(FileEnd::NotAFile));
    assert_eq!(open(Path::new("relative")), failed(FileEnd::Name));
    assert_eq!(open(&folder.path().join("gone")), failed(FileEnd::Vanished));
}

/// A disk of its own with room for 1 MB, where this machine lets a test mount one.
struct SmallDisk {
    place: tempfile::TempDir,
}

impl SmallDisk {
    fn open() -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let disk = Self { place };
        let mounted = disk.mount(&["-t", "tmpfs", "-o", "size=1m", "small"]);
        if !mounted {
            eprintln!("no disk of its own: only root can mount one, and not everywhere");
        }
        mounted.then_some(disk)
    }

    fn mount(&self, words: &[&str]) -> bool {
        let mount = std::process::Command::new("mount").args(words).arg(self.path()).output();
        mount.is_ok_and(|done| done.status.success())
    }

    fn path(&self) -> &Path {
        self.place.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("--lazy").arg(self.path()).output();
    }
}

/// A file on its way in a thread of its own, as in the agent.
struct OnItsWay {
    jobs: mpsc::Sender<Job>,
    said: mpsc::Receiver<Said>,
}

impl OnItsWay {
    fn start(folder: &Path) -> Self {
        let ((jobs, todo), (say, said)) = (mpsc::channel(), mpsc::channel());
        let folder = folder.to_owned();
        std::thread::spawn(move || run(&todo, Some(&folder), |word| say.send(word).is_ok()));
        Self { jobs, said }
    }

    fn does(&self, job: Job) -> Said {
        self.jobs.send(job).unwrap();
        self.said.recv().unwrap()
    }

    /// Everything but its end: how many bytes were written, and why no more.
    fn write(&self, bytes: &[u8]) -> Result<(), (u64, FileEnd)> {
        let mut at = 0;
        for part in bytes.chunks(16 * 1024) {
            match self.does(Job::Write { offset: at, bytes: part.to_vec() }) {
                Said::Written { until } => at = until,
                Said::Failed { why } => return Err((at, why)),
                said => panic!("{said:?}"),
            }
        }
        Ok(())
    }
}

#[test]
fn a_disk_that_fills_up_ends_that_file_and_the_rest_goes_on() {
    let Some(disk) = SmallDisk::open() else { return };
    let bytes = vec![5; 700 * 1024];
    let (first, second) = (OnItsWay::start(disk.path()), OnItsWay::start(disk.path()));
    // Each alone has room when it begins.
    assert_eq!(first.does(create(&["first"], bytes.len() as u64)), Said::Created);
    assert_eq!(second.does(create(&["second"], bytes.len() as u64)), Said::Created);
    assert_eq!(first.write(&bytes), Ok(()));
    let (written, why) = second.write(&bytes).unwrap_err();
    assert_eq!(why, FileEnd::DiskFull);
    assert!(written > 0, "it is full in the middle of the file");
    // The one is whole, and what there was of the other has made room for a third.
    assert_eq!(first.does(Job::Finish { hash: hash(&bytes) }), Said::Kept { name: "first".into() });
    assert!(second.said.recv().is_err(), "its thread has ended, and its file with it");
    let third = work(disk.path(), put(&["third"], &[6; 200 * 1024]));
    assert_eq!(third.last(), Some(&Said::Kept { name: "third".into() }));
    let names: Vec<_> =
        tree(disk.path()).into_iter().map(|(path, _)| path.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["first", "third"]);
}

/// A stand-in where no disk can be mounted: the device that is always full, which fails as a full disk does.
#[test]
fn what_a_full_disk_says_is_understood() {
    let mut full = File::options().write(true).open("/dev/full").unwrap();
    assert_eq!(why(&full.write_all(b"x").unwrap_err()), FileEnd::DiskFull);
}

#[test]
fn a_folder_that_nobody_may_write_to_is_told() {
    if let Some(disk) = SmallDisk::open() {
        std::fs::write(disk.path().join("there"), b"x").unwrap();
        assert!(disk.mount(&["-o", "remount,ro"]));
        let said = work(disk.path(), put(&["a"], b"content"));
        assert_eq!(said[0], Said::Failed { why: FileEnd::Denied });
        assert_eq!(tree(disk.path()).len(), 1);
    }
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o500);
    // To root nothing is denied.
    if std::fs::write(folder.path().join("probe"), b"").is_err() {
        let said = work(folder.path(), put(&["a"], b"content"));
        assert_eq!(said[0], Said::Failed { why: FileEnd::Denied });
    }
    set_mode(folder.path(), 0o700);
}

#[test]
fn a_file_that_this_user_may_not_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("closed");
    std::fs::write(&path, b"x").unwrap();
    set_mode(&path, 0o000);
    if File::open(&path).is_err() {
        let said = work(folder.path(), vec![Job::Open { path: path.to_str().unwrap().into() }]);
        assert_eq!(said, [Said::Failed { why: FileEnd::Denied }]);
    }
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_that_vanishes_or_shrinks_on_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source");
    let bytes = vec![9; 300_000];
    std::fs::write(&path, &bytes).unwrap();
    let open = || Job::Open { path: path.to_str().unwrap().into() };
    let file = OnItsWay::start(folder.path());
    assert!(matches!(file.does(open()), Said::Opened { size: 300_000, .. }));
    file.jobs.send(Job::Seek { turn: 1, offset: 0 }).unwrap();
    let read = Job::Read { turn: 1, length: 100_000 };
    assert!(matches!(file.does(read.clone()), Said::Read { bytes, .. } if bytes.len() == 100_000));
    // What is open still comes when its name has gone, and is whole.
    std::fs::remove_file(&path).unwrap();
    file.does(read.clone());
    assert!(matches!(file.does(read.clone()), Said::Read { hash: Some(known), .. } if known == hash(&bytes)));
    assert_eq!(work(folder.path(), vec![open()]), [Said::Failed { why: FileEnd::Vanished }]);
    // What shrinks gives less than it should, which the sending end takes for a change.
    std::fs::write(&path, &bytes).unwrap();
    let file = OnItsWay::start(folder.path());
    file.does(open());
    file.jobs.send(Job::Seek { turn: 1, offset: 0 }).unwrap();
    file.does(read.clone());
    File::options().write(true).open(&path).unwrap().set_len(120_000).unwrap();
    assert!(matches!(file.does(read.clone()), Said::Read { bytes, hash: None, .. } if bytes.len() == 20_000));
    assert!(matches!(file.does(read), Said::Read { bytes, hash: None, .. } if bytes.is_empty()));
}
