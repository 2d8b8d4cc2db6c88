//! What of pseudo-terminals is Linux's own: their names, and processes by the kernel's files.
#![allow(unsafe_code, reason = "the C library's calls for terminals")]

use std::ffi::CStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use super::MARK;

/// Makes a terminal the one that a session is at.
pub const TAKE_TERMINAL: libc::c_ulong = libc::TIOCSCTTY;
/// The most that is read of a process's environment.
const MAX_ENVIRONMENT: u64 = 256 * 1024;

/// The path of a terminal's other end.
pub fn name(fd: RawFd) -> io::Result<String> {
    let mut name = [0; 128];
    // SAFETY: `name` is as long as is said, and ends with a zero after success.
    unsafe {
        let error = libc::ptsname_r(fd, name.as_mut_ptr(), name.len());
        if error != 0 {
            return Err(io::Error::from_raw_os_error(error));
        }
        Ok(CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned())
    }
}

/// By which a command line is found again: what it has in its environment.
pub const fn mark(seed: String, _leader: u32) -> String {
    seed
}

/// Processes that carry the mark, and those in a session whose leader does: a program may clean its environment, but does
/// not leave its terminal by that.
pub fn marked(mark: &str) -> Vec<i32> {
    let wanted = format!("{MARK}={mark}");
    let Ok(folder) = fs::read_dir("/proc") else { return Vec::new() };
    let me = i32::try_from(std::process::id()).unwrap_or(0);
    let numbers = folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let all: Vec<(i32, i32, bool)> = numbers
        .filter(|pid| *pid != me)
        .filter_map(|pid| {
            let path = PathBuf::from(format!("/proc/{pid}"));
            let session = session(&path)?;
            Some((pid, session, carries(&path, wanted.as_bytes())))
        })
        .collect();
    let leads = |session: i32| all.iter().any(|(pid, _, carries)| *pid == session && *carries);
    all.iter().filter(|(_, session, carries)| *carries || leads(*session)).map(|(pid, ..)| *pid).collect()
}

/// The session of a process that is not dead yet.
fn session(path: &Path) -> Option<i32> {
    let stat = fs::read_to_string(path.join("stat")).ok()?;
    // The name may hold anything, brackets too; behind the last one are state, parent, group and session.
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_whitespace();
    let state = fields.next()?;
    let session = fields.nth(2)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(session)
}

fn carries(path: &Path, wanted: &[u8]) -> bool {
    let Ok(file) = File::open(path.join("environ")) else { return false };
    let mut environment = Vec::new();
    // Another account's cannot be read.
    let _ = file.take(MAX_ENVIRONMENT).read_to_end(&mut environment);
    environment.split(|byte| *byte == 0).any(|variable| variable == wanted)
}
