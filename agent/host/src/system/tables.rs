//! The system's tables as `sysinfo` reads them: what every system tells in the same words.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use farhand_protocol::channel::diagnostics::{Disk, Network, Process, Summary};
use sysinfo::{
    Disks, MINIMUM_CPU_UPDATE_INTERVAL, Networks, Pid, ProcessRefreshKind, ProcessesToUpdate, Uid, UpdateKind,
};

use super::SystemError;
use super::people::People;

/// What processes used is counted since the last look, if that was not longer ago.
const LOOKED_LATELY: Duration = Duration::from_secs(30);

/// Opened when they are first wanted.
#[derive(Default)]
pub struct Lazy(Option<Tables>);

impl Lazy {
    pub fn get(&mut self) -> Result<&mut Tables, SystemError> {
        let tables = match self.0.take() {
            Some(tables) => tables,
            None => Tables {
                system: sysinfo::System::new().map_err(failed)?,
                people: People::open()?,
                looked: None,
            },
        };
        Ok(self.0.insert(tables))
    }
}

pub struct Tables {
    system: sysinfo::System,
    people: People,
    looked: Option<Instant>,
}

/// There is no such process.
pub fn gone(pid: u32, name: &str) -> SystemError {
    SystemError::Gone(format!("There is no process {pid} {name} any more."))
}

fn failed(error: sysinfo::Error) -> SystemError {
    SystemError::Failed(error.to_string())
}

impl Tables {
    /// What every system says of itself in the same way. `model`, `desktop` and `security` are left empty, and `load` is
    /// how busy all processors are together, in percent of one.
    pub fn summary(&mut self) -> Result<Summary, SystemError> {
        self.system.refresh_memory();
        self.system.refresh_cpu_all();
        self.people.refresh();
        self.look_at_processes();
        let user = own_account(&self.system).map(|id| self.people.name(id)).unwrap_or_default();
        let cpus = self.system.cpus();
        let busy: f32 = cpus.iter().map(sysinfo::Cpu::usage).sum();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Summary {
            at: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            host: sysinfo::System::host_name().unwrap_or_default(),
            user,
            system: sysinfo::System::long_os_version().unwrap_or_default(),
            kernel: sysinfo::System::kernel_version().unwrap_or_default(),
            architecture: sysinfo::System::cpu_arch(),
            model: String::new(),
            desktop: String::new(),
            uptime: sysinfo::System::uptime().unwrap_or_default(),
            processor: cpus.first().map(|cpu| cpu.brand().trim().to_owned()).unwrap_or_default(),
            cores: u16::try_from(cpus.len()).unwrap_or(u16::MAX),
            load: rounded(busy),
            memory: self.system.total_memory(),
            memory_used: self.system.used_memory(),
            swap: self.system.total_swap(),
            swap_used: self.system.used_swap(),
            disks: disks()?,
            networks: networks()?,
            security: Vec::new(),
        })
    }

    /// The names of all programs that run, as of the last look.
    pub fn names(&self) -> Vec<String> {
        let processes = self.system.processes().values();
        processes.map(|process| process.name().to_string_lossy().into_owned()).collect()
    }

    /// All processes that this account can see.
    pub fn processes(&mut self) -> Vec<Process> {
        self.people.refresh();
        if self.looked.is_none_or(|looked| looked.elapsed() > LOOKED_LATELY) {
            self.look_at_processes();
        }
        // Two looks closer together than this tell nothing of what is used.
        let since = self.looked.map_or(Duration::ZERO, |looked| looked.elapsed());
        std::thread::sleep(MINIMUM_CPU_UPDATE_INTERVAL.saturating_sub(since));
        self.look_at_processes();
        let (system, people) = (&self.system, &mut self.people);
        let me = own_account(system);
        let mut rows: Vec<Process> = system
            .processes()
            .values()
            .filter(|process| process.thread_kind().is_none())
            .map(|process| Process {
                pid: process.pid().as_u32(),
                parent: process.parent().map_or(0, Pid::as_u32),
                name: process.name().to_string_lossy().into_owned(),
                user: process.user_id().map(|id| people.name(id)).unwrap_or_default(),
                own: me.is_some() && process.user_id() == me,
                cpu: (process.cpu_usage() * 10.0).round() as u32,
                memory: process.memory(),
                started: process.start_time(),
                command: process
                    .cmd()
                    .iter()
                    .map(|part| part.to_string_lossy())
                    .collect::<Vec<_>>()
                    .join(" "),
            })
            .collect();
        rows.sort_by_key(|row| row.pid);
        rows
    }

    /// Looks whether this number is that process still, and whose it is: whoever helps ends what the customer started,
    /// also where this program runs with more rights; and never this program, or what of it runs beside it: the customer's
    /// window, and the keeper.
    pub fn may_end(&mut self, pid: u32, started: u64, name: &str) -> Result<(), SystemError> {
        let wanted = Pid::from_u32(pid);
        let kind = ProcessRefreshKind::nothing().with_user(UpdateKind::Always);
        let both = [wanted, Pid::from_u32(std::process::id())];
        // One that is named twice is taken for one that is gone.
        let named = if both[0] == both[1] { &both[..1] } else { &both[..] };
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(named), true, kind);
        let process = self.system.process(wanted).ok_or_else(|| gone(pid, name))?;
        if process.start_time() != started || process.name().to_string_lossy() != name {
            return Err(gone(pid, name));
        }
        if is_of_this_program(pid, process.parent().map(Pid::as_u32), std::process::id()) {
            return Err(SystemError::Denied("This is the program that shows you this computer.".into()));
        }
        let me = own_account(&self.system);
        if me.is_none() || process.user_id() != me {
            return Err(SystemError::Denied("The process belongs to another account.".into()));
        }
        Ok(())
    }

    fn look_at_processes(&mut self) {
        let kind = ProcessRefreshKind::nothing()
            .with_cpu()
            .with_memory()
            .with_cmd(UpdateKind::OnlyIfNotSet)
            .with_user(UpdateKind::OnlyIfNotSet);
        self.system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        self.looked = Some(Instant::now());
    }
}

