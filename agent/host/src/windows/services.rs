//! Services by their manager.

use std::io;
use std::time::{Duration, Instant};

use farhand_protocol::channel::diagnostics::{Service, ServiceState};
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_MORE_DATA, ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_DOES_NOT_EXIST,
    ERROR_SERVICE_NOT_ACTIVE,
};
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, ControlService, ENUM_SERVICE_STATUS_PROCESSW, EnumServicesStatusExW, OpenSCManagerW,
    OpenServiceW, QueryServiceStatus, SC_ENUM_PROCESS_INFO, SC_HANDLE, SC_MANAGER_CONNECT,
    SC_MANAGER_ENUMERATE_SERVICE, SERVICE_CONTINUE_PENDING, SERVICE_CONTROL_STOP, SERVICE_PAUSE_PENDING,
    SERVICE_PAUSED, SERVICE_QUERY_STATUS, SERVICE_RUNNING, SERVICE_START, SERVICE_START_PENDING,
    SERVICE_STATE_ALL, SERVICE_STATUS, SERVICE_STOP, SERVICE_STOP_PENDING, SERVICE_STOPPED, SERVICE_WIN32,
    StartServiceW,
};

use crate::system::{ServiceChange, SystemError};
use crate::windows::{last_error, wide};

/// As much as one answer of the manager holds at most.
const PIECE: usize = 256 * 1024;
/// The most pieces that are asked for.
const MAX_PIECES: usize = 16;
/// The longest text of a service, in letters.
const MAX_LETTERS: usize = 512;
/// The time that a service has to stop, before it is started again.
const STOP_WITHIN: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(100);

struct Handle(SC_HANDLE);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: got by `manager` or `open`.
        unsafe { CloseServiceHandle(self.0) };
    }
}

fn trouble(error: io::Error) -> SystemError {
    let text = error.to_string();
    match error.raw_os_error().map(|code| code as u32) {
        Some(ERROR_ACCESS_DENIED) => SystemError::Denied(text),
        Some(ERROR_SERVICE_DOES_NOT_EXIST) => SystemError::Gone(text),
        Some(_) | None => SystemError::Failed(text),
    }
}

fn manager(rights: u32) -> Result<Handle, SystemError> {
    // SAFETY: a plain call.
    let handle = unsafe { OpenSCManagerW(std::ptr::null(), std::ptr::null(), rights) };
    if handle.is_null() { Err(trouble(last_error())) } else { Ok(Handle(handle)) }
}

pub fn services() -> Result<Vec<Service>, SystemError> {
    let manager = manager(SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE)?;
    // Numbers of eight bytes, for the structures that are written there begin with addresses.
    let mut room = vec![0_u64; PIECE / 8];
    let (mut rows, mut resume) = (Vec::new(), 0);
    for _ in 0..MAX_PIECES {
        let (mut needed, mut count) = (0, 0);
        // SAFETY: no more than `PIECE` bytes are written, and as many structures as are said; their texts lie behind them.
        unsafe {
            let into = room.as_mut_ptr().cast::<u8>();
            let done = EnumServicesStatusExW(
                manager.0,
                SC_ENUM_PROCESS_INFO,
                SERVICE_WIN32,
                SERVICE_STATE_ALL,
                into,
                PIECE as u32,
                &raw mut needed,
                &raw mut count,
                &raw mut resume,
                std::ptr::null(),
            );
            let error = last_error();
            let more = done == 0 && error.raw_os_error() == Some(ERROR_MORE_DATA as i32);
            if done == 0 && !more {
                return Err(trouble(error));
            }
            let found =
                std::slice::from_raw_parts(into.cast::<ENUM_SERVICE_STATUS_PROCESSW>(), count as usize);
            for service in found {
                let (state, detail) = state(service.ServiceStatusProcess.dwCurrentState);
                rows.push(Service {
                    name: letters(service.lpServiceName),
                    description: letters(service.lpDisplayName),
                    state,
                    detail: detail.to_owned(),
                });
            }
            if !more || count == 0 {
                break;
            }
        }
    }
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(rows)
}

/// A text up to its zero.
///
/// # Safety
/// It is null, or has a zero, or is at least [`MAX_LETTERS`] long.
unsafe fn letters(text: *const u16) -> String {
    if text.is_null() {
        return String::new();
    }
    let mut units = Vec::new();
    for at in 0..MAX_LETTERS {
        // SAFETY: not behind the zero.
        match unsafe { *text.add(at) } {
            0 => break,
            unit => units.push(unit),
        }
    }
    String::from_utf16_lossy(&units)
}

const fn state(state: u32) -> (ServiceState, &'static str) {
    match state {
        SERVICE_RUNNING => (ServiceState::Active, "running"),
        SERVICE_START_PENDING => (ServiceState::Changing, "starting"),
        SERVICE_STOP_PENDING => (ServiceState::Changing, "stopping"),
        SERVICE_CONTINUE_PENDING => (ServiceState::Changing, "resuming"),
        SERVICE_PAUSE_PENDING => (ServiceState::Changing, "pausing"),
        SERVICE_PAUSED => (ServiceState::Inactive, "paused"),
        SERVICE_STOPPED => (ServiceState::Inactive, "stopped"),
        _ => (ServiceState::Unknown, ""),
    }
}

pub fn change(name: &str, change: ServiceChange) -> Result<(), SystemError> {
    let manager = manager(SC_MANAGER_CONNECT)?;
    let rights = match change {
        ServiceChange::Start => SERVICE_START,
        ServiceChange::Stop => SERVICE_STOP,
        ServiceChange::Restart => SERVICE_START | SERVICE_STOP | SERVICE_QUERY_STATUS,
    };
    let letters = wide(name);
    // SAFETY: the name lives as long as the call.
    let service = unsafe { OpenServiceW(manager.0, letters.as_ptr(), rights) };
    if service.is_null() {
        return Err(trouble(last_error()));
    }
    let service = Handle(service);
    match change {
        ServiceChange::Start => start(&service),
        ServiceChange::Stop => stop(&service),
        ServiceChange::Restart => {
            stop(&service)?;
            let until = Instant::now() + STOP_WITHIN;
            while !is_stopped(&service)? {
                if Instant::now() > until {
                    return Err(SystemError::TimedOut(name.to_owned()));
                }
                std::thread::sleep(LOOK);
            }
            start(&service)
        }
    }
}

fn start(service: &Handle) -> Result<(), SystemError> {
    // SAFETY: a plain call, without arguments for the service.
    if unsafe { StartServiceW(service.0, 0, std::ptr::null()) } != 0 {
        return Ok(());
    }
    unless(ERROR_SERVICE_ALREADY_RUNNING)
}

fn stop(service: &Handle) -> Result<(), SystemError> {
    let mut status = SERVICE_STATUS::default();
    // SAFETY: one structure is written.
    if unsafe { ControlService(service.0, SERVICE_CONTROL_STOP, &raw mut status) } != 0 {
        return Ok(());
    }
    unless(ERROR_SERVICE_NOT_ACTIVE)
}

fn unless(code: u32) -> Result<(), SystemError> {
    let error = last_error();
    if error.raw_os_error() == Some(code as i32) { Ok(()) } else { Err(trouble(error)) }
}

fn is_stopped(service: &Handle) -> Result<bool, SystemError> {
    let mut status = SERVICE_STATUS::default();
    // SAFETY: one structure is written.
    if unsafe { QueryServiceStatus(service.0, &raw mut status) } == 0 {
        return Err(trouble(last_error()));
    }
    Ok(status.dwCurrentState == SERVICE_STOPPED)
}
