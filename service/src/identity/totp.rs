//! One-time passwords of authenticator apps (RFC 6238): six digits, thirty seconds, HMAC-SHA-1, which is what every app
//! can do. Pure: the time is an argument. A step is accepted once; the caller keeps the last one.

use ring::hmac;

use super::random;

/// Bytes of a secret (RFC 4226, 4: 160 bits).
pub const SECRET: usize = 20;
/// Milliseconds of a step.
const STEP_MS: u64 = 30_000;
/// Steps before and after the present one that count, for clocks that differ.
const AROUND: u64 = 1;
const DIGITS: usize = 6;
const MODULUS: u32 = 1_000_000;

/// A secret. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; SECRET]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(random())
    }

    /// Of these bytes, if they are as many as a secret has.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, to be sealed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// In Base32, as people type it.
    #[must_use]
    pub fn base32(&self) -> String {
        base32(&self.0)
    }

    /// What an app scans.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (percent(issuer), percent(account));
        format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
            self.base32()
        )
    }

    /// The step whose code this is, if it is one of now and later than `last`.
    #[must_use]
    pub fn step_of(&self, code: &str, last: Option<u64>, now_ms: u64) -> Option<u64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if code.len() != DIGITS {
            return None;
        }
        let now = now_ms / STEP_MS;
        let steps = now.saturating_sub(AROUND)..=now + AROUND;
        // Every step is compared, whichever fits.
        let fitting: Vec<u64> =
            steps.filter(|step| same(self.code(*step).as_bytes(), code.as_bytes())).collect();
        fitting.into_iter().find(|step| last.is_none_or(|last| *step > last))
    }

    /// The code of a step.
    #[must_use]
    pub fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        // RFC 4226, 5.3.
        let at = usize::from(tag[tag.len() - 1] & 0xf);
        let word = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
        format!("{:06}", word % MODULUS)
    }
}

/// The step at this time.
#[must_use]
pub fn step_at(now_ms: u64) -> u64 {
    now_ms / STEP_MS
}

/// Whether two texts of one length are the same, in a time that does not tell where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// RFC 4648 Base32 without padding.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut out, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(LETTERS[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        out.push(char::from(LETTERS[(held << (5 - bits) & 31) as usize]));
    }
    out
}

fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => write!(out, "%{other:02X}").expect("writing to a string does not fail"),
        }
        out
    })
}

/// The text as a QR code: an SVG document, dark on light, with the quiet zone that scanners need.
#[must_use]
pub fn qr(text: &str) -> Option<String> {
    use std::fmt::Write as _;
    const QUIET: i32 = 4;
    let code = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium).ok()?;
    let side = code.size() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET).expect("writing to a string does not fail");
        }
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc() -> Secret {
        Secret::of(b"12345678901234567890").unwrap()
    }

    #[test]
    fn the_vectors_of_rfc_6238() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(rfc().code(step_at(seconds * 1000)), code);
        }
    }

    #[test]
    fn a_step_is_accepted_once_and_near_its_time_only() {
        let secret = rfc();
        let now = 1_111_111_109_000;
        let step = step_at(now);
        let code = secret.code(step);
        assert_eq!(secret.step_of(&code, None, now), Some(step));
        assert_eq!(secret.step_of(" 081 804 ", None, now), Some(step));
        // Again, or an earlier one after it: no.
        assert_eq!(secret.step_of(&code, Some(step), now), None);
        assert_eq!(secret.step_of(&secret.code(step - 1), Some(step), now), None);
        assert_eq!(secret.step_of(&secret.code(step + 1), Some(step), now), Some(step + 1));
        // A step early or late, no more.
        assert_eq!(secret.step_of(&code, None, now + 30_000), Some(step));
        assert_eq!(secret.step_of(&code, None, now + 60_000), None);
        assert_eq!(secret.step_of(&code, None, now - 60_000), None);
        for bad in ["", "08180", "0818044", "08180x", "éééééé"] {
            assert_eq!(secret.step_of(bad, None, now), None);
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (plain, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(plain.as_bytes()), text);
        }
    }

    #[test]
    fn the_uri_and_its_picture() {
        let uri = rfc().uri("Help & Desk", "ada@example.org");
        assert!(
            uri.starts_with("otpauth://totp/Help%20%26%20Desk:ada%40example.org?secret=GEZDGNBV"),
            "{uri}"
        );
        let svg = qr(&uri).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>") && svg.len() < 64 * 1024);
    }
}
