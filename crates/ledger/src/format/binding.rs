//! What content in a file of its own is sealed with.

use crate::format::hash::{Hash, LogId, RunId, TenantTag};
use crate::format::kind::Kind;

/// What external content is bound to. Its place in the chain is not known when it is sealed; log,
/// run, request and metadata are (`FORMAT.md` §6).
pub(crate) struct Binding {
    pub(crate) kind: Kind,
    pub(crate) log_id: LogId,
    pub(crate) run_id: RunId,
    pub(crate) request_id: [u8; 16],
    pub(crate) tenant_tag: TenantTag,
    pub(crate) metadata_hash: Hash,
}

impl Binding {
    /// The associated data of both encryptions.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let kind = self.kind.number().to_be_bytes();
        let parts: [&[u8]; 7] = [
            b"inferlayer/external/v1\0",
            &kind,
            &self.log_id.0,
            &self.run_id.0,
            &self.request_id,
            &self.tenant_tag.0,
            &self.metadata_hash.0,
        ];
        parts.concat()
    }
}
