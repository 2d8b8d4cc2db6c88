//! Who did what is written down, by tenant, with its outcome.

use farhand_protocol::consent::{ConsentSnapshot, ConsentState};
use farhand_protocol::signal::{FromService, ToService};
use farhand_service::identity::Token;
use farhand_service::store::Tenant;
use serde_json::json;

use super::world::{EMAIL, World};

#[tokio::test]
async fn a_session_leaves_its_steps() {
    let world = World::set_up().await;
    world.post("/api/v1/sign-in", &json!({ "email": EMAIL, "password": "wrong horse 1" })).await;
    world
        .post("/api/v1/sign-in", &json!({ "email": "nobody@example.org", "password": "wrong horse 1" }))
        .await;
    let token = world.sign_in().await;
    world.post("/api/v1/join", &json!({ "code": "000000" })).await;
    let created = world.create(&token).await;
    let joined = world.join(&created.code).await;
    let mut agent = world.session_socket(&joined.session, &joined.token).await.unwrap();
    agent.hello().await;
    let snapshot = ConsentSnapshot { revision: 1, state: ConsentState::Fresh };
    agent.send(ToService::Consent { snapshot }).await;
    agent.send(ToService::End).await;
    agent.until(|signal| matches!(signal, FromService::Ended { .. }).then_some(())).await;

    let store = world.service.app().store().clone();
    let hash = Token::parse(&token).unwrap().hash();
    let tenant = store.sign_in_by_token(&hash).await.unwrap().unwrap().tenant;
    // What is queued before this is on the disk after it.
    store.write(Vec::new()).wait().await.unwrap();
    let rows = store.tenant(tenant).audit_rows(100).await.unwrap();
    let steps: Vec<_> = rows
        .iter()
        .rev()
        .map(|row| format!("{} {} {}", row.actor.split(':').next().unwrap(), row.action, row.outcome))
        .collect();
    assert_eq!(
        steps,
        [
            "user set_up ok",
            "user sign_in wrong",
            "user sign_in ok",
            "user session_create ok",
            "agent join ok",
            "agent consent ok",
            "agent session_end ok",
        ]
    );
    assert!(
        rows.iter()
            .filter(|row| row.action != "consent")
            .all(|row| row.address == "127.0.0.1" || row.action == "session_end")
    );
    assert!(rows.iter().all(|row| row.session.is_none() || row.session.as_deref() == Some(&joined.session)));
    let strangers = store.tenant(Tenant::none()).audit_rows(100).await.unwrap();
    let steps: Vec<_> = strangers
        .iter()
        .rev()
        .filter(|row| !row.action.starts_with("audit_chain"))
        .map(|row| format!("{} {}", row.action, row.outcome))
        .collect();
    assert_eq!(steps, ["sign_in wrong", "join code_unknown"]);
    // Nothing that was typed and no secret stands in any row.
    for row in rows.iter().chain(&strangers) {
        let text = serde_json::to_string(row).unwrap();
        for word in ["horse", "example.org", &token, &joined.token] {
            assert!(!text.contains(word), "{text}");
        }
    }
}
