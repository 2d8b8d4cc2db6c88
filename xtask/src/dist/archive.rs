//! Archives that are the same each time: entries in order, owned by root, all of one time.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// What goes into an archive.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Path without a slash before it; a folder ends with one.
    pub path: String,
    /// Permissions.
    pub mode: u32,
    /// Content; none for a folder.
    pub bytes: Vec<u8>,
}

impl Entry {
    /// A file.
    pub fn file(path: impl Into<String>, mode: u32, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), mode, bytes: bytes.into() }
    }
}

/// Adds the folders that the files lie in, and puts all in order.
pub fn with_folders(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut folders: Vec<String> = Vec::new();
    for entry in &entries {
        let cuts = entry.path.match_indices('/').map(|(at, _)| entry.path[..=at].to_owned());
        folders.extend(cuts);
    }
    entries.extend(folders.into_iter().map(|path| Entry { path, mode: 0o755, bytes: Vec::new() }));
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    entries.dedup_by(|a, b| a.path == b.path);
    entries
}

/// A tar (ustar), with `./` before each path as dpkg writes it.
pub fn tar(entries: &[Entry], epoch: u64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for entry in entries {
        let name = format!("./{}", entry.path);
        if name.len() > 100 {
            bail!("{name} is too long for this archive");
        }
        let folder = entry.path.ends_with('/');
        let mut head = [0_u8; 512];
        let mut put = |at: usize, text: &str| head[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, &name);
        put(100, &format!("{:07o}", entry.mode));
        put(108, "0000000");
        put(116, "0000000");
        put(124, &format!("{:011o}", entry.bytes.len()));
        put(136, &format!("{epoch:011o}"));
        put(148, "        ");
        put(156, if folder { "5" } else { "0" });
        put(257, "ustar\0");
        put(263, "00");
        put(265, "root");
        put(297, "root");
        let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
        head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(&head);
        out.extend_from_slice(&entry.bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    Ok(out)
}

/// An ar archive, as a .deb is one.
pub fn ar(members: &[(&str, &[u8])], epoch: u64) -> Vec<u8> {
    let mut out = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        let head = format!("{name:<16}{epoch:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, "100644", bytes.len());
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(bytes);
        if bytes.len() % 2 == 1 {
            out.push(b'\n');
        }
    }
    out
}

/// Compressed by gzip, without name and time.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut child = Command::new("gzip")
        .args(["-9", "-n", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("gzip could not be started")?;
    let mut input = child.stdin.take().context("gzip takes nothing")?;
    let bytes = bytes.to_vec();
    // In a thread of its own: what comes out has to be read meanwhile.
    let writing = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output()?;
    writing.join().expect("a write does not panic").context("gzip broke off")?;
    if !output.status.success() {
        bail!("gzip failed ({})", output.status);
    }
    Ok(output.stdout)
}

/// Makes a file one that can be started.
pub fn executable(file: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(file, fs::Permissions::from_mode(0o755))?;
    }
    fs::metadata(file).map(|_| ()).with_context(|| format!("{} is not there", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_before_what_lies_in_them_and_once() {
        let entries =
            with_folders(vec![Entry::file("usr/bin/b", 0o755, "b"), Entry::file("usr/bin/a", 0o755, "a")]);
        let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["usr/", "usr/bin/", "usr/bin/a", "usr/bin/b"]);
    }

    #[test]
    fn archives_have_whole_blocks_and_even_members() {
        let tar =
            tar(&with_folders(vec![Entry::file("a/b", 0o644, "hello")]), 1_700_000_000).expect("it fits");
        assert_eq!(tar.len() % 512, 0);
        assert_eq!(&tar[257..262], b"ustar");
        assert!(
            super::tar(&[Entry::file("x".repeat(99), 0o644, "")], 0).is_err(),
            "a long name is said, not cut"
        );
        let ar = ar(&[("debian-binary", b"2.0\n"), ("odd", b"abc")], 5);
        assert_eq!(ar.len(), 8 + 60 + 4 + 60 + 4);
    }
}
