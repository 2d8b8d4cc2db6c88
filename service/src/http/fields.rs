//! Fields of forms, checked.

use farhand_protocol::api::Policy;

use super::Refusal;
use crate::app::App;
use crate::identity::password::{self, Whose};
use crate::identity::ranges;

/// Characters of a name or an organisation's name.
const MAX_NAME: usize = 100;
/// Characters of an e-mail address (RFC 5321).
pub const MAX_EMAIL: usize = 254;
/// Minutes in a policy: a week.
const MAX_MINUTES: u32 = 7 * 24 * 60;

/// An e-mail address as it is compared: trimmed and in lower case.
pub fn email(text: &str) -> Result<String, Refusal> {
    let email = text.trim().to_lowercase();
    let plain = !email.chars().any(|c| c.is_control() || c.is_whitespace() || "<>,;:\"()[]\\".contains(c))
        && email.chars().count() <= MAX_EMAIL;
    let parts = email
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    if plain && parts {
        return Ok(email);
    }
    Err(Refusal::invalid("email_invalid", "This is not an e-mail address. Write it like name@example.org."))
}

/// A name: something, and not too much.
pub fn name(text: &str, code: &'static str, what: &str) -> Result<String, Refusal> {
    let name = text.trim();
    if !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Refusal::invalid(code, format!("Write {what}, with at most {MAX_NAME} characters.")))
}

/// A new password, hashed, if its rule lets it be.
pub async fn new_password(app: &App, password: String, whose: Whose<'_>) -> Result<String, Refusal> {
    password::check(&password, whose).map_err(|weak| Refusal::invalid("password_weak", weak.to_string()))?;
    Ok(app.passwords().hash(password).await?)
}

/// A policy that can be kept to.
pub fn policy(policy: Policy) -> Result<Policy, Refusal> {
    let invalid = |message: String| Refusal::invalid("policy_invalid", message);
    let minutes = |minutes: Option<u32>| minutes.is_none_or(|m| (1..=MAX_MINUTES).contains(&m));
    if !minutes(policy.session_minutes) || !minutes(policy.idle_minutes) {
        return Err(invalid(format!("Write times as whole minutes, from 1 to {MAX_MINUTES}.")));
    }
    if !policy.windows.is_empty() {
        return Err(invalid("Windows are listed for the whole organisation, not for a group.".to_owned()));
    }
    if policy.addresses.len() > ranges::MAX {
        return Err(invalid(format!("Write at most {} address ranges.", ranges::MAX)));
    }
    if let Some(bad) = policy.addresses.iter().find(|text| ranges::Range::parse(text).is_none()) {
        let shown: String = bad.chars().filter(|c| !c.is_control()).take(50).collect();
        return Err(invalid(format!(
            "{shown:?} is no range of addresses. Write ranges like 192.0.2.0/24, or single addresses."
        )));
    }
    Ok(policy)
}

/// A span of time as people say it.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=99 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}
