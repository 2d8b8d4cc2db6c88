//! Every operation × every kind of caller, and every route × every way to misspell it. Both come from the lists that
//! the router is built from, with bodies made from the schemas of the OpenAPI document; a new operation joins by itself.

use farhand_protocol::api::{Method as Way, Policy, Problem, Scope, UserRole};
use farhand_service::http::{API_KEY_PREFIX, Access, Content, Operation, every, openapi};
use farhand_service::identity::{Token, random_id};
use farhand_service::store::{
    ApiKeyRow, InvitationRow, ReplyRow, SignInRow, Tenant, UserRow, UserWithPassword,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::World;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A user of some tenant with a sign-in that ends at a time of its own.
async fn user(world: &World, tenant: &str, id: &str, role: UserRole, expires_in: i64) -> String {
    let store = world.service.app().store().tenant(Tenant(tenant.into()));
    let user = UserRow { id: id.into(), email: format!("{id}@{tenant}.example"), name: id.into(), role };
    let password_hash = world.service.app().passwords().hash(random_id(8)).await.unwrap();
    let with_password = UserWithPassword { user, password_hash };
    let now = world.service.app().now().unix_ms;
    if store.name().await.unwrap().is_none() {
        store.create(tenant, &with_password, now).await.unwrap();
    } else {
        store.add_user(&with_password, now).await.unwrap();
    }
    sign_in(world, tenant, id, expires_in).await
}

async fn sign_in(world: &World, tenant: &str, id: &str, expires_in: i64) -> String {
    let store = world.service.app().store().tenant(Tenant(tenant.into()));
    let now = world.service.app().now().unix_ms;
    let token = Token::generate();
    let row = SignInRow {
        token_hash: token.hash(),
        user: id.into(),
        created_at: now,
        expires_at: now.saturating_add_signed(expires_in),
        id: random_id(8),
        seen_at: now,
        address: "127.0.0.1".into(),
        program: String::new(),
        methods: vec![Way::Password],
    };
    store.add_sign_in(&row).await.unwrap();
    token.reveal().to_owned()
}

async fn api_key(world: &World, tenant: &str, scopes: &[Scope]) -> String {
    let store = world.service.app().store().tenant(Tenant(tenant.into()));
    let token = Token::generate();
    let row = ApiKeyRow {
        id: random_id(8),
        name: "test".into(),
        scopes: scopes.to_vec(),
        created_by: "test".into(),
        created_at: 0,
        expires_at: u64::MAX / 4,
        used_at: None,
    };
    store.add_api_key(&row, &token.hash()).await.unwrap();
    format!("{API_KEY_PREFIX}{}", token.reveal())
}

/// A body that the operation's schema admits.
fn body(document: &Value, operation: &Operation) -> Option<Value> {
    let entry = &document["paths"][operation.path][operation.method.as_str().to_ascii_lowercase()];
    let schema = &entry["requestBody"]["content"]["application/json"]["schema"];
    (!schema.is_null()).then(|| sample(document, schema))
}

fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return sample(document, &document["components"]["schemas"][name]);
    }
    for way in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[way].as_array().and_then(|all| all.iter().find(|s| s["type"] != "null")) {
            return sample(document, first);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    match kind {
        "string" => json!("sample"),
        "integer" | "number" => json!(1),
        "boolean" => json!(false),
        "array" => json!([]),
        _ => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let fields =
                required.map(|name| (name.to_owned(), sample(document, &schema["properties"][name])));
            Value::Object(fields.collect())
        }
    }
}

struct Caller<'a> {
    world: &'a World,
    document: &'a Value,
}

