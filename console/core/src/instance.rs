//! One program a person: a second start hands what it was started with to the first, and ends.
//!
//! The first holds a lock on a file for as long as it lives, and listens on a port of this machine that it writes, with
//! a secret, into a file that only its owner can read.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::folder::Folder;

const LOCK: &str = "instance.lock";
const DOOR: &str = "instance.json";
/// What is handed over, in bytes, at most: an address.
const MAX_WORDS: usize = 1024;
/// The first has so long to answer; then it is said to hang.
const WITHIN: Duration = Duration::from_secs(5);

#[derive(Serialize, Deserialize)]
struct Door {
    port: u16,
    secret: String,
}

/// What a start turned out to be.
#[derive(Debug)]
pub enum Start {
    /// The first. Keep it for as long as the program lives.
    First(Instance),
    /// Another one runs, and has taken the words.
    Second,
}

/// The program that runs.
#[derive(Debug)]
pub struct Instance {
    _lock: File,
    listener: TcpListener,
    secret: String,
}

/// Becomes the first, or hands `words` (a deep link, or nothing) to it.
///
/// # Errors
/// The file system's or the network's; also when the first does not answer.
pub fn start(folder: &Folder, words: &str) -> io::Result<Start> {
    let lock = File::options().create(true).truncate(false).write(true).open(folder.file(LOCK))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => return hand_over(folder, words).map(|()| Start::Second),
        Err(std::fs::TryLockError::Error(error)) => return Err(error),
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut secret = [0; 32];
    SystemRandom::new().fill(&mut secret).map_err(|_| io::Error::other("no random numbers"))?;
    let secret = URL_SAFE_NO_PAD.encode(secret);
    folder.write(DOOR, &Door { port: listener.local_addr()?.port(), secret: secret.clone() })?;
    Ok(Start::First(Instance { _lock: lock, listener, secret }))
}

fn hand_over(folder: &Folder, words: &str) -> io::Result<()> {
    let door: Door =
        folder.read(DOOR).ok_or_else(|| io::Error::other("it runs already, and cannot be found"))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, door.port));
    let mut stream = TcpStream::connect_timeout(&address, WITHIN)?;
    stream.set_read_timeout(Some(WITHIN))?;
    let words: String = words.chars().filter(|c| !c.is_control()).take(MAX_WORDS / 4).collect();
    writeln!(stream, "{} {words}", door.secret)?;
    let mut answer = [0; 3];
    stream.read_exact(&mut answer)?;
    if &answer == b"ok\n" {
        Ok(())
    } else {
        Err(io::Error::other("it runs already, and does not understand"))
    }
}

impl Instance {
    /// Waits for later starts, for ever; `heard` gets each one's words. Blocks: give it a thread.
    pub fn listen(&self, heard: impl Fn(String)) {
        for stream in self.listener.incoming() {
            let taken = stream.and_then(|stream| self.take(stream));
            match taken {
                Ok(words) => heard(words),
                Err(error) => tracing::warn!(%error, "somebody knocked and was not let in"),
            }
        }
    }

    fn take(&self, mut stream: TcpStream) -> io::Result<String> {
        stream.set_read_timeout(Some(WITHIN))?;
        let mut line = Vec::new();
        let mut byte = [0];
        while line.len() < MAX_WORDS + self.secret.len() {
            stream.read_exact(&mut byte)?;
            if byte[0] == b'\n' {
                break;
            }
            line.push(byte[0]);
        }
        let line = String::from_utf8(line).map_err(io::Error::other)?;
        let (secret, words) = line.split_once(' ').unwrap_or((&line, ""));
        // Of the same length, so that the comparison says nothing of where they differ.
        let equal = secret.len() == self.secret.len()
            && secret.bytes().zip(self.secret.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0;
        if !equal {
            return Err(io::Error::other("without the secret"));
        }
        stream.write_all(b"ok\n")?;
        Ok(words.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_second_start_hands_its_words_to_the_first_and_a_stranger_is_not_heard() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let Start::First(first) = start(&folder, "").unwrap() else { panic!("nobody else runs") };
        let port = first.listener.local_addr().unwrap().port();
        let (sender, heard) = mpsc::channel();
        std::thread::spawn(move || first.listen(move |words| sender.send(words).unwrap()));
        let mut stranger = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        writeln!(stranger, "{} farhand://session/evil", "A".repeat(43)).unwrap();
        let mut answer = Vec::new();
        assert!(stranger.read_to_end(&mut answer).is_err() || answer.is_empty());
        assert!(matches!(start(&folder, "farhand://session/1").unwrap(), Start::Second));
        assert_eq!(heard.recv().unwrap(), "farhand://session/1");
    }
}
