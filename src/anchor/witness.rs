//! The witness sink, C2SP tlog-witness: each checkpoint goes with the proof that it continues the
//! last one the witness signed, and comes back cosigned. A witness that holds another history of
//! this log is the one thing that this machine cannot forge: it stops new work for good.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode};
use inferlayer_ledger::{Cosignature, Hash, Ledger, WitnessKey};

use crate::anchor::post::Poster;
use crate::anchor::sink::{Note, SendError, Sink};
use crate::anchor::whole_file::WholeFile;
use crate::config::WitnessSettings;
use crate::net::HttpAnswer;

/// Has checkpoints cosigned.
pub(crate) struct Witness {
    poster: Poster,
    path: String,
    key: WitnessKey,
    ledger: Ledger,
    /// The size that it signed last. 0 at the start: then it says it itself.
    signed: AtomicU64,
    /// The newest cosigned note.
    kept: WholeFile,
}

/// What a witness says.
enum Verdict {
    Cosigned(Cosignature),
    /// The size it signed last is another than it was told.
    Knows(u64),
}

impl Witness {
    pub(crate) fn new(settings: &WitnessSettings, kept: &Path, ledger: &Ledger) -> Witness {
        let base = settings.url.base.clone();
        Witness {
            path: format!("{}/add-checkpoint", base.path),
            poster: Poster::new(base, HeaderMap::new(), settings.ca_file.as_deref()),
            key: settings.key.clone(),
            ledger: ledger.clone(),
            signed: AtomicU64::new(0),
            kept: WholeFile::at(kept),
        }
    }

    async fn ask(&self, old: u64, note: &Note) -> Result<Verdict, SendError> {
        let size = note.head.size;
        let proof = match old {
            0 => Vec::new(),
            old if old == size => Vec::new(),
            old => self.ledger.consistency(old, size)?,
        };
        let answer = self.poster.post(&self.path, request(old, &proof, note).into()).await?;
        judge(&self.key, &answer, old, note)
    }

    async fn keep(&self, cosignature: &Cosignature, note: &Note) -> Result<(), SendError> {
        self.signed.store(note.head.size, Ordering::Relaxed);
        self.ledger.confirm_time(cosignature.time_seconds.saturating_mul(1_000_000));
        Ok(self.kept.replace(cosignature.append_to(&note.text).into_bytes()).await?)
    }
}

#[async_trait]
impl Sink for Witness {
    fn needs_proofs(&self) -> bool {
        true
    }

    async fn send(&self, note: &Note) -> Result<(), SendError> {
        let signed = self.signed.load(Ordering::Relaxed);
        let mut verdict = self.ask(signed, note).await?;
        if let Verdict::Knows(size) = verdict {
            self.signed.store(size, Ordering::Relaxed);
            verdict = self.ask(size, note).await?;
        }
        match verdict {
            Verdict::Cosigned(cosignature) => self.keep(&cosignature, note).await,
            Verdict::Knows(_) => Err(SendError::BadAnswer("its size changes between two answers")),
        }
    }
}

/// The body of `add-checkpoint`.
fn request(old: u64, proof: &[Hash], note: &Note) -> String {
    let mut body = format!("old {old}\n");
    for hash in proof {
        body.push_str(&STANDARD.encode(hash.0));
        body.push('\n');
    }
    body.push('\n');
    body.push_str(&note.text);
    body
}

/// What an answer says of `note`, which was sent as the continuation of size `old`.
fn judge(
    key: &WitnessKey,
    answer: &HttpAnswer,
    old: u64,
    note: &Note,
) -> Result<Verdict, SendError> {
    let body = std::str::from_utf8(&answer.body).unwrap_or_default();
    let size = note.head.size;
    match answer.status {
        StatusCode::OK => {
            let found = key.find_cosignature(&note.text, body).map(Verdict::Cosigned);
            found.ok_or(SendError::BadAnswer("none of its cosignatures is of the configured key"))
        }
        StatusCode::CONFLICT => match body.trim_end().parse::<u64>().ok() {
            Some(known) if known > size => Err(SendError::Conflict(format!(
                "the witness has signed {known} records, the ledger has {size}"
            ))),
            Some(known) if known != old => Ok(Verdict::Knows(known)),
            _ if old == size => Err(SendError::Conflict(format!(
                "the witness has signed other records than the {size} of the ledger"
            ))),
            _ => Err(SendError::BadAnswer("it answered 409 without another size")),
        },
        StatusCode::UNPROCESSABLE_ENTITY => Err(SendError::Conflict(format!(
            "the {old} records that the witness has signed are not the first of the ledger's {size}"
        ))),
        StatusCode::NOT_FOUND => Err(SendError::Unknown("it does not know this origin")),
        StatusCode::FORBIDDEN => {
            Err(SendError::Unknown("it knows this origin with another signing key"))
        }
        status => Err(SendError::Status(status)),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use inferlayer_ledger::Head;

    use super::*;

    const KEY: &str = "w+f26ca44c+BAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

    fn note(size: u64) -> Note {
        let text = format!("gw\n{size}\nAAAA\n\n\u{2014} gw AAAA\n");
        Note { head: Head { size, root: Hash([0; 32]) }, text }
    }

    fn judged(status: u16, body: &'static str, old: u64) -> Result<Verdict, SendError> {
        let status = StatusCode::from_u16(status).unwrap();
        let (headers, body) = (HeaderMap::new(), Bytes::from_static(body.as_bytes()));
        let answer = HttpAnswer { status, headers, body };
        judge(&KEY.parse().unwrap(), &answer, old, &note(10))
    }

    #[test]
    fn a_request_is_old_size_proof_blank_line_and_note() {
        let proof = [Hash([0; 32]), Hash([255; 32])];
        let body = request(7, &proof, &note(10));
        let lines: Vec<_> = body.lines().collect();
        assert_eq!(lines[0], "old 7");
        assert_eq!(lines[1], "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        assert_eq!(lines[2], "//////////////////////////////////////////8=");
        assert_eq!(lines[3..6], ["", "gw", "10"]);
        assert!(request(0, &[], &note(10)).starts_with("old 0\n\ngw\n"));
    }

    #[test]
    fn a_conflict_is_a_larger_size_other_records_of_the_same_or_a_proof_refused() {
        let conflict = |answer| matches!(answer, Err(SendError::Conflict(_)));
        assert!(conflict(judged(409, "11\n", 4)));
        assert!(conflict(judged(409, "10\n", 10)));
        assert!(conflict(judged(409, "", 10)));
        assert!(conflict(judged(422, "", 4)));
        for (status, body) in [(409, "4\n"), (409, "x"), (200, ""), (500, ""), (302, "")] {
            let answer = judged(status, body, 4);
            assert!(answer.is_err() && !conflict(answer), "{status} {body}");
        }
    }

    #[test]
    fn another_size_is_asked_again_and_a_stranger_is_told_apart() {
        for (body, known) in [("3\n", 3), ("10\n", 10), ("0\n", 0)] {
            let size = match judged(409, body, 4) {
                Ok(Verdict::Knows(size)) => Some(size),
                _ => None,
            };
            assert_eq!(size, Some(known));
        }
        assert!(matches!(judged(404, "", 0), Err(SendError::Unknown(_))));
        assert!(matches!(judged(403, "", 0), Err(SendError::Unknown(_))));
    }
}
