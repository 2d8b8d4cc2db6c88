//! What technicians say and write down: canned replies, a session's note and result, and its chat, which consoles leave
//! here sealed to the organisation's key for receipts.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use farhand_protocol::api::{self, MAX_NOTE, MAX_REPLIES, MAX_REPLY_TEXT};
use http::{Method, StatusCode, header};

use super::extract::{BODY_WITHIN, Body, From, Id};
use super::gate::SignedIn;
use super::operation::{Access, Operation};
use super::{Refusal, fields};
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::identity::random_id;
use crate::store::{NoteRow, ReplyRow, TenantStore};

/// Bytes of a sealed chat: of the chat itself, and what sealing adds.
const MAX_LETTER: usize = 512 * 1024 + 64;
/// A console may still bring a chat for so long after the session's end, in milliseconds.
const AFTER_END: u64 = 10 * 60 * 1000;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/api/v1/canned-replies", "canned_replies", Access::Technician, || {
        get(replies)
    })
    .about("What technicians often say in the chat, by title.")
    .gives::<api::CannedReplies>(200),
    Operation::new(Method::POST, "/api/v1/canned-replies", "add_canned_reply", Access::Administrator, || {
        post(add_reply)
    })
    .about("Adds a canned reply.")
    .takes::<api::PutCannedReply>()
    .gives::<api::CannedReply>(201),
    Operation::new(
        Method::PUT,
        "/api/v1/canned-replies/{id}",
        "change_canned_reply",
        Access::Administrator,
        || put(change_reply),
    )
    .about("Changes a canned reply.")
    .takes::<api::PutCannedReply>()
    .gives::<api::CannedReply>(200),
    Operation::new(
        Method::DELETE,
        "/api/v1/canned-replies/{id}",
        "remove_canned_reply",
        Access::Administrator,
        || axum::routing::delete(remove_reply),
    )
    .about("Removes a canned reply."),
    Operation::new(Method::GET, "/api/v1/sessions/{id}/note", "session_note", Access::Technician, || {
        get(note)
    })
    .about("The note and the result of one's own session, or of any for administrators.")
    .gives::<api::SessionNote>(200),
    Operation::new(Method::PUT, "/api/v1/sessions/{id}/note", "put_session_note", Access::Technician, || {
        put(put_note)
    })
    .about("Writes the note and the result of one's own session, while it lasts or later.")
    .takes::<api::PutSessionNote>()
    .gives::<api::SessionNote>(200),
    Operation::new(Method::GET, "/api/v1/sessions/{id}/chat", "session_chat", Access::Administrator, || {
        get(chat)
    })
    .about("A session's chat, sealed to the organisation's key for receipts.")
    .gives_other(200, "application/octet-stream"),
    Operation::new(Method::PUT, "/api/v1/sessions/{id}/chat", "put_session_chat", Access::Technician, || {
        put(put_chat)
    })
    .about("Keeps the chat of one's own session, sealed; a newer copy takes the place of an older one.")
    .takes_other("application/octet-stream"),
];

async fn replies(signed_in: SignedIn) -> Result<Json<api::CannedReplies>, Refusal> {
    let replies = signed_in.tenant.replies().await?.into_iter().map(reply_shown).collect();
    Ok(Json(api::CannedReplies { replies }))
}

fn reply_shown(row: ReplyRow) -> api::CannedReply {
    api::CannedReply { id: row.id, title: row.title, text: row.text }
}

fn reply_of(id: String, form: &api::PutCannedReply) -> Result<ReplyRow, Refusal> {
    let title = fields::name(&form.title, "name_invalid", "a title for the reply")?;
    let text = words(&form.text, MAX_REPLY_TEXT).filter(|text| !text.is_empty()).ok_or_else(|| {
        Refusal::invalid(
            "reply_invalid",
            format!("Write what is said, with at most {MAX_REPLY_TEXT} characters."),
        )
    })?;
    Ok(ReplyRow { id, title, text })
}

/// Text of several lines, trimmed; `None` where it is too long or holds what no keyboard writes.
fn words(text: &str, most: usize) -> Option<String> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    let plain = !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    (plain && text.chars().count() <= most).then(|| text.to_owned())
}

fn record(app: &App, signed_in: &SignedIn, event: Event, from: std::net::IpAddr) {
    app.audit(&signed_in.tenant(), event.from(from)).later();
}

fn by(signed_in: &SignedIn, action: &'static str) -> Event {
    Event::new(Actor::User(signed_in.user().to_owned()), action)
}

async fn add_reply(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Body(form): Body<api::PutCannedReply>,
) -> Result<(StatusCode, Json<api::CannedReply>), Refusal> {
    let row = reply_of(random_id(8), &form)?;
    if signed_in.tenant.count_replies().await? as usize >= MAX_REPLIES {
        return Err(Refusal::conflict(
            "too_many",
            "There are as many canned replies as there can be. Remove one first.",
        ));
    }
    signed_in.tenant.add_reply(&row, app.now().unix_ms).await?;
    record(&app, &signed_in, by(&signed_in, "reply_add").detail(format!("reply:{}", row.id)), from);
    Ok((StatusCode::CREATED, Json(reply_shown(row))))
}

