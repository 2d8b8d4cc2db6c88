//! The TypeScript side of the wire types, for the web kit: a file a type, and an `index.ts` that exports them all.

use std::collections::BTreeMap;
use std::fmt::Write;

use ts_rs::{Config, ExportError, TS, TypeVisitor};

use crate::{api, channel, envelope, framing, rights, signal, version};

/// Every file: its name and its content.
///
/// # Errors
/// A type that TypeScript has no form for.
pub fn files() -> Result<BTreeMap<String, String>, ExportError> {
    let mut all =
        Collector { config: Config::new().with_large_int("number"), files: BTreeMap::new(), failed: None };
    all.take::<signal::ToService>();
    all.take::<signal::FromService>();
    all.take::<channel::Control>();
    all.take::<channel::Input>();
    all.take::<channel::Pointer>();
    all.take::<channel::ScreenFeedback>();
    all.take::<rights::Right>();
    all.take::<crate::consent::ConsentState>();
    all.take::<crate::session::SessionState>();
    all.take::<version::VersionRange>();
    all.take::<api::SetUp>();
    all.take::<api::SignIn>();
    all.take::<api::SecondStep>();
    all.take::<api::SecondFactor>();
    all.take::<api::PasskeyChallenge>();
    all.take::<api::PasskeySignIn>();
    all.take::<api::SignedIn>();
    all.take::<api::User>();
    all.take::<api::UserRole>();
    all.take::<api::ChangeMe>();
    all.take::<api::ChangePassword>();
    all.take::<api::SignInList>();
    all.take::<api::StandingSignIn>();
    all.take::<api::ShowInvitation>();
    all.take::<api::InvitationShown>();
    all.take::<api::AcceptInvitation>();
    all.take::<api::AskReset>();
    all.take::<api::FinishReset>();
    all.take::<api::AuditPage>();
    all.take::<api::AuditEntry>();
    all.take::<api::AuditVerified>();
    all.take::<api::Alerts>();
    all.take::<api::DataOverview>();
    all.take::<api::PutRetention>();
    all.take::<api::Delete>();
    all.take::<api::Deletion>();
    all.take::<api::Policy>();
    all.take::<api::Colleagues>();
    all.take::<api::Colleague>();
    all.take::<api::InviteColleague>();
    all.take::<api::ColleagueInvited>();
    all.take::<api::ColleagueInvitations>();
    all.take::<api::ColleagueInvitation>();
    all.take::<api::Groups>();
    all.take::<api::Group>();
    all.take::<api::PutGroup>();
    all.take::<api::WindowRules>();
    all.take::<api::Scope>();
    all.take::<api::ApiKeys>();
    all.take::<api::ApiKey>();
    all.take::<api::CreateApiKey>();
    all.take::<api::ApiKeyCreated>();
    all.take::<api::Method>();
    all.take::<api::Methods>();
    all.take::<api::Passkey>();
    all.take::<api::WithPassword>();
    all.take::<api::TotpBegun>();
    all.take::<api::ConfirmTotp>();
    all.take::<api::PasskeyBegun>();
    all.take::<api::ConfirmPasskey>();
    all.take::<api::PasskeyAttestation>();
    all.take::<api::PasskeyAssertion>();
    all.take::<api::MethodAdded>();
    all.take::<api::RecoveryCodes>();
    all.take::<api::Problem>();
    all.take::<api::PasswordRule>();
    all.take::<api::Organisation>();
    all.take::<api::ChangeOrganisation>();
    all.take::<api::PutSubscription>();
    all.take::<api::PutDomain>();
    all.take::<api::Domain>();
    all.take::<api::Outbox>();
    all.take::<api::Mail>();
    all.take::<api::MailState>();
    all.take::<api::People>();
    all.take::<api::Person>();
    all.take::<api::ChangePerson>();
    all.take::<api::Invite>();
    all.take::<api::Invitation>();
    all.take::<api::History>();
    all.take::<api::PastSession>();
    all.take::<api::CannedReplies>();
    all.take::<api::PutCannedReply>();
    all.take::<api::SessionNote>();
    all.take::<api::PutSessionNote>();
    all.take::<api::ReceiptKey>();
    all.take::<api::PutReceiptKey>();
    all.take::<api::ReceiptKept>();
    all.take::<api::Receipts>();
    all.take::<api::Report>();
    all.take::<api::ReportRow>();
    all.take::<api::ServiceInfo>();
    all.take::<api::OfferedDownload>();
    all.take::<api::StartTokenFor>();
    all.take::<api::StartToken>();
    all.take::<channel::chat::Chat>();
    all.take::<channel::files::Files>();
    all.take::<crate::transfer::Item>();
    all.take::<crate::transfer::ConsoleOutput>();
    all.take::<crate::transfer::Said>();
    all.take::<channel::clipboard::Clipboard>();
    all.take::<channel::diagnostics::Diagnostics>();
    all.take::<api::CreateSession>();
    all.take::<api::SessionCreated>();
    all.take::<api::SessionList>();
    all.take::<api::Join>();
    all.take::<api::Joined>();
    all.take::<api::MediaOffer>();
    if let Some(failed) = all.failed {
        return Err(failed);
    }
    let mut files = all.files;
    let mut index = HEADER.to_owned();
    for name in files.keys() {
        let _ = writeln!(index, "export type {{ {name} }} from \"./{name}\";");
    }
    index.push_str("export * from \"./constants\";\n");
    files.insert("constants".into(), constants());
    files.insert("index".into(), index);
    Ok(files.into_iter().map(|(name, content)| (format!("{name}.ts"), content)).collect())
}

