//! The broker's hub under any sequence of inputs.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use farhand_protocol::consent::{ConsentEnd, ConsentSnapshot, ConsentState};
use farhand_protocol::session::code::Number;
use farhand_protocol::session::{EndReason, Role};
use farhand_protocol::signal::{FromService, ToService};
use farhand_protocol::version::{Version, VersionRange};
use farhand_service::audit::Actor;
use farhand_service::broker::hub::{CreateSession, Hub, HubConfig, Outgoing, Output, Owner, SocketId, Who};
use farhand_service::clock::Now;
use farhand_service::store::Tenant;

#[derive(Arbitrary, Debug)]
enum Step {
    Create { tenant: bool, user: bool, code: u8 },
    Join { code: u8, token: u8 },
    AttachUser { session: u8, tenant: bool, user: bool, sign_in: bool },
    SignOut(bool),
    AttachToken { session: u8, token: u8 },
    Detach(u8),
    Garbage(u8),
    Hello { socket: u8, oldest: u16, newest: u16 },
    Signal { socket: u8, signal: Said },
    End { session: u8, tenant: bool },
    Wait(u8),
}

#[derive(Arbitrary, Debug)]
enum Said {
    RenewMedia,
    Media { up: bool },
    Consent { revision: u8, ended: bool },
    End,
    Ping(u32),
    Unknown,
    Restarting(u32),
}

/// What the observer knows of the sockets.
#[derive(Default)]
struct Sockets {
    order: Vec<SocketId>,
    /// Session, role and sign-in of each open socket.
    open: HashMap<SocketId, (String, Role, Option<[u8; 32]>)>,
    greeted: HashSet<SocketId>,
}

const fn tenant_name(other: bool) -> &'static str {
    if other { "t2" } else { "t1" }
}

fn tenant(other: bool) -> Tenant {
    Tenant(tenant_name(other).to_owned())
}

fn user(other: bool) -> String {
    if other { "bob" } else { "ada" }.to_owned()
}

const fn sign_in_of(other: bool) -> [u8; 32] {
    [if other { 2 } else { 1 }; 32]
}