impl Caller<'_> {
    /// The status and the problem's code, if it is one.
    async fn ask(&self, operation: &Operation, id: &str, token: Option<&str>) -> (StatusCode, String) {
        let path = operation.path.replace("{id}", id);
        if operation.is_socket() {
            let mut request = self.world.socket_request(&path);
            if let Some(token) = token {
                request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
            }
            let status = self.world.open(request).await.err().unwrap_or(StatusCode::SWITCHING_PROTOCOLS);
            return (status, String::new());
        }
        let mut url = self.world.url(&path);
        if operation.query.iter().any(|parameter| parameter.required) {
            url.push_str("?from=0&to=1");
        }
        let mut request = self.world.http.request(operation.method.clone(), url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        match (body(self.document, operation), operation.takes) {
            (Some(body), _) => request = request.json(&body),
            (None, Content::Other(_)) => request = request.body("no picture"),
            (None, Content::Nothing | Content::Json(_)) => {}
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert!(status.as_u16() < 500 || status == 503, "{operation:?} gave {status}");
        (status, answer.json::<Problem>().await.map(|problem| problem.code).unwrap_or_default())
    }
}

/// What only the gate says.
fn kept_out(code: &str) -> bool {
    matches!(
        code,
        "sign_in_needed"
            | "administrator_only"
            | "method_needed"
            | "key_not_allowed"
            | "scope_missing"
            | "address_not_allowed"
    )
}

#[tokio::test]
async fn nobody_does_what_is_not_theirs() {
    let world = World::set_up().await;
    let document = openapi::document();
    let caller = Caller { world: &world, document: &document };
    let owner = world.sign_in().await;
    let created = world.create(&owner).await;
    let agent = world.join(&created.code).await.token;
    let session = created.session.id.as_str();
    let tenant = {
        let hash = Token::parse(&owner).unwrap().hash();
        world.service.app().store().sign_in_by_token(&hash).await.unwrap().unwrap().tenant.0
    };
    user(&world, &tenant, "technician", UserRole::Technician, DAY).await;
    user(&world, &tenant, "manager", UserRole::Administrator, DAY).await;
    user(&world, "other", "stranger", UserRole::Administrator, DAY).await;
    let expired = user(&world, &tenant, "expired", UserRole::Administrator, 0).await;
    let invented = Token::generate().reveal().to_owned();
    let powerless = api_key(&world, &tenant, &[]).await;
    let mighty = api_key(&world, &tenant, &Scope::ALL).await;

    let mut seen = 0;
    for operation in every() {
        let fresh = |tenant: &str, id: &'static str| {
            let tenant = tenant.to_owned();
            let world = &world;
            async move { sign_in(world, &tenant, id, DAY).await }
        };
        match operation.access {
            Access::Own | Access::Technician | Access::Administrator => {
                seen += 1;
                for token in [None, Some(expired.as_str()), Some(&invented), Some("x"), Some(&agent)] {
                    let (status, code) = caller.ask(operation, "no-such", token).await;
                    assert_eq!(
                        (status, code.as_str()),
                        (StatusCode::UNAUTHORIZED, "sign_in_needed"),
                        "{operation:?}"
                    );
                }
                let (status, code) = caller.ask(operation, "no-such", Some(&powerless)).await;
                assert_eq!(status, StatusCode::FORBIDDEN, "{operation:?} with a key without scope: {code}");
                let (status, code) = caller.ask(operation, "no-such", Some(&mighty)).await;
                match operation.scope {
                    Some(_) => assert!(!kept_out(&code), "{operation:?} with a key: {status} {code}"),
                    None => assert_eq!(
                        (status, code.as_str()),
                        (StatusCode::FORBIDDEN, "key_not_allowed"),
                        "{operation:?}"
                    ),
                }
                let technician = fresh(&tenant, "technician").await;
                let (status, code) = caller.ask(operation, "no-such", Some(&technician)).await;
                match operation.access == Access::Administrator {
                    true => assert_eq!(
                        (status, code.as_str()),
                        (StatusCode::FORBIDDEN, "administrator_only"),
                        "{operation:?}"
                    ),
                    false => assert!(!kept_out(&code), "{operation:?} by a technician: {status} {code}"),
                }
                let manager = fresh(&tenant, "manager").await;
                let (status, code) = caller.ask(operation, "no-such", Some(&manager)).await;
                assert!(!kept_out(&code), "{operation:?} by an administrator: {status} {code}");
            }
            Access::Participant => {
                for token in [
                    None,
                    Some(expired.as_str()),
                    Some(&invented),
                    Some("x"),
                    Some(&powerless),
                    Some(&mighty),
                ] {
                    let (status, _) = caller.ask(operation, session, token).await;
                    assert_eq!(status, StatusCode::UNAUTHORIZED, "{operation:?}");
                }
                for (tenant, id) in [(tenant.as_str(), "technician"), ("other", "stranger")] {
                    let token = fresh(tenant, id).await;
                    let here = caller.ask(operation, session, Some(&token)).await.0;
                    let nowhere = caller.ask(operation, "no-such", Some(&token)).await.0;
                    assert_eq!(
                        (here, nowhere),
                        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND),
                        "{operation:?}"
                    );
                }
            }
            Access::SetUp | Access::Demo => {
                for token in
                    [None, Some(expired.as_str()), Some(&invented), Some(&owner), Some(&agent), Some(&mighty)]
                {
                    let (status, _) = caller.ask(operation, session, token).await;
                    assert_eq!(status, StatusCode::NOT_FOUND, "{operation:?}");
                }
            }
            // Open ones take part in the spelling below; tickets are the media service's to check.
            Access::Open | Access::Ticket => {}
        }
    }
    assert!(seen > 50, "the operations were found");
    // After all that the session still stands, and only its own people are let in.
    assert!(world.session_socket(session, &agent).await.is_ok());
    assert!(world.session_socket(session, &owner).await.is_ok());
}

