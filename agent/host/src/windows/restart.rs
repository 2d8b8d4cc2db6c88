//! On Windows: the system is asked for a restart as the Start menu asks, and the registry's key for what is started once
//! at this person's next sign-in. Windows takes the entry out before it starts what it says.
#![allow(unsafe_code, reason = "the system's calls")]

use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::path::PathBuf;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, ERROR_NOT_ALL_ASSIGNED, ERROR_PRIVILEGE_NOT_HELD,
    ERROR_SUCCESS, GetLastError,
};
use windows_sys::Win32::Security::{
    AdjustTokenPrivileges, LookupPrivilegeValueW, SE_PRIVILEGE_ENABLED, TOKEN_ADJUST_PRIVILEGES,
    TOKEN_PRIVILEGES, TOKEN_QUERY,
};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_SET_VALUE, REG_OPTION_NON_VOLATILE, REG_SZ,
    RRF_RT_REG_DWORD, RRF_RT_REG_SZ, RRF_SUBKEY_WOW6464KEY, RegCloseKey, RegCreateKeyExW, RegDeleteKeyValueW,
    RegFlushKey, RegGetValueW, RegSetValueExW,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::line::line;
use super::{Places, RestartError, Restarter, Start};
use crate::windows::{last_error, text, wide};

// A whole family of functions for the sake of one would be built for nothing.
#[link(name = "user32", kind = "raw-dylib")]
unsafe extern "system" {
    fn ExitWindowsEx(flags: u32, reason: u32) -> i32;
}

/// `EWX_REBOOT`, and `EWX_FORCEIFHUNG`: a program that does not answer holds nothing up; one with something to save does,
/// and Windows asks the person.
const RESTART: u32 = 0x2 | 0x10;
/// `SHTDN_REASON_FLAG_PLANNED`, of no kind that it has a name for.
const PLANNED: u32 = 0x8000_0000;
/// What restarting takes.
const PRIVILEGE: &str = "SeShutdownPrivilege";
/// What is started once, of the person's own part of the registry.
const RUN_ONCE: &str = r"Software\Microsoft\Windows\CurrentVersion\RunOnce";
/// The entry's name.
const ENTRY: &str = "FarhandResume";
/// Where an organisation says that nothing is started from there, in either part.
const POLICIES: &str = r"Software\Microsoft\Windows\CurrentVersion\Policies\Explorer";
const NOT_RUN: &str = "DisableCurrentUserRunOnce";
/// Where the machine has its number.
const MACHINE: (&str, &str) = (r"SOFTWARE\Microsoft\Cryptography", "MachineGuid");
/// Letters of the longest number of a machine.
const MAX_ID: usize = 256;

pub fn open(places: Places) -> Box<dyn Restarter> {
    Box::new(Windows { run_once: places.autostart })
}

#[derive(Debug)]
struct Windows {
    /// The key below the person's part of the registry, if not the system's own.
    run_once: Option<PathBuf>,
}

impl Windows {
    fn key(&self) -> Vec<u16> {
        let own = self.run_once.as_ref().and_then(|path| path.to_str());
        wide(own.unwrap_or(RUN_ONCE))
    }
}

