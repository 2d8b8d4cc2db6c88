//! Walks the hub: every input in every state, and what everybody is told.

use std::time::Duration;

use farhand_protocol::api::Policy;
use farhand_protocol::consent::{ConsentEnd, ConsentSnapshot, ConsentState};
use farhand_protocol::rights::Rights;
use farhand_protocol::signal::ToService;
use farhand_protocol::version::{Version, VersionRange};

use super::*;

const TENANT: &str = "t1";
const TOKEN: [u8; 32] = [7; 32];
const SIGN_IN: [u8; 32] = [1; 32];

/// A hub with a clock of its own and everything that came out of it.
struct World {
    hub: Hub,
    now: Now,
    told: Vec<(SocketId, String)>,
    closed: Vec<(SocketId, CloseWhy)>,
    rows: Vec<Write>,
    media_ended: Vec<String>,
    kicked: Vec<ParticipantId>,
    refused: usize,
    policy: Policy,
}

impl World {
    fn new() -> Self {
        Self {
            hub: Hub::new(HubConfig::default()),
            now: Now { instant: Instant::now(), unix_ms: 1_700_000_000_000 },
            told: Vec::new(),
            closed: Vec::new(),
            rows: Vec::new(),
            media_ended: Vec::new(),
            kicked: Vec::new(),
            refused: 0,
            policy: Policy::default(),
        }
    }

    fn address() -> IpAddr {
        "10.0.0.1".parse().unwrap()
    }