/// Any sequence: sockets are told things and closed while they are open only, each of its own session, and a foreign
/// tenant reaches nothing.
pub fn hub(data: &[u8]) {
    let mut source = Unstructured::new(data);
    let mut hub = Hub::new(HubConfig { sessions_per_owner: 4, signals: 50, ..HubConfig::default() });
    let mut now = Now { instant: Instant::now(), unix_ms: 1_790_000_000_000 };
    let mut sessions: Vec<(String, Tenant, String)> = Vec::new();
    let mut sockets = Sockets::default();
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    while !source.is_empty() {
        let Ok(step) = source.arbitrary() else { return };
        let session = |at: u8| sessions.get(usize::from(at) % sessions.len().max(1)).cloned();
        let socket = |at: u8| sockets.order.get(usize::from(at) % sockets.order.len().max(1)).copied();
        match step {
            Step::Create { tenant: other, user: second, code } => {
                let id = format!("s-{}", sessions.len());
                let owner = Owner {
                    tenant: tenant(other),
                    user: user(second),
                    name: "Ada".to_owned(),
                    organisation: "Example".to_owned(),
                    policy: farhand_protocol::api::Policy::default(),
                };
                let code = Number::from_value(code.into()).expect("a small number is a code");
                if hub.handle_create(CreateSession { id: id.clone(), code, owner }, Some(from), now).is_ok() {
                    sessions.push((id, tenant(other), user(second)));
                }
            }
            Step::Join { code, token } => {
                let code = Number::from_value(code.into()).expect("a small number is a code");
                let _ = hub.handle_join(code, [token; 32], from, now);
            }
            Step::AttachUser { session: at, tenant: other, user: second, sign_in } => {
                let Some((id, owner_tenant, owner)) = session(at) else { continue };
                let who =
                    Who::User { tenant: tenant(other), user: user(second), sign_in: sign_in_of(sign_in) };
                if let Ok(seat) = hub.may_attach(&id, &who) {
                    assert!(owner_tenant == tenant(other) && owner == user(second), "a foreigner was let in");
                    assert_eq!(seat.role, Role::Technician);
                    if let Some(socket) = hub.handle_attach(seat, now) {
                        sockets.order.push(socket);
                        sockets.open.insert(socket, (id, Role::Technician, Some(sign_in_of(sign_in))));
                    }
                }
            }
            Step::AttachToken { session: at, token } => {
                let Some((id, ..)) = session(at) else { continue };
                if let Ok(seat) = hub.may_attach(&id, &Who::Token([token; 32])) {
                    assert_eq!(seat.role, Role::Agent);
                    if let Some(socket) = hub.handle_attach(seat, now) {
                        sockets.order.push(socket);
                        sockets.open.insert(socket, (id, Role::Agent, None));
                    }
                }
            }
            Step::SignOut(which) => {
                hub.handle_sign_out(&sign_in_of(which), now);
                drain(&mut hub, &mut sockets);
                let rests = sockets.open.values().any(|(_, _, sign_in)| *sign_in == Some(sign_in_of(which)));
                assert!(!rests, "a socket outlived its sign-in");
            }
            Step::Detach(at) => {
                if let Some(socket) = socket(at) {
                    hub.handle_detach(socket, now);
                }
            }
            Step::Garbage(at) => {
                if let Some(socket) = socket(at) {
                    hub.handle_garbage(socket, now);
                }
            }
            Step::Hello { socket: at, oldest, newest } => {
                if let Some(socket) = socket(at) {
                    let versions = VersionRange { oldest: Version(oldest % 4), newest: Version(newest % 4) };
                    let hello = ToService::Hello { versions, program: "fuzz".to_owned() };
                    hub.handle_signal(socket, hello, now);
                }
            }
            Step::Signal { socket: at, signal } => {
                if let Some(socket) = socket(at) {
                    hub.handle_signal(socket, said(signal), now);
                }
            }
            Step::End { session: at, tenant: other } => {
                let Some((id, owner_tenant, _)) = session(at) else { continue };
                let done =
                    hub.handle_end(&tenant(other), &id, EndReason::Technician, &Actor::Service, None, now);
                assert!(!done || owner_tenant == tenant(other), "a foreigner ended a session");
            }
            Step::Wait(seconds) => {
                let time = Duration::from_secs(u64::from(seconds) * 4);
                now.instant += time;
                now.unix_ms += u64::from(seconds) * 4_000;
                hub.handle_timeout(now);
            }
        }
        drain(&mut hub, &mut sockets);
        assert!(hub.poll_timeout().is_none_or(|due| due + Duration::from_secs(1) > now.instant));
    }
}

fn said(signal: Said) -> ToService {
    match signal {
        Said::RenewMedia => ToService::RenewMedia,
        Said::Media { up } => ToService::Media { up },
        Said::Consent { revision, ended } => {
            let state =
                if ended { ConsentState::Ended { why: ConsentEnd::Stopped } } else { ConsentState::Fresh };
            ToService::Consent { snapshot: ConsentSnapshot { revision: revision.into(), state } }
        }
        Said::End => ToService::End,
        Said::Ping(nonce) => ToService::Ping { nonce },
        Said::Unknown => ToService::Unknown,
        Said::Restarting(seconds) => ToService::Restarting { seconds },
    }
}

fn drain(hub: &mut Hub, sockets: &mut Sockets) {
    while let Some(output) = hub.poll_output() {
        match output {
            Output::Send { socket, message } => {
                let (session, role, _) =
                    sockets.open.get(&socket).expect("only an open socket is told anything");
                match message {
                    Outgoing::Welcome { seat, session: snapshot, .. } => {
                        assert!(seat.session == *session && seat.role == *role && snapshot.id == *session);
                        assert!(sockets.greeted.insert(socket), "welcomed twice");
                    }
                    Outgoing::Offer { seat } => {
                        assert!(seat.session == *session && seat.role == *role);
                        assert!(sockets.greeted.contains(&socket), "an offer before the hello");
                    }
                    Outgoing::Signal(FromService::Problem { .. }) => {}
                    Outgoing::Signal(signal) => {
                        assert!(sockets.greeted.contains(&socket), "{signal:?} before the hello");
                        if let FromService::Session { snapshot } = signal {
                            assert_eq!(snapshot.id, *session);
                        }
                    }
                }
            }
            Output::Close { socket, .. } => {
                assert!(sockets.open.remove(&socket).is_some(), "closed twice, or never open");
            }
            Output::Keep(_) | Output::EndMedia { .. } | Output::KickMedia { .. } | Output::Refused => {}
        }
    }
}
