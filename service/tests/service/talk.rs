//! What technicians say and write down: canned replies, a session's note and result, and its chat, which the service keeps
//! and cannot open.

use std::time::Duration;

use farhand_protocol::api::{
    CannedReplies, CannedReply, History, MAX_NOTE, Report, SessionNote, SessionResult,
};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::world::{World, problem};

const LETTER: &[u8] = b"FHLT\x01what only the organisation can open";

async fn put_note(world: &World, token: &str, session: &str, form: &serde_json::Value) -> reqwest::Response {
    let path = format!("/api/v1/sessions/{session}/note");
    world.with_token(Method::PUT, &path, token).json(form).send().await.unwrap()
}

async fn put_chat(world: &World, token: &str, session: &str, letter: &[u8]) -> reqwest::Response {
    let path = format!("/api/v1/sessions/{session}/chat");
    world.with_token(Method::PUT, &path, token).body(letter.to_vec()).send().await.unwrap()
}

#[tokio::test]
async fn technicians_read_canned_replies_and_administrators_write_them() {
    let world = World::set_up().await;
    let tom = world.technician("tom@example.org").await;
    let ada = world.sign_in().await;
    let list = async |token: &str| -> Vec<CannedReply> {
        let answer = world.with_token(Method::GET, "/api/v1/canned-replies", token).send().await.unwrap();
        answer.json::<CannedReplies>().await.unwrap().replies
    };
    let add = async |token: &str, title: &str, text: &str| {
        let form = json!({ "title": title, "text": text });
        world.with_token(Method::POST, "/api/v1/canned-replies", token).json(&form).send().await.unwrap()
    };
    assert_eq!(problem(add(&tom, "Hello", "Hello!").await).await.0, StatusCode::FORBIDDEN);
    let made = add(&ada, " where is it ", "Look at the lower\r\nright corner.\n").await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: CannedReply = made.json().await.unwrap();
    assert_eq!(
        (made.title.as_str(), made.text.as_str()),
        ("where is it", "Look at the lower\nright corner.")
    );
    assert_eq!(add(&ada, "Farewell", "Good bye.").await.status(), StatusCode::CREATED);
    let titles: Vec<_> = list(&tom).await.into_iter().map(|reply| reply.title).collect();
    assert_eq!(titles, ["Farewell", "where is it"], "by title, whatever its case");

    for (title, text, code) in [
        ("", "x", "name_invalid"),
        ("x", " \n", "reply_invalid"),
        ("x", "a\u{7}b", "reply_invalid"),
        ("x", "y".repeat(1001).as_str(), "reply_invalid"),
    ] {
        assert_eq!(problem(add(&ada, title, text).await).await.1.code, code);
    }

    let path = format!("/api/v1/canned-replies/{}", made.id);
    let form = json!({ "title": "Clock", "text": "<b>Lower right</b>" });
    assert_eq!(world.with_token(Method::PUT, &path, &tom).json(&form).send().await.unwrap().status(), 403);
    assert_eq!(world.with_token(Method::PUT, &path, &ada).json(&form).send().await.unwrap().status(), 200);
    assert!(list(&tom).await.iter().any(|reply| reply.text == "<b>Lower right</b>"));
    assert_eq!(world.with_token(Method::DELETE, &path, &tom).send().await.unwrap().status(), 403);
    assert_eq!(world.with_token(Method::DELETE, &path, &ada).send().await.unwrap().status(), 204);
    let again = world.with_token(Method::DELETE, &path, &ada).send().await.unwrap();
    assert_eq!(problem(again).await.1.code, "reply_unknown");
    assert_eq!(list(&tom).await.len(), 1);
}

#[tokio::test]
async fn a_note_is_its_technicians_and_stands_in_history_report_and_export() {
    let world = World::set_up().await;
    let tom = world.technician("tom@example.org").await;
    let eve = world.technician("eve@example.org").await;
    let ada = world.sign_in().await;
    let session = world.create(&tom).await.session.id;
    let other = world.create(&tom).await.session.id;
    let from = world.service.app().now().unix_ms - 60_000;
    let path = format!("/api/v1/sessions/{session}/note");
    let read = async |token: &str| world.with_token(Method::GET, &path, token).send().await.unwrap();
    let empty: SessionNote = read(&tom).await.json().await.unwrap();
    assert_eq!(empty, SessionNote { result: None, note: String::new(), at: None });

    // While it goes on, and again afterwards.
    let note = "The printer\nwas not plugged in <script>";
    let kept = put_note(&world, &tom, &session, &json!({ "note": note, "result": "follow_up" })).await;
    assert_eq!(kept.status(), StatusCode::OK);
    let end = format!("/api/v1/sessions/{session}");
    assert_eq!(world.with_token(Method::DELETE, &end, &tom).send().await.unwrap().status(), 204);
    let kept = put_note(&world, &tom, &session, &json!({ "note": note, "result": "solved" })).await;
    let kept: SessionNote = kept.json().await.unwrap();
    assert_eq!((kept.result, kept.note.as_str()), (Some(SessionResult::Solved), note));
    assert_eq!(read(&ada).await.json::<SessionNote>().await.unwrap(), kept, "administrators read it");

    // Nobody else: not a colleague, and an administrator does not write in another's name.
    assert_eq!(problem(read(&eve).await).await.0, StatusCode::NOT_FOUND);
    for token in [&eve, &ada] {
        let refused = put_note(&world, token, &session, &json!({ "note": "mine" })).await;
        assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    }
    let long = put_note(&world, &tom, &session, &json!({ "note": "x".repeat(MAX_NOTE + 1) })).await;
    assert_eq!(problem(long).await.1.code, "note_invalid");
    let unknown = put_note(&world, &tom, &session, &json!({ "note": "", "result": "magic" })).await;
    assert!(unknown.status().is_client_error());

    let history = async |query: &str| -> Vec<String> {
        let answer = world.with_token(Method::GET, &format!("/api/v1/history?{query}"), &ada).send().await;
        let history: History = answer.unwrap().json().await.unwrap();
        history.sessions.into_iter().map(|row| row.id).collect()
    };
    assert_eq!(history("result=solved").await, std::slice::from_ref(&session));
    assert_eq!(history("result=none").await, std::slice::from_ref(&other));
    assert_eq!(history("result=passed_on").await, Vec::<String>::new());
    assert_eq!(history("search=PLUGGED").await, std::slice::from_ref(&session));
    let wrong = world.with_token(Method::GET, "/api/v1/history?result=magic", &ada).send().await.unwrap();
    assert_eq!(problem(wrong).await.1.code, "result_unknown");

    let to = from + 24 * 3600 * 1000;
    let get = async |path: &str| world.with_token(Method::GET, path, &ada).send().await.unwrap();
    let report: Report = get(&format!("/api/v1/report?from={from}&to={to}")).await.json().await.unwrap();
    assert_eq!(report.rows.iter().map(|row| row.solved).sum::<u32>(), 1);
    assert_eq!(report.rows.iter().map(|row| row.not_solved + row.follow_up + row.passed_on).sum::<u32>(), 0);
    let csv = get(&format!("/api/v1/report.csv?from={from}&to={to}")).await.text().await.unwrap();
    assert!(csv.lines().next().unwrap().ends_with(",seconds,solved,not_solved,follow_up,passed_on"), "{csv}");

    let archive = get(&format!("/api/v1/data/export?session={session}")).await.bytes().await.unwrap();
    let archive = String::from_utf8_lossy(&archive);
    assert!(
        archive.contains("session_notes.jsonl") && archive.contains("was not plugged in"),
        "it is exported open"
    );
}

