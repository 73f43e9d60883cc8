//! Work on large bodies, away from the threads that serve requests: those go from one request to
//! the next in microseconds, and a parser is busy with megabytes for a tenth of a second.

use std::time::Duration;

use inferlayer_accounts::Tenant;
use tokio::time::timeout;

use crate::refusal::{CallerError, Refusal};

/// Bodies up to this size are worked on where they are. The worst of them, all keys, takes a
/// millisecond; handing one over and back takes some twenty microseconds.
pub const LARGE_BYTES: usize = 128 * 1024;

/// How long a request waits for its turn. Another of the same tenant may be a second at work.
const PATIENCE: Duration = Duration::from_secs(20);

/// Does `work` on a thread that may be busy, when it is the tenant's turn. Work that was begun goes
/// on if nobody waits for it any more, and keeps its turn until it is done.
pub async fn offload<T: Send + 'static>(
    tenant: &Tenant,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let busy = CallerError::TenantBusy { what: "large bodies that wait to be read" };
    let turn = timeout(PATIENCE, tenant.turn()).await.ok().flatten().ok_or(busy)?;
    let working = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    working.await.map_err(|_| Refusal::internal("work on a large body failed"))
}
