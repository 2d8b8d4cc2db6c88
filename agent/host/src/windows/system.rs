//! Windows: the system's tables by `sysinfo`, services by their manager, software by what its installers wrote down.
#![allow(unsafe_code, reason = "the system's calls")]

#[path = "log.rs"]
mod log;
#[path = "services.rs"]
mod services;
#[path = "software.rs"]
mod software;

use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use farhand_protocol::channel::diagnostics::{
    Disk, Guard, GuardKind, LogLine, Network, Package, Process, Service, Summary,
};
use sysinfo::{
    Disks, MINIMUM_CPU_UPDATE_INTERVAL, Networks, Pid, ProcessRefreshKind, ProcessesToUpdate, UpdateKind,
    Users,
};
use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_TERMINATE, TerminateProcess};

use super::{LogWanted, ServiceChange, System, SystemError};
use crate::windows::last_error;

/// What processes used is counted since the last look, if that was not longer ago.
const LOOKED_LATELY: Duration = Duration::from_secs(30);
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

/// Opened when it is first wanted.
#[derive(Default)]
struct Windows {
    tables: Option<Tables>,
}

struct Tables {
    system: sysinfo::System,
    users: Users,
    looked: Option<Instant>,
}

pub fn open() -> Box<dyn System> {
    Box::new(Windows::default())
}

fn failed(error: sysinfo::Error) -> SystemError {
    SystemError::Failed(error.to_string())
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Windows {
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

    fn is_own(&self, process: &sysinfo::Process) -> bool {
        let me = self.system.process(Pid::from_u32(std::process::id())).and_then(sysinfo::Process::user_id);
        me.is_some() && process.user_id() == me
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

    fn guards(&self) -> Vec<Guard> {
        let running: Vec<String> = self
            .system
            .processes()
            .values()
            .map(|process| process.name().to_string_lossy().to_ascii_lowercase())
            .collect();
        let runs = |program: &str| running.iter().any(|name| name == program);
        let known = GUARDS.iter().filter(|(program, ..)| runs(program));
        known.map(|(_, name, kind)| Guard { name: (*name).into(), kind: *kind, active: true }).collect()
    }
}

impl System for Windows {
    fn summary(&mut self) -> Result<Summary, SystemError> {
        let tables = self.tables()?;
        tables.system.refresh_memory();
        tables.system.refresh_cpu_all();
        tables.users.refresh();
        tables.look_at_processes();
        let cpus = tables.system.cpus();
        let disks = Disks::new_with_refreshed_list().map_err(failed)?;
        let networks = Networks::new_with_refreshed_list().map_err(failed)?;
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
        let hardware =
            |name| software::text_of(r"HARDWARE\DESCRIPTION\System\BIOS", name).unwrap_or_default();
        let model = format!("{} {}", hardware("SystemManufacturer"), hardware("SystemProductName"));
        let busy: f32 = cpus.iter().map(sysinfo::Cpu::usage).sum();
        Ok(Summary {
            at: now(),
            host: sysinfo::System::host_name().unwrap_or_default(),
            user: std::env::var("USERNAME").unwrap_or_default(),
            system: sysinfo::System::long_os_version().unwrap_or_default(),
            kernel: sysinfo::System::kernel_version().unwrap_or_default(),
            architecture: sysinfo::System::cpu_arch(),
            model: model.trim().to_owned(),
            desktop: String::new(),
            uptime: sysinfo::System::uptime().unwrap_or_default(),
            processor: cpus.first().map(|cpu| cpu.brand().trim().to_owned()).unwrap_or_default(),
            cores: u16::try_from(cpus.len()).unwrap_or(u16::MAX),
            load: if busy.is_finite() && busy > 0.0 { busy.round() as u32 } else { 0 },
            memory: tables.system.total_memory(),
            memory_used: tables.system.used_memory(),
            swap: tables.system.total_swap(),
            swap_used: tables.system.used_swap(),
            disks,
            networks,
            security: tables.guards(),
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
        let processes = tables.system.processes().values();
        let mut rows: Vec<Process> = processes
            .map(|process| Process {
                pid: process.pid().as_u32(),
                parent: process.parent().map_or(0, Pid::as_u32),
                name: process.name().to_string_lossy().into_owned(),
                user: tables.user_name(process),
                own: tables.is_own(process),
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

    fn end_process(&mut self, pid: u32, started: u64, name: &str, _force: bool) -> Result<(), SystemError> {
        let gone = || SystemError::Gone(format!("There is no process {pid} {name} any more."));
        if pid == std::process::id() {
            return Err(SystemError::Denied("This is the program that shows you this computer.".into()));
        }
        // From here on the handle means this process, whoever gets its number.
        // SAFETY: a handle that is got is owned.
        let handle = unsafe {
            let handle = OpenProcess(PROCESS_TERMINATE, 0, pid);
            (!handle.is_null()).then(|| OwnedHandle::from_raw_handle(handle))
        };
        let refused = last_error();
        let tables = self.tables()?;
        tables.look_at_processes();
        let process = tables.system.process(Pid::from_u32(pid)).ok_or_else(gone)?;
        if process.start_time() != started || process.name().to_string_lossy() != name {
            return Err(gone());
        }
        // Also where this program runs with more rights: whoever helps ends what the customer started.
        if !tables.is_own(process) {
            return Err(SystemError::Denied("The process belongs to another account.".into()));
        }
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
