//! Windows' whole paths: which of them stay on this machine's disks.

/// Whether a path begins with a disk's letter and its root, `C:\` or `\\?\C:\`. A disk's letter may stand for a folder of
/// the network that this user has connected; whoever else names it makes no new connection.
pub fn is_on_a_disk(path: &str) -> bool {
    let (verbatim, rest) = match path.strip_prefix(r"\\?\") {
        Some(rest) => (true, rest),
        None => (false, path),
    };
    // After `\\?\` a slash is a letter like others.
    match rest.as_bytes() {
        [letter, b':', b'\\', ..] => letter.is_ascii_alphabetic(),
        [letter, b':', b'/', ..] => letter.is_ascii_alphabetic() && !verbatim,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_disks_are_taken() {
        for path in [r"C:\", r"c:\Users\Ada\a b.txt", "C:/Users/Ada", r"D:\..\x", r"\\?\C:\Users", r"\\?\z:\"]
        {
            assert!(is_on_a_disk(path), "{path}");
        }
    }

    #[test]
    fn paths_that_lead_to_another_host_or_to_no_disk_are_not() {
        for path in [
            r"\\host\share",
            r"\\host\share\C:\x",
            "//host/share",
            r"\/host\share",
            r"/\host/share",
            r"\\host@SSL@443\DavWWWRoot\x",
            r"\\127.0.0.1\c$",
            r"\\?\UNC\host\share",
            r"\\?\unc\host\share",
            "//?/UNC/host/share",
            "//?/C:/x",
            r"\\?\GLOBALROOT\Device\Mup\host\share",
            r"\\?\Volume{00000000-0000-0000-0000-000000000000}\x",
            r"\\?\C:",
            r"\\?\C:/x",
            r"\\?\\host\share",
            r"\\.\C:\x",
            r"\\.\UNC\host\share",
            r"\\.\pipe\x",
            r"\??\UNC\host\share",
            r"\??\C:\x",
            r"\Users",
            "/Users",
            "C:",
            "C:x",
            r"1:\x",
            r"CC:\x",
            r"é:\x",
            r"file:\\host\share",
            "Users",
            "",
        ] {
            assert!(!is_on_a_disk(path), "{path}");
        }
    }
}
