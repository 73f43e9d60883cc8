//! Builds one commit in memory: seal, hash, chain, and the signed checkpoint at its end.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::format::checkpoint::Checkpoint;
use crate::format::entry::{Content, Entry, External};
use crate::format::hash::{Hash, LogId, RunId, TenantTag};
use crate::format::header::{Flags, HEADER_BYTES, Header, Lengths, PROLOGUE_BYTES};
use crate::format::kind::Kind;
use crate::format::note_key::{SigningKey, VerifyingKey};
use crate::format::randomness::Randomness;
use crate::format::record::Record;
use crate::format::seal::{FreshKeys, OVERHEAD_BYTES, SealError};
use crate::format::segment::Segment;
use crate::format::tree::Frontier;
use crate::index::row::Row;
use crate::log::chain::Chain;
use crate::receipt::commit::Commit;
use crate::write::error::StoreError;

/// A buffer larger than this after a commit is given back.
const KEPT_BYTES: usize = 8 << 20;

/// Frames of one commit, and where its records will stand. Reused from commit to commit.
#[derive(Default)]
pub(crate) struct Batch {
    frames: Vec<u8>,
    rows: Vec<Row>,
    place: Option<(Segment, u64)>,
    before: Frontier,
    /// Records at the front that nobody waits for.
    own: usize,
}

/// A key that signs, with the name it signs under.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) signing: SigningKey,
    pub(crate) key: VerifyingKey,
}

impl Signer {
    fn sign(&self, chain: &Chain) -> Result<Checkpoint, StoreError> {
        let signed = Checkpoint::sign(chain.head(), self.key.origin(), &self.signing);
        signed.ok_or(StoreError::Signing)
    }
}

/// What a record carries besides its entry and its place in the chain.
pub(crate) struct Stamp {
    pub(crate) run_id: RunId,
    pub(crate) time_us: u64,
}

impl Batch {
    /// Empties the batch for a commit that will stand at `place`, behind the records of `before`.
    pub(crate) fn begin(&mut self, place: (Segment, u64), before: &Frontier) {
        self.frames.clear();
        self.frames.shrink_to(KEPT_BYTES);
        self.rows.clear();
        self.place = Some(place);
        self.own = 0;
        self.before.clone_from(before);
    }

    /// Appends the record of `entry` and moves the chain on.
    pub(crate) fn push(
        &mut self,
        entry: &Entry,
        stamp: &Stamp,
        chain: &mut Chain,
        random: &mut Randomness,
    ) -> Result<(), StoreError> {
        let fresh = match entry.content {
            Content::Sealed(_) => Some(FreshKeys::random(random).ok_or(StoreError::Randomness)?),
            Content::None | Content::Withheld | Content::External(_) => None,
        };
        self.push_with(entry, stamp, chain, fresh.as_ref())
    }

    /// As [`Batch::push`], with the random part given (the test vector fixes it).
    pub(crate) fn push_with(
        &mut self,
        entry: &Entry,
        stamp: &Stamp,
        chain: &mut Chain,
        fresh: Option<&FreshKeys>,
    ) -> Result<(), StoreError> {
        let start = self.frames.len();
        let header = header(entry, stamp, chain);
        header.encode_prologue(&mut self.frames);
        self.frames.extend_from_slice(&header.content_hash.0);
        self.frames.extend_from_slice(&entry.metadata);
        if let (Content::Sealed(parts), Some(tenant), Some(fresh)) =
            (&entry.content, &entry.tenant, fresh)
        {
            self.seal(start, header.lengths.metadata, |prologue, out| {
                tenant.seal(parts, prologue, fresh, out)
            })?;
        }
        let record = self.frames.get(start..).unwrap_or_default();
        let hash = Hash::of_header(record.get(..HEADER_BYTES).unwrap_or_default());
        let (segment, offset) = self.place.unwrap_or((Segment(0), 0));
        self.rows.push(Row {
            sequence: header.sequence,
            segment,
            offset: offset + start as u64,
            // Metadata and content are bounded far below 4 GiB.
            bytes: u32::try_from(record.len()).unwrap_or(u32::MAX),
            kind: entry.kind,
            time_us: header.time_us,
            tenant_tag: entry.tenant.as_ref().map(|tenant| tenant.tag()),
            request: entry.request,
            record_hash: hash,
        });
        chain.extend(hash, header.time_us);
        Ok(())
    }

