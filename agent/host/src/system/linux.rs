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
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use farhand_protocol::channel::diagnostics::{Disk, LogLine, Network, Package, Process, Service, Summary};
use sysinfo::{
    Disks, MINIMUM_CPU_UPDATE_INTERVAL, Networks, Pid, ProcessRefreshKind, ProcessesToUpdate, UpdateKind,
    Users,
};

use super::{LogWanted, ServiceChange, System, SystemError};

/// What processes used is counted since the last look, if that was not longer ago.
const LOOKED_LATELY: Duration = Duration::from_secs(30);

/// Opened when it is first wanted.
#[derive(Default)]
struct Linux {
    tables: Option<Tables>,
}

struct Tables {
    system: sysinfo::System,
    users: Users,
    looked: Option<Instant>,
}

pub fn open() -> Box<dyn System> {
    Box::new(Linux::default())
}

fn failed(error: sysinfo::Error) -> SystemError {
    SystemError::Failed(error.to_string())
}

fn line_of(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn joined<const N: usize>(parts: [String; N], between: &str) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}

impl Linux {
    fn tables(&mut self) -> Result<&mut Tables, SystemError> {
        let tables = match self.tables.take() {
            Some(tables) => tables,
            None => Tables {
                system: sysinfo::System::new().map_err(failed)?,
                users: Users::new().map_err(failed)?,
                looked: None,
            },
        };
        Ok(self.tables.insert(tables))
    }
}

impl Tables {
    fn user_name(&self, process: &sysinfo::Process) -> String {
        let Some(id) = process.user_id() else { return String::new() };
        self.users.get_user_by_id(id).map_or_else(|| id.to_string(), |user| user.name().to_owned())
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

impl System for Linux {
    fn summary(&mut self) -> Result<Summary, SystemError> {
        let tables = self.tables()?;
        tables.system.refresh_memory();
        tables.system.refresh_cpu_all();
        tables.users.refresh();
        tables.look_at_processes();
        let cpus = tables.system.cpus();
        let me = Pid::from_u32(std::process::id());
        let user = tables.system.process(me).map(|process| tables.user_name(process)).unwrap_or_default();
        let disks = Disks::new_with_refreshed_list().map_err(failed)?;
        let networks = Networks::new_with_refreshed_list().map_err(failed)?;
        let names: Vec<String> = tables
            .system
            .processes()
            .values()
            .map(|process| process.name().to_string_lossy().into_owned())
            .collect();
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut disks: Vec<Disk> = disks
            .iter()
            .map(|disk| Disk {
                name: disk.name().to_string_lossy().into_owned(),
                mount: text(disk.mount_point()),
                kind: disk.file_system().to_string_lossy().into_owned(),
                size: disk.total_space(),
                free: disk.available_space(),
            })
            .collect();
        disks.sort_by(|one, other| one.mount.cmp(&other.mount));
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
        let hardware = "/sys/class/dmi/id";
        let load = sysinfo::System::load_average().map_or(0.0, |load| load.one * 100.0);
        Ok(Summary {
            at: now(),
            host: sysinfo::System::host_name().unwrap_or_default(),
            user,
            system: sysinfo::System::long_os_version().unwrap_or_default(),
            kernel: sysinfo::System::kernel_version().unwrap_or_default(),
            architecture: sysinfo::System::cpu_arch(),
            model: joined(
                [line_of(format!("{hardware}/sys_vendor")), line_of(format!("{hardware}/product_name"))],
                " ",
            ),
            desktop: joined([variable("XDG_CURRENT_DESKTOP"), variable("XDG_SESSION_TYPE")], ", "),
            uptime: sysinfo::System::uptime().unwrap_or_default(),
            processor: cpus.first().map(|cpu| cpu.brand().trim().to_owned()).unwrap_or_default(),
            cores: u16::try_from(cpus.len()).unwrap_or(u16::MAX),
            load: if load.is_finite() && load > 0.0 { load.round() as u32 } else { 0 },
            memory: tables.system.total_memory(),
            memory_used: tables.system.used_memory(),
            swap: tables.system.total_swap(),
            swap_used: tables.system.used_swap(),
            disks,
            networks,
            security: guards::guards(&names),
        })
    }

    fn processes(&mut self) -> Result<Vec<Process>, SystemError> {
        let tables = self.tables()?;
        tables.users.refresh();
        if tables.looked.is_none_or(|looked| looked.elapsed() > LOOKED_LATELY) {
            tables.look_at_processes();
        }
        // Two looks closer together than this tell nothing of what is used.
        let since = tables.looked.map_or(Duration::ZERO, |looked| looked.elapsed());
        std::thread::sleep(MINIMUM_CPU_UPDATE_INTERVAL.saturating_sub(since));
        tables.look_at_processes();
        let me = rustix::process::getuid().as_raw();
        let processes = tables.system.processes().values();
        let mut rows: Vec<Process> = processes
            .filter(|process| process.thread_kind().is_none())
            .map(|process| Process {
                pid: process.pid().as_u32(),
                parent: process.parent().map_or(0, Pid::as_u32),
                name: process.name().to_string_lossy().into_owned(),
                user: tables.user_name(process),
                own: process.user_id().is_some_and(|user| **user == me),
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
        Ok(rows)
    }

    fn end_process(&mut self, pid: u32, started: u64, name: &str, force: bool) -> Result<(), SystemError> {
        let gone = || SystemError::Gone(format!("There is no process {pid} {name} any more."));
        let number = i32::try_from(pid).ok().filter(|number| *number > 1).ok_or_else(gone)?;
        if pid == std::process::id() {
            return Err(SystemError::Denied("This is the program that shows you this computer.".into()));
        }
        let number = rustix::process::Pid::from_raw(number).ok_or_else(gone)?;
        // From here on the handle means this process, whoever gets its number.
        let handle =
            rustix::process::pidfd_open(number, rustix::process::PidfdFlags::empty()).map_err(|_| gone())?;
        let wanted = Pid::from_u32(pid);
        let kind = ProcessRefreshKind::nothing().with_user(UpdateKind::Always);
        let tables = self.tables()?;
        tables.system.refresh_processes_specifics(ProcessesToUpdate::Some(&[wanted]), true, kind);
        let process = tables.system.process(wanted).ok_or_else(gone)?;
        if process.start_time() != started || process.name().to_string_lossy() != name {
            return Err(gone());
        }
        let me = rustix::process::getuid().as_raw();
        // Also where this program runs as root: whoever helps ends what the customer started, not the system.
        if process.user_id().is_none_or(|user| **user != me) {
            return Err(SystemError::Denied("The process belongs to another account.".into()));
        }
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
