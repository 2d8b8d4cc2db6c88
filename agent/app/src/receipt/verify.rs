//! `farhand-agent receipt verify`: checks a receipt without a network, and shows it to a person.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use farhand_protocol::rights::{Right, Rights};
use farhand_seal::bytes::ReadError;
use farhand_seal::context::Identity;
use farhand_seal::receipt::{
    Entry, MAX_RECEIPT, Receipt, ReceiptError, What, Who, begun, number, plain, restarts,
};

use super::keep::{calendar, read};
use crate::fail::exit;
use crate::strings::Strings;

/// Reads a file, and prints what it says and whether it is genuine. `compare` is a number from another copy.
#[must_use]
pub fn main(file: &Path, compare: Option<&str>) -> ExitCode {
    let bytes = match read(file, MAX_RECEIPT as u64) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("{} cannot be read: {error}", file.display());
            return ExitCode::from(exit::INTERNAL);
        }
    };
    let (text, genuine) = report(&Strings::from_environment(), &bytes, compare);
    print!("{text}");
    if genuine { ExitCode::SUCCESS } else { ExitCode::from(exit::RECEIPT) }
}

/// What there is to say of a file, and whether it is genuine.
#[must_use]
pub fn report(strings: &Strings, bytes: &[u8], compare: Option<&str>) -> (String, bool) {
    let words = Words(strings);
    let receipt = match Receipt::read(bytes) {
        Ok(receipt) => receipt,
        Err(error) => return (format!("{}\n", words.refused(error)), false),
    };
    let mut text = words.table(&receipt);
    text.push('\n');
    let verdict = receipt.verify();
    let other = compare.is_some_and(|compare| !numbers(&receipt).any(|number| same(&number, compare)));
    match verdict {
        Err(error) => {
            text.push_str(&words.refused(error));
            if let Some(signed) = receipt.fits_until() {
                text.push(' ');
                text.push_str(&words.get("fits_until", &[("signed", &signed.to_string())]));
            }
        }
        Ok(()) if other => {
            let why = words.get("wrong_number", &[]);
            text.push_str(&words.get("refused", &[("why", &why)]));
        }
        Ok(()) => {
            text.push_str(&words.genuine(&receipt));
            if !receipt.ended() {
                text.push(' ');
                text.push_str(&words.get("open", &[]));
            }
        }
    }
    text.push('\n');
    (text, verdict.is_ok() && !other)
}

/// The numbers of the receipt and of its beginnings, of which the other side may have one.
fn numbers(receipt: &Receipt) -> impl Iterator<Item = String> + '_ {
    (1..=receipt.count()).filter_map(|entries| receipt.hash_at(entries)).map(number)
}

fn same(number: &str, compare: &str) -> bool {
    let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    plain(number) == plain(compare)
}

struct Words<'a>(&'a Strings);

