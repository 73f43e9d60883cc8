//! A request body that is sent as it comes: what an attempt needs of whoever reads it.

use async_trait::async_trait;
use bytes::Bytes;
use inferlayer_filter::Refusal;

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// There is none.
    NoBody,
    /// So many bytes.
    Bytes(u64),
    /// Nobody knows until it ends.
    Unknown,
}

/// A request body on its way through.
#[async_trait]
pub(crate) trait RequestBody: Send {
    /// As far as the head tells.
    fn length(&mut self) -> Length;

    /// Tells a client that waits for a word to go on.
    async fn invite(&mut self) -> Result<(), Refusal>;

    /// The next piece, nothing at the end. One that is waited for in vain is not lost.
    async fn next(&mut self) -> Result<Option<Bytes>, Refusal>;

    /// Ends when the client hangs up, or the gateway ends what still runs. What the client still
    /// sends is dropped.
    async fn interrupted(&mut self) -> Refusal;
}
