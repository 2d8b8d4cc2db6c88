//! The service restarts, and a live session goes on: the same cookie, the same token, no new code.

use farhand_protocol::session::SessionState;
use farhand_protocol::signal::{FromService, ToService};
use reqwest::Method;

use super::world::World;

#[tokio::test]
async fn both_sides_come_back_with_what_they_have() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    let session = created.session.id.clone();
    let joined = world.join(&created.code).await;
    let mut technician = world.session_socket(&session, &token).await.unwrap();
    let mut agent = world.session_socket(&session, &joined.token).await.unwrap();
    technician.hello().await;
    agent.hello().await;
    technician.send(ToService::Media { up: true }).await;
    agent.send(ToService::Media { up: true }).await;
    let before = technician.until_state(SessionState::Live).await;
    let fingerprint = world.service.ready().fingerprint.clone();

    let (world, (a, b)) =
        tokio::join!(world.restart(), async { (technician.closed().await, agent.closed().await) });
    // "Service restart": the clients come back by themselves.
    assert_eq!((a, b), (Some(1012), Some(1012)));
    assert_eq!(world.service.ready().fingerprint, fingerprint);

    let mut agent = world.session_socket(&session, &joined.token).await.unwrap();
    let FromService::Welcome { participant, session: snapshot, .. } = agent.hello().await else {
        panic!("no welcome")
    };
    assert_eq!(participant, 2);
    assert_eq!(snapshot.state, SessionState::Interrupted);
    assert!(snapshot.revision > before, "the newer word counts");
    let mut technician = world.session_socket(&session, &token).await.unwrap();
    technician.hello().await;
    agent.send(ToService::Media { up: true }).await;
    technician.send(ToService::Media { up: true }).await;
    technician.until_state(SessionState::Live).await;
    let list: farhand_protocol::api::SessionList =
        world.with_token(Method::GET, "/api/v1/sessions", &token).send().await.unwrap().json().await.unwrap();
    assert_eq!(list.sessions[0].code, created.code);
}

#[tokio::test]
async fn a_code_that_waits_survives_the_restart() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    let world = world.restart().await;
    assert_eq!(world.join(&created.code).await.session, created.session.id);
}
