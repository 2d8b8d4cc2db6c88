//! Accounts by their numbers, each looked up when it is first wanted.
#![allow(unsafe_code, reason = "the system's calls")]

use std::collections::HashMap;

use sysinfo::Uid;
use windows_sys::Win32::Security::LookupAccountSidW;

use crate::system::SystemError;
use crate::windows::text;

/// Letters of the longest name of an account or a domain.
const MAX_NAME: usize = 257;
/// Numbers behind the first two of an account's (`SID_MAX_SUB_AUTHORITIES`).
const MAX_PARTS: usize = 15;

/// Names that were looked up.
#[derive(Default)]
pub struct People(HashMap<String, Option<String>>);

impl People {
    pub fn open() -> Result<Self, SystemError> {
        Ok(Self::default())
    }

    /// Looks them up anew from now on.
    pub fn refresh(&mut self) {
        self.0.clear();
    }

    /// Its name; its number where it has none.
    pub fn name(&mut self, account: &Uid) -> String {
        let number = account.to_string();
        let name = self.0.entry(number.clone()).or_insert_with(|| bytes(&number).and_then(|sid| name(&sid)));
        name.clone().unwrap_or(number)
    }
}

fn name(sid: &[u8]) -> Option<String> {
    let (mut name, mut domain) = ([0_u16; MAX_NAME], [0_u16; MAX_NAME]);
    let (mut name_length, mut domain_length) = (MAX_NAME as u32, MAX_NAME as u32);
    let mut kind = 0;
    // SAFETY: the account is written as the system wants it; no more than so many letters are written.
    let found = unsafe {
        LookupAccountSidW(
            std::ptr::null(),
            sid.as_ptr().cast_mut().cast(),
            name.as_mut_ptr(),
            &raw mut name_length,
            domain.as_mut_ptr(),
            &raw mut domain_length,
            &raw mut kind,
        )
    };
    (found != 0).then(|| text(&name)).filter(|name| !name.is_empty())
}

/// An account's number as the system has it in memory, from the way in which people write it (`S-1-5-18`).
fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.strip_prefix("S-1-")?.split('-');
    let first = parts.next()?;
    let authority: u64 = match first.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => first.parse().ok()?,
    };
    let parts: Vec<u32> = parts.map(|part| part.parse().ok()).collect::<Option<_>>()?;
    if parts.len() > MAX_PARTS || authority >> 48 != 0 {
        return None;
    }
    let mut sid = vec![1, parts.len() as u8];
    sid.extend_from_slice(&authority.to_be_bytes()[2..]);
    sid.extend(parts.iter().flat_map(|part| part.to_le_bytes()));
    Some(sid)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn numbers_of_accounts_are_read() {
        assert_eq!(bytes("S-1-5-18").unwrap(), [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]);
        assert_eq!(bytes("S-1-5-21-4294967295").unwrap()[12..], [255; 4]);
        for text in ["", "S-1-", "S-2-5", "S-1-5-x", "S-1-5-4294967296", "S-1-281474976710656"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
