//! What a running ledger answers about records that are committed.

use std::ops::Range;

use crate::format::checkpoint::Checkpoint;
use crate::format::entry::RequestId;
use crate::format::hash::{Hash, TenantTag};
use crate::index::row::Row;
use crate::ledger::Ledger;
use crate::lookup::Lookup;
use crate::proof::{InclusionProof, ProofError};
use crate::receipt::{Extract, ReceiptError, ReceiptFile, ReceiptRecord};

impl Ledger {
    /// Where a record lies, by its sequence number; `None` when the view does not have it (yet)
    /// and memory does not have it any more.
    pub fn locate(&self, sequence: u64) -> Option<Row> {
        self.lookup().row(sequence)
    }

    /// Sequence numbers of a request's records, ascending; the newest from memory.
    pub fn sequences_of(&self, request: RequestId) -> Result<Vec<u64>, ProofError> {
        self.lookup().sequences_of(request)
    }

    /// At most `limit` of a tenant's records, ascending, with times in `times_us` (microseconds
    /// since 1970-01-01 UTC). Costs what the blocks of rows cost in which the tenant has any.
    pub fn records_of(
        &self,
        tag: TenantTag,
        times_us: Range<u64>,
        limit: usize,
    ) -> Result<Vec<Row>, ProofError> {
        self.lookup().rows_of(tag, times_us, limit)
    }

    /// Number of records that the view has taken in; trails [`Ledger::head`].
    pub fn indexed(&self) -> u64 {
        self.lookup().indexed()
    }

    /// That a record is under the newest checkpoint.
    pub fn proof(&self, sequence: u64) -> Result<InclusionProof, ProofError> {
        let lookup = self.lookup();
        let row = lookup.row_to_prove(sequence)?;
        let (checkpoint, key) = self.signed();
        lookup.proof(&row, checkpoint, key)
    }

    /// That the log of `from` records is the beginning of the log of `to` records, a size that was
    /// committed; for [`verify_consistency`](crate::verify_consistency).
    pub fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>, ProofError> {
        self.lookup().consistency(from, to)
    }

    /// All records of a request that are the tenant's, proven under the newest checkpoint. Blocks
    /// on the disk.
    pub fn receipt_of(
        &self,
        request: RequestId,
        tag: TenantTag,
    ) -> Result<ReceiptFile, ReceiptError> {
        let lookup = self.lookup();
        let sequences = lookup.sequences_of(request)?;
        let rows = sequences.into_iter().filter_map(|sequence| lookup.row(sequence));
        let own: Vec<Row> = rows.filter(|row| row.tenant_tag == Some(tag)).collect();
        if own.is_empty() {
            return Err(ReceiptError::NotFound);
        }
        let checkpoint = self.checkpoint();
        let records = own.iter().map(|row| self.receipt_record(&lookup, row, &checkpoint));
        Ok(ReceiptFile {
            request: request.to_string(),
            log_id: self.log_id().to_string(),
            public_key: self.key().to_string(),
            records: records.collect::<Result<_, _>>()?,
        })
    }

    fn receipt_record(
        &self,
        lookup: &Lookup,
        row: &Row,
        checkpoint: &Checkpoint,
    ) -> Result<ReceiptRecord, ReceiptError> {
        let extract = Extract::read(self.storage(), row.place(), row.record_hash)?;
        let proof = lookup.proof(row, checkpoint.clone(), self.key())?;
        Ok(ReceiptRecord::new(extract, &proof))
    }
}