#[tokio::test]
async fn what_belongs_to_one_organisation_is_nothing_to_another() {
    let world = World::set_up().await;
    let document = openapi::document();
    let caller = Caller { world: &world, document: &document };
    let owner = world.sign_in().await;
    let session = world.create(&owner).await.session.id;
    let hash = Token::parse(&owner).unwrap().hash();
    let found = world.service.app().store().sign_in_by_token(&hash).await.unwrap().unwrap();
    let store = world.service.app().store().tenant(found.tenant.clone());
    // One of everything.
    store.add_group("a-group", "Group", &Policy::default(), 0).await.unwrap();
    let invitation = InvitationRow {
        id: "an-invitation".into(),
        email: "new@example.org".into(),
        name: String::new(),
        role: UserRole::Technician,
        group: None,
        created_at: 0,
        expires_at: u64::MAX / 4,
    };
    store.add_invitation(&invitation, &Token::generate().hash()).await.unwrap();
    store.add_mail("a-mail", "new@example.org", "Subject", "Text", 0).await.unwrap();
    let reply = ReplyRow { id: "a-reply".into(), title: "Hello".into(), text: "Hello!".into() };
    store.add_reply(&reply, 0).await.unwrap();
    api_key(&world, &found.tenant.0, &[]).await;
    let key = store.api_keys().await.unwrap()[0].id.clone();
    let everything = async || {
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            store.people().await.unwrap(),
            store.groups().await.unwrap(),
            store.replies().await.unwrap(),
            store.note(&session).await.unwrap(),
            store.invitations(1).await.unwrap(),
            store.mails(9).await.unwrap(),
            store.api_keys().await.unwrap().iter().map(|k| &k.id).collect::<Vec<_>>(),
            store.sign_ins(&found.user).await.unwrap().iter().map(|s| &s.id).collect::<Vec<_>>(),
        )
    };
    let before = everything().await;
    user(&world, "other", "stranger", UserRole::Administrator, DAY).await;
    let ids = [
        found.user.as_str(),
        session.as_str(),
        found.id.as_str(),
        "a-group",
        "an-invitation",
        "a-mail",
        "a-reply",
        key.as_str(),
    ];
    for operation in every().filter(|operation| operation.path.contains("{id}")) {
        for id in ids {
            // Passwords are asked for as well; that the wrong one locks is not what is looked at.
            world.service.app().guards().sign_in_succeeded("stranger@other.example");
            let token = sign_in(&world, "other", "stranger", DAY).await;
            let (here, code) = caller.ask(operation, id, Some(&token)).await;
            let token = sign_in(&world, "other", "stranger", DAY).await;
            let (nowhere, _) = caller.ask(operation, "no-such", Some(&token)).await;
            assert_eq!(here, nowhere, "{operation:?} tells that {id} exists: {code}");
            assert!(matches!(here.as_u16(), 403 | 404 | 422 | 429), "{operation:?} {id}: {here}");
        }
    }
    assert_eq!(everything().await, before);
    // An administrator of the same tenant may end a session; nobody's list shows another's.
    let manager = user(&world, &found.tenant.0, "manager", UserRole::Administrator, DAY).await;
    let list = world.with_token(Method::GET, "/api/v1/sessions", &manager).send().await.unwrap();
    assert_eq!(list.json::<farhand_protocol::api::SessionList>().await.unwrap().sessions, []);
    let path = format!("/api/v1/sessions/{session}");
    let ended = world.with_token(Method::DELETE, &path, &manager).send().await.unwrap();
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
}

