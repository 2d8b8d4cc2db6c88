//! macOS: the system's tables by `sysinfo`, software by the bundles in the folders for applications. Services are launchd's
//! and the log is the unified one: neither is read yet, and that is said.

use std::fs;
use std::path::Path;

use farhand_protocol::channel::diagnostics::{Guard, GuardKind, LogLine, Package, Process, Service, Summary};
use objc2::rc::{Retained, autoreleasepool};
use objc2_foundation::{NSBundle, NSString};
use rustix::process::Signal;

use super::tables::{Lazy, gone};
use super::{LogWanted, ServiceChange, System, SystemError};

/// Programs of what guards computers.
const GUARDS: [(&str, &str, GuardKind); 10] = [
    ("wdavdaemon", "Microsoft Defender", GuardKind::Antivirus),
    ("falcond", "CrowdStrike Falcon", GuardKind::Antivirus),
    ("sentineld", "SentinelOne", GuardKind::Antivirus),
    ("SophosScanD", "Sophos", GuardKind::Antivirus),
    ("esets_daemon", "ESET", GuardKind::Antivirus),
    ("kav", "Kaspersky", GuardKind::Antivirus),
    ("BDLDaemon", "Bitdefender", GuardKind::Antivirus),
    ("RTProtectionDaemon", "Malwarebytes", GuardKind::Antivirus),
    ("cbagentd", "Carbon Black", GuardKind::Antivirus),
    ("Little Snitch Agent", "Little Snitch", GuardKind::Firewall),
];
/// Where applications are.
const FOLDERS: [&str; 4] =
    ["/Applications", "/Applications/Utilities", "/System/Applications", "/System/Applications/Utilities"];
/// The most applications that are read.
const MAX_PACKAGES: usize = 4096;

#[derive(Default)]
struct MacOs {
    tables: Lazy,
}

pub fn open() -> Box<dyn System> {
    Box::new(MacOs::default())
}

fn guards(running: &[String]) -> Vec<Guard> {
    let known = GUARDS.iter().filter(|(program, ..)| running.iter().any(|name| name == program));
    known.map(|(_, name, kind)| Guard { name: (*name).into(), kind: *kind, active: true }).collect()
}

fn not_here<T>(what: &str) -> Result<T, SystemError> {
    Err(SystemError::NotHere(format!("This program cannot read {what} of macOS yet.")))
}

impl System for MacOs {
    fn summary(&mut self) -> Result<Summary, SystemError> {
        let tables = self.tables.get()?;
        let summary = tables.summary()?;
        Ok(Summary { desktop: "Aqua".into(), security: guards(&tables.names()), ..summary })
    }

    fn processes(&mut self) -> Result<Vec<Process>, SystemError> {
        Ok(self.tables.get()?.processes())
    }

    fn end_process(&mut self, pid: u32, started: u64, name: &str, force: bool) -> Result<(), SystemError> {
        let number = i32::try_from(pid).ok().filter(|number| *number > 1);
        let number = number.and_then(rustix::process::Pid::from_raw).ok_or_else(|| gone(pid, name))?;
        // Between this look and the signal, the number could be given to another process only if all others had been used
        // up: macOS has no handle that means one process for good.
        self.tables.get()?.may_end(pid, started, name)?;
        let signal = if force { Signal::KILL } else { Signal::TERM };
        rustix::process::kill_process(number, signal).map_err(|error| match error {
            rustix::io::Errno::SRCH => gone(pid, name),
            rustix::io::Errno::PERM => SystemError::Denied(error.to_string()),
            error => SystemError::Failed(error.to_string()),
        })
    }

    fn services(&mut self) -> Result<Vec<Service>, SystemError> {
        not_here("the services")
    }

    fn change_service(&mut self, _name: &str, _change: ServiceChange) -> Result<(), SystemError> {
        not_here("the services")
    }

    fn log(&mut self, _wanted: &LogWanted) -> Result<(Vec<LogLine>, String), SystemError> {
        not_here("the log")
    }

    fn software(&mut self) -> Result<Vec<Package>, SystemError> {
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join("Applications"));
        let folders = FOLDERS.iter().map(|folder| Path::new(folder).to_path_buf()).chain(home);
        // One that is not there, or may not be read, has nothing to tell.
        let found = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        let mut packages: Vec<Package> = found
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "app"))
            .take(MAX_PACKAGES)
            .map(|path| package(&path))
            .collect();
        packages.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(packages)
    }
}

fn package(path: &Path) -> Package {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let version = autoreleasepool(|_| version(path)).unwrap_or_default();
    Package { name, version, architecture: String::new(), size: 0 }
}

fn version(path: &Path) -> Option<String> {
    let bundle = NSBundle::bundleWithPath(&NSString::from_str(path.to_str()?))?;
    let version = bundle.objectForInfoDictionaryKey(&NSString::from_str("CFBundleShortVersionString"))?;
    let version: Retained<NSString> = version.downcast().ok()?;
    Some(version.to_string())
}
