//! A browser's way in.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use super::common::{AGENT, PATIENCE, RESET, VIEWER, World, message};
use bytes::Bytes;
use farhand_protocol::envelope::Stream;
use farhand_protocol::framing::{Accepted, Datagram, FrameReader, close, write_frame};
use farhand_protocol::session::Role;
use web_transport_quinn::{ClientBuilder, RecvStream, SendStream, Session, SessionError, WebTransportError};

struct Browser {
    session: Session,
    streams: HashMap<Stream, (SendStream, RecvStream, FrameReader)>,
}

async fn session(world: &World, path: &str) -> Result<Session, web_transport_quinn::ClientError> {
    let hashes = world.server.certificate_hashes().iter().map(|hash| bytes_of(hash)).collect();
    let client = ClientBuilder::new().with_server_certificate_hashes(hashes).unwrap();
    let url = format!("https://127.0.0.1:{}{path}", world.server.local_addr().port());
    client.connect(web_transport_quinn::proto::ConnectRequest::new(url.parse::<url::Url>().unwrap())).await
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

impl Browser {
    async fn open(world: &World, ticket: &str) -> Self {
        let session = session(world, "/media").await.unwrap();
        let mut streams = HashMap::new();
        for stream in Stream::ORDERED {
            // Whose ticket is refused may be out before all are open.
            let Ok((mut send, recv)) = session.open_bi().await else { break };
            let mut first = vec![stream as u8];
            if stream == Stream::Control {
                write_frame(ticket.as_bytes(), &mut first).unwrap();
            }
            if send.write_all(&first).await.is_err() {
                break;
            }
            streams.insert(stream, (send, recv, FrameReader::new()));
        }
        Self { session, streams }
    }

    async fn send(&mut self, stream: Stream, message: &[u8]) {
        let mut frame = Vec::new();
        write_frame(message, &mut frame).unwrap();
        self.streams.get_mut(&stream).unwrap().0.write_all(&frame).await.unwrap();
    }

    async fn frame(&mut self, stream: Stream) -> Bytes {
        let (_, recv, frames) = self.streams.get_mut(&stream).unwrap();
        let read = async {
            loop {
                if let Some(frame) = frames.poll_frame().unwrap() {
                    return frame;
                }
                let chunk = recv.read_chunk(65_536, true).await.unwrap().expect("the stream goes on");
                frames.push(&chunk.bytes);
            }
        };
        tokio::time::timeout(PATIENCE, read).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_takes_part_by_webtransport() {
    let world = World::new().await;
    let mut agent = world.link(AGENT).await;
    let mut browser = Browser::open(&world, &world.ticket("session", VIEWER, Role::Technician)).await;
    let accepted = Accepted::decode(&browser.frame(Stream::Control).await).unwrap();
    assert_eq!(accepted, Accepted { participant: VIEWER, present: vec![AGENT] });

    let key = message(VIEWER, Stream::Input, 0, 0, b"key");
    browser.send(Stream::Input, &key).await;
    assert_eq!(agent.message().await, (Stream::Input, key));
    let pointer = message(VIEWER, Stream::Pointer, 0, 0, b"pointer");
    browser.session.send_datagram(Datagram::Pointer { message: pointer.clone() }.write().into()).unwrap();
    assert_eq!(agent.message().await, (Stream::Pointer, pointer));

    let large = agent.send(Stream::Screen, RESET, &[9; 16_000]);
    let small = agent.send(Stream::Screen, RESET, b"small");
    assert_eq!(browser.frame(Stream::Screen).await, large);
    assert_eq!(browser.frame(Stream::Screen).await, small);
    let copy = tokio::time::timeout(PATIENCE, async {
        loop {
            let datagram = browser.session.read_datagram().await.unwrap();
            if let Datagram::Copy { stream: Stream::Screen, index: 1, message } =
                Datagram::read(datagram).unwrap()
            {
                return message;
            }
        }
    });
    assert_eq!(copy.await.unwrap(), small);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_is_told_why_its_ticket_is_refused() {
    let world = World::new().await;
    let browser = Browser::open(&world, "nonsense").await;
    let closed = tokio::time::timeout(PATIENCE, browser.session.closed()).await.unwrap();
    assert!(
        matches!(
            closed,
            SessionError::WebTransportError(WebTransportError::Closed(close::TICKET_REFUSED, _))
        ),
        "{closed:?}"
    );
    assert_eq!(world.refused("ticket_malformed"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_path_than_the_offered_is_not_found() {
    let world = World::new().await;
    for path in ["/", "/media/", "/Media", "/media/..", "/api/v1/media"] {
        assert!(session(&world, path).await.is_err(), "{path}");
    }
    super::common::until("all are counted", || world.refused("path") == 5).await;
}
