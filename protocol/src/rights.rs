//! What a customer can allow. A right only ever adds power.

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Right {
    /// See the screen (S3).
    View = 0,
    /// Use keyboard and pointer (S3). Implies [`Right::View`].
    Control = 1,
    /// Exchange files (S3).
    Files = 2,
    /// Exchange the clipboard.
    Clipboard = 3,
    /// Read system information, processes, services.
    Diagnostics = 4,
    /// Run a remote command line.
    Shell = 5,
    /// Use the camera (S4).
    Camera = 6,
    /// Use the microphone (S4).
    Microphone = 7,
    /// Install unattended access (S7).
    Unattended = 8,
    /// Record the session (O9).
    Record = 9,
}

impl Right {
    /// Every right, in the order of their bits.
    pub const ALL: [Self; 10] = [
        Self::View,
        Self::Control,
        Self::Files,
        Self::Clipboard,
        Self::Diagnostics,
        Self::Shell,
        Self::Camera,
        Self::Microphone,
        Self::Unattended,
        Self::Record,
    ];
}

/// A set of rights. Control implies view: no value of this type holds control without view. As data a list of names;
/// names that a newer version sends are left out.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rights(u16);

impl Rights {
    /// No right.
    pub const EMPTY: Self = Self(0);
    /// Every right that this version knows.
    pub const ALL: Self = Self::of(&Right::ALL);

    /// These rights, and what they imply.
    #[must_use]
    pub const fn of(rights: &[Right]) -> Self {
        let mut set = Self::EMPTY;
        let mut at = 0;
        while at < rights.len() {
            set = set.with(rights[at]);
            at += 1;
        }
        set
    }

    /// Whether the right is in the set.
    #[must_use]
    pub const fn contains(self, right: Right) -> bool {
        self.0 & bit(right) != 0
    }

    /// Whether every right of `other` is in this set.
    #[must_use]
    pub const fn contains_all(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// The set with a right and what that implies.
    #[must_use]
    pub const fn with(self, right: Right) -> Self {
        Self(self.0 | bit(right)).close_over()
    }

    /// The set without a right and without those that need it.
    #[must_use]
    pub const fn without(self, right: Right) -> Self {
        let rest = self.0 & !bit(right);
        match right {
            Right::View => Self(rest & !bit(Right::Control)),
            Right::Control
            | Right::Files
            | Right::Clipboard
            | Right::Diagnostics
            | Right::Shell
            | Right::Camera
            | Right::Microphone
            | Right::Unattended
            | Right::Record => Self(rest),
        }
    }

    /// The set without each of these rights and without those that need them.
    #[must_use]
    pub fn without_all(self, rights: Self) -> Self {
        rights.iter().fold(self, Self::without)
    }

    /// The rights that are not in the set merely because another one implies them: of view and control, control.
    pub fn strongest(self) -> impl Iterator<Item = Right> {
        self.iter().filter(move |right| !(*right == Right::View && self.contains(Right::Control)))
    }

    /// The rights of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The rights of both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The rights here that `other` lacks. A list and not a set: control alone is no set.
    pub fn beyond(self, other: Self) -> impl Iterator<Item = Right> {
        self.iter().filter(move |right| !other.contains(*right))
    }

    /// Whether the set holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The rights in the order of [`Right::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| self.contains(*right))
    }

    /// Adds what the rights imply. Every other operation keeps the set closed.
    #[must_use]
    pub const fn close_over(self) -> Self {
        if self.contains(Right::Control) { Self(self.0 | bit(Right::View)) } else { self }
    }
}

const fn bit(right: Right) -> u16 {
    1 << right as u16
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        rights.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl std::fmt::Debug for Rights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Rights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.count_ones() as usize))?;
        for right in self.iter() {
            list.serialize_element(&right)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Rights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A right of this version, or any other name.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Named {
            Known(Right),
            Other(#[allow(dead_code, reason = "read only to be skipped")] String),
        }

        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Rights;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of rights")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Rights, A::Error> {
                let mut rights = Rights::EMPTY;
                while let Some(named) = list.next_element()? {
                    match named {
                        Named::Known(right) => rights = rights.with(right),
                        Named::Other(_) => {}
                    }
                }
                Ok(rights)
            }
        }

        deserializer.deserialize_seq(List)
    }
}

#[cfg(feature = "ts")]
impl ts_rs::TS for Rights {
    type WithoutGenerics = Self;
    type OptionInnerType = Self;

    fn name(config: &ts_rs::Config) -> String {
        <Vec<Right> as ts_rs::TS>::name(config)
    }

    fn inline(config: &ts_rs::Config) -> String {
        <Vec<Right> as ts_rs::TS>::inline(config)
    }

    fn visit_generics(visitor: &mut impl ts_rs::TypeVisitor)
    where
        Self: 'static,
    {
        <Vec<Right> as ts_rs::TS>::visit_generics(visitor);
    }
}
