//! A system that this program cannot restart yet. For macOS: an Apple event to `loginwindow` and a launch agent that removes
//! itself.

use super::{Places, RestartError, Restarter, Start};

#[derive(Debug)]
struct Nothing;

impl Restarter for Nothing {
    fn is_possible(&mut self) -> bool {
        false
    }

    fn start_afterwards(&mut self, _start: &Start) -> Result<(), RestartError> {
        Err(RestartError::NotHere)
    }

    fn start_nothing(&mut self) -> Result<(), RestartError> {
        Ok(())
    }

    fn restart(&mut self) -> Result<(), RestartError> {
        Err(RestartError::NotHere)
    }

    fn machine(&self) -> Option<String> {
        None
    }
}

pub fn open(_places: Places) -> Box<dyn Restarter> {
    Box::new(Nothing)
}