const HEADER: &str = "// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.\n";

fn constants() -> String {
    let mut out = HEADER.to_owned();
    let mut line = |name: &str, doc: &str, value: String| {
        let _ = write!(out, "/** {doc} */\nexport const {name} = {value} as const;\n");
    };
    let rights = serde_json::to_string(&rights::Right::ALL).expect("rights are JSON");
    line("RIGHTS", "Every right, in the order in which people read them.", rights);
    let ours = version::VersionRange::ours();
    let versions = format!("{{ oldest: {}, newest: {} }}", ours.oldest.0, ours.newest.0);
    line("VERSIONS", "The protocol versions that this build speaks.", versions);
    line("MAX_SIGNAL", "The largest signal, in bytes.", signal::MAX_SIGNAL.to_string());
    line("MAX_TEXT", "The longest text to type in one message, in bytes.", channel::MAX_TEXT.to_string());
    let chat = channel::chat::MAX_CHAT_TEXT.to_string();
    line("MAX_CHAT_TEXT", "The longest message of the chat, in bytes.", chat);
    line(
        "MAX_MESSAGE",
        "The largest message on the media path but the files', in bytes.",
        envelope::MAX_MESSAGE.to_string(),
    );
    line(
        "MAX_FILES_MESSAGE",
        "The largest message on the files' stream, in bytes.",
        envelope::MAX_FILES_MESSAGE.to_string(),
    );
    let clipboard = [
        ("content", u64::from(channel::clipboard::MAX_CONTENT)),
        ("text", u64::from(channel::clipboard::MAX_CLIPBOARD_TEXT)),
        ("html", u64::from(channel::clipboard::MAX_CLIPBOARD_HTML)),
        ("png", u64::from(channel::clipboard::MAX_CLIPBOARD_IMAGE)),
        ("pixels", channel::clipboard::MAX_CLIPBOARD_PIXELS),
        ("piece", channel::clipboard::CLIPBOARD_PIECE as u64),
        ("window", u64::from(channel::clipboard::CLIPBOARD_WINDOW)),
    ];
    let clipboard = clipboard.map(|(name, most)| format!("{name}: {most}")).join(", ");
    line("CLIPBOARD", "Limits of the clipboard, in bytes and pixels.", format!("{{ {clipboard} }}"));
    line("MAX_TICKET", "The longest ticket, in bytes.", framing::MAX_TICKET.to_string());
    let streams = envelope::Stream::ALL.map(|s| format!("{}: {}", format!("{s:?}").to_lowercase(), s as u8));
    line("STREAM", "Numbers of the streams on the media path.", format!("{{ {} }}", streams.join(", ")));
    let close = [
        ("ended", framing::close::ENDED),
        ("noTicket", framing::close::NO_TICKET),
        ("ticketRefused", framing::close::TICKET_REFUSED),
        ("protocol", framing::close::PROTOCOL),
        ("replaced", framing::close::REPLACED),
        ("busy", framing::close::BUSY),
    ];
    let close = close.map(|(name, code)| format!("{name}: {code}")).join(", ");
    line(
        "CLOSE",
        "Codes with which the media service closes a connection; a WebSocket's are these plus 4000.",
        format!("{{ {close} }}"),
    );
    out
}

struct Collector {
    config: Config,
    files: BTreeMap<String, String>,
    failed: Option<ExportError>,
}

impl Collector {
    fn take<T: TS + 'static + ?Sized>(&mut self) {
        self.visit::<T>();
    }
}

impl TypeVisitor for Collector {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_none() {
            return;
        }
        let name = T::ident(&self.config);
        if self.files.contains_key(&name) {
            return;
        }
        match T::export_to_string(&self.config) {
            Ok(text) => {
                let body = text.split_once("\n").map_or(text.as_str(), |(_, rest)| rest);
                self.files.insert(name, format!("{HEADER}{}\n", body.trim_end()));
            }
            Err(error) => self.failed = Some(error),
        }
        T::visit_dependencies(self);
    }
}
