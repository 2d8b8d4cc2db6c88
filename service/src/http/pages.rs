//! The web pages: built in, or from a folder. All are read when the service starts and looked up by their whole path,
//! so that no path can lead anywhere else.

use std::collections::HashMap;
use std::path::Path;

use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::RustEmbed;

use super::Refusal;
use super::guard::without_port;
use crate::app::App;
use crate::identity::{hex, sha256};

#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct BuiltIn;

/// Files whose name carries a hash of their content never change.
const HASHED: &str = "assets/";
/// The page that checks a receipt: everything that it needs is in it.
const ONE_FILE: &str = "receipt.html";
/// Files of a page folder, and bytes of one file, at most: more is not a page folder.
const MAX_FILES: usize = 2_000;

struct Page {
    bytes: Bytes,
    kind: HeaderValue,
    tag: HeaderValue,
    hashed: bool,
    /// Its own policy, in the place of [`content_policy`].
    policy: Option<HeaderValue>,
}

/// All pages.
pub struct Pages {
    files: HashMap<String, Page>,
}

/// A folder of pages that cannot be served.
#[derive(Debug, thiserror::Error)]
#[error(
    "The folder of pages {folder} given with --web cannot be read: {why}. Build the pages first, or leave --web out."
)]
pub struct PagesError {
    folder: String,
    why: String,
}

impl Pages {
    /// Reads the pages.
    ///
    /// # Errors
    /// [`PagesError`] when a folder is named and cannot be read.
    pub fn load(folder: Option<&Path>) -> Result<Self, PagesError> {
        let mut files = HashMap::new();
        match folder {
            Some(folder) => {
                let failed = |why: String| PagesError { folder: folder.display().to_string(), why };
                read_folder(folder, "", &mut files).map_err(|e| failed(e.to_string()))?;
                if !files.contains_key("index.html") {
                    return Err(failed("it holds no index.html".to_owned()));
                }
            }
            None => {
                for name in BuiltIn::iter() {
                    if let Some(file) = BuiltIn::get(&name) {
                        files.insert(name.to_string(), page_of(&name, Bytes::from(file.data.into_owned())));
                    }
                }
            }
        }
        Ok(Self { files })
    }

    /// The page at a path, by the whole path and nothing else.
    fn at(&self, path: &str) -> Option<&Page> {
        let named = match path {
            "/" => "index.html",
            "/join" => "join.html",
            "/setup" => "setup.html",
            "/receipt" => ONE_FILE,
            // Links in mails; the console's own page reads what stands behind the #.
            "/invitation" | "/reset" => "index.html",
            other => return self.files.get(other.strip_prefix('/')?),
        };
        self.files.get(named).or_else(|| self.files.get("index.html").filter(|_| named != ONE_FILE))
    }
}

fn read_folder(folder: &Path, under: &str, files: &mut HashMap<String, Page>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let name = if under.is_empty() { name } else { format!("{under}/{name}") };
        // A link could lead out of the folder.
        let kind = entry.file_type()?;
        if kind.is_dir() {
            read_folder(&entry.path(), &name, files)?;
        } else if kind.is_file() {
            if files.len() >= MAX_FILES {
                return Err(std::io::Error::other(format!("it holds more than {MAX_FILES} files")));
            }
            let page = page_of(&name, Bytes::from(std::fs::read(entry.path())?));
            files.insert(name, page);
        }
    }
    Ok(())
}

fn page_of(name: &str, bytes: Bytes) -> Page {
    let tag = format!("\"{}\"", &hex(&sha256(&bytes))[..32]);
    Page {
        kind: HeaderValue::from_static(kind_of(name)),
        tag: HeaderValue::try_from(tag).expect("hex is plain ASCII"),
        hashed: name.starts_with(HASHED),
        policy: if name == ONE_FILE { own_policy(&bytes) } else { None },
        bytes,
    }
}

