//! The outbox: nothing is lost without a mail server or while it is away.

use std::sync::Arc;
use std::time::Duration;

use farhand_protocol::api::{MailState, Outbox};
use farhand_service::config::Smtp;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::world::{EMAIL, World};

/// A mail server that keeps what it is given, and first says no so many times.
async fn mail_server(refusals: usize) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&kept);
    tokio::spawn(async move {
        let mut refusals = refusals;
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 test\r\n").await.ok();
            let mut line = String::new();
            while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                let answer: &[u8] = match line.split_whitespace().next().unwrap_or_default() {
                    "EHLO" => b"250 test\r\n",
                    "MAIL" if refusals > 0 => {
                        refusals -= 1;
                        b"451 come back later\r\n"
                    }
                    "DATA" => {
                        stream.write_all(b"354 go on\r\n").await.ok();
                        let mut mail = String::new();
                        while !mail.ends_with("\r\n.\r\n") {
                            if stream.read_line(&mut mail).await.unwrap_or(0) == 0 {
                                break;
                            }
                        }
                        keep.lock().await.push(mail);
                        b"250 kept\r\n"
                    }
                    "QUIT" => b"221 bye\r\n",
                    _ => b"250 ok\r\n",
                };
                stream.write_all(answer).await.ok();
                line.clear();
            }
        }
    });
    (port, kept)
}

async fn outbox(world: &World) -> Outbox {
    let token = world.sign_in().await;
    world.with_token(Method::GET, "/api/v1/outbox", &token).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn without_a_mail_server_the_administrator_reads_the_links() {
    let world = World::set_up().await;
    world.post("/api/v1/password-reset", &json!({ "email": EMAIL })).await;
    world.mails_to(EMAIL, 1).await;
    let outbox = outbox(&world).await;
    assert!(!outbox.sending);
    assert_eq!(outbox.mails[0].state, MailState::Waiting);
    assert!(outbox.mails[0].text.as_ref().unwrap().contains("/reset#"));
}

#[tokio::test]
async fn a_mail_outlives_a_restart_and_a_mail_server_that_says_no() {
    let (port, kept) = mail_server(1).await;
    let smtp = Smtp::parse(&format!("smtp://127.0.0.1:{port}"), "Farhand <f@example.org>".parse().unwrap());
    // Written while there was no server to send it.
    let world = World::set_up().await;
    world.post("/api/v1/password-reset", &json!({ "email": EMAIL })).await;
    world.mails_to(EMAIL, 1).await;
    let world = world.restart_with(|config| config.smtp = Some(smtp.unwrap())).await;
    world.until(async || outbox(&world).await.mails[0].tries == 1).await;
    let waiting = outbox(&world).await;
    assert!(waiting.sending && waiting.mails[0].state == MailState::Waiting);
    assert!(waiting.mails[0].text.is_none(), "where mails are sent, links are the receiver's alone");
    assert!(waiting.mails[0].error.as_ref().unwrap().contains("come back later"));
    assert!(kept.lock().await.is_empty());
    world.clock.advance(Duration::from_secs(60));
    world.service.app().mailer().look();
    world.until(async || outbox(&world).await.mails[0].state == MailState::Sent).await;
    let kept = kept.lock().await;
    assert_eq!(kept.len(), 1, "sent once");
    assert!(kept[0].contains(&format!("To: {EMAIL}")) && kept[0].contains("From: "), "{}", kept[0]);
}
