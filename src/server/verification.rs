//! A start reads the end of the journal; this reads the rest, beside the gateway's work. What it
//! finds changes nothing by itself: it says it loudly, and a metric keeps saying it.

use std::path::PathBuf;

use async_trait::async_trait;
use inferlayer_ledger::verify::{Examination, Report};
use inferlayer_ledger::{FileStorage, ReadError, Segment, Storage, Trust};
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;
use prometheus::{Gauge, Registry};

/// The journal drops its past while it is read, at most so often.
const TRIES: usize = 3;

/// Verifies the journal once.
#[derive(Clone)]
pub(crate) struct Verification {
    journal: PathBuf,
    max_bytes: u64,
    verdict: Gauge,
}

impl Verification {
    /// Of a journal of at most `max_bytes`.
    pub(crate) fn new(
        journal: PathBuf,
        max_bytes: u64,
        registry: &Registry,
    ) -> prometheus::Result<Verification> {
        let verdict = Gauge::new(
            "inferlayer_ledger_verified",
            "1 when the whole journal was verified since the start, -1 when it does not hold",
        )?;
        registry.register(Box::new(verdict.clone()))?;
        Ok(Verification { journal, max_bytes, verdict })
    }

    fn run(&self) {
        match self.bytes() {
            Ok(bytes) if bytes <= self.max_bytes => {}
            Ok(bytes) => {
                let max_bytes = self.max_bytes;
                tracing::info!(bytes, max_bytes, "the journal is too large to verify at a start");
                return;
            }
            Err(error) => return tracing::warn!(%error, "the journal is not verified"),
        }
        match self.verify() {
            Ok(report) => {
                self.verdict.set(1.0);
                tracing::info!(records = report.records, "the whole journal is verified");
            }
            Err(ReadError::Io(error)) => tracing::warn!(%error, "the journal is not verified"),
            Err(fault) => {
                self.verdict.set(-1.0);
                let cure = "run `inferlayer ledger verify`";
                tracing::error!(%fault, cure, "the journal does not hold");
            }
        }
    }

    /// With one thread, for others work here.
    fn verify(&self) -> Result<Report, ReadError> {
        let verify = || Examination::new(&self.journal, Trust::FirstUse).threads(1).run();
        let mut first = self.first()?;
        let mut verified = verify();
        for _ in 1..TRIES {
            if verified.is_ok() || self.first()? == first {
                break;
            }
            first = self.first()?;
            verified = verify();
        }
        verified
    }

    fn first(&self) -> Result<Option<Segment>, ReadError> {
        Ok(FileStorage::new(&self.journal).list()?.first().copied())
    }

    fn bytes(&self) -> Result<u64, ReadError> {
        let storage = FileStorage::new(&self.journal);
        let lengths = storage.list()?.into_iter().map(|segment| storage.length(segment));
        Ok(lengths.sum::<Result<u64, _>>()?)
    }
}

#[async_trait]
impl BackgroundService for Verification {
    async fn start(&self, _pingora: ShutdownWatch) {
        let this = self.clone();
        // Not waited for: a stop need not wait for it either.
        std::thread::spawn(move || this.run());
    }
}
