//! A machine that is none: answers with what it was given, and remembers what was done to it.

use std::sync::{Arc, Mutex, PoisonError};

use farhand_protocol::channel::diagnostics::{LogLine, Package, Process, Service, ServiceState, Summary};

use super::{LogWanted, ServiceChange, System, SystemError};

/// What a fake machine is.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Its summary.
    pub summary: Summary,
    /// Its processes.
    pub processes: Vec<Process>,
    /// Its services.
    pub services: Vec<Service>,
    /// Its log, oldest first; the place of a line is its number.
    pub log: Vec<LogLine>,
    /// Its software.
    pub software: Vec<Package>,
    /// Services may not be changed.
    pub locked: bool,
}

/// A fake machine, shared with whoever looks at it.
#[derive(Clone, Debug, Default)]
pub struct FakeSystem(pub Arc<Mutex<Machine>>);

impl FakeSystem {
    fn machine(&self) -> std::sync::MutexGuard<'_, Machine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl System for FakeSystem {
    fn summary(&mut self) -> Result<Summary, SystemError> {
        Ok(self.machine().summary.clone())
    }

    fn processes(&mut self) -> Result<Vec<Process>, SystemError> {
        Ok(self.machine().processes.clone())
    }

    fn end_process(&mut self, pid: u32, started: u64, name: &str, _force: bool) -> Result<(), SystemError> {
        let mut machine = self.machine();
        let meant =
            |process: &Process| (process.pid, process.started, process.name.as_str()) == (pid, started, name);
        match machine.processes.iter().position(meant) {
            None => Err(SystemError::Gone(format!("There is no process {pid} {name} any more."))),
            Some(at) if !machine.processes[at].own => {
                Err(SystemError::Denied("It is another account's.".into()))
            }
            Some(at) => {
                machine.processes.remove(at);
                Ok(())
            }
        }
    }

    fn services(&mut self) -> Result<Vec<Service>, SystemError> {
        Ok(self.machine().services.clone())
    }

    fn change_service(&mut self, name: &str, change: ServiceChange) -> Result<(), SystemError> {
        let mut machine = self.machine();
        if machine.locked {
            return Err(SystemError::Denied("Access denied".into()));
        }
        let Some(service) = machine.services.iter_mut().find(|service| service.name == name) else {
            return Err(SystemError::Gone(format!("Unit {name} not found.")));
        };
        service.state = match change {
            ServiceChange::Start | ServiceChange::Restart => ServiceState::Active,
            ServiceChange::Stop => ServiceState::Inactive,
        };
        Ok(())
    }

    fn log(&mut self, wanted: &LogWanted) -> Result<(Vec<LogLine>, String), SystemError> {
        let machine = self.machine();
        let after: usize = wanted.after.parse().unwrap_or(0);
        let fits = |line: &&LogLine| {
            line.priority <= wanted.priority && (wanted.unit.is_empty() || line.unit == wanted.unit)
        };
        let lines: Vec<LogLine> = machine.log.iter().skip(after).filter(fits).cloned().collect();
        let skipped = lines.len().saturating_sub(wanted.newest.into());
        Ok((lines.into_iter().skip(skipped).collect(), machine.log.len().to_string()))
    }

    fn software(&mut self) -> Result<Vec<Package>, SystemError> {
        Ok(self.machine().software.clone())
    }
}
