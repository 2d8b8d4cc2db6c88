//! Address ranges of a policy: `192.0.2.0/24`, `2001:db8::/32`, or one address.

use std::net::IpAddr;

/// Ranges of one policy, at most.
pub const MAX: usize = 50;

/// A range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    address: IpAddr,
    bits: u8,
}

impl Range {
    /// Reads one; `None` for anything else, and for a host beyond the prefix, which is a slip of the pen.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let all = width(address);
        let range = Self { address, bits: bits.unwrap_or(all) };
        (range.bits <= all && number(address) & !mask(all, range.bits) == 0).then_some(range)
    }

    /// Whether the address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (address, all) = (address.to_canonical(), width(self.address));
        width(address) == all && (number(address) ^ number(self.address)) & mask(all, self.bits) == 0
    }
}

/// Whether an address is in one of the ranges, or there are none.
#[must_use]
pub fn admit(ranges: &[String], address: IpAddr) -> bool {
    ranges.is_empty()
        || ranges.iter().filter_map(|text| Range::parse(text)).any(|range| range.contains(address))
}

fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

fn mask(all: u8, bits: u8) -> u128 {
    let ones = if all == 128 { u128::MAX } else { (1 << all) - 1 };
    let low = if bits == 0 { ones } else { (1 << (all - bits)) - 1 };
    ones & !low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_they_say() {
        let inside =
            |range: &str, address: &str| Range::parse(range).unwrap().contains(address.parse().unwrap());
        assert!(inside("192.0.2.0/24", "192.0.2.255"));
        assert!(!inside("192.0.2.0/24", "192.0.3.0"));
        assert!(inside("192.0.2.7", "192.0.2.7") && !inside("192.0.2.7", "192.0.2.8"));
        assert!(inside("0.0.0.0/0", "203.0.113.9") && !inside("0.0.0.0/0", "::1"));
        assert!(inside("::/0", "2001:db8::1"));
        assert!(inside("2001:db8::/32", "2001:db8:ffff::1") && !inside("2001:db8::/32", "2001:db9::1"));
        // An IPv4 address that came over an IPv6 socket is the IPv4 address.
        assert!(inside("192.0.2.0/24", "::ffff:192.0.2.9"));
    }

    #[test]
    fn what_is_no_range_is_refused_and_admits_nobody() {
        for bad in
            ["", "a", "192.0.2.0/33", "192.0.2.1/24", "192.0.2.0/-1", "192.0.2/24", "::/129", "1.2.3.4/"]
        {
            assert_eq!(Range::parse(bad), None, "{bad}");
        }
        assert!(!admit(&["nonsense".into()], "192.0.2.1".parse().unwrap()));
        assert!(admit(&[], "192.0.2.1".parse().unwrap()));
    }
}