impl Restarter for Windows {
    fn is_possible(&mut self) -> bool {
        let not_run = |root| number(root, POLICIES, NOT_RUN) == Some(1);
        if not_run(HKEY_CURRENT_USER) || not_run(HKEY_LOCAL_MACHINE) {
            tracing::debug!("nothing is started once at the next sign-in here");
            return false;
        }
        match may_restart(true).and_then(|()| may_restart(false)) {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(%error, "this account may not restart this computer");
                false
            }
        }
    }

    fn start_afterwards(&mut self, start: &Start) -> Result<(), RestartError> {
        let line = wide(&line(start).ok_or(RestartError::NotHere)?);
        let (key, name) = (self.key(), wide(ENTRY));
        let bytes = size_of_val(line.as_slice()) as u32;
        // SAFETY: names and line live as long as the calls; the key is closed.
        unsafe {
            let mut open: HKEY = null_mut();
            let (none, options) = (null_mut(), REG_OPTION_NON_VOLATILE);
            let made = RegCreateKeyExW(
                HKEY_CURRENT_USER,
                key.as_ptr(),
                0,
                null(),
                options,
                KEY_SET_VALUE,
                null(),
                &raw mut open,
                none,
            );
            said(made)?;
            let set = RegSetValueExW(open, name.as_ptr(), 0, REG_SZ, line.as_ptr().cast(), bytes);
            // It is there after the power went out.
            let kept = if set == ERROR_SUCCESS { RegFlushKey(open) } else { set };
            RegCloseKey(open);
            said(kept)
        }
    }

    fn start_nothing(&mut self) -> Result<(), RestartError> {
        let (key, name) = (self.key(), wide(ENTRY));
        // SAFETY: both names live as long as the call.
        match unsafe { RegDeleteKeyValueW(HKEY_CURRENT_USER, key.as_ptr(), name.as_ptr()) } {
            ERROR_FILE_NOT_FOUND => Ok(()),
            code => said(code),
        }
    }

    fn restart(&mut self) -> Result<(), RestartError> {
        may_restart(true).map_err(failed)?;
        // SAFETY: a plain call.
        if unsafe { ExitWindowsEx(RESTART, PLANNED) } == 0 { Err(failed(last_error())) } else { Ok(()) }
    }

    fn machine(&self) -> Option<String> {
        let (path, name) = (wide(MACHINE.0), wide(MACHINE.1));
        let mut letters = [0_u16; MAX_ID];
        let mut length = size_of_val(&letters) as u32;
        let (into, kind) = (letters.as_mut_ptr().cast(), RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY);
        // SAFETY: no more than so many bytes are written.
        let read = unsafe {
            RegGetValueW(
                HKEY_LOCAL_MACHINE,
                path.as_ptr(),
                name.as_ptr(),
                kind,
                null_mut(),
                into,
                &raw mut length,
            )
        };
        let id = text(&letters).trim().to_owned();
        (read == ERROR_SUCCESS && !id.is_empty()).then_some(id)
    }
}

fn said(code: u32) -> Result<(), RestartError> {
    if code == ERROR_SUCCESS { Ok(()) } else { Err(failed(io::Error::from_raw_os_error(code as i32))) }
}

fn failed(error: io::Error) -> RestartError {
    let denied = [ERROR_ACCESS_DENIED, ERROR_NOT_ALL_ASSIGNED, ERROR_PRIVILEGE_NOT_HELD];
    let detail = error.to_string();
    if error.raw_os_error().is_some_and(|code| denied.contains(&(code as u32))) {
        RestartError::NotAllowed { detail }
    } else {
        RestartError::Failed { detail }
    }
}

/// A number of the registry's.
fn number(root: HKEY, path: &str, name: &str) -> Option<u32> {
    let (path, name) = (wide(path), wide(name));
    let (mut number, mut length) = (0_u32, size_of::<u32>() as u32);
    let into = (&raw mut number).cast();
    // SAFETY: no more than so many bytes are written.
    let read = unsafe {
        RegGetValueW(root, path.as_ptr(), name.as_ptr(), RRF_RT_REG_DWORD, null_mut(), into, &raw mut length)
    };
    (read == ERROR_SUCCESS).then_some(number)
}

/// Puts this program's right to restart the computer to use, or back: whoever has it has it switched off at first.
fn may_restart(on: bool) -> io::Result<()> {
    let name = wide(PRIVILEGE);
    let mut wanted = TOKEN_PRIVILEGES { PrivilegeCount: 1, ..TOKEN_PRIVILEGES::default() };
    wanted.Privileges[0].Attributes = if on { SE_PRIVILEGE_ENABLED } else { 0 };
    // SAFETY: each result is looked at before it is used; the token is owned from where it is got.
    unsafe {
        let mut token = null_mut();
        let access = TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY;
        if OpenProcessToken(GetCurrentProcess(), access, &raw mut token) == 0 {
            return Err(last_error());
        }
        let token = OwnedHandle::from_raw_handle(token);
        let luid = &raw mut wanted.Privileges[0].Luid;
        if LookupPrivilegeValueW(null(), name.as_ptr(), luid) == 0 {
            return Err(last_error());
        }
        let (all, none) = (0, null_mut());
        let changed =
            AdjustTokenPrivileges(token.as_raw_handle(), all, &raw const wanted, 0, none, null_mut());
        // It succeeds as well where there was nothing to change, and says so here only.
        let error = GetLastError();
        if changed == 0 || error == ERROR_NOT_ALL_ASSIGNED {
            return Err(io::Error::from_raw_os_error(error as i32));
        }
    }
    Ok(())
}
