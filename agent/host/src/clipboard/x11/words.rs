//! What the bytes of a target mean.

/// Text of the target STRING: Latin-1.
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().filter(|byte| **byte != 0).map(|byte| char::from(*byte)).collect()
}

/// The same the other way; characters that Latin-1 lacks become question marks.
pub fn to_latin1(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
}

/// Text of every other target: UTF-8, or UTF-16 where its mark stands in front. What is neither becomes the replacement
/// character; NUL, which some programs end with, is left out.
pub fn unicode(bytes: &[u8]) -> String {
    let wide = |read: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|unit| read([unit[0], unit[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    let mut text: String = match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    text.retain(|character| character != '\0');
    text
}

/// Whether a password manager's hint says that the content is secret.
pub fn means_secret(hint: &[u8]) -> bool {
    let hint = hint.split(|byte| *byte == 0).next().unwrap_or_default();
    hint.trim_ascii().eq_ignore_ascii_case(b"secret")
}

/// Paths in a list of addresses (RFC 2483): those of this machine's files.
pub fn files(list: &[u8]) -> Vec<String> {
    let list = unicode(list);
    let path = |line: &str| {
        let rest = line.trim().strip_prefix("file://")?;
        let path = rest.strip_prefix("localhost").unwrap_or(rest);
        let path = unescape(path);
        let odd = path.chars().any(char::is_control);
        (path.starts_with('/') && !odd).then_some(path)
    };
    list.lines().filter(|line| !line.starts_with('#')).filter_map(path).collect()
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, later @ ..] = rest {
        let hex = |digit: u8| char::from(digit).to_digit(16);
        if let (b'%', [a, b, further @ ..]) = (byte, later)
            && let (Some(a), Some(b)) = (hex(*a), hex(*b))
        {
            bytes.push((a * 16 + b) as u8);
            rest = further;
        } else {
            bytes.push(*byte);
            rest = later;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_each_of_its_kinds() {
        assert_eq!(latin1(b"Gr\xfc\xdfe\0"), "Grüße");
        assert_eq!(to_latin1("Grüße €".as_bytes()), b"Gr\xfc\xdfe ?");
        assert_eq!(unicode("Grüße\0".as_bytes()), "Grüße");
        assert_eq!(unicode(b"\xff\xfea\0\x3d\xd8\x00\xde"), "a😀");
        assert_eq!(unicode(b"\xfe\xff\0a\xd8\x3d"), "a\u{fffd}");
        assert_eq!(unicode(b"a\xffb"), "a\u{fffd}b");
    }

    #[test]
    fn a_hint_is_a_word() {
        assert!(means_secret(b"secret") && means_secret(b"secret\0") && means_secret(b"Secret\n"));
        assert!(!means_secret(b"public") && !means_secret(b""));
    }

    #[test]
    fn only_files_of_this_machine_are_named() {
        let list = b"# copied\r\nfile:///home/ada/Gr%C3%BC%C3%9Fe.txt\r\nfile://localhost/a%20b\r\n\
            file://elsewhere/c\r\nhttps://example.org/d\r\nfile:///e%0Af\r\nfile:///100%\r\n";
        assert_eq!(files(list), ["/home/ada/Grüße.txt", "/a b", "/100%"]);
    }
}