    /// Appends the checkpoint over everything so far, signed by `signer` and, when the log is
    /// handed on, by its `successor`, whose signature receipts then carry.
    pub(crate) fn finish(
        &mut self,
        chain: &Chain,
        signer: &Signer,
        successor: Option<&Signer>,
    ) -> Result<Checkpoint, StoreError> {
        let mut checkpoint = signer.sign(chain)?;
        let mut note = checkpoint.note(&signer.key);
        if let Some(successor) = successor {
            checkpoint = successor.sign(chain)?;
            note.push_str(&checkpoint.signature_line(&successor.key));
        }
        Checkpoint::encode(&note, &mut self.frames);
        Ok(checkpoint)
    }

    /// Marks what is in the batch as the ledger's own, which nobody waits for.
    pub(crate) fn end_own(&mut self) {
        self.own = self.rows.len();
    }

    /// The records of the batch.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let base = self.place.map_or(0, |(_, offset)| offset);
        self.rows.iter().filter_map(move |row| {
            let start = usize::try_from(row.offset - base).ok()?;
            let bytes = self.frames.get(start..start + row.bytes as usize)?;
            Record::with_hash(bytes, row.record_hash).ok()
        })
    }

    /// Bytes to be written.
    pub(crate) fn frames(&self) -> &[u8] {
        &self.frames
    }

    /// Bytes that the commit puts on the disk, content in files of its own included.
    pub(crate) fn bytes(&self) -> u64 {
        let external = self.records().filter_map(|record| record.external());
        self.frames.len() as u64 + external.map(|content| content.bytes).sum::<u64>()
    }

    /// One row for each record, in order.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows that callers wait for.
    pub(crate) fn awaited_rows(&self) -> &[Row] {
        self.rows.get(self.own..).unwrap_or_default()
    }

    /// What the receipts of the records share.
    pub(crate) fn commit(&self, log_id: LogId, key: &VerifyingKey, signed: Checkpoint) -> Commit {
        Commit {
            log_id,
            key: key.clone(),
            checkpoint: signed,
            before: self.before.clone(),
            record_hashes: self.rows.iter().map(|row| row.record_hash).collect(),
            levels: OnceLock::new(),
        }
    }

    /// Seals behind the metadata, then puts the hash of the stored bytes into the header.
    fn seal(
        &mut self,
        start: usize,
        metadata_bytes: u32,
        seal: impl FnOnce(&[u8], &mut Vec<u8>) -> Result<(), SealError>,
    ) -> Result<(), StoreError> {
        let mut prologue = [0; PROLOGUE_BYTES];
        let content_start = start + HEADER_BYTES + metadata_bytes as usize;
        let written = self.frames.get(start..start + PROLOGUE_BYTES).unwrap_or_default();
        prologue.iter_mut().zip(written).for_each(|(to, from)| *to = *from);
        seal(&prologue, &mut self.frames).map_err(|_| StoreError::Sealing)?;
        let hash = Hash::of_content(self.frames.get(content_start..).unwrap_or_default());
        let place = self.frames.get_mut(start + PROLOGUE_BYTES..start + HEADER_BYTES);
        let place = place.unwrap_or_default();
        place.iter_mut().zip(hash.0).for_each(|(to, from)| *to = from);
        Ok(())
    }
}

/// The header before inline content is sealed: the content hash is that of no content yet.
fn header(entry: &Entry, stamp: &Stamp, chain: &Chain) -> Header {
    let none = Hash::of_content(&[]);
    let (of_content, content, content_hash) = match &entry.content {
        Content::None => (Flags::NONE, 0, none),
        Content::Withheld => (Flags::WITHHELD, 0, none),
        Content::Sealed(parts) => {
            let plain: usize = parts.iter().map(Bytes::len).sum();
            (Flags::SEALED, (plain + OVERHEAD_BYTES) as u64, none)
        }
        Content::External(External { hash, bytes }) => {
            (Flags::SEALED.and(Flags::EXTERNAL), *bytes, *hash)
        }
    };
    let flags = match entry.kind {
        // Nobody who knows this version may be stopped by what it does not know.
        Kind::Unknown(_) => of_content.and(Flags::SKIPPABLE),
        _ => of_content,
    };
    // An entry's metadata were checked to be at most 1 MiB.
    let metadata = u32::try_from(entry.metadata.len()).unwrap_or(u32::MAX);
    Header {
        lengths: Lengths { kind: entry.kind, flags, metadata, content },
        sequence: chain.next_sequence(),
        time_us: stamp.time_us.max(chain.time_us()),
        log_id: chain.log_id(),
        run_id: stamp.run_id,
        request_id: entry.request.map_or([0; 16], |request| request.bytes()),
        tenant_tag: entry.tenant.as_ref().map_or(TenantTag([0; 16]), |tenant| tenant.tag()),
        previous_hash: chain.previous_hash(),
        metadata_hash: Hash::of_metadata(&entry.metadata),
        content_hash,
    }
}