fn misspelt(path: &str) -> Vec<String> {
    let last = path.rsplit('/').next().unwrap();
    let head = &path[..path.len() - last.len()];
    let mut variants = vec![
        format!("{path}/"),
        format!("/{path}"),
        format!("{head}/{last}"),
        format!("{head}./{last}"),
        format!("{head}x/../{last}"),
        format!("{path}/."),
        format!("{path}/x/.."),
        format!("{path};x"),
        format!("{path}%00"),
        format!("{path}%20"),
        format!("{path}.json"),
        format!("{path}\\"),
        format!("{head}%2e/{last}"),
        format!("{head}%2f{last}"),
    ];
    for (at, letter) in path.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()) {
        let (before, after) = (&path[..at], &path[at + 1..]);
        variants.push(format!("{before}{}{after}", letter.to_ascii_uppercase()));
        variants.push(format!("{before}%{:02x}{after}", u32::from(letter)));
    }
    variants
}

/// Sends paths exactly as written, which clients would tidy, over one connection; the statuses in their order.
async fn raw(world: &World, method: &Method, paths: &[String]) -> Vec<u16> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = world.tls().await;
    let mut statuses = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        let end = if at + 1 == paths.len() { "close" } else { "keep-alive" };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
             Connection: {end}\r\n\r\n{{}}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
    }
    let mut answers = Vec::new();
    // The other end may close without a TLS farewell.
    stream.read_to_end(&mut answers).await.ok();
    for line in String::from_utf8_lossy(&answers).split("HTTP/1.1 ").skip(1) {
        statuses.push(line.split(' ').next().and_then(|status| status.parse().ok()).unwrap_or(0));
    }
    statuses
}

#[tokio::test]
async fn no_misspelt_path_reaches_an_operation() {
    for set_up in [false, true] {
        let world = World::start().await;
        if set_up {
            world.do_set_up().await;
        }
        for operation in every().filter(|operation| set_up || operation.path.ends_with("/setup")) {
            let path = operation.path.replace("{id}", "abc");
            for variants in misspelt(&path).chunks(40) {
                let statuses = raw(&world, &operation.method, variants).await;
                // A path that is no request at all ends the connection.
                assert!(
                    statuses.len() == variants.len() || statuses.last() == Some(&400),
                    "{operation:?}: {statuses:?}"
                );
                for (variant, status) in variants.iter().zip(statuses) {
                    // A variable part takes any one segment: that is another row, not another route.
                    assert!(matches!(status, 400 | 401 | 404 | 405), "{operation:?} {variant} gave {status}");
                    if path.ends_with("/setup") {
                        assert!(matches!(status, 400 | 404), "{operation:?} {variant} gave {status}");
                    }
                }
            }
        }
    }
}