    fn drain(&mut self) {
        while let Some(output) = self.hub.poll_output() {
            match output {
                Output::Send { socket, message } => {
                    let word = match message {
                        Outgoing::Welcome { seat, .. } => format!("welcome {}", seat.participant),
                        Outgoing::Offer { seat } => format!("offer {}", seat.participant),
                        Outgoing::Signal(FromService::Session { snapshot }) => {
                            format!("session {}", name_of(snapshot.state))
                        }
                        Outgoing::Signal(FromService::Ended { reason }) => format!("ended {reason:?}"),
                        Outgoing::Signal(FromService::Problem { code, .. }) => format!("problem {code}"),
                        Outgoing::Signal(FromService::Pong { nonce }) => format!("pong {nonce}"),
                        Outgoing::Signal(other) => format!("{other:?}"),
                    };
                    self.told.push((socket, word));
                }
                Output::Close { socket, why } => self.closed.push((socket, why)),
                Output::Keep(row) => self.rows.push(row),
                Output::KickMedia { participant, .. } => self.kicked.push(participant),
                Output::EndMedia { session } => self.media_ended.push(session),
                Output::Refused => self.refused += 1,
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now.instant += time;
        self.now.unix_ms += u64::try_from(time.as_millis()).unwrap();
        self.hub.handle_timeout(self.now);
        self.drain();
    }

    fn create(&mut self, id: &str, number: u64) -> Result<Created, CreateRefused> {
        self.create_as("u1", id, number)
    }

    fn create_as(&mut self, user: &str, id: &str, number: u64) -> Result<Created, CreateRefused> {
        let owner = Owner {
            tenant: Tenant(TENANT.into()),
            user: user.into(),
            name: "Ada".into(),
            organisation: "Help".into(),
            policy: self.policy.clone(),
        };
        let create = CreateSession { id: id.into(), code: Number::from_value(number).unwrap(), owner };
        let created = self.hub.handle_create(create, Some(Self::address()), self.now);
        self.drain();
        created
    }

    fn join(&mut self, number: u64) -> Result<JoinedRoom, JoinRefused> {
        let code = Number::from_value(number).unwrap();
        let joined = self.hub.handle_join(code, TOKEN, Self::address(), self.now);
        self.drain();
        joined
    }

    fn technician(&self, session: &str) -> Seat {
        let who = Who::User { tenant: Tenant(TENANT.into()), user: "u1".into(), sign_in: SIGN_IN };
        self.hub.may_attach(session, &who).unwrap()
    }

    fn agent(&self, session: &str) -> Seat {
        self.hub.may_attach(session, &Who::Token(TOKEN)).unwrap()
    }

    fn open(&mut self, seat: Seat) -> SocketId {
        let socket = self.hub.handle_attach(seat, self.now).unwrap();
        self.say(socket, hello());
        socket
    }

    fn say(&mut self, socket: SocketId, signal: ToService) {
        self.hub.handle_signal(socket, signal, self.now);
        self.drain();
    }

    /// What this socket was told since the last time.
    fn heard(&mut self, socket: SocketId) -> Vec<String> {
        let (own, rest) = std::mem::take(&mut self.told).into_iter().partition(|(to, _)| *to == socket);
        self.told = rest;
        Vec::into_iter(own).map(|(_, word)| word).collect()
    }

    fn state(&self, session: &str) -> Option<&'static str> {
        self.hub.rooms.get(session).map(|room| name_of(room.session.state()))
    }

    /// A session that is live, with the sockets of its technician and its agent.
    fn live(&mut self) -> (SocketId, SocketId) {
        self.create("s", 1).unwrap();
        self.join(1).unwrap();
        let technician = self.open(self.technician("s"));
        let agent = self.open(self.agent("s"));
        self.say(technician, ToService::Media { up: true });
        self.say(agent, ToService::Media { up: true });
        assert_eq!(self.state("s"), Some("live"));
        (technician, agent)
    }

    fn audited(&self) -> Vec<String> {
        self.rows
            .iter()
            .filter_map(|row| match row {
                Write::Audit(_, row) => Some(format!("{} {} {}", row.actor, row.action, row.detail)),
                Write::Session(..) | Write::Participant(..) | Write::EndAudit(..) => None,
            })
            .collect()
    }
}

fn hello() -> ToService {
    ToService::Hello { versions: VersionRange::ours(), program: "test/1".into() }
}

fn consent(revision: u64, state: ConsentState) -> ToService {
    ToService::Consent { snapshot: ConsentSnapshot { revision, state } }
}

#[test]
fn a_whole_session_from_code_to_end() {
    let mut world = World::new();
    let created = world.create("s", 1).unwrap();
    assert_eq!(created.code, "000001");
    let technician = world.open(world.technician("s"));
    assert_eq!(world.heard(technician), ["welcome 1"]);
    let joined = world.join(1).unwrap();
    assert_eq!(
        (joined.session.as_str(), joined.technician.as_str(), joined.organisation.as_str()),
        ("s", "Ada", "Help")
    );
    assert_eq!(world.heard(technician), ["session claimed"]);
    let agent = world.open(world.agent("s"));
    assert_eq!(world.heard(agent), ["welcome 2"]);
    assert_eq!(world.heard(technician), ["session claimed"]);
    world.say(technician, ToService::Media { up: true });
    world.say(agent, ToService::Media { up: true });
    assert_eq!(world.heard(technician).last().unwrap(), "session live");
    assert_eq!(world.heard(agent).last().unwrap(), "session live");
    world.say(agent, ToService::Media { up: false });
    assert_eq!(world.heard(technician), ["session interrupted"]);
    world.say(agent, ToService::Media { up: true });
    assert_eq!(world.heard(technician), ["session live"]);
    world.heard(agent);
    world.say(technician, ToService::End);
    for socket in [technician, agent] {
        assert_eq!(world.heard(socket), ["session ended", "ended Technician"]);
        assert!(world.closed.contains(&(socket, CloseWhy::Ended)));
    }
    assert_eq!(world.media_ended, ["s"]);
    assert_eq!(world.state("s"), None);
    assert_eq!(world.hub.poll_timeout().map(|due| due > world.now.instant), Some(true));
    let audited = world.audited();
    assert_eq!(audited, ["user:u1 session_create ", "agent join ", "user:u1 session_end Technician"]);
    assert!(matches!(world.rows.last(), Some(Write::Audit(..))));
    assert!(world.rows.iter().any(|row| matches!(row, Write::Session(_, row) if row.ended.is_some())));
}

#[test]
fn each_kind_of_bad_code_has_its_own_answer() {
    let mut world = World::new();
    world.create("a", 1).unwrap();
    world.create("b", 2).unwrap();
    world.create("c", 3).unwrap();
    assert_eq!(world.join(9).unwrap_err(), JoinRefused::Unknown);
    world.join(1).unwrap();
    assert_eq!(world.join(1).unwrap_err(), JoinRefused::Used);
    let tenant = Tenant(TENANT.into());
    assert!(world.hub.handle_end(&tenant, "b", EndReason::Technician, &Actor::Service, None, world.now));
    world.drain();
    assert_eq!(world.join(2).unwrap_err(), JoinRefused::Ended);
    world.pass(Duration::from_secs(30 * 60));
    assert_eq!(world.join(3).unwrap_err(), JoinRefused::Expired);
    // A day later nobody remembers them, and nothing of them is kept.
    world.pass(Duration::from_secs(25 * 60 * 60));
    assert_eq!(world.join(3).unwrap_err(), JoinRefused::Unknown);
    assert!(world.hub.fates.is_empty() && world.hub.codes.is_empty() && world.hub.rooms.is_empty());
    assert_eq!(world.hub.poll_timeout(), None);
}

#[test]
fn a_code_expires_by_the_clock_even_when_the_timer_is_late() {
    let mut world = World::new();
    world.create("s", 1).unwrap();
    world.now.instant += Duration::from_secs(30 * 60);
    assert_eq!(world.join(1).unwrap_err(), JoinRefused::Expired);
    assert_eq!(world.state("s"), None);
}

#[test]
fn an_open_or_remembered_code_is_not_drawn_again() {
    let mut world = World::new();
    world.create("s", 1).unwrap();
    assert_eq!(world.create("t", 1).unwrap_err(), CreateRefused::CodeTaken);
    world.join(1).unwrap();
    assert_eq!(world.create("t", 1).unwrap_err(), CreateRefused::CodeTaken);
    assert_eq!(world.create("s", 2).unwrap_err(), CreateRefused::CodeTaken);
}

#[test]
fn one_user_cannot_open_sessions_without_end() {
    let mut world = World::new();
    for n in 0..20 {
        world.create(&format!("s{n}"), n).unwrap();
    }
    assert_eq!(world.create("more", 99).unwrap_err(), CreateRefused::TooMany);
    world.create_as("u2", "other", 99).unwrap();
    assert_eq!(world.hub.list(&Tenant(TENANT.into()), "u1").len(), 20);
    assert_eq!(world.hub.list(&Tenant("t2".into()), "u1").len(), 0);
}

#[test]
fn nobody_gets_into_a_session_of_others() {
    let mut world = World::new();
    world.create("s", 1).unwrap();
    let user = |tenant: &str, user: &str| Who::User {
        tenant: Tenant(tenant.into()),
        user: user.into(),
        sign_in: SIGN_IN,
    };
    // Before an agent joined no token opens anything.
    assert_eq!(world.hub.may_attach("s", &Who::Token(TOKEN)), Err(AttachRefused::NotYours));
    world.join(1).unwrap();
    assert!(world.hub.may_attach("s", &Who::Token(TOKEN)).is_ok());
    assert_eq!(world.hub.may_attach("s", &Who::Token([8; 32])), Err(AttachRefused::NotYours));
    assert_eq!(world.hub.may_attach("s", &user("t2", "u1")), Err(AttachRefused::NoSession));
    assert_eq!(world.hub.may_attach("s", &user(TENANT, "u2")), Err(AttachRefused::NoSession));
    assert_eq!(world.hub.may_attach("x", &user(TENANT, "u1")), Err(AttachRefused::NoSession));
    assert_eq!(world.hub.may_attach("x", &Who::Token(TOKEN)), Err(AttachRefused::NotYours));
    assert!(!world.hub.handle_end(
        &Tenant("t2".into()),
        "s",
        EndReason::Technician,
        &Actor::Service,
        None,
        world.now
    ));
    assert_eq!(world.state("s"), Some("claimed"));
    assert_eq!(world.hub.owner(&Tenant("t2".into()), "s"), None);
}

#[test]
fn whatever_is_out_of_order_closes_its_own_socket_only() {
    let out_of_order: [(&str, Vec<ToService>); 9] = [
        ("hello_first", vec![ToService::End]),
        ("hello_first", vec![ToService::RenewMedia]),
        ("hello_first", vec![ToService::Media { up: true }]),
        ("hello_first", vec![ToService::Ping { nonce: 1 }]),
        ("hello_first", vec![ToService::Unknown]),
        ("hello_first", vec![consent(1, ConsentState::Fresh)]),
        ("hello_twice", vec![hello(), hello()]),
        ("consent_not_yours", vec![hello(), consent(1, ConsentState::Fresh)]),
        (
            "version",
            vec![ToService::Hello {
                versions: VersionRange { oldest: Version(900), newest: Version(901) },
                program: String::new(),
            }],
        ),
    ];
    for (code, signals) in out_of_order {
        let mut world = World::new();
        world.create("s", 1).unwrap();
        world.join(1).unwrap();
        let agent = world.open(world.agent("s"));
        let technician = world.hub.handle_attach(world.technician("s"), world.now).unwrap();
        for signal in signals {
            world.say(technician, signal);
        }
        assert_eq!(
            world.heard(technician).iter().rfind(|w| w.starts_with("problem")).unwrap(),
            &format!("problem {code}")
        );
        assert_eq!(world.closed, [(technician, CloseWhy::Refused)]);
        assert_eq!(world.refused, 1);
        assert!(world.state("s").is_some());
        assert!(world.heard(agent).iter().all(|word| !word.starts_with("problem")));
        world.say(agent, ToService::Ping { nonce: 5 });
        assert_eq!(world.heard(agent), ["pong 5"]);
        // A closed socket says nothing any more.
        world.say(technician, ToService::End);
        assert!(world.state("s").is_some());
    }
}

#[test]
fn unknown_signals_after_the_hello_are_ignored_and_floods_are_not() {
    let mut world = World::new();
    let (technician, agent) = world.live();
    world.say(technician, ToService::Unknown);
    assert!(world.closed.is_empty());
    for _ in 0..300 {
        world.say(agent, ToService::Ping { nonce: 0 });
    }
    assert_eq!(world.closed, [(agent, CloseWhy::Refused)]);
    assert_eq!(world.heard(technician).last().unwrap(), "session interrupted");
    // The same number, spread, is welcome.
    for _ in 0..300 {
        world.say(technician, ToService::Ping { nonce: 0 });
        world.now.instant += Duration::from_secs(1);
    }
    assert!(!world.closed.contains(&(technician, CloseWhy::Refused)));
}

#[test]
fn a_socket_without_a_hello_is_closed_in_time() {
    let mut world = World::new();
    world.create("s", 1).unwrap();
    let silent = world.hub.handle_attach(world.technician("s"), world.now).unwrap();
    world.pass(Duration::from_secs(9));
    assert!(world.closed.is_empty());
    world.pass(Duration::from_secs(1));
    assert_eq!(world.closed, [(silent, CloseWhy::Refused)]);
    assert_eq!(world.heard(silent), ["problem hello_missing"]);
}

#[test]
fn the_newer_socket_of_a_participant_takes_the_place_of_the_older() {
    let mut world = World::new();
    let (technician, agent) = world.live();
    world.heard(agent);
    let newer = world.open(world.technician("s"));
    assert_eq!(world.heard(technician).last().unwrap(), "problem replaced");
    assert_eq!(world.closed, [(technician, CloseWhy::Replaced)]);
    assert_eq!(world.heard(newer), ["welcome 1"]);
    // The older one's end comes late and takes nothing away from the newer.
    world.hub.handle_detach(technician, world.now);
    world.drain();
    world.say(newer, ToService::Media { up: true });
    assert_eq!(world.state("s"), Some("live"));
    assert_eq!(world.heard(agent), ["session interrupted", "session live"]);
}

#[test]
fn who_signs_out_leaves_the_session_and_its_media() {
    let mut world = World::new();
    let (technician, agent) = world.live();
    world.heard(agent);
    world.hub.handle_sign_out(&[2; 32], world.now);
    world.drain();
    assert_eq!(world.state("s"), Some("live"));
    world.hub.handle_sign_out(&SIGN_IN, world.now);
    world.drain();
    assert_eq!(world.heard(technician).last().unwrap(), "problem signed_out");
    assert_eq!(world.closed, [(technician, CloseWhy::Refused)]);
    assert_eq!(world.kicked, [1]);
    assert_eq!(world.heard(agent), ["session interrupted"]);
}

#[test]
fn who_does_not_come_back_in_time_ends_the_session() {
    let mut world = World::new();
    let (technician, agent) = world.live();
    world.hub.handle_detach(agent, world.now);
    world.drain();
    assert_eq!(world.state("s"), Some("interrupted"));
    world.pass(Duration::from_secs(119));
    assert_eq!(world.state("s"), Some("interrupted"));
    world.heard(technician);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard(technician), ["session ended", "ended Lost"]);
    assert_eq!(world.media_ended, ["s"]);
}

