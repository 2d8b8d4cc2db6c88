//! Where nothing of the machine is read yet.

use farhand_protocol::channel::diagnostics::{LogLine, Package, Process, Service, Summary};

use super::{LogWanted, ServiceChange, System, SystemError};

struct Nothing;

pub fn open() -> Box<dyn System> {
    Box::new(Nothing)
}

fn not_here<T>() -> Result<T, SystemError> {
    Err(SystemError::NotHere("This program cannot read that on this system.".into()))
}

impl System for Nothing {
    fn summary(&mut self) -> Result<Summary, SystemError> {
        not_here()
    }

    fn processes(&mut self) -> Result<Vec<Process>, SystemError> {
        not_here()
    }

    fn end_process(
        &mut self,
        _pid: u32,
        _started: u64,
        _name: &str,
        _force: bool,
    ) -> Result<(), SystemError> {
        not_here()
    }

    fn services(&mut self) -> Result<Vec<Service>, SystemError> {
        not_here()
    }

    fn change_service(&mut self, _name: &str, _change: ServiceChange) -> Result<(), SystemError> {
        not_here()
    }

    fn log(&mut self, _wanted: &LogWanted) -> Result<(Vec<LogLine>, String), SystemError> {
        not_here()
    }

    fn software(&mut self) -> Result<Vec<Package>, SystemError> {
        not_here()
    }
}