impl Words<'_> {
    fn get(&self, key: &str, places: &[(&str, &str)]) -> String {
        self.0.get(&format!("agent.receipt.{key}"), places)
    }

    fn refused(&self, error: ReceiptError) -> String {
        let key = match error {
            ReceiptError::Magic => "wrong_magic",
            ReceiptError::Read(ReadError::Short) => "wrong_short",
            ReceiptError::Read(ReadError::Trailing) => "wrong_trailing",
            ReceiptError::Read(ReadError::Long | ReadError::Malformed) => "wrong_malformed",
            ReceiptError::Full => "wrong_full",
            ReceiptError::Time => "wrong_time",
            ReceiptError::Closed => "wrong_closed",
            ReceiptError::Agent => "wrong_agent",
            ReceiptError::Technician => "wrong_technician",
            ReceiptError::Stranger => "wrong_stranger",
            ReceiptError::Unsigned => "wrong_unsigned",
        };
        let why = self.get(key, &[]);
        self.get("refused", &[("why", &why)])
    }

    fn genuine(&self, receipt: &Receipt) -> String {
        let count = receipt.count().to_string();
        match receipt.countersigned() {
            Some(signed) if signed == receipt.count() => self.get("both", &[("count", &count)]),
            Some(signed) => self.get("some", &[("count", &count), ("signed", &signed.to_string())]),
            None => self.get("alone", &[]),
        }
    }

    fn table(&self, receipt: &Receipt) -> String {
        let header = receipt.header();
        let mut text = format!("{}\n\n", self.get("title", &[]));
        let rows = [
            ("session", plain(&header.session)),
            ("began", format!("{} UTC", time(header.started))),
            ("technician", self.person(&header.technician)),
            ("customer", self.person(&header.customer)),
            ("number", number(receipt.hash())),
        ];
        for (key, value) in rows {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "  {:<12} {value}", self.get(key, &[]));
        }
        let lines: Vec<[String; 3]> = [[self.get("time", &[]), self.get("who", &[]), self.get("what", &[])]]
            .into_iter()
            .chain(receipt.entries().iter().map(|entry| [time(entry.at), self.who(entry), self.what(entry)]))
            .collect();
        let width = lines.iter().map(|line| line[1].chars().count()).max().unwrap_or(0);
        text.push('\n');
        for [at, who, what] in lines {
            let _ = writeln!(text, "  {at:<19}  {who:<width$}  {what}");
        }
        text
    }

    fn person(&self, identity: &Identity) -> String {
        let (name, organisation) = (plain(&identity.name), plain(&identity.organisation));
        match (name.is_empty(), organisation.is_empty()) {
            (true, _) => self.get("nobody", &[]),
            (false, true) => name,
            (false, false) => format!("{name} ({organisation})"),
        }
    }

    fn who(&self, entry: &Entry) -> String {
        match entry.who {
            Who::Customer => self.get("who_customer", &[]),
            Who::Technician => self.get("who_technician", &[("number", &entry.technician.to_string())]),
            Who::Agent => self.get("who_agent", &[]),
        }
    }

    fn what(&self, entry: &Entry) -> String {
        let key = match entry.what {
            What::Begin => "what_begin",
            What::Ask => "what_ask",
            What::Grant => "what_grant",
            What::Refusal => match entry.text.as_str() {
                "silent" => "what_refusal_silent",
                "link_lost" => "what_refusal_link_lost",
                "void" => "what_refusal_void",
                _ => "what_refusal",
            },
            What::Withdrawal => "what_withdrawal",
            What::Hold => "what_hold",
            What::Resume => "what_resume",
            What::File => "what_file",
            // What the agent saw is not what somebody typed.
            What::Command if entry.who == Who::Agent => "what_command_seen",
            What::Command => "what_command",
            What::End => "what_end",
            What::Full => "what_full",
            What::Restart if restarts::minutes(&entry.text).is_some() => "what_restart_for",
            What::Restart => "what_restart",
        };
        let text = plain(if entry.what == What::Begin { begun(&entry.text).1 } else { &entry.text });
        let places = [
            ("text", text.as_str()),
            ("rights", &self.rights(entry.rights)),
            ("reason", &self.reasons(&entry.text)),
            ("minutes", &restarts::minutes(&entry.text).unwrap_or_default().to_string()),
        ];
        self.get(key, &places)
    }

    /// Reasons are fixed words; others are shown as they stand.
    fn reasons(&self, text: &str) -> String {
        let word = |word: &str| {
            let key = format!("agent.receipt.reason_{word}");
            if self.0.has(&key) { self.0.get(&key, &[]) } else { plain(word) }
        };
        text.split(' ').map(word).collect::<Vec<_>>().join(", ")
    }

    fn rights(&self, rights: Rights) -> String {
        if rights.is_empty() {
            return self.get("nothing", &[]);
        }
        let name = |right: Right| match right {
            Right::View => "right_view",
            Right::Control => "right_control",
            Right::Files => "right_files",
            Right::Clipboard => "right_clipboard",
            Right::Diagnostics => "right_diagnostics",
            Right::Shell => "right_shell",
            Right::Camera => "right_camera",
            Right::Microphone => "right_microphone",
            Right::Unattended => "right_unattended",
            Right::Record => "right_record",
        };
        rights.iter().map(|right| self.get(name(right), &[])).collect::<Vec<_>>().join(", ")
    }
}

