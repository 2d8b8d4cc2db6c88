//! Windows: the system's tables by `sysinfo`, services by their manager, software by what its installers wrote down.
#![allow(unsafe_code, reason = "the system's calls")]

#[path = "log.rs"]
mod log;
#[path = "services.rs"]
mod services;
#[path = "software.rs"]
mod software;

use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};

use farhand_protocol::channel::diagnostics::{Guard, GuardKind, LogLine, Package, Process, Service, Summary};
use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_TERMINATE, TerminateProcess};

use super::tables::Lazy;
use super::{LogWanted, ServiceChange, System, SystemError};
use crate::windows::last_error;

/// Programs of what guards computers, in small letters.
const GUARDS: [(&str, &str, GuardKind); 12] = [
    ("msmpeng.exe", "Microsoft Defender", GuardKind::Antivirus),
    ("mssense.exe", "Microsoft Defender for Endpoint", GuardKind::Antivirus),
    ("csfalconservice.exe", "CrowdStrike Falcon", GuardKind::Antivirus),
    ("sentinelagent.exe", "SentinelOne", GuardKind::Antivirus),
    ("savservice.exe", "Sophos", GuardKind::Antivirus),
    ("ekrn.exe", "ESET", GuardKind::Antivirus),
    ("avp.exe", "Kaspersky", GuardKind::Antivirus),
    ("avastsvc.exe", "Avast", GuardKind::Antivirus),
    ("avgsvc.exe", "AVG", GuardKind::Antivirus),
    ("bdservicehost.exe", "Bitdefender", GuardKind::Antivirus),
    ("mbamservice.exe", "Malwarebytes", GuardKind::Antivirus),
    ("mfemms.exe", "Trellix", GuardKind::Antivirus),
];

#[derive(Default)]
struct Windows {
    tables: Lazy,
}

pub fn open() -> Box<dyn System> {
    Box::new(Windows::default())
}

/// What of these programs guards the computer.
fn guards(running: &[String]) -> Vec<Guard> {
    let runs = |program: &str| running.iter().any(|name| name.eq_ignore_ascii_case(program));
    let known = GUARDS.iter().filter(|(program, ..)| runs(program));
    known.map(|(_, name, kind)| Guard { name: (*name).into(), kind: *kind, active: true }).collect()
}

impl System for Windows {
    fn summary(&mut self) -> Result<Summary, SystemError> {
        let tables = self.tables.get()?;
        let summary = tables.summary()?;
        let hardware =
            |name| software::text_of(r"HARDWARE\DESCRIPTION\System\BIOS", name).unwrap_or_default();
        let model = format!("{} {}", hardware("SystemManufacturer"), hardware("SystemProductName"));
        let user = std::env::var("USERNAME").unwrap_or(summary.user);
        Ok(Summary { user, model: model.trim().to_owned(), security: guards(&tables.names()), ..summary })
    }

    fn processes(&mut self) -> Result<Vec<Process>, SystemError> {
        Ok(self.tables.get()?.processes())
    }

    fn end_process(&mut self, pid: u32, started: u64, name: &str, _force: bool) -> Result<(), SystemError> {
        // From here on the handle means this process, whoever gets its number.
        // SAFETY: a handle that is got is owned.
        let handle = unsafe {
            let handle = OpenProcess(PROCESS_TERMINATE, 0, pid);
            (!handle.is_null()).then(|| OwnedHandle::from_raw_handle(handle))
        };
        let refused = last_error();
        self.tables.get()?.may_end(pid, started, name)?;
        let handle = handle.ok_or_else(|| SystemError::Denied(refused.to_string()))?;
        // The system knows no way to ask a program without windows to end.
        // SAFETY: the handle is open.
        if unsafe { TerminateProcess(handle.as_raw_handle(), 1) } == 0 {
            return Err(SystemError::Failed(last_error().to_string()));
        }
        Ok(())
    }

    fn services(&mut self) -> Result<Vec<Service>, SystemError> {
        services::services()
    }

    fn change_service(&mut self, name: &str, change: ServiceChange) -> Result<(), SystemError> {
        services::change(name, change)
    }

    fn log(&mut self, wanted: &LogWanted) -> Result<(Vec<LogLine>, String), SystemError> {
        log::log(wanted)
    }

    fn software(&mut self) -> Result<Vec<Package>, SystemError> {
        software::software()
    }
}
