//! Carries out what [`farhand_agent_core::tools::diagnostics`] wants: reads and acts on a thread of its own, since a system
//! that is asked may take its time. Command lines are in [`super::shell`].

use std::sync::Arc;

use farhand_agent_core::tools::diagnostics::{Job, Output, Refused};
use farhand_agent_host::keeper::Terminals;
use farhand_agent_host::system::{LogWanted, ServiceChange, System, SystemError, open_system};
use farhand_protocol::channel::diagnostics::{Action, Outcome, Rows, Topic};

use super::Wake;
use super::shell::Shells;
use super::worker::Worker;
use crate::screen::{SharedAgent, lock};

/// See the module.
#[derive(Debug, Default)]
pub struct Diagnostics {
    tasks: Option<Worker<Task>>,
    shells: Option<Shells>,
}

#[derive(Debug)]
enum Task {
    Read(Job, Topic),
    Act(Job, Action),
}

impl Diagnostics {
    /// What comes of its work goes to the agent. A keeper is told of each command line.
    pub fn start(&mut self, agent: SharedAgent, wake: Wake, keeper: Terminals) {
        self.shells = Some(Shells::new(Arc::clone(&agent), Arc::clone(&wake), keeper));
        self.tasks = Some(Worker::new("diagnostics", move |inbox| {
            let mut system = open_system();
            for task in inbox {
                match task {
                    Task::Read(job, topic) => {
                        let read = read(system.as_mut(), topic).map_err(refused);
                        lock(&agent).handle_read(job, read);
                    }
                    Task::Act(job, action) => {
                        let acted = act(system.as_mut(), &action).map_err(refused);
                        lock(&agent).handle_acted(job, acted);
                    }
                }
                wake();
            }
        }));
    }

    /// Does what the agent wants.
    pub fn carry_out(&mut self, output: Output) {
        let task = match output {
            Output::Read(job, topic) => Task::Read(job, topic),
            Output::Act(job, action) => Task::Act(job, action),
            Output::Shell(output) => {
                if let Some(shells) = &mut self.shells {
                    shells.carry_out(output);
                }
                return;
            }
            // The agent itself has sent the one, and the session writes down the other.
            Output::Say(..) | Output::Command(_) => return,
        };
        if let Some(tasks) = &mut self.tasks {
            tasks.give(task);
        }
    }
}

fn read(system: &mut dyn System, topic: Topic) -> Result<Rows, SystemError> {
    Ok(match topic {
        Topic::Summary => Rows::Summary { summary: Box::new(system.summary()?) },
        Topic::Processes => Rows::Processes { rows: system.processes()? },
        Topic::Services => Rows::Services { rows: system.services()? },
        Topic::Log { newest, priority, unit, after } => {
            let (rows, place) = system.log(&LogWanted { newest, priority, unit, after })?;
            Rows::Log { rows, place }
        }
        Topic::Software => Rows::Software { rows: system.software()? },
        Topic::Unknown => Rows::Unknown,
    })
}

fn act(system: &mut dyn System, action: &Action) -> Result<(), SystemError> {
    match action {
        Action::EndProcess { pid, started, name, force } => system.end_process(*pid, *started, name, *force),
        Action::StartService { name } => system.change_service(name, ServiceChange::Start),
        Action::StopService { name } => system.change_service(name, ServiceChange::Stop),
        Action::RestartService { name } => system.change_service(name, ServiceChange::Restart),
        Action::Unknown => Err(SystemError::NotHere(String::new())),
    }
}

fn refused(error: SystemError) -> Refused {
    let outcome = match &error {
        SystemError::Denied(_) => Outcome::Denied,
        SystemError::Gone(_) => Outcome::Gone,
        SystemError::NotHere(_) => Outcome::NotHere,
        SystemError::TimedOut(_) => Outcome::TimedOut,
        SystemError::Failed(_) => Outcome::Failed,
    };
    Refused { outcome, text: error.to_string() }
}

#[cfg(test)]
mod tests {
    use farhand_agent_host::system::fake::{FakeSystem, Machine};
    use farhand_protocol::channel::diagnostics::{Process, Service, ServiceState};

    use super::*;

    fn machine() -> FakeSystem {
        let fake = FakeSystem::default();
        let own = Process {
            pid: 7,
            parent: 1,
            name: "sleep".into(),
            user: "ada".into(),
            own: true,
            cpu: 0,
            memory: 0,
            started: 5,
            command: String::new(),
        };
        let other = Process { pid: 1, own: false, name: "init".into(), ..own.clone() };
        let cups = Service {
            name: "cups.service".into(),
            description: String::new(),
            state: ServiceState::Inactive,
            detail: String::new(),
        };
        let set = Machine { processes: vec![own, other], services: vec![cups], ..Machine::default() };
        *fake.0.lock().unwrap() = set;
        fake
    }

    #[test]
    fn only_the_process_that_was_meant_is_ended() {
        let mut fake = machine();
        let end =
            |pid, started, name: &str| Action::EndProcess { pid, started, name: name.into(), force: false };
        let outcome =
            |fake: &mut FakeSystem, action| act(fake, &action).map_err(|error| refused(error).outcome);
        assert_eq!(outcome(&mut fake, end(7, 6, "sleep")), Err(Outcome::Gone), "the number was given anew");
        assert_eq!(outcome(&mut fake, end(7, 5, "bash")), Err(Outcome::Gone));
        assert_eq!(outcome(&mut fake, end(1, 5, "init")), Err(Outcome::Denied));
        assert_eq!(outcome(&mut fake, end(7, 5, "sleep")), Ok(()));
        let Ok(Rows::Processes { rows }) = read(&mut fake, Topic::Processes) else { panic!("processes") };
        assert_eq!(rows.len(), 1);
    }

    #[test]
    fn a_refusal_of_the_system_is_told_in_its_words() {
        let mut fake = machine();
        let start = Action::StartService { name: "cups.service".into() };
        assert_eq!(act(&mut fake, &start), Ok(()));
        fake.0.lock().unwrap().locked = true;
        let stop = Action::StopService { name: "cups.service".into() };
        let told = act(&mut fake, &stop).map_err(refused);
        assert_eq!(told, Err(Refused { outcome: Outcome::Denied, text: "Access denied".into() }));
    }
}
