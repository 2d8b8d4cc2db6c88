//! The addresses that somebody of a tenant names, to which the service would send requests.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use farhand_service::outward::Reach;

/// What is longer is not taken.
const MAX_URL: usize = 2_048;

/// The bytes as an address of a webhook, as a host within one, and as what a name resolved to.
pub fn outward(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for address in [text.to_string(), format!("https://{text}/"), format!("https://[{text}]:8443/x")] {
        let Ok(url) = Reach::Public.check(&address) else { continue };
        assert_eq!(url.scheme(), "https");
        assert!(url.username().is_empty() && url.password().is_none());
        let host = url.host_str().expect("an address that is taken names a host");
        if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            assert!(!inside(ip), "{address} goes to {ip}");
        }
        // What was taken is taken again as it was understood, by whatever else reads it.
        let again = Reach::Public.check(url.as_str());
        assert!(again.map_or(url.as_str().len() > MAX_URL, |again| again == url), "{address}");
        assert!(Reach::Private.check(&address).is_ok(), "{address}");
    }
    if let Some(bytes) = data.first_chunk::<4>() {
        let ip = IpAddr::V4(Ipv4Addr::from(*bytes));
        assert!(!(inside(ip) && Reach::Public.allows(ip)), "{ip}");
    }
    if let Some(bytes) = data.first_chunk::<16>() {
        let ip = IpAddr::V6(Ipv6Addr::from(*bytes));
        assert!(!(inside(ip) && Reach::Public.allows(ip)), "{ip}");
    }
}

/// Whether an address is certainly one of this machine or its networks: in other words than those of the guard.
fn inside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => inside_v4(v4),
        IpAddr::V6(v6) => {
            let bytes = v6.octets();
            let carried = |at: usize| Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
            let nat64 = bytes[..12] == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || bytes[0] & 0xfe == 0xfc
                || (bytes[0] == 0xfe && bytes[1] & 0x80 == 0x80)
                || (bytes[..10] == [0; 10]
                    && (bytes[10..12] == [0; 2] || bytes[10..12] == [0xff; 2])
                    && inside_v4(carried(12)))
                || (nat64 && inside_v4(carried(12)))
                || (bytes[..2] == [0x20, 0x02] && inside_v4(carried(2)))
        }
    }
}

fn inside_v4(ip: Ipv4Addr) -> bool {
    let number = u32::from(ip);
    [
        (0x0000_0000, 8),
        (0x0a00_0000, 8),
        (0x6440_0000, 10),
        (0x7f00_0000, 8),
        (0xa9fe_0000, 16),
        (0xac10_0000, 12),
        (0xc0a8_0000, 16),
        (0xe000_0000, 3),
    ]
    .into_iter()
    .any(|(network, bits)| number >> (32 - bits) == network >> (32 - bits))
}
