//! Receipts: consoles leave the organisation's copies here, sealed to a key of which the service has the public half only.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use farhand_protocol::api;
use http::{Method, StatusCode, header};
use serde::Deserialize;

use super::Refusal;
use super::extract::{Asked, BODY_WITHIN, Body, From, Id};
use super::gate::SignedIn;
use super::operation::{Access, Kind, Operation, may, must};
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::identity::hex;
use crate::store::{ReceiptRow, TenantStore};

/// Bytes of a sealed receipt at most: a receipt's, and what sealing adds.
const MAX_LETTER: usize = 2 * 1024 * 1024 + 64;
/// A console may still bring a receipt for so long after the session's end, in milliseconds.
const AFTER_END: u64 = 10 * 60 * 1000;
/// Receipts that are listed.
const LISTED: u32 = 1000;
/// Characters of a receipt's number: 16 bytes in hex.
const NUMBER: usize = 32;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/receipt-key", "receipt_key", Access::Technician, || get(key))
        .about("The public key that the organisation's copies of receipts are sealed to.")
        .gives::<api::ReceiptKey>(200),
    Operation::new(Method::PUT, "/api/v1/receipt-key", "put_receipt_key", Access::Administrator, || {
        put(put_key)
    })
    .about("Sets the public key for receipts. The private one is never sent here.")
    .takes::<api::PutReceiptKey>()
    .gives::<api::ReceiptKey>(200),
    Operation::new(Method::GET, "/api/v1/receipts", "receipts", Access::Administrator, || get(list))
        .about("Sessions of which there is a sealed receipt, newest first, at most 1,000.")
        .query(&[may("session", Kind::Text, "Of this session only.")])
        .gives::<api::Receipts>(200),
    Operation::new(Method::GET, "/api/v1/sessions/{id}/receipt", "receipt", Access::Administrator, || {
        get(letter)
    })
    .about("A session's receipt, sealed to the organisation's key.")
    .gives_other(200, "application/octet-stream"),
    Operation::new(Method::PUT, "/api/v1/sessions/{id}/receipt", "put_receipt", Access::Technician, || {
        put(put_letter)
    })
    .about("Keeps the receipt of one's own session, sealed; a newer copy takes the place of an older one.")
    .query(&[must("number", Kind::Text, "The receipt's number, 32 hex digits.")])
    .takes_other("application/octet-stream"),
];

#[derive(Debug, Deserialize)]
struct ListAsked {
    session: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Numbered {
    number: Option<String>,
}

async fn key(signed_in: SignedIn) -> Result<Json<api::ReceiptKey>, Refusal> {
    Ok(Json(shown(&signed_in.tenant).await?))
}

async fn shown(tenant: &TenantStore) -> Result<api::ReceiptKey, Refusal> {
    let row = tenant.receipt_key().await?;
    Ok(api::ReceiptKey {
        public_key: row.as_ref().map(|row| hex(&row.public)),
        made_at: row.map(|row| row.made_at),
    })
}

async fn put_key(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::PutReceiptKey>,
) -> Result<Json<api::ReceiptKey>, Refusal> {
    let public = unhex(&form.public_key).filter(|bytes| bytes.len() == 32).ok_or_else(|| {
        Refusal::invalid(
            "receipt_key_invalid",
            "A key for receipts is 64 hex digits. Make it on the page for sessions.",
        )
    })?;
    signed_in.tenant.set_receipt_key(public, signed_in.user(), app.now().unix_ms).await?;
    let actor = Actor::User(signed_in.user().to_owned());
    let event = Event::new(actor, "receipt_key_change").detail(form.public_key).from(from).security();
    app.audit(&signed_in.tenant(), event).later();
    Ok(Json(shown(&signed_in.tenant).await?))
}

async fn list(signed_in: SignedIn, Asked(asked): Asked<ListAsked>) -> Result<Json<api::Receipts>, Refusal> {
    let rows = signed_in.tenant.receipts(LISTED).await?;
    let wanted =
        |row: &ReceiptRow| asked.session.as_deref().is_none_or(|id| id.is_empty() || id == row.session);
    let shown = |row: ReceiptRow| api::ReceiptKept { session: row.session, number: row.number, at: row.at };
    Ok(Json(api::Receipts { receipts: rows.into_iter().filter(wanted).map(shown).collect() }))
}

async fn letter(signed_in: SignedIn, Id(id): Id) -> Result<Response, Refusal> {
    let letter = signed_in.tenant.receipt(&id).await?.ok_or_else(Refusal::not_found)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], letter).into_response())
}

async fn put_letter(
    State(app): State<App>,
    From(from): From,
    Id(id): Id,
    signed_in: SignedIn,
    Asked(asked): Asked<Numbered>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let (owner, ended_at) = signed_in.tenant.session_owner(&id).await?.ok_or_else(Refusal::no_session)?;
    if owner != signed_in.user() {
        return Err(Refusal::no_session());
    }
    let now = app.now().unix_ms;
    if ended_at.is_some_and(|at| now.saturating_sub(at) > AFTER_END) {
        return Err(Refusal::conflict(
            "receipt_late",
            "This session ended too long ago for its receipt to change.",
        ));
    }
    let invalid = || {
        Refusal::invalid(
            "receipt_invalid",
            "Send a sealed receipt of at most 2 MB, and its number of 32 hex digits.",
        )
    };
    let number =
        asked.number.filter(|text| text.len() == NUMBER && unhex(text).is_some()).ok_or_else(invalid)?;
    let read = tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(request.into_body(), MAX_LETTER)).await;
    let Ok(Ok(bytes)) = read else { return Err(invalid()) };
    // What a sealed receipt begins with; more of it nobody here can read.
    if !bytes.starts_with(b"FHLT\x01") {
        return Err(invalid());
    }
    let row = ReceiptRow { session: id.clone(), number: number.to_lowercase(), at: now };
    signed_in.tenant.put_receipt(&row, bytes.to_vec()).await?;
    // The number stands in the chain from here on: another receipt cannot take this one's place unseen.
    let actor = Actor::User(signed_in.user().to_owned());
    let event = Event::new(actor, "receipt").session(&id).detail(format!("number:{}", row.number)).from(from);
    app.audit(&signed_in.tenant(), event).later();
    Ok(StatusCode::NO_CONTENT)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
