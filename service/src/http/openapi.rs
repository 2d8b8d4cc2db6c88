//! The OpenAPI document, made from the list of operations, and a page that shows it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use axum::response::{Html, IntoResponse as _, Response};
use farhand_protocol::api::Problem;
use http::header;
use serde_json::{Map, Value, json};

use super::operation::{Access, Content, Kind, Operation, Schemas};
use super::{COOKIE, every};

/// Where the document is.
pub const DOCUMENT: &str = "/api/openapi.json";
/// Where the page is.
pub const PAGE: &str = "/api/docs";

/// `GET /api/openapi.json`.
pub async fn json() -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    ([(header::CONTENT_TYPE, "application/json")], TEXT.get_or_init(text).as_str()).into_response()
}

/// `GET /api/docs`.
pub async fn page() -> Html<&'static str> {
    static PAGE: OnceLock<String> = OnceLock::new();
    Html(PAGE.get_or_init(shown))
}

/// The document as text, as it is kept in `docs/openapi.json`.
///
/// # Panics
/// Never: a document is plain data.
#[must_use]
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).expect("a document is plain data");
    text.push('\n');
    text
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in every() {
        let described = describe(operation, &mut schemas);
        paths
            .entry(operation.path)
            .or_default()
            .insert(operation.method.as_str().to_ascii_lowercase(), described);
    }
    schemas.push(("Problem".into(), problem()));
    let schemas: BTreeMap<String, Value> = schemas.into_iter().collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Farhand",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Remote support that people can trust. Times are milliseconds since 1970. Every error is a \
                            Problem: a code for programs and a sentence for people.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http", "scheme": "bearer",
                    "description": "The token of a sign-in made with `Farhand-Token: bearer`.",
                },
                "cookie": {
                    "type": "apiKey", "in": "cookie", "name": COOKIE,
                    "description": "The cookie of a sign-in in a browser. Requests that change something need an \
                                    Origin that is the service's own.",
                },
                "key": {
                    "type": "http", "scheme": "bearer",
                    "description": "An API key. None can change credentials or start a session.",
                },
            },
        },
    })
}

fn problem() -> Value {
    use utoipa::PartialSchema as _;
    serde_json::to_value(Problem::schema()).expect("a schema is plain data")
}