/// The policy that a page of one file states in its head: by the hashes of its own script and style, it allows less than
/// the other pages' policy, and nothing of the network.
fn own_policy(page: &[u8]) -> Option<HeaderValue> {
    let text = std::str::from_utf8(page).ok()?;
    let (_, rest) = text.split_once("<meta http-equiv=\"Content-Security-Policy\" content=\"")?;
    let (policy, _) = rest.split_once('"')?;
    let nothing_else = policy.starts_with("default-src 'none'; script-src 'sha256-");
    let policy = nothing_else.then(|| format!("{policy}; frame-ancestors 'none'"))?;
    HeaderValue::try_from(policy).ok()
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// Everything that is no operation: a page, or nothing.
pub async fn page(State(app): State<App>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let is_api = path == "/api" || path.starts_with("/api/");
    if is_api
        || !matches!(method, Method::GET | Method::HEAD)
        || (path == "/setup" && !app.set_up().is_open())
    {
        return Refusal::not_found().into_response();
    }
    let Some(page) = app.pages().at(path) else {
        if app.pages().files.is_empty() && matches!(path, "/" | "/join" | "/setup") {
            return (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response();
        }
        return Refusal::not_found().into_response();
    };
    let cache = if page.hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let about = [(header::ETAG, page.tag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static(cache))];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == page.tag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    let mut response =
        (about, [(header::CONTENT_TYPE, page.kind.clone())], page.bytes.clone()).into_response();
    if let Some(policy) = &page.policy {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    }
    response
}

/// An operation's path with another method.
pub async fn wrong_method() -> Refusal {
    Refusal::wrong_method()
}

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Farhand</title>\
    <h1>The pages are not built</h1><p>This farhand was built without its web pages. Run <code>npm ci &amp;&amp; npm run \
    build</code> in the folder <code>web</code> and start it again, or name a folder of pages with <code>--web</code>.</p>";

/// What a page may load and connect to: this service, its sockets, and the media service's port on the same host.
pub fn content_policy(host: Option<&str>, media_port: u16) -> String {
    let reach = match host {
        Some(host) => format!(" wss://{host} https://{}:{media_port}", without_port(host)),
        None => String::new(),
    };
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
         img-src 'self' data: blob:; font-src 'self'; connect-src 'self'{reach}; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_paths_find_a_page() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("assets")).unwrap();
        for name in ["index.html", "join.html", "assets/a-1f.wasm"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("out.txt")).unwrap();
        let pages = Pages::load(Some(folder.path())).unwrap();
        let body = |path: &str| pages.at(path).map(|p| String::from_utf8(p.bytes.to_vec()).unwrap());
        assert_eq!(body("/").as_deref(), Some("index.html"));
        assert_eq!(body("/join").as_deref(), Some("join.html"));
        assert_eq!(body("/setup").as_deref(), Some("index.html"));
        assert_eq!(pages.at("/assets/a-1f.wasm").unwrap().kind, "application/wasm");
        for path in [
            "/out.txt",
            "/join/",
            "/JOIN",
            "//",
            "/assets",
            "/assets/",
            "/./join",
            "/assets/../index.html",
            "/%6aoin",
            "/assets/%2e%2e/index.html",
            "/../index.html",
            "index.html",
            "",
        ] {
            assert_eq!(body(path), None, "{path}");
        }
    }

    #[test]
    fn a_page_of_one_file_has_its_own_policy_if_it_is_the_stricter_one() {
        let page = |policy: &str| {
            let html = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\" />");
            page_of(ONE_FILE, Bytes::from(html)).policy
        };
        let strict = "default-src 'none'; script-src 'sha256-abc='; style-src 'sha256-def='";
        let expected = format!("{strict}; frame-ancestors 'none'");
        assert_eq!(page(strict).unwrap(), expected.as_str());
        assert!(page("default-src *; script-src 'unsafe-inline'").is_none());
        assert!(page_of("index.html", Bytes::from(strict)).policy.is_none());
    }

    #[test]
    fn the_policy_reaches_no_further_than_this_host() {
        let policy = content_policy(Some("box.example:8443"), 15000);
        assert!(
            policy.contains("connect-src 'self' wss://box.example:8443 https://box.example:15000;"),
            "{policy}"
        );
        assert!(!policy.contains('*') && !policy.contains("unsafe-inline"));
    }
}
