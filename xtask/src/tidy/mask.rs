//! Looks at Rust source without its comments and strings, and without its tests.

/// The source with every comment and every literal's inside turned into blanks; lines stay where they are.
pub fn mask(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => find(bytes, at, b"\n"),
            b'/' if bytes.get(at + 1) == Some(&b'*') => block_comment(bytes, at),
            b'"' => string(bytes, at + 1),
            b'r' | b'b' | b'c' if starts_literal(bytes, at) => raw_or_prefixed(bytes, at),
            b'\'' if !is_lifetime(bytes, at) => character(bytes, at),
            _ => {
                at += 1;
                continue;
            }
        };
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(out).expect("whole characters were replaced by blanks")
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> usize {
    bytes[from..]
        .windows(what.len())
        .position(|window| window == what)
        .map_or(bytes.len(), |offset| from + offset)
}

fn block_comment(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            Some(_) | None => at += 1,
        }
    }
    bytes.len()
}

fn string(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Whether a letter here begins `r"`, `r#"`, `b"`, `br#"`, `c"` … rather than a name or a raw identifier.
fn starts_literal(bytes: &[u8], at: usize) -> bool {
    if at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_') {
        return false;
    }
    let mut rest = &bytes[at + 1..];
    if bytes[at] != b'r' && rest.first() == Some(&b'r') {
        rest = &rest[1..];
    } else if bytes[at] != b'r' {
        return rest.first() == Some(&b'"');
    }
    let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
    rest.get(hashes) == Some(&b'"')
}

fn raw_or_prefixed(bytes: &[u8], from: usize) -> usize {
    let quote = find(bytes, from, b"\"");
    let raw = bytes[from..quote].contains(&b'r');
    let hashes = bytes[from..quote].iter().filter(|byte| **byte == b'#').count();
    if !raw {
        return string(bytes, quote + 1);
    }
    let mut end = vec![b'"'];
    end.resize(hashes + 1, b'#');
    (find(bytes, quote + 1, &end) + end.len()).min(bytes.len())
}

/// Whether a quote begins a lifetime rather than a character.
fn is_lifetime(bytes: &[u8], from: usize) -> bool {
    bytes.get(from + 1) != Some(&b'\\') && bytes.get(from + 1 + width(bytes, from + 1)) != Some(&b'\'')
}

fn character(bytes: &[u8], from: usize) -> usize {
    if bytes.get(from + 1) == Some(&b'\\') {
        // The escaped character itself may be a quote.
        return (find(bytes, from + 3, b"'") + 1).min(bytes.len());
    }
    from + 2 + width(bytes, from + 1)
}

/// How many bytes the character here has.
fn width(bytes: &[u8], at: usize) -> usize {
    bytes.get(at).map_or(1, |first| match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    })
}

/// For each line of masked source, whether it belongs to a `#[cfg(test)]` item.
pub fn test_lines(masked: &str) -> Vec<bool> {
    let mut marks = vec![false; masked.lines().count() + 1];
    let bytes = masked.as_bytes();
    let line_of = |at: usize| bytes[..at].iter().filter(|byte| **byte == b'\n').count();
    let mut from = 0;
    while let Some(offset) = masked[from..].find("#[cfg(test)]") {
        let start = from + offset;
        let mut at = start + "#[cfg(test)]".len();
        let mut depth = 0usize;
        while at < bytes.len() {
            match bytes[at] {
                b'{' => depth += 1,
                b'}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                b';' if depth == 0 => break,
                _ => {}
            }
            at += 1;
        }
        let end = at.min(bytes.len());
        marks[line_of(start)..=line_of(end)].fill(true);
        from = end;
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_vanish_and_lines_stay() {
        let source = "let a = \"unsafe // no\"; // unsafe\n/* unsafe /* deep */ still */ let b = 'u';\n\
                      let c = r#\"unsafe \"quoted\" \"#; let d = b\"unsafe\"; fn f<'a>(x: &'a str) {}";
        let masked = mask(source);
        assert!(!masked.contains("unsafe") && !masked.contains("deep") && !masked.contains("quoted"));
        assert_eq!(masked.lines().count(), 3);
        assert!(masked.contains("let b =") && masked.contains("fn f<'a>(x: &'a str) {}"));
    }

    #[test]
    fn escaped_quotes_do_not_end_a_literal() {
        let masked = mask(r#"let a = "\"unsafe"; let q = '\''; let z = '"'; let n = 1;"#);
        assert!(!masked.contains("unsafe"));
        assert!(masked.contains("let n = 1;"));
    }

    #[test]
    fn characters_beyond_ascii_are_handled() {
        let masked = mask("let a = 'ä'; let b = \"größe\"; let c = '→'; let d = 2;");
        assert!(masked.contains("let d = 2;") && !masked.contains("größe"));
    }

    #[test]
    fn test_modules_are_marked_to_their_last_line() {
        let source = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}\n";
        let marks = test_lines(&mask(source));
        let lines: Vec<bool> = marks[..9].to_vec();
        assert_eq!(lines, [false, true, true, true, true, false, true, true, false]);
    }
}
