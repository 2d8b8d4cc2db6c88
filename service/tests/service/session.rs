//! A session from its start to its end, over its sockets.

use farhand_protocol::api::{MediaOffer, SessionList};
use farhand_protocol::framing::close;
use farhand_protocol::session::{EndReason, SessionState};
use farhand_protocol::signal::{FromService, ToService};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::world::{PATIENCE, World, problem};

#[tokio::test]
async fn both_sides_meet_and_the_technician_ends_it() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    assert_eq!(created.link, world.url(&format!("/join#{}", created.code)));
    assert_eq!(created.session.state, SessionState::Waiting);

    let mut technician = world.session_socket(&created.session.id, &token).await.unwrap();
    let FromService::Welcome { participant: 1, media, .. } = technician.hello().await else {
        panic!("no welcome")
    };
    assert_eq!(media.port, world.service.ready().media_port);
    assert!(!media.certificate_sha256.is_empty());
    assert_eq!(created.code.len(), 6, "the rest is the console's");
    let spaced = format!(" {} - {}", &created.code[..3], &created.code[3..]);
    let joined = world.join(&spaced).await;
    assert_eq!((joined.technician.as_str(), joined.organisation.as_str()), ("Ada", "Help Desk"));
    let mut agent = world.session_socket(&joined.session, &joined.token).await.unwrap();
    let FromService::Welcome { participant: 2, .. } = agent.hello().await else { panic!("no welcome") };
    technician.send(ToService::Media { up: true }).await;
    agent.send(ToService::Media { up: true }).await;
    technician.until_state(SessionState::Live).await;
    agent.until_state(SessionState::Live).await;
    assert!(world.metrics().await.contains("farhand_sessions{state=\"live\"} 1\n"));

    agent.send(ToService::RenewMedia).await;
    let renewed: MediaOffer = agent
        .until(|signal| match signal {
            FromService::Media { offer } => Some(offer),
            _ => None,
        })
        .await;
    assert_eq!(renewed.port, media.port);

    technician.send(ToService::End).await;
    for socket in [&mut technician, &mut agent] {
        let reason = socket
            .until(|signal| match signal {
                FromService::Ended { reason } => Some(reason),
                _ => None,
            })
            .await;
        assert_eq!(reason, EndReason::Technician);
        assert_eq!(socket.closed().await, Some(1000));
    }
    let list: SessionList =
        world.with_token(Method::GET, "/api/v1/sessions", &token).send().await.unwrap().json().await.unwrap();
    assert_eq!(list.sessions, []);
    assert_eq!(
        world.session_socket(&joined.session, &joined.token).await.err(),
        Some(StatusCode::UNAUTHORIZED)
    );
}

#[tokio::test]
async fn every_bad_code_has_its_own_sentence() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let (used, ended) = (world.create(&token).await, world.create(&token).await);
    world.join(&used.code).await;
    let path = format!("/api/v1/sessions/{}", ended.session.id);
    let answer = world.with_token(Method::DELETE, &path, &token).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let mut sentences = Vec::new();
    for (code, status, name) in [
        (used.code.as_str(), StatusCode::CONFLICT, "code_used"),
        (ended.code.as_str(), StatusCode::GONE, "session_ended"),
        ("12", StatusCode::NOT_FOUND, "code_unknown"),
        // A whole code is for the two ends alone.
        (&format!("{}5710", used.code), StatusCode::NOT_FOUND, "code_unknown"),
        ("'; DROP TABLE sessions; --", StatusCode::NOT_FOUND, "code_unknown"),
        ("$(reboot)", StatusCode::NOT_FOUND, "code_unknown"),
    ] {
        let (got, refused) = problem(world.post("/api/v1/join", &json!({ "code": code })).await).await;
        assert_eq!((got, refused.code.as_str()), (status, name), "{code}");
        sentences.push(refused.message);
    }
    sentences.dedup();
    assert_eq!(sentences.len(), 3);
    // Guessing is slowed down, and the right code then waits as well.
    let good = world.create(&token).await;
    let mut last = StatusCode::OK;
    for _ in 0..20 {
        last = world.post("/api/v1/join", &json!({ "code": "000000" })).await.status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let (status, refused) = problem(world.post("/api/v1/join", &json!({ "code": good.code })).await).await;
    assert_eq!((status, refused.code.as_str()), (StatusCode::TOO_MANY_REQUESTS, "join_slow_down"));
}

