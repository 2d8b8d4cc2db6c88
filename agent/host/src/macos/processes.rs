//! What of pseudo-terminals is macOS' own: their names, and processes. The system hides the environment of its own
//! programs, such as its shells, so a command line is found by its session first: a mark names the session's leader by its
//! number and the time it began, which no other process has.
#![allow(unsafe_code, reason = "the C library's calls for terminals and processes")]

use std::ffi::{CStr, c_int};
use std::io;
use std::os::fd::RawFd;

use super::MARK;

/// Makes a terminal the one that a session is at.
pub const TAKE_TERMINAL: libc::c_ulong = libc::TIOCSCTTY as libc::c_ulong;
/// Asks for a terminal's name, of at most so many letters.
const TIOCPTYGNAME: libc::c_ulong = 0x4080_7453;
const MAX_NAME: usize = 128;
/// Letters of a mark for the leader's number, and for the time it began in microseconds; the rest is of the seed.
const NUMBER: usize = 8;
const TIME: usize = 16;
const SEED: usize = 8;
/// The most processes that are looked at.
const MAX_PROCESSES: usize = 16 * 1024;

/// The path of a terminal's other end.
pub fn name(fd: RawFd) -> io::Result<String> {
    let mut name = [0; MAX_NAME];
    // SAFETY: at most so many letters are written, with a zero behind them.
    unsafe {
        if libc::ioctl(fd, TIOCPTYGNAME, name.as_mut_ptr()) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned())
    }
}

/// By which a command line is found again.
pub fn mark(seed: String, leader: u32) -> String {
    let began = i32::try_from(leader).ok().and_then(began).unwrap_or_default();
    format!("{leader:08x}{began:016x}{}", &seed[..SEED])
}

/// Processes in the session that the mark names, and those that carry its seed.
pub fn marked(mark: &str) -> Vec<i32> {
    let number = |from: usize, to: usize| u64::from_str_radix(mark.get(from..to)?, 16).ok();
    let (Some(leader), Some(when)) = (number(0, NUMBER), number(NUMBER, NUMBER + TIME)) else {
        return Vec::new();
    };
    let Ok(leader) = i32::try_from(leader) else { return Vec::new() };
    // A number is given to nobody else for as long as its session has anybody in it.
    let is_ours = began(leader).is_none_or(|began| began == when);
    let carried = format!("{MARK}={}", &mark[NUMBER + TIME..]);
    let me = i32::try_from(std::process::id()).unwrap_or(0);
    let wanted = |pid: &i32| {
        // SAFETY: a plain call.
        let session = unsafe { libc::getsid(*pid) };
        *pid > 1 && *pid != me && ((is_ours && session == leader) || carries(*pid, carried.as_bytes()))
    };
    all().into_iter().filter(wanted).collect()
}

fn all() -> Vec<i32> {
    let mut list = vec![0_i32; MAX_PROCESSES];
    let room = c_int::try_from(size_of_val(list.as_slice())).unwrap_or(c_int::MAX);
    // SAFETY: at most so many bytes are written.
    let count = unsafe { libc::proc_listallpids(list.as_mut_ptr().cast(), room) };
    list.truncate(usize::try_from(count).unwrap_or(0));
    list
}

/// When a process began, in microseconds; nothing for one that is dead or not there.
fn began(pid: i32) -> Option<u64> {
    let size = c_int::try_from(size_of::<libc::proc_bsdinfo>()).ok()?;
    // SAFETY: a structure of numbers, of the size that is said.
    let about = unsafe {
        let mut about: libc::proc_bsdinfo = std::mem::zeroed();
        let read = libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, 0, (&raw mut about).cast(), size);
        (read == size && about.pbi_status != libc::SZOMB).then_some(about)?
    };
    about.pbi_start_tvsec.checked_mul(1_000_000)?.checked_add(about.pbi_start_tvusec)
}

/// Whether a process has a variable that begins so. Another account's cannot be read.
fn carries(pid: i32, wanted: &[u8]) -> bool {
    let mut what = [libc::CTL_KERN, libc::KERN_PROCARGS2, pid];
    let mut length = 0;
    // SAFETY: first only the length is asked for, then at most so many bytes are written.
    let read = unsafe {
        let none = std::ptr::null_mut();
        let many = what.len() as libc::c_uint;
        if libc::sysctl(what.as_mut_ptr(), many, none, &raw mut length, none, 0) < 0 {
            return false;
        }
        let mut bytes = vec![0_u8; length];
        if libc::sysctl(what.as_mut_ptr(), many, bytes.as_mut_ptr().cast(), &raw mut length, none, 0) < 0 {
            return false;
        }
        bytes.truncate(length);
        bytes
    };
    // Arguments and environment, one behind the other. An argument that looks so is of a command that was typed here.
    read.split(|byte| *byte == 0).any(|variable| variable.starts_with(wanted))
}
