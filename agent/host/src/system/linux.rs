//! Linux: the kernel's tables by `sysinfo`, systemd's own programs for services and log, the package managers' for
//! software.

#[path = "linux/guards.rs"]
mod guards;
#[path = "linux/programs.rs"]
mod programs;
#[path = "linux/software.rs"]
mod software;
#[path = "linux/systemd.rs"]
mod systemd;

use std::fs;
use std::path::Path;

use farhand_protocol::channel::diagnostics::{LogLine, Package, Process, Service, Summary};

use super::tables::{Lazy, gone, rounded};
use super::{LogWanted, ServiceChange, System, SystemError};

#[derive(Default)]
struct Linux {
    tables: Lazy,
}

pub fn open() -> Box<dyn System> {
    Box::new(Linux::default())
}

fn line_of(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn joined<const N: usize>(parts: [String; N], between: &str) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}

impl System for Linux {
    fn summary(&mut self) -> Result<Summary, SystemError> {
        let tables = self.tables.get()?;
        let summary = tables.summary()?;
        let hardware = "/sys/class/dmi/id";
        let model = [line_of(format!("{hardware}/sys_vendor")), line_of(format!("{hardware}/product_name"))];
        let load = sysinfo::System::load_average().map_or(0.0, |load| load.one * 100.0);
        Ok(Summary {
            model: joined(model, " "),
            desktop: joined([variable("XDG_CURRENT_DESKTOP"), variable("XDG_SESSION_TYPE")], ", "),
            load: rounded(load as f32),
            security: guards::guards(&tables.names()),
            ..summary
        })
    }

    fn processes(&mut self) -> Result<Vec<Process>, SystemError> {
        Ok(self.tables.get()?.processes())
    }

    fn end_process(&mut self, pid: u32, started: u64, name: &str, force: bool) -> Result<(), SystemError> {
        let gone = || gone(pid, name);
        let number = i32::try_from(pid).ok().filter(|number| *number > 1).ok_or_else(gone)?;
        let number = rustix::process::Pid::from_raw(number).ok_or_else(gone)?;
        // From here on the handle means this process, whoever gets its number.
        let handle =
            rustix::process::pidfd_open(number, rustix::process::PidfdFlags::empty()).map_err(|_| gone())?;
        self.tables.get()?.may_end(pid, started, name)?;
        let signal = if force { rustix::process::Signal::KILL } else { rustix::process::Signal::TERM };
        rustix::process::pidfd_send_signal(&handle, signal).map_err(|error| match error {
            rustix::io::Errno::SRCH => gone(),
            rustix::io::Errno::PERM => SystemError::Denied(error.to_string()),
            error => SystemError::Failed(error.to_string()),
        })
    }

    fn services(&mut self) -> Result<Vec<Service>, SystemError> {
        systemd::services()
    }

    fn change_service(&mut self, name: &str, change: ServiceChange) -> Result<(), SystemError> {
        systemd::change(name, change)
    }

    fn log(&mut self, wanted: &LogWanted) -> Result<(Vec<LogLine>, String), SystemError> {
        systemd::log(wanted)
    }

    fn software(&mut self) -> Result<Vec<Package>, SystemError> {
        software::software()
    }
}
