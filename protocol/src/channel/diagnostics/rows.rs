//! What there is to read of a computer, as the rows of its topics.

use serde::{Deserialize, Serialize};

/// What a computer is, in one page. Numbers that are not known are 0, texts are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Summary {
    /// When it was read, milliseconds since 1970 on the customer's clock.
    pub at: u64,
    /// The computer's name.
    pub host: String,
    /// The account that the agent runs as.
    pub user: String,
    /// The operating system, with its version.
    pub system: String,
    /// Version of the kernel.
    pub kernel: String,
    /// Such as `x86_64`.
    pub architecture: String,
    /// Maker and model.
    pub model: String,
    /// Desktop and display, such as `GNOME, x11`.
    pub desktop: String,
    /// Seconds since it was started.
    pub uptime: u64,
    /// The processor.
    pub processor: String,
    /// Processors that programs see.
    pub cores: u16,
    /// Load of the last minute, hundredths.
    pub load: u32,
    /// Memory, bytes.
    pub memory: u64,
    /// Memory in use, bytes.
    pub memory_used: u64,
    /// Swap, bytes.
    pub swap: u64,
    /// Swap in use, bytes.
    pub swap_used: u64,
    /// Disks.
    pub disks: Vec<Disk>,
    /// Network interfaces.
    pub networks: Vec<Network>,
    /// What guards the computer, as far as it can be seen.
    pub security: Vec<Guard>,
}

/// A mounted file system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Disk {
    /// The device.
    pub name: String,
    /// Where it is mounted.
    pub mount: String,
    /// Such as `ext4`.
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// Bytes.
    pub free: u64,
}

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Its hardware's address.
    pub mac: String,
    /// Its addresses, with the length of their networks.
    pub addresses: Vec<String>,
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
}

/// Something that guards the computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Guard {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: GuardKind,
    /// Whether it is at work.
    pub active: bool,
}

/// What guards a computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum GuardKind {
    /// Against viruses and intruders.
    Antivirus,
    /// Against connections from outside.
    Firewall,
    /// What programs may do, by the kernel's rules.
    Confinement,
    /// A newer version's kind.
    #[serde(other)]
    Unknown,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its parent's number, or 0.
    pub parent: u32,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub user: String,
    /// It belongs to the account that the agent runs as, which may end it.
    pub own: bool,
    /// Share of one processor, tenths of a percent.
    pub cpu: u32,
    /// Memory, bytes.
    pub memory: u64,
    /// Seconds since 1970.
    pub started: u64,
    /// How it was started.
    pub command: String,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Service {
    /// Its name, such as `cups.service`.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where it stands.
    pub state: ServiceState,
    /// The system's own word for that.
    pub detail: String,
}

/// Where a service stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// At work, or done with its work.
    Active,
    /// On its way up or down.
    Changing,
    /// Not at work.
    Inactive,
    /// It failed.
    Failed,
    /// Something else.
    #[serde(other)]
    Unknown,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LogLine {
    /// Milliseconds since 1970.
    pub at: u64,
    /// 0 is an emergency, 7 is for debugging.
    pub priority: u8,
    /// The unit or program that said it.
    pub unit: String,
    /// At most [`super::MAX_LOG_MESSAGE`] bytes.
    pub message: String,
}

/// Installed software.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Such as `amd64`.
    pub architecture: String,
    /// Bytes, or 0.
    pub size: u64,
}
