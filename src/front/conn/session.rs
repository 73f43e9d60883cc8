//! What Pingora's sessions want of a stream beside its bytes.

use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::AsyncWriteExt;

use crate::front::conn::Conn;

#[async_trait]
impl Shutdown for Conn {
    async fn shutdown(&mut self) {
        // A client that is gone already needs no goodbye.
        let _ = AsyncWriteExt::shutdown(self).await;
    }
}

impl UniqueID for Conn {
    fn id(&self) -> UniqueIDType {
        self.socket.id()
    }
}

impl Ssl for Conn {}

impl Peek for Conn {}

impl GetTimingDigest for Conn {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl GetProxyDigest for Conn {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}

impl GetSocketDigest for Conn {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        Some(Arc::clone(&self.digest))
    }
}