#[test]
fn consent_is_written_down_once_for_each_change_and_its_end_ends_the_session() {
    let mut world = World::new();
    let (technician, agent) = world.live();
    let granted = ConsentState::Granted { rights: Rights::EMPTY, more: None };
    world.say(agent, consent(1, ConsentState::Fresh));
    world.say(agent, consent(2, granted.clone()));
    world.say(agent, consent(2, granted));
    world.say(agent, consent(1, ConsentState::Fresh));
    let count = |world: &World| world.audited().iter().filter(|row| row.starts_with("agent consent")).count();
    assert_eq!(count(&world), 2);
    assert_eq!(world.state("s"), Some("live"));
    world.heard(technician);
    world.say(agent, consent(3, ConsentState::Ended { why: ConsentEnd::Refused }));
    assert_eq!(world.heard(technician), ["session ended", "ended Refused"]);
    assert_eq!(count(&world), 3);
}

#[test]
fn after_a_restart_both_sides_come_back_and_go_on() {
    let mut before = World::new();
    let (technician, _) = before.live();
    before.heard(technician);
    let told = before.hub.rooms["s"].session.snapshot();

    // What the database gives back is the last row of each kind.
    let mut session = None;
    let mut participants = Vec::new();
    for row in &before.rows {
        match row {
            Write::Session(_, row) => session = Some(row.clone()),
            Write::Participant(_, row) => participants.push(row.clone()),
            Write::Audit(..) | Write::EndAudit(..) => {}
        }
    }
    let session = session.unwrap();
    assert_eq!(session.state, "live");
    let mut world = World::new();
    let open = OpenSession { tenant: Tenant(TENANT.into()), session, participants };
    world.hub.handle_restore(open, world.now);
    world.drain();
    assert_eq!(world.state("s"), Some("interrupted"));
    assert_eq!(world.join(1).unwrap_err(), JoinRefused::Used);
    let technician = world.open(world.technician("s"));
    let agent = world.open(world.agent("s"));
    assert_eq!(world.heard(agent), ["welcome 2"]);
    world.say(technician, ToService::Media { up: true });
    world.say(agent, ToService::Media { up: true });
    assert_eq!(world.state("s"), Some("live"));
    let now = world.hub.rooms["s"].session.snapshot();
    assert!(now.revision > told.revision, "a mirror takes the newer service's word");
    assert_eq!(world.hub.list(&Tenant(TENANT.into()), "u1")[0].code, "000001");
}

