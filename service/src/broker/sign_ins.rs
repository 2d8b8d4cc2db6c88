//! Open sockets rest on sign-ins, and end with them: by time, by disuse, by another process (`farhand admin`). What
//! ends a sign-in within this process closes its sockets at once; this finds the rest.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::app::{App, ended};
use crate::http::stands;
use crate::identity::TokenHash;
use crate::store::StoreError;

/// Sign-ins under open sockets are looked at this often.
const EVERY: Duration = Duration::from_secs(10);
/// A live session counts as use, noted this often.
const NOTED_EACH_MS: u64 = 60_000;

/// Looks until the service ends.
pub async fn run(app: App) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ending = app.ending();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = ended(&mut ending) => return,
        }
        look(&app).await;
    }
}

/// Looks once. Sockets whose sign-in does not stand any more are closed.
pub async fn look(app: &App) {
    for (sign_in, live) in app.broker().resting_sign_ins() {
        match still_stands(app, &sign_in, live).await {
            Ok(true) => {}
            Ok(false) => app.broker().sign_out(&sign_in),
            Err(error) => tracing::error!(%error, "a sign-in under an open socket could not be looked at"),
        }
    }
}

async fn still_stands(app: &App, sign_in: &TokenHash, live: bool) -> Result<bool, StoreError> {
    let Some(found) = app.store().sign_in_by_token(sign_in).await? else { return Ok(false) };
    let tenant = app.store().tenant(found.tenant.clone());
    let Some(standing) = tenant.standing(&found.user).await? else { return Ok(false) };
    let now = app.now().unix_ms;
    if !stands(&found, &standing, now) {
        return Ok(false);
    }
    if live && now.saturating_sub(found.seen_at) > NOTED_EACH_MS {
        tenant.touch_sign_in(sign_in, now).await?;
    }
    Ok(true)
}
