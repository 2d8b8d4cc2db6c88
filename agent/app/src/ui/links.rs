//! Addresses in a text, each with the computer that it really names.

/// An address, as it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// From `http` to its end.
    pub address: String,
    /// The computer, and its port where one is written; letters of other alphabets in their plain form (`xn--`).
    pub host: String,
}

/// The web addresses in a text.
#[must_use]
pub fn links(text: &str) -> Vec<Address> {
    text.split(|c: char| c.is_whitespace() || "<>\"'`|\\^{}".contains(c)).filter_map(address).collect()
}

fn address(word: &str) -> Option<Address> {
    let lower = word.to_ascii_lowercase();
    let start = ["https://", "http://"].iter().filter_map(|scheme| lower.find(scheme)).min()?;
    // What ends a sentence rather than an address.
    let address = word[start..].trim_end_matches(['.', ',', ';', ':', '!', '?', '…', ')', ']']);
    let url = url::Url::parse(address).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Some(Address { address: address.to_owned(), host })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        links(text).into_iter().map(|link| link.host).collect()
    }

    #[test]
    fn an_address_names_the_computer_that_it_really_leads_to() {
        assert_eq!(
            hosts("See https://help.example/a, (http://other.example:8080/x)."),
            ["help.example", "other.example:8080"]
        );
        assert_eq!(hosts("https://bank.example@evil.example/login"), ["evil.example"]);
        assert_eq!(hosts("https://evil.example/https://bank.example"), ["evil.example"]);
        assert_eq!(
            hosts("https://b\u{430}nk.example HTTP://UPPER.Example"),
            ["xn--bnk-6cd.example", "upper.example"]
        );
        assert_eq!(hosts("https://0x7f.1/"), ["127.0.0.1"]);
        assert_eq!(links("<https://x.example/y>")[0].address, "https://x.example/y");
    }

    #[test]
    fn nothing_else_is_an_address() {
        assert!(
            hosts("javascript:alert(1) file:///etc/passwd www.example.org https:// http://.. x").is_empty()
        );
    }
}