#[test]
fn a_waiting_session_that_expired_while_the_service_was_down_ends() {
    let mut before = World::new();
    before.create("s", 1).unwrap();
    let mut world = World::new();
    world.now.unix_ms += 31 * 60 * 1000;
    for row in before.rows {
        if let Write::Session(tenant, session) = row {
            let open = OpenSession { tenant, session, participants: Vec::new() };
            world.hub.handle_restore(open, world.now);
        }
    }
    world.pass(Duration::ZERO);
    assert_eq!(world.state("s"), None);
    assert_eq!(world.join(1).unwrap_err(), JoinRefused::Expired);
    assert!(world.rows.iter().any(|row| matches!(row, Write::Session(_, row) if row.ended.is_some())));
}

#[test]
fn random_walks_keep_the_books_straight() {
    // A small generator of its own, so that a failure is repeated by its seed.
    for seed in 1..60_u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut draw = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let mut world = World::new();
        let mut sockets = Vec::new();
        for step in 0..300 {
            match draw(12) {
                0 => drop(world.create(&format!("s{step}"), draw(6))),
                1 => drop(world.join(draw(6))),
                2 | 3 => {
                    let ids: Vec<_> = world.hub.rooms.keys().cloned().collect();
                    if let Some(id) = ids.get(usize::try_from(draw(8)).unwrap()) {
                        let seat = if draw(2) == 0 {
                            Ok(world.technician(id))
                        } else {
                            world.hub.may_attach(id, &Who::Token(TOKEN))
                        };
                        if let Ok(seat) = seat {
                            sockets.extend(world.hub.handle_attach(seat, world.now));
                        }
                    }
                }
                4 => world.pass(Duration::from_secs(draw(100))),
                _ => {
                    let Some(socket) = sockets.get(usize::try_from(draw(16)).unwrap()).copied() else {
                        continue;
                    };
                    match draw(8) {
                        0 => world.hub.handle_detach(socket, world.now),
                        1 => world.hub.handle_garbage(socket, world.now),
                        2 => world.say(socket, ToService::End),
                        3 => world.say(socket, ToService::Media { up: draw(2) == 0 }),
                        4 => world.say(socket, consent(draw(50), ConsentState::Fresh)),
                        5 => world.say(socket, ToService::RenewMedia),
                        _ => world.say(socket, hello()),
                    }
                }
            }
            world.drain();
            let hub = &world.hub;
            for (id, room) in &hub.rooms {
                assert!(!matches!(room.session.state(), SessionState::Ended { .. }), "seed {seed}");
                for (participant, socket) in &room.sockets {
                    let held = &hub.sockets[socket];
                    assert!(
                        held.greeted && held.seat.session == *id && held.seat.participant == *participant
                    );
                }
                for participant in room.session.participants() {
                    assert_eq!(
                        participant.connected,
                        room.sockets.contains_key(&participant.id),
                        "seed {seed}"
                    );
                }
                let waiting = room.session.state() == SessionState::Waiting;
                assert_eq!(hub.codes.get(&room.code) == Some(id), waiting, "seed {seed}");
            }
            for (socket, held) in &hub.sockets {
                assert!(hub.rooms.contains_key(&held.seat.session), "seed {seed}");
                let closed = world.closed.iter().filter(|(gone, _)| gone == socket).count();
                assert_eq!(closed, 0, "seed {seed}");
            }
            assert!(hub.codes.values().all(|id| hub.rooms.contains_key(id)), "seed {seed}");
        }
    }
}

