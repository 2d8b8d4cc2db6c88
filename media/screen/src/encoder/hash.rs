//! Hashes of 64 pixels in a row, at any position, and where in the viewer's picture they are.

use super::diff::COLUMN;

/// The base of the polynomial, modulo 2^64.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
/// Bits of a position in the table.
const BITS: u32 = 15;
/// The most entries of the table; further ones are left out.
const FULL: usize = 3 << (BITS - 2);

/// Hashes pixels: the sum of each times a power of the base, so that it can roll.
#[derive(Debug)]
pub(crate) struct Hasher {
    powers: [u64; COLUMN as usize],
    sum: u64,
}

impl Default for Hasher {
    fn default() -> Self {
        let mut powers = [1_u64; COLUMN as usize];
        for i in (0..powers.len() - 1).rev() {
            powers[i] = powers[i + 1].wrapping_mul(BASE);
        }
        Self { powers, sum: powers.iter().fold(0, |sum, power| sum.wrapping_add(*power)) }
    }
}

fn colour(pixel: &[u8; 4]) -> u64 {
    u64::from(u32::from_le_bytes(*pixel) & 0xff_ffff)
}

impl Hasher {
    /// The hash of 64 pixels; `None` when they are all the same, for that says nothing about where they came from.
    pub(crate) fn hash(&self, row: &[u8]) -> Option<u64> {
        let pixels = row.as_chunks::<4>().0;
        let first = pixels.first()?;
        if pixels.iter().all(|pixel| pixel == first) {
            return None;
        }
        let hash = pixels
            .iter()
            .zip(&self.powers)
            .fold(0_u64, |hash, (pixel, power)| hash.wrapping_add(colour(pixel).wrapping_mul(*power)));
        (hash != colour(first).wrapping_mul(self.sum)).then_some(hash)
    }

    /// Calls `found` with the position and hash of every 64 pixels of a row.
    pub(crate) fn roll(&self, row: &[u8], mut found: impl FnMut(usize, u64)) {
        let pixels = row.as_chunks::<4>().0;
        let Some((first, rest)) = pixels.split_first_chunk::<{ COLUMN as usize }>() else { return };
        let mut hash = first
            .iter()
            .zip(&self.powers)
            .fold(0_u64, |hash, (pixel, power)| hash.wrapping_add(colour(pixel).wrapping_mul(*power)));
        found(0, hash);
        for (i, (out, into)) in pixels.iter().zip(rest).enumerate() {
            let kept = hash.wrapping_sub(colour(out).wrapping_mul(self.powers[0]));
            hash = kept.wrapping_mul(BASE).wrapping_add(colour(into));
            found(i + 1, hash);
        }
    }
}

/// Where hashes were seen.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    used: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// The hash's other half; the slot is free while `place` is 0.
    tag: u32,
    place: u32,
}

/// A hash that was seen in several places.
const MANY: u32 = u32::MAX;

impl Table {
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.slots.resize(1 << BITS, Slot::default());
        self.used = 0;
    }

    /// Positions are below [`crate::MAX_SIDE`], 14 bits.
    pub(crate) fn insert(&mut self, hash: u64, x: u32, y: u32) {
        if self.used >= FULL {
            return;
        }
        let place = (x << 14 | y) + 1;
        let (at, tag) = split(hash);
        let mut at = at;
        loop {
            let slot = &mut self.slots[at];
            if slot.place == 0 {
                *slot = Slot { tag, place };
                self.used += 1;
                return;
            }
            if slot.tag == tag {
                slot.place = MANY;
                return;
            }
            at = (at + 1) & ((1 << BITS) - 1);
        }
    }

    /// Where the hash was seen, when that was in one place only.
    pub(crate) fn get(&self, hash: u64) -> Option<(u32, u32)> {
        let (mut at, tag) = split(hash);
        loop {
            let slot = self.slots[at];
            if slot.place == 0 {
                return None;
            }
            if slot.tag == tag {
                let place = slot.place.wrapping_sub(1);
                return (slot.place != MANY).then_some((place >> 14, place & ((1 << 14) - 1)));
            }
            at = (at + 1) & ((1 << BITS) - 1);
        }
    }
}

fn split(hash: u64) -> (usize, u32) {
    let mixed = (hash ^ hash >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> (64 - BITS)) as usize, mixed as u32)
}
