//! Programs to download, and start tokens, which say for which session a download is. Everybody gets the same bytes.

use std::sync::Arc;

use axum::Json;
use axum::body::Body as Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farhand_protocol::api::{OfferedDownload, StartToken, StartTokenFor};
use farhand_protocol::session::code::Number;
use farhand_release::start::Start;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use tokio::io::AsyncReadExt as _;

use super::Refusal;
use super::extract::Body;
use super::operation::{Access, Operation};
use super::sessions::base;
use crate::app::App;
use crate::downloads::{Downloads, Offered};

/// The program that customers download.
const AGENT: &str = "farhand-agent";
/// A start token is good for so many seconds: as long as a download and a look at a window may take.
const TOKEN_LASTS: u64 = 30 * 60;
/// A file goes out in pieces of so many bytes.
const PIECE: usize = 64 * 1024;
/// To be kept, under the name that the page gives it, or the address's: a name here would outrank the page's.
const ATTACHED: HeaderValue = HeaderValue::from_static("attachment");

pub(super) const OPERATIONS: &[Operation] = &[Operation::new(
    Method::POST,
    "/api/v1/start-token",
    "start_token",
    Access::Open,
    || post(start_token),
)
.about(
    "Signs for which session of this service a start of the customer's program is. Says nothing of whether \
             there is such a session.",
)
.takes::<StartTokenFor>()
.gives::<StartToken>(200)];

/// Looks at the folder, away from what must not wait.
async fn looked<T: Send + 'static>(
    app: &App,
    look: impl FnOnce(&Downloads) -> T + Send + 'static,
) -> Result<Option<T>, Refusal> {
    let Some(downloads) = app.downloads().cloned() else { return Ok(None) };
    let found = tokio::task::spawn_blocking(move || look(&downloads)).await;
    found.map(Some).map_err(|error| unreadable(&error))
}

/// What can be downloaded of the agent, for whoever asks about the service.
pub async fn offered(app: &App) -> Result<Vec<OfferedDownload>, Refusal> {
    let found = looked(app, |downloads| downloads.of(AGENT)).await?.unwrap_or_default();
    Ok(found
        .iter()
        .map(|it| OfferedDownload {
            target: it.release.target.clone(),
            version: it.release.version.to_string(),
            file: it.release.file.clone(),
            size: it.release.size,
            sha256: it.release.sha256.clone(),
        })
        .collect())
}

/// `GET /download/{program}/{name}`: a release, or (`TARGET.minisig`) what is offered for a target.
pub async fn download(
    State(app): State<App>,
    Path((program, name)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    if let Some(target) = name.strip_suffix(".minisig") {
        let target = target.to_owned();
        let found =
            looked(&app, move |it| it.of(&program).into_iter().find(|it| it.release.target == target))
                .await?;
        return found.flatten().map(|it| signature(&it)).ok_or_else(Refusal::not_found);
    }
    let found = looked(&app, move |downloads| downloads.file(&program, &name)).await?;
    let found = found.transpose().map_err(|error| unreadable(&error))?;
    let (offered, file) = found.flatten().ok_or_else(Refusal::not_found)?;
    Ok(whole(offered.release.size, tokio::fs::File::from_std(file)))
}

fn signature(offered: &Arc<Offered>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_DISPOSITION, ATTACHED),
    ];
    (headers, offered.signature.clone()).into_response()
}

/// A file as a download, of exactly so many bytes.
pub fn whole(length: u64, file: tokio::fs::File) -> Response {
    let pieces = futures_util::stream::try_unfold(file.take(length), |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((piece, file)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, ATTACHED),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, Bytes::from_stream(pieces)).into_response()
}

fn unreadable(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "a release cannot be read");
    Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "download_unreadable",
        "The program cannot be downloaded just now. Try again in a moment; if it happens again, tell whoever runs the \
         service.",
    )
}

/// `POST /api/v1/start-token`.
pub async fn start_token(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    Body(form): Body<StartTokenFor>,
) -> Result<Json<StartToken>, Refusal> {
    let number = Number::parse(&form.number).map_err(|_| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "code_malformed",
            "These are not the first six digits of a code. Check the code and type it again.",
        )
    })?;
    let now = app.now().unix_ms;
    let until = now / 1000 + TOKEN_LASTS;
    let certificate = app.certificate();
    let start = Start {
        server: base(&app, &uri, &headers),
        fingerprint: if certificate.self_signed { certificate.fingerprint.clone() } else { String::new() },
        number: number.digits().to_owned(),
        until,
    };
    let signed = app.store().signer(now).await?.sign(start.signed_text());
    let signature = STANDARD.decode(signed.signature).expect("our own base64");
    Ok(Json(StartToken { token: start.token(&signature), expires_at: until * 1000 }))
}