#[test]
fn a_session_ends_when_its_policys_time_is_over() {
    let mut world = World::new();
    world.policy.session_minutes = Some(10);
    let (technician, _) = world.live();
    let began = world.now.unix_ms;
    while world.now.unix_ms < began + 599_000 {
        world.pass(Duration::from_secs(1));
        assert_eq!(world.state("s"), Some("live"));
    }
    world.heard(technician);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.state("s"), None);
    assert_eq!(world.heard(technician), ["session ended", "ended Service"]);
}

#[test]
fn waiting_for_the_customer_does_not_count() {
    let mut world = World::new();
    world.policy.session_minutes = Some(1);
    world.create("s", 1).unwrap();
    world.pass(Duration::from_secs(90));
    assert_eq!(world.state("s"), Some("waiting"));
    assert_eq!(world.join(1).unwrap().ceiling.session_minutes, Some(1));
}

#[test]
fn a_replaced_sign_in_keeps_its_sockets_and_an_ended_one_does_not() {
    let mut world = World::new();
    let (technician, agent) = world.live();
    let new = [2; 32];
    world.hub.handle_rotate(&SIGN_IN, new);
    world.hub.handle_sign_out(&SIGN_IN, world.now);
    world.drain();
    assert_eq!(world.closed, []);
    assert_eq!(world.hub.resting(), [(new, true)]);
    world.hub.handle_sign_out(&new, world.now);
    world.drain();
    assert_eq!(world.closed, [(technician, CloseWhy::Refused)]);
    assert_eq!(world.kicked.len(), 1);
    assert!(world.heard(agent).contains(&"session interrupted".to_owned()));
}

