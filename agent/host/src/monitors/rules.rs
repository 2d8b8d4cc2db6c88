//! Password managers that are kept out of every picture, whatever an organisation lists.

use farhand_protocol::api::{WindowEffect, WindowRule};

/// What password managers, authenticators and the desktop's own questions for passwords call themselves, small letters: on
/// X11 either half of `WM_CLASS`, on macOS a program's name or its bundle's. A window that only names one of them in its
/// title, such as a browser's tab with a manual, is none.
const HIDDEN_PROGRAMS: &[&str] = &[
    "1password",
    "aegis",
    "authpass",
    "bitwarden",
    "buttercup",
    "com.apple.keychainaccess",
    "com.apple.passwords",
    "com.apple.securityagent",
    "com.belmoussaoui.authenticator",
    "dashlane",
    "ente_auth",
    "enpass",
    "gcr-prompter",
    "gnome-keyring",
    "gnome-secrets",
    "kdewallet",
    "keepass",
    "keepass2",
    "keepassx",
    "keepassx2",
    "keepassxc",
    "keeper password manager",
    "keeperpasswordmanager",
    "keeweb",
    "keyguard",
    "ksshaskpass",
    "kwalletd5",
    "kwalletd6",
    "kwalletmanager",
    "kwalletmanager5",
    "lastpass",
    "lxqt-openssh-askpass",
    "nordpass",
    "org.gnome.seahorse.application",
    "org.gnome.world.secrets",
    "org.keepassxc.keepassxc",
    "padloc",
    "pass-wayland",
    "passky",
    "pinentry",
    "pinentry-gnome3",
    "pinentry-gtk",
    "pinentry-gtk-2",
    "pinentry-qt",
    "pinentry-qt5",
    "proton pass",
    "proton-pass",
    "qtpass",
    "roboform",
    "seahorse",
    "ssh-askpass",
    "sticky password",
    "yubico authenticator",
    "zoho vault",
];
/// Programs whose windows' names go on after this.
const HIDDEN_BEGINNINGS: &[&str] = &["keepass", "1password", "bitwarden", "pinentry"];

/// Whether a window with these names of programs and this title is kept out of the picture.
pub fn hides(rules: &[WindowRule], programs: &[String], title: &str) -> bool {
    let built_in = programs.iter().any(|name| {
        let name = name.to_lowercase();
        HIDDEN_PROGRAMS.contains(&name.as_str())
            || HIDDEN_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
    });
    built_in
        || any(rules, programs, title, |effect| matches!(effect, WindowEffect::Hide | WindowEffect::Unknown))
}

/// Whether control pauses while such a window is in front.
pub fn pauses(rules: &[WindowRule], programs: &[String], title: &str) -> bool {
    any(rules, programs, title, |effect| matches!(effect, WindowEffect::Pause))
}

fn any(rules: &[WindowRule], programs: &[String], title: &str, has: impl Fn(WindowEffect) -> bool) -> bool {
    rules.iter().any(|rule| has(rule.effect) && rule.matches(programs.iter().map(String::as_str), title))
}

#[cfg(test)]
mod tests {
    use farhand_protocol::api::WindowMark;

    use super::*;

    #[test]
    fn password_managers_are_hidden_without_a_list() {
        for name in ["KeePassXC", "keepassxc", "1Password", "Bitwarden", "pinentry-gtk-2", "keepassxc-2.8"] {
            assert!(hides(&[], &["x".into(), name.into()], ""), "{name}");
        }
        for name in ["firefox", "", "keep", "passwords.txt - gedit"] {
            assert!(!hides(&[], &[name.into()], "KeePassXC manual"), "{name}");
        }
    }

    #[test]
    fn a_list_adds_to_them_and_an_unknown_effect_hides() {
        let rule =
            |effect, pattern: &str| WindowRule { effect, by: WindowMark::Title, pattern: pattern.into() };
        let rules = [
            rule(WindowEffect::Hide, "*salary*"),
            rule(WindowEffect::Pause, "*bank*"),
            rule(WindowEffect::Unknown, "*later*"),
        ];
        assert!(hides(&rules, &[], "Salary 2026") && !pauses(&rules, &[], "Salary 2026"));
        assert!(pauses(&rules, &[], "My Bank") && !hides(&rules, &[], "My Bank"));
        assert!(hides(&rules, &[], "see you later"));
    }
}
