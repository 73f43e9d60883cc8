//! A witness of C2SP's tlog-witness on loopback, written from the specification: it knows one log,
//! checks its signature and every consistency proof, and cosigns what continues what it has signed.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inferlayer_ledger::{Hash, Head, VerifyingKey, verify_consistency};
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::provider::read_request;

/// What the witness calls itself.
pub const NAME: &str = "witness.example/w1";
/// By its clock it is always this second.
pub const NOW: u64 = 1_790_000_000;

/// A witness and what it has signed.
#[derive(Clone)]
pub struct Witness {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    log: Option<VerifyingKey>,
    signed: Option<Head>,
    /// Size told and status given, of every request.
    asked: Vec<(u64, u16)>,
}

/// A checkpoint's text and what it says.
pub struct Note {
    pub text: String,
    pub head: Head,
    pub signatures: Vec<String>,
}

impl Note {
    pub fn parse(note: &str) -> Note {
        let (text, signatures) = note.split_once("\n\n").unwrap();
        let lines: Vec<_> = text.split('\n').collect();
        let [_, size, root] = lines[..] else { panic!("not a checkpoint: {note}") };
        let head = Head { size: size.parse().unwrap(), root: hash(root) };
        let signatures = signatures.lines().map(str::to_owned).collect();
        Note { text: format!("{text}\n"), head, signatures }
    }

    /// Whether the log's key has signed it.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, key.public_key());
        self.signatures.iter().any(|line| {
            let signed = STANDARD.decode(line.rsplit(' ').next().unwrap()).unwrap();
            signed.len() == 68 && key.verify(self.text.as_bytes(), &signed[4..]).is_ok()
        })
    }
}

impl Witness {
    pub async fn start() -> Witness {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let witness = Witness { address, state: Arc::default() };
        let serving = witness.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = serving.answer(stream).await;
            }
        });
        witness
    }

    /// Its verifier key.
    pub fn key() -> String {
        let mut key = vec![4];
        key.extend_from_slice(pair().public_key().as_ref());
        let id: String = key_id().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{NAME}+{id}+{}", STANDARD.encode(key))
    }

    /// Until it knows the log, it answers 404.
    pub fn trust(&self, log: VerifyingKey) {
        self.state.lock().unwrap().log = Some(log);
    }

    /// What it signed last.
    pub fn signed(&self) -> Option<Head> {
        self.state.lock().unwrap().signed
    }

    /// Old size and status of every request.
    pub fn asked(&self) -> Vec<(u64, u16)> {
        self.state.lock().unwrap().asked.clone()
    }

    async fn answer(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let seen = read_request(&mut stream).await?;
        assert_eq!(seen.path, "/w/add-checkpoint");
        let (status, body) = self.judge(&String::from_utf8(seen.body).unwrap());
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(head.as_bytes()).await
    }

    fn judge(&self, body: &str) -> (u16, String) {
        let mut state = self.state.lock().unwrap();
        let (asked, note) = body.split_once("\n\n").unwrap();
        let mut lines = asked.split('\n');
        let old = lines.next().unwrap().strip_prefix("old ").unwrap().parse().unwrap();
        let proof: Vec<Hash> = lines.map(hash).collect();
        let note = Note::parse(note);
        let (status, body) = state.judge(old, &proof, &note);
        state.asked.push((old, status));
        (status, body)
    }
}

impl State {
    fn judge(&mut self, old: u64, proof: &[Hash], note: &Note) -> (u16, String) {
        let said = |status| (status, String::new());
        let Some(log) = &self.log else { return said(404) };
        if !note.is_signed_by(log) {
            return said(403);
        }
        let signed = self.signed.map_or(0, |head| head.size);
        if old != signed {
            return (409, format!("{signed}\n"));
        }
        let holds = match self.signed {
            None => proof.is_empty(),
            Some(from) if from.size == note.head.size && from.root != note.head.root => {
                return said(409);
            }
            Some(from) => verify_consistency(from, note.head, proof).is_ok(),
        };
        if !holds {
            return said(422);
        }
        self.signed = Some(note.head);
        (200, cosignature(&note.text))
    }
}

fn cosignature(text: &str) -> String {
    let message = format!("cosignature/v1\ntime {NOW}\n{text}");
    let mut signed = key_id().to_vec();
    signed.extend_from_slice(&NOW.to_be_bytes());
    signed.extend_from_slice(pair().sign(message.as_bytes()).as_ref());
    format!("\u{2014} {NAME} {}\n", STANDARD.encode(signed))
}

fn key_id() -> [u8; 4] {
    let mut bytes = format!("{NAME}\n").into_bytes();
    bytes.push(4);
    bytes.extend_from_slice(pair().public_key().as_ref());
    digest(&SHA256, &bytes).as_ref()[..4].try_into().unwrap()
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[42; 32]).unwrap()
}

fn hash(base64: &str) -> Hash {
    Hash(STANDARD.decode(base64).unwrap().try_into().unwrap())
}