#[tokio::test]
async fn a_chat_is_kept_sealed_for_its_session_and_handed_to_administrators() {
    let world = World::set_up().await;
    let tom = world.technician("tom@example.org").await;
    let eve = world.technician("eve@example.org").await;
    let ada = world.sign_in().await;
    let session = world.create(&tom).await.session.id;
    let path = format!("/api/v1/sessions/{session}/chat");
    let read = async |token: &str| world.with_token(Method::GET, &path, token).send().await.unwrap();
    assert_eq!(read(&ada).await.status(), StatusCode::NOT_FOUND);
    for letter in [&b"plain words"[..], b"", &[b"FHLT\x01".as_slice(), &[7; 512 * 1024 + 64]].concat()] {
        assert_eq!(problem(put_chat(&world, &tom, &session, letter).await).await.1.code, "chat_invalid");
    }
    assert_eq!(put_chat(&world, &eve, &session, LETTER).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(put_chat(&world, &tom, &session, b"FHLT\x01older").await.status(), 204);
    assert_eq!(put_chat(&world, &tom, &session, LETTER).await.status(), 204);
    assert_eq!(read(&ada).await.bytes().await.unwrap(), LETTER, "the newer one");
    assert_eq!(read(&tom).await.status(), StatusCode::FORBIDDEN);
    let history: History =
        world.with_token(Method::GET, "/api/v1/history", &ada).send().await.unwrap().json().await.unwrap();
    assert!(history.sessions[0].chat);

    let end = format!("/api/v1/sessions/{session}");
    assert_eq!(world.with_token(Method::DELETE, &end, &tom).send().await.unwrap().status(), 204);
    assert_eq!(
        put_chat(&world, &tom, &session, LETTER).await.status(),
        204,
        "its last messages come at the end"
    );
    world.clock.advance(Duration::from_secs(11 * 60));
    assert_eq!(problem(put_chat(&world, &tom, &session, LETTER).await).await.1.code, "chat_late");
}

#[tokio::test]
async fn what_is_written_down_is_sealed_on_the_disk_and_goes_with_its_session() {
    let world = World::set_up().await;
    let ada = world.sign_in().await;
    let session = world.create(&ada).await.session.id;
    assert_eq!(put_chat(&world, &ada, &session, LETTER).await.status(), 204);
    let note = json!({ "note": "Quastenflosser", "result": "solved" });
    assert_eq!(put_note(&world, &ada, &session, &note).await.status(), 200);
    let form = json!({ "title": "Zwergplumplori", "text": "Schuppentier" });
    let added = world.with_token(Method::POST, "/api/v1/canned-replies", &ada).json(&form).send().await;
    assert_eq!(added.unwrap().status(), 201);
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(world.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    let holds = |words: &str| bytes.windows(words.len()).any(|window| window == words.as_bytes());
    assert!(holds(&session), "the database was read");
    for words in ["Quastenflosser", "Zwergplumplori", "Schuppentier"] {
        assert!(!holds(words), "{words} lies on the disk in the clear");
    }

    let end = format!("/api/v1/sessions/{session}");
    assert_eq!(world.with_token(Method::DELETE, &end, &ada).send().await.unwrap().status(), 204);
    let store = world.service.app().store();
    let user = store.user_by_email(super::world::EMAIL).await.unwrap().unwrap();
    let store = store.tenant(user.tenant);
    store.delete_sessions(std::slice::from_ref(&session)).await.unwrap();
    assert_eq!(store.note(&session).await.unwrap(), None);
    assert_eq!(store.chat(&session).await.unwrap(), None);
    assert_eq!(store.replies().await.unwrap().len(), 1, "replies are the organisation's");
}