#[test]
fn the_sessions_of_whoever_is_gone_end_and_no_others() {
    let mut world = World::new();
    world.create_as("u1", "a", 1).unwrap();
    world.create_as("u2", "b", 2).unwrap();
    world.hub.handle_owner_gone(&Tenant("other".into()), "u1", world.now);
    world.hub.handle_owner_gone(&Tenant(TENANT.into()), "u1", world.now);
    world.drain();
    assert_eq!((world.state("a"), world.state("b")), (None, Some("waiting")));
}

const BOB_SIGN_IN: [u8; 32] = [2; 32];

impl World {
    fn invite(&mut self, user: &str) -> Result<ParticipantId, InviteRefused> {
        use farhand_protocol::channel::together::Purpose;

        let invitee = Invitee { user: user.into(), name: "Bob".into(), organisation: "Help".into() };
        let tenant = Tenant(TENANT.into());
        let invited = self.hub.handle_invite(&tenant, "s", "u1", invitee, Purpose::Help, self.now);
        self.drain();
        invited
    }

    fn attach_as(&self, user: &str) -> Result<Seat, AttachRefused> {
        let who = Who::User { tenant: Tenant(TENANT.into()), user: user.into(), sign_in: BOB_SIGN_IN };
        self.hub.may_attach("s", &who)
    }

