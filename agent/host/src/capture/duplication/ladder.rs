//! When desktop duplication is tried, tried again and given up for GDI, which is slower and works everywhere.

use std::time::{Duration, Instant};

/// After a loss it may take this long until there are pictures again; then GDI goes on.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// A try that failed is repeated after this long.
pub const AGAIN: Duration = Duration::from_millis(200);
/// So many losses within [`LOSSES_WITHIN`] are too many: each costs a moment without pictures.
const MAX_LOSSES: u32 = 20;
const LOSSES_WITHIN: Duration = Duration::from_secs(60);

/// Why there are no pictures by desktop duplication.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Somebody chose GDI.
    #[error("GDI was asked for")]
    Chosen,
    /// A system that stands in for Windows.
    #[error("this is Wine, which has none")]
    Wine,
    /// A part of Windows is missing.
    #[error("this Windows has no {name}")]
    Missing {
        /// Which.
        name: &'static str,
    },
    /// The system said no.
    #[error("{call} failed with {code:#010x}")]
    Refused {
        /// To what.
        call: &'static str,
        /// With this number.
        code: u32,
    },
    /// Pictures of another form than is read.
    #[error("its pictures have the format {format}, which is not read")]
    Format {
        /// `DXGI_FORMAT`.
        format: u32,
    },
    /// Pictures of another size than their monitor.
    #[error("a picture of {width} by {height} pixels does not fit its monitor")]
    Size {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Other monitors than the desktop has.
    #[error("its monitors are not those of the desktop")]
    Monitors,
    /// A monitor's first picture did not come.
    #[error("a monitor's first picture did not come in time")]
    Late,
    /// Nothing is on it.
    #[error("its picture is empty where the screen is not")]
    Blank,
    /// It came and went.
    #[error("it was lost too often")]
    LostTooOften,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// It may be otherwise in a moment.
    Passing,
    /// Windows shows what no program may see, or this program is not allowed to look.
    Denied,
    /// It stays so for as long as this program runs.
    Lasting,
}

impl Fault {
    fn weight(&self) -> Weight {
        match self {
            Self::Refused { code, .. } => match code {
                // Access lost, mode change in progress, not currently available, device removed, hung, reset, driver's
                // own error.
                0x887a_0026 | 0x887a_0025 | 0x887a_0022 | 0x887a_0005 | 0x887a_0006 | 0x887a_0007
                | 0x887a_0020 => Weight::Passing,
                // Access denied, the same by DXGI, session disconnected.
                0x8007_0005 | 0x887a_002b | 0x887a_0028 => Weight::Denied,
                _ => Weight::Lasting,
            },
            // The desktop may be about to change.
            Self::Monitors | Self::Late | Self::Size { .. } => Weight::Passing,
            Self::Chosen
            | Self::Wine
            | Self::Missing { .. }
            | Self::Format { .. }
            | Self::Blank
            | Self::LostTooOften => Weight::Lasting,
        }
    }

    /// Whether it is the same for whoever tries next.
    pub fn is_lasting(&self) -> bool {
        self.weight() == Weight::Lasting
    }
}

/// What is done after a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is tried again then; what was seen last stays.
    Again(Instant),
    /// Windows shows what no program may see: that is told, and whoever captures begins anew.
    Away,
    /// GDI from now on.
    Gdi(Fault),
}

/// Where one capturer stands.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    /// Since when there are no pictures.
    without: Option<Instant>,
    /// The first of the losses that are counted, and how many.
    losses: Option<(Instant, u32)>,
}

impl Ladder {
    /// There are pictures.
    pub fn works(&mut self) {
        self.without = None;
    }

    /// There are none, because of `fault`. `ours` tells whether this program may see what people see now.
    pub fn failed(&mut self, fault: Fault, ours: bool, now: Instant) -> Step {
        let weight = fault.weight();
        match weight {
            Weight::Lasting => return Step::Gdi(fault),
            Weight::Denied if !ours => return Step::Away,
            Weight::Denied | Weight::Passing => {}
        }
        let Some(since) = self.without else {
            // They were there a moment ago, or it is the first try.
            self.without = Some(now);
            let fresh = self.losses.filter(|(first, _)| now.duration_since(*first) < LOSSES_WITHIN);
            let (first, count) = fresh.map_or((now, 1), |(first, count)| (first, count + 1));
            self.losses = Some((first, count));
            return if count > MAX_LOSSES { Step::Gdi(Fault::LostTooOften) } else { Step::Again(now) };
        };
        if now.duration_since(since) >= PATIENCE { Step::Gdi(fault) } else { Step::Again(now + AGAIN) }
    }
}