fn time(at: u64) -> String {
    let (year, month, day, hour, minute, second) = calendar(at);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use farhand_seal::receipt::{Header, Party, begin_text, public_key};

    use super::*;

    const AGENT: [u8; 32] = [1; 32];
    const CONSOLE: [u8; 32] = [2; 32];

    fn receipt(technician: &str, signed: bool) -> Receipt {
        let technician = Identity { name: technician.into(), organisation: "Example Help".into() };
        let begin = begin_text(&public_key(&CONSOLE), &technician);
        let mut receipt = Receipt::new(Header {
            session: "s-1".into(),
            started: 1_790_000_000_000,
            key: public_key(&AGENT),
            technician,
            customer: Identity::default(),
        });
        let view = Rights::of(&[Right::View]);
        for (at, (who, what, rights, text)) in [
            (Who::Agent, What::Begin, Rights::EMPTY, begin.as_str()),
            (Who::Technician, What::Ask, view, ""),
            (Who::Customer, What::Grant, view, ""),
            (Who::Customer, What::Hold, view, "customer locked"),
            (Who::Technician, What::Command, view, "echo \u{1b}[31mred\u{7}"),
            (Who::Customer, What::End, Rights::EMPTY, "stopped"),
        ]
        .into_iter()
        .enumerate()
        {
            let at = 1_790_000_000_000 + at as u64 * 1000;
            receipt.add(Entry { at, who, technician: 1, what, rights, text: text.into() }).unwrap();
        }
        if signed {
            let console = receipt.sign(Party::Technician, &CONSOLE);
            receipt.attach(console).unwrap();
        }
        let agent = receipt.sign(Party::Agent, &AGENT);
        receipt.attach(agent).unwrap();
        receipt
    }

    #[test]
    fn a_receipt_is_a_table_in_both_languages() {
        let receipt = receipt("Ada", true);
        let number = number(receipt.hash());
        for (locale, expected) in [
            (
                "en",
                [
                    "Genuine. Both sides signed all 6 entries.",
                    "Asked for: see the screen",
                    "2026-09-21 14:13:25",
                ],
            ),
            ("de", ["Echt. Beide Seiten", "Fragte nach: Bildschirm sehen", "Ada (Example Help)"]),
        ] {
            let (text, genuine) = report(&Strings::for_locale(locale), &receipt.write(), Some(&number));
            assert!(genuine, "{text}");
            assert!(expected.iter().all(|expected| text.contains(expected)), "{text}");
            assert!(text.contains(&number), "{text}");
        }
    }

    #[test]
    fn who_did_not_sign_is_said_plainly() {
        let (text, genuine) = report(&Strings::for_locale("en"), &receipt("Ada", false).write(), None);
        assert!(genuine && text.contains("only the customer’s side signed"), "{text}");
    }

    #[test]
    fn hostile_names_and_commands_are_only_text() {
        let (text, _) =
            report(&Strings::for_locale("en"), &receipt("A\u{1b}[2J\nGenuine.\u{202e}", true).write(), None);
        assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
        assert!(text.contains("echo \\u{1b}[31mred\\u{7}"), "{text}");
        assert!(
            !text.lines().any(|line| line.starts_with("Genuine.") && !line.contains("Both sides")),
            "{text}"
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let bytes = receipt("Ada", true).write();
        let strings = Strings::for_locale("en");
        let refused = |bytes: &[u8], expected: &str| {
            let (text, genuine) = report(&strings, bytes, None);
            assert!(!genuine && text.contains(expected), "{expected}: {text}");
        };
        refused(b"a letter", "no receipt");
        refused(&bytes[..bytes.len() - 3], "cut off");
        refused(&[bytes.as_slice(), b"x"].concat(), "behind its end");
        let mut changed = bytes.clone();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        refused(&changed, "signature of the customer’s side does not fit");
        refused(&changed, "The first 6 entries are still as the technician’s side signed them.");
        let (text, genuine) = report(&strings, &bytes, Some("00ff"));
        assert!(!genuine && text.contains("its number is another one"), "{text}");
    }
}
