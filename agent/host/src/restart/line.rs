//! The line by which Windows starts a program at the next sign-in.

use super::Start;

/// Letters of the longest line that Windows runs from there; a longer one is left out without a word.
const MAX_LINE: usize = 260;

/// The line; nothing where Windows would not run it.
pub fn line(start: &Start) -> Option<String> {
    let program = start.program.to_str().filter(|_| start.program.is_absolute())?;
    let words = std::iter::once(program).chain(start.arguments.iter().map(String::as_str));
    let words: Option<Vec<String>> = words.map(word).collect();
    let line = words?.join(" ");
    (line.encode_utf16().count() <= MAX_LINE).then_some(line)
}

/// A word as programs of Windows take their command line apart: in quotation marks, with a backslash before each within,
/// and the backslashes before those doubled.
fn word(text: &str) -> Option<String> {
    if text.chars().any(char::is_control) {
        return None;
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut backslashes = 0;
    for letter in text.chars() {
        match letter {
            '\\' => backslashes += 1,
            '"' => {
                quoted.extend(std::iter::repeat_n('\\', backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        quoted.push(letter);
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted.push('"');
    Some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(program: &str, argument: &str) -> Start {
        Start { title: "Farhand".into(), program: program.into(), arguments: vec![argument.into()] }
    }

    /// An absolute path on the system that the tests run on.
    const ROOT: &str = if cfg!(windows) { r"C:\" } else { "/" };

    #[test]
    fn words_stay_words() {
        let of = |name: &str, argument: &str| line(&start(&format!("{ROOT}{name}"), argument));
        assert_eq!(of("far hand.exe", "resume"), Some(format!(r#""{ROOT}far hand.exe" "resume""#)));
        assert_eq!(of("a", r"b\"), Some(format!(r#""{ROOT}a" "b\\""#)));
        assert_eq!(of("a", r#"b" "c"#), Some(format!(r#""{ROOT}a" "b\" \"c""#)));
        assert_eq!(of("a", r#"b\\"c"#), Some(format!(r#""{ROOT}a" "b\\\\\"c""#)));
        assert_eq!(of("a", "%PATH% & del"), Some(format!(r#""{ROOT}a" "%PATH% & del""#)));
    }

    #[test]
    fn what_would_not_be_run_is_refused() {
        assert_eq!(line(&start("relative.exe", "resume")), None);
        assert_eq!(line(&start(&format!("{ROOT}a\nb"), "resume")), None);
        let long = |letters: usize| line(&start(&format!("{ROOT}{}", "ä".repeat(letters)), "r"));
        let fits = MAX_LINE - ROOT.len() - 6;
        assert!(long(fits).is_some() && long(fits + 1).is_none());
    }
}