fn reply_unknown() -> Refusal {
    Refusal::unknown("reply_unknown", "There is no such canned reply. Load the list again.")
}

async fn change_reply(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
    Body(form): Body<api::PutCannedReply>,
) -> Result<Json<api::CannedReply>, Refusal> {
    let row = reply_of(id, &form)?;
    if !signed_in.tenant.change_reply(&row, app.now().unix_ms).await? {
        return Err(reply_unknown());
    }
    record(&app, &signed_in, by(&signed_in, "reply_change").detail(format!("reply:{}", row.id)), from);
    Ok(Json(reply_shown(row)))
}

async fn remove_reply(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<StatusCode, Refusal> {
    if !signed_in.tenant.remove_reply(&id).await? {
        return Err(reply_unknown());
    }
    record(&app, &signed_in, by(&signed_in, "reply_remove").detail(format!("reply:{id}")), from);
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a session is one's own, and when it ended. Of another's one is told what one is told of none.
async fn own(signed_in: &SignedIn, session: &str) -> Result<Option<u64>, Refusal> {
    let (owner, ended_at) = signed_in.tenant.session_owner(session).await?.ok_or_else(Refusal::no_session)?;
    if owner != signed_in.user() {
        return Err(Refusal::no_session());
    }
    Ok(ended_at)
}

async fn note(signed_in: SignedIn, Id(id): Id) -> Result<Json<api::SessionNote>, Refusal> {
    if signed_in.is_administrator() {
        signed_in.tenant.session_owner(&id).await?.ok_or_else(Refusal::no_session)?;
    } else {
        own(&signed_in, &id).await?;
    }
    Ok(Json(note_shown(&signed_in.tenant, &id).await?))
}

async fn note_shown(tenant: &TenantStore, session: &str) -> Result<api::SessionNote, Refusal> {
    Ok(match tenant.note(session).await? {
        Some(NoteRow { result, note, at }) => api::SessionNote { result, note, at: Some(at) },
        None => api::SessionNote { result: None, note: String::new(), at: None },
    })
}

async fn put_note(
    State(app): State<App>,
    From(from): From,
    Id(id): Id,
    signed_in: SignedIn,
    Body(form): Body<api::PutSessionNote>,
) -> Result<Json<api::SessionNote>, Refusal> {
    own(&signed_in, &id).await?;
    let note = words(&form.note, MAX_NOTE).ok_or_else(|| {
        Refusal::invalid("note_invalid", format!("Write a note with at most {MAX_NOTE} characters."))
    })?;
    let row = NoteRow { result: form.result, note, at: app.now().unix_ms };
    signed_in.tenant.put_note(&id, &row).await?;
    // The words themselves stand in no log.
    let result = form.result.map_or("none".to_owned(), |result| format!("{result:?}"));
    let event = by(&signed_in, "session_note").session(&id).detail(format!("result:{result}"));
    record(&app, &signed_in, event, from);
    Ok(Json(note_shown(&signed_in.tenant, &id).await?))
}

async fn chat(
    State(app): State<App>,
    From(from): From,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<Response, Refusal> {
    let letter = signed_in.tenant.chat(&id).await?.ok_or_else(Refusal::not_found)?;
    record(&app, &signed_in, by(&signed_in, "chat_read").session(&id), from);
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], letter).into_response())
}

async fn put_chat(
    State(app): State<App>,
    Id(id): Id,
    signed_in: SignedIn,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let ended_at = own(&signed_in, &id).await?;
    let now = app.now().unix_ms;
    if ended_at.is_some_and(|at| now.saturating_sub(at) > AFTER_END) {
        return Err(Refusal::conflict(
            "chat_late",
            "This session ended too long ago for its chat to change.",
        ));
    }
    let invalid = || Refusal::invalid("chat_invalid", "Send a sealed chat of at most 512 KB.");
    let read = tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(request.into_body(), MAX_LETTER)).await;
    let Ok(Ok(bytes)) = read else { return Err(invalid()) };
    // What is sealed to the key begins with this; more of it nobody here can read.
    if !bytes.starts_with(b"FHLT\x01") {
        return Err(invalid());
    }
    signed_in.tenant.put_chat(&id, bytes.to_vec(), now).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_lines_and_nothing_that_no_keyboard_writes() {
        assert_eq!(words("  a\r\nb\tc \n", 10).unwrap(), "a\nb\tc");
        assert_eq!(words("", 10).unwrap(), "");
        assert_eq!(words("a\u{1b}[31m", 10), None);
        assert_eq!(words("äöü", 3).unwrap(), "äöü");
        assert_eq!(words("äöüß", 3), None);
    }
}