/// Whether a process is the one with this number, or was started by it.
fn is_of_this_program(pid: u32, parent: Option<u32>, me: u32) -> bool {
    pid == me || parent == Some(me)
}

/// Whom this program runs as.
fn own_account(system: &sysinfo::System) -> Option<&Uid> {
    system.process(Pid::from_u32(std::process::id()))?.user_id()
}

/// A measure as a whole number; nothing for what is no number.
pub fn rounded(value: f32) -> u32 {
    if value.is_finite() && value > 0.0 { value.round() as u32 } else { 0 }
}

fn disks() -> Result<Vec<Disk>, SystemError> {
    let disks = Disks::new_with_refreshed_list().map_err(failed)?;
    let mut disks: Vec<Disk> = disks
        .iter()
        .map(|disk| Disk {
            name: disk.name().to_string_lossy().into_owned(),
            mount: disk.mount_point().to_string_lossy().into_owned(),
            kind: disk.file_system().to_string_lossy().into_owned(),
            size: disk.total_space(),
            free: disk.available_space(),
        })
        .collect();
    disks.sort_by(|one, other| one.mount.cmp(&other.mount));
    Ok(disks)
}

fn networks() -> Result<Vec<Network>, SystemError> {
    let networks = Networks::new_with_refreshed_list().map_err(failed)?;
    let mut networks: Vec<Network> = networks
        .iter()
        .map(|(name, network)| Network {
            name: name.to_string_lossy().into_owned(),
            mac: network.mac_address().to_string(),
            addresses: network.ip_networks().iter().map(ToString::to_string).collect(),
            received: network.total_received(),
            sent: network.total_transmitted(),
        })
        .collect();
    networks.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_and_what_it_started_are_its_own_and_nothing_else_is() {
        for (pid, parent, own) in [
            (7, Some(1), true),
            (9, Some(7), true),
            (9, Some(8), false),
            (1, Some(0), false),
            (9, None, false),
        ] {
            assert_eq!(is_of_this_program(pid, parent, 7), own, "{pid} {parent:?}");
        }
    }
}