#[tokio::test]
async fn two_agents_with_one_code_at_once_are_one() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    let form = json!({ "code": created.code });
    let (a, b) = tokio::join!(world.post("/api/v1/join", &form), world.post("/api/v1/join", &form));
    let mut statuses = [a.status(), b.status()];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT]);
}

#[tokio::test]
async fn signing_out_closes_what_rests_on_the_sign_in() {
    let world = World::set_up().await;
    let (token, other) = (world.sign_in().await, world.sign_in().await);
    let (one, two) = (world.create(&token).await, world.create(&other).await);
    let mut resting = world.session_socket(&one.session.id, &token).await.unwrap();
    resting.hello().await;
    let mut standing = world.session_socket(&two.session.id, &other).await.unwrap();
    standing.hello().await;
    world.with_token(Method::POST, "/api/v1/sign-out", &token).send().await.unwrap();
    assert_eq!(resting.closed().await, Some(1008));
    standing.send(ToService::Ping { nonce: 3 }).await;
    standing.until(|signal| matches!(signal, FromService::Pong { nonce: 3 }).then_some(())).await;
}

#[tokio::test]
async fn a_second_window_of_the_same_technician_takes_over() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    let mut first = world.session_socket(&created.session.id, &token).await.unwrap();
    first.hello().await;
    let mut second = world.session_socket(&created.session.id, &token).await.unwrap();
    second.hello().await;
    assert_eq!(first.closed().await, Some(4004));
    second.send(ToService::Ping { nonce: 7 }).await;
    second.until(|signal| matches!(signal, FromService::Pong { nonce: 7 }).then_some(())).await;
}

/// Opens the media path's WebSocket and shows a ticket.
pub async fn media_socket(world: &World, ticket: &str) -> super::world::Socket {
    let mut socket = world.open(world.socket_request("/api/v1/media")).await.unwrap();
    let mut first = vec![0];
    first.extend_from_slice(ticket.as_bytes());
    socket.0.send(Message::Binary(first.into())).await.unwrap();
    socket
}

#[tokio::test]
async fn the_media_path_opens_by_ticket_over_the_websocket_and_closes_with_the_session() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    let mut technician = world.session_socket(&created.session.id, &token).await.unwrap();
    let FromService::Welcome { media, .. } = technician.hello().await else { panic!("no welcome") };

    let mut forged = media_socket(&world, &media.ticket.replace(&media.ticket[20..21], "_")).await;
    assert_eq!(forged.closed().await, Some(u16::try_from(4000 + close::TICKET_REFUSED).unwrap()));
    let mut genuine = media_socket(&world, &media.ticket).await;
    let accepted = genuine.next().await.unwrap();
    assert!(matches!(accepted, Message::Binary(_)), "{accepted:?}");
    technician.send(ToService::End).await;
    assert_eq!(genuine.closed().await, Some(u16::try_from(4000 + close::ENDED).unwrap()));
    // A ticket of an ended session opens nothing any more.
    let mut late = media_socket(&world, &media.ticket).await;
    let code = late.closed().await.unwrap();
    assert!(code >= 4000, "{code}");
}

#[tokio::test]
async fn whoever_stops_answering_is_noticed() {
    let world = World::set_up().await;
    let token = world.sign_in().await;
    let created = world.create(&token).await;
    let mut technician = world.session_socket(&created.session.id, &token).await.unwrap();
    technician.hello().await;
    let joined = world.join(&created.code).await;
    let mut agent = world.session_socket(&joined.session, &joined.token).await.unwrap();
    agent.hello().await;
    // The agent's socket stays open, but nobody reads it: no pong goes back.
    let gone = async {
        technician
            .until(|signal| match signal {
                FromService::Session { snapshot } => {
                    snapshot.participants.iter().any(|p| p.id == 2 && !p.connected).then_some(())
                }
                _ => None,
            })
            .await;
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    drop(agent.0.next().await);
}