fn describe(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut described = Map::new();
    described.insert("operationId".into(), operation.id.into());
    described.insert("summary".into(), operation.about.into());
    described.insert("tags".into(), json!([tag(operation.path)]));
    let mut parameters: Vec<Value> = variables(operation.path)
        .map(|name| {
            json!({
                "name": name, "in": "path", "required": true,
                "schema": { "type": "string", "minLength": 1 },
            })
        })
        .collect();
    parameters.extend(operation.query.iter().map(|parameter| {
        let schema = match parameter.kind {
            Kind::Text => json!({ "type": "string", "maxLength": 200 }),
            Kind::Number => json!({ "type": "integer", "minimum": 0, "maximum": MAX_NUMBER }),
            Kind::Flag => json!({ "type": "boolean" }),
        };
        json!({
            "name": parameter.name, "in": "query", "required": parameter.required,
            "description": parameter.about, "schema": schema,
        })
    }));
    if !parameters.is_empty() {
        described.insert("parameters".into(), parameters.into());
    }
    if let Some(content) = content(operation.takes, schemas) {
        described.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    let mut responses = Map::new();
    for (status, gives) in operation.gives.into_iter().flatten() {
        let mut response = Map::from_iter([("description".to_owned(), Value::from(meaning(status)))]);
        if let Some(content) = content(gives, schemas) {
            response.insert("content".into(), content);
        }
        responses.insert(status.to_string(), response.into());
    }
    let reference = json!({ "$ref": "#/components/schemas/Problem" });
    responses.insert(
        "default".into(),
        json!({
            "description": "It was refused, or could not be done.",
            "content": { "application/json": { "schema": reference } },
        }),
    );
    described.insert("responses".into(), responses.into());
    described.insert("security".into(), security(operation));
    described.into()
}

/// The largest number in a query: what JavaScript can count exactly.
const MAX_NUMBER: u64 = (1 << 53) - 1;

fn content(content: Content, schemas: &mut Schemas) -> Option<Value> {
    match content {
        Content::Nothing => None,
        Content::Json(describe) => Some(json!({ "application/json": { "schema": describe(schemas) } })),
        Content::Other(kind) => {
            let schema = if kind.starts_with("text/") || kind == "application/jsonl" {
                json!({ "type": "string" })
            } else {
                json!({ "type": "string", "format": "binary" })
            };
            Some(json!({ kind: { "schema": schema } }))
        }
    }
}

fn security(operation: &Operation) -> Value {
    let mut ways = match operation.access {
        Access::Open | Access::SetUp | Access::Ticket => return json!([]),
        Access::Own | Access::Technician | Access::Administrator => {
            vec![json!({ "token": [] }), json!({ "cookie": [] })]
        }
        Access::Participant => vec![json!({ "token": [] }), json!({ "cookie": [] })],
        Access::Demo => vec![json!({ "token": [] })],
    };
    if operation.scope.is_some() {
        ways.push(json!({ "key": [] }));
    }
    ways.into()
}

fn variables(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The first word of a path names its resource.
fn tag(path: &str) -> &str {
    path.trim_start_matches("/api/v1/").trim_start_matches('/').split('/').next().unwrap_or_default()
}

fn meaning(status: u16) -> &'static str {
    match status {
        101 => "It becomes a WebSocket.",
        201 => "It was made.",
        202 => "It is under way, or one more step follows.",
        204 => "It is done.",
        _ => "Here it is.",
    }
}

/// Who may use an operation, in words.
fn who(operation: &Operation) -> String {
    let who = match operation.access {
        Access::Open => "anybody",
        Access::SetUp => "whoever holds the set-up link",
        Access::Own => "whoever is signed in, also before a second method that is demanded was added",
        Access::Technician => "whoever is signed in",
        Access::Administrator => "administrators",
        Access::Participant => "participants of the session",
        Access::Ticket => "whoever brings a media ticket",
        Access::Demo => "the demo computer",
    };
    match operation.scope {
        Some(scope) => {
            format!("{who}; API keys with {}", serde_json::json!(scope).as_str().unwrap_or_default())
        }
        None => who.to_owned(),
    }
}

/// The page: plain HTML without a script, made once.
fn shown() -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Farhand API</title></head><body><main><h1>Farhand API</h1>\
         <p>The same as an OpenAPI document: <a href=\"/api/openapi.json\">/api/openapi.json</a>. Times are milliseconds \
         since 1970. Every error is a <a href=\"#Problem\">Problem</a>.</p>",
    );
    let document = document();
    let name = |content: &Value| {
        content
            .as_object()
            .and_then(|kinds| kinds.iter().next())
            .map(|(kind, media)| match media["schema"]["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
                Some(name) => format!("<a href=\"#{name}\">{name}</a>"),
                None => escape(kind),
            })
            .unwrap_or_else(|| "nothing".into())
    };
    const WRITES: &str = "writing to a string does not fail";
    for operation in every() {
        let entry = &document["paths"][operation.path][operation.method.as_str().to_ascii_lowercase()];
        let gives: Vec<String> = operation
            .gives
            .iter()
            .flatten()
            .map(|(status, _)| {
                format!("{status}: {}", name(&entry["responses"][status.to_string()]["content"]))
            })
            .collect();
        write!(
            page,
            "<section><h2 id=\"{id}\">{method} {path}</h2><p>{about}</p><dl><dt>For</dt><dd>{who}</dd>\
             <dt>Takes</dt><dd>{takes}</dd><dt>Gives</dt><dd>{gives}</dd></dl>",
            id = operation.id,
            method = operation.method,
            path = escape(operation.path),
            about = escape(operation.about),
            who = escape(&who(operation)),
            takes = name(&entry["requestBody"]["content"]),
            gives = gives.join(", "),
        )
        .expect(WRITES);
        if !operation.query.is_empty() {
            page.push_str("<ul>");
            for parameter in operation.query {
                write!(page, "<li><code>{}</code>: {}</li>", parameter.name, escape(parameter.about))
                    .expect(WRITES);
            }
            page.push_str("</ul>");
        }
        page.push_str("</section>");
    }
    page.push_str("<h2>Types</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let text = serde_json::to_string_pretty(schema).expect("a schema is plain data");
        write!(page, "<h3 id=\"{name}\">{name}</h3><pre>{}</pre>", escape(&text)).expect(WRITES);
    }
    page.push_str("</main></body></html>");
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere_and_every_name_is_used_once() {
        let document = document();
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is named and not there");
        }
        let mut ids: Vec<_> = every().map(|operation| operation.id).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(every().all(|operation| operation.about.ends_with('.')), "each says what it does");
    }

    #[test]
    fn no_api_key_changes_anything() {
        for operation in every().filter(|operation| operation.scope.is_some()) {
            assert_eq!(operation.method, http::Method::GET, "{operation:?}");
        }
    }
}