    fn invitations(&self, user: &str) -> usize {
        self.hub.invitations(&Tenant(TENANT.into()), user).len()
    }
}

#[test]
fn nobody_is_in_a_session_who_was_not_invited_into_it() {
    let mut world = World::new();
    world.create("s", 1).unwrap();
    assert_eq!(world.invite("u2"), Err(InviteRefused::NoCustomer));
    let (_, _) = {
        world.hub = Hub::new(HubConfig::default());
        world.live()
    };
    assert_eq!(world.attach_as("u2"), Err(AttachRefused::NoSession));
    let other = Tenant("t2".into());
    let invitee = Invitee { user: "u2".into(), name: "Bob".into(), organisation: "Help".into() };
    let purpose = farhand_protocol::channel::together::Purpose::Watch;
    let foreign = world.hub.handle_invite(&other, "s", "u1", invitee.clone(), purpose, world.now);
    assert_eq!(foreign, Err(InviteRefused::NoSession));
    let tenant = Tenant(TENANT.into());
    let not_theirs = world.hub.handle_invite(&tenant, "s", "u9", invitee, purpose, world.now);
    assert_eq!(not_theirs, Err(InviteRefused::NoSession));
    let bob = world.invite("u2").unwrap();
    assert_eq!(bob, 3);
    assert_eq!(world.invite("u2"), Err(InviteRefused::Already));
    assert_eq!(world.invite("u1"), Err(InviteRefused::Already), "oneself");
    assert_eq!((world.invitations("u2"), world.invitations("u3")), (1, 0));
    assert!(world.hub.list(&tenant, "u2").is_empty(), "not before they come");
    let seat = world.attach_as("u2").unwrap();
    assert_eq!((seat.participant, seat.role), (bob, Role::Technician));
    let socket = world.open(seat);
    assert_eq!(world.heard(socket), ["welcome 3"]);
    assert_eq!(world.invitations("u2"), 0);
    assert_eq!(world.hub.list(&tenant, "u2").len(), 1);
}

#[test]
fn a_colleague_leaves_is_sent_away_or_declines_and_the_session_goes_on() {
    for how in ["leaves", "ends", "removed", "refused", "unproven", "declines"] {
        let mut world = World::new();
        let (ada, agent) = world.live();
        let bob = world.invite("u2").unwrap();
        let socket = (how != "declines").then(|| {
            let seat = world.attach_as("u2").unwrap();
            world.open(seat)
        });
        world.told.clear();
        match how {
            "leaves" => world.say(socket.unwrap(), ToService::Leave),
            "ends" => world.say(socket.unwrap(), ToService::End),
            "removed" => world.say(ada, ToService::Remove { participant: bob }),
            "refused" => world.say(agent, ToService::Remove { participant: bob }),
            "unproven" => world.say(agent, ToService::Unproven { participant: bob }),
            _ => {
                assert!(world.hub.handle_decline(&Tenant(TENANT.into()), "s", "u2", world.now));
                world.drain();
            }
        }
        if let Some(socket) = socket {
            assert!(world.heard(socket)[0].starts_with("Left"), "{how}");
        }
        assert_eq!(world.kicked, [bob], "{how}");
        assert_eq!(world.attach_as("u2"), Err(AttachRefused::NoSession), "{how}: no way back");
        assert_eq!(world.state("s"), Some("live"), "{how}");
        let gone = |world: &World| world.hub.rooms["s"].session.participants()[2].gone;
        assert!(gone(&world), "{how}");
        // A new invitation is a new place.
        assert_eq!(world.invite("u2"), Ok(bob + 1), "{how}");
    }
}

