//! A group's times end a session at the service, also when neither the agent nor the page does (I5).

use std::time::Duration;

use farhand_protocol::channel::Input;
use farhand_protocol::envelope::{Stream, Writer};
use farhand_protocol::keys::Usage;
use farhand_protocol::session::{EndReason, SessionState};
use farhand_protocol::signal::{FromService, ToService};
use farhand_service::store::AuditFilter;
use futures_util::SinkExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::groups::technician_under;
use super::session::media_socket;
use super::world::{Socket, World};

/// Both sides of a session that never say that it is over, whatever they are told.
struct Stubborn {
    id: String,
    technician: Socket,
    agent: Socket,
    media: Socket,
    writer: Writer,
}

impl Stubborn {
    async fn start(world: &World, tom: &str) -> Self {
        let created = world.create(tom).await;
        let mut technician = world.session_socket(&created.session.id, tom).await.unwrap();
        let FromService::Welcome { media, participant, .. } = technician.hello().await else {
            panic!("no welcome")
        };
        let joined = world.join(&created.code).await;
        let mut agent = world.session_socket(&joined.session, &joined.token).await.unwrap();
        agent.hello().await;
        technician.send(ToService::Media { up: true }).await;
        agent.send(ToService::Media { up: true }).await;
        agent.until_state(SessionState::Live).await;
        let media = media_socket(world, &media.ticket).await;
        Self { id: joined.session, technician, agent, media, writer: Writer::new(participant) }
    }

    /// The technician presses a key, and the relay has passed it.
    async fn press(&mut self, world: &World) {
        let before = world.service.app().media().inputs(&self.id);
        let mut bytes = vec![Stream::Input as u8];
        bytes.extend(self.writer.message(Stream::Input, &Input::Key { usage: Usage(4), down: true }));
        self.media.0.send(Message::Binary(bytes.into())).await.unwrap();
        world.until(async || world.service.app().media().inputs(&self.id) > before).await;
    }

    async fn told_the_end(&mut self) -> EndReason {
        self.agent
            .until(|signal| match signal {
                FromService::Ended { reason } => Some(reason),
                _ => None,
            })
            .await
    }
}

/// What the audit log says about limits.
async fn noted(world: &World) -> Vec<(Option<String>, String)> {
    let store = world.service.app().store();
    store.write(Vec::new()).wait().await.unwrap();
    let tenant = store.user_by_email(super::world::EMAIL).await.unwrap().unwrap().tenant;
    let entries = store.tenant(tenant).audit_entries(&AuditFilter::default(), 100).await.unwrap();
    let entries = entries.into_iter().filter(|entry| entry.row.action == "session_limit");
    entries.map(|entry| (entry.row.session, entry.row.outcome)).collect()
}

#[tokio::test]
async fn a_session_ends_when_its_length_is_over_though_nobody_ends_it() {
    let world = World::set_up().await;
    let policy = json!({ "rights": ["view"], "recorded": false, "addresses": [], "session_minutes": 30 });
    let tom = technician_under(&world, policy).await;
    let mut session = Stubborn::start(&world, &tom).await;
    world.clock.advance(Duration::from_secs(29 * 60));
    session.press(&world).await;
    assert!(noted(&world).await.is_empty());
    world.clock.advance(Duration::from_secs(2 * 60));
    assert_eq!(session.told_the_end().await, EndReason::Service);
    assert_eq!(session.technician.closed().await, Some(1000));
    // What was open on the media path is closed too.
    assert!(session.media.closed().await.is_some());
    assert_eq!(noted(&world).await, [(Some(session.id), "length".to_owned())]);
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends_and_one_in_use_does_not() {
    let world = World::set_up().await;
    let policy =
        json!({ "rights": ["view", "control"], "recorded": false, "addresses": [], "idle_minutes": 10 });
    let tom = technician_under(&world, policy).await;
    // Looked at in this order: once the second has ended, the first was looked at and left alone.
    let mut used = Stubborn::start(&world, &tom).await;
    let mut unused = Stubborn::start(&world, &tom).await;
    used.press(&world).await;
    // Nobody looked between, so what was pressed counts as just now.
    world.clock.advance(Duration::from_secs(11 * 60));
    assert_eq!(unused.told_the_end().await, EndReason::Service);
    used.agent.send(ToService::Ping { nonce: 7 }).await;
    used.agent.until(|signal| matches!(signal, FromService::Pong { nonce: 7 }).then_some(())).await;
    world.clock.advance(Duration::from_secs(11 * 60));
    assert_eq!(used.told_the_end().await, EndReason::Service);
    let noted = noted(&world).await;
    assert!(noted.iter().all(|(_, outcome)| outcome == "idle") && noted.len() == 2, "{noted:?}");
}