#[test]
fn a_colleague_sends_nobody_away_and_hands_nothing_over() {
    let mut world = World::new();
    let (ada, agent) = world.live();
    let bob = world.invite("u2").unwrap();
    let seat = world.attach_as("u2").unwrap();
    let socket = world.open(seat);
    world.say(socket, ToService::Remove { participant: 1 });
    world.say(socket, ToService::HandOver { to: bob });
    world.say(ada, ToService::HandOver { to: bob });
    world.say(agent, ToService::Remove { participant: 1 });
    // Only the customer's computer knows who has not the digits, and its word is about colleagues.
    world.say(ada, ToService::Unproven { participant: bob });
    world.say(socket, ToService::Unproven { participant: bob });
    world.say(agent, ToService::Unproven { participant: 1 });
    assert_eq!(world.hub.owner(&Tenant(TENANT.into()), "s"), Some("u1"));
    assert!(world.kicked.is_empty());
    // The customer's computer says that they agreed.
    world.say(agent, ToService::HandOver { to: bob });
    assert_eq!(world.hub.owner(&Tenant(TENANT.into()), "s"), Some("u2"));
    assert_eq!(world.kicked, [1]);
    assert!(world.heard(ada).iter().any(|word| word.contains("HandedOver")));
    // And the session is theirs: their end is its end.
    world.say(socket, ToService::End);
    assert_eq!(world.state("s"), None);
}

#[test]
fn a_session_waits_for_a_computer_that_restarts_as_long_as_its_customer_said() {
    let mut world = World::new();
    let (technician, agent) = world.live();
    world.heard(technician);
    world.say(agent, ToService::Restarting { seconds: 1_800 });
    let until = world.hub.rooms["s"].session.snapshot().back_until;
    assert_eq!(until, Some(world.now.unix_ms + 1_800_000));
    assert_eq!(world.heard(technician), ["session live"], "the technician is told before it is gone");
    let kept = world.rows.iter().rev().find_map(|row| match row {
        Write::Session(_, row) => Some(row.back_until),
        Write::Audit(..) | Write::Participant(..) | Write::EndAudit(..) => None,
    });
    assert_eq!(kept, Some(until), "and so is the disk");
    world.hub.handle_detach(agent, world.now);
    world.drain();
    world.pass(Duration::from_secs(1_799));
    assert_eq!(world.state("s"), Some("interrupted"), "any other would have ended after two minutes");
    let seat = world.agent("s");
    let back = world.open(seat);
    assert!(world.heard(back).contains(&"welcome 2".to_owned()));
    assert!(world.hub.rooms["s"].session.snapshot().back_until.is_some(), "it can read how much is left");
    world.say(back, ToService::Media { up: true });
    assert_eq!(world.state("s"), Some("live"));
    assert_eq!(world.hub.rooms["s"].session.snapshot().back_until, None);
    // It was for one time.
    world.hub.handle_detach(back, world.now);
    world.drain();
    world.pass(Duration::from_secs(120));
    assert_eq!(world.state("s"), None);
}

#[test]
fn a_session_that_waits_for_a_computer_ends_by_time_by_its_group_and_by_either_side() {
    let waiting = |policy: Policy| {
        let mut world = World::new();
        world.policy = policy;
        let (technician, agent) = world.live();
        world.say(agent, ToService::Restarting { seconds: u32::MAX });
        world.hub.handle_detach(agent, world.now);
        world.drain();
        (world, technician)
    };
    let (mut world, _) = waiting(Policy::default());
    world.pass(Duration::from_secs(3_599));
    assert_eq!(world.state("s"), Some("interrupted"));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.state("s"), None, "an hour at most, whatever is said");
    let (mut world, _) = waiting(Policy { session_minutes: Some(10), ..Policy::default() });
    world.pass(Duration::from_secs(600));
    assert_eq!(world.state("s"), None, "no longer than the group's sessions last");
    let (mut world, technician) = waiting(Policy::default());
    world.say(technician, ToService::End);
    assert_eq!(world.state("s"), None);
    let token = world.hub.may_attach("s", &Who::Token(TOKEN));
    assert!(token.is_err(), "nobody comes back into a session that is over");
}

#[test]
fn only_the_customers_computer_restarts_and_it_can_say_that_it_does_not() {
    let mut world = World::new();
    let (technician, agent) = world.live();
    world.say(technician, ToService::Restarting { seconds: 1_800 });
    assert_eq!(world.hub.rooms["s"].session.snapshot().back_until, None);
    world.say(agent, ToService::Restarting { seconds: 1_800 });
    world.say(agent, ToService::Restarting { seconds: 0 });
    assert_eq!(world.hub.rooms["s"].session.snapshot().back_until, None);
    world.hub.handle_detach(agent, world.now);
    world.drain();
    world.pass(Duration::from_secs(120));
    assert_eq!(world.state("s"), None);
}
