//! What a listener asks of those who connect to it.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::config::Limits;

/// The bounds of one listener.
#[derive(Clone)]
pub(crate) struct Rules {
    /// From a connection to the end of its first head, and from the first byte of each later one.
    pub(super) head: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
    /// How long a client may take nothing of its answer.
    pub(super) write_idle: Duration,
    pub(super) head_bytes: usize,
    pub(super) head_fields: usize,
    pub(super) connections: usize,
    pub(super) per_client: usize,
    pub(super) balancers: Vec<IpNet>,
    /// HTTP/2 without TLS is spoken too.
    pub(super) h2: bool,
}

/// A client has at most this part of all connections, unless the configuration says how many.
const SHARE: usize = 4;
const SHARE_MIN: usize = 16;
/// Of listeners that are ours alone: metrics, the admin socket.
const SMALL: usize = 64;

impl Rules {
    /// For clients. There are descriptors for so many connections.
    pub(crate) fn for_clients(limits: &Limits, connections: usize) -> Rules {
        let share = (connections / SHARE).max(SHARE_MIN);
        let per_client = limits.connections_per_client.map_or(share, usize::from);
        Rules {
            head: limits.head,
            idle: limits.keep_alive,
            write_idle: limits.write_idle,
            head_bytes: limits.head_bytes,
            head_fields: limits.head_fields,
            connections,
            per_client: per_client.min(connections).max(1),
            balancers: limits.balancers.iter().map(|balancer| balancer.0).collect(),
            h2: true,
        }
    }

    /// Whether the connections of this address are many clients'.
    pub(super) fn is_balancer(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.balancers.iter().any(|network| network.contains(&peer))
    }

    /// For a listener with one thread and few connections.
    pub(crate) fn small(limits: &Limits) -> Rules {
        let clients = Rules::for_clients(limits, SMALL);
        Rules { per_client: SMALL, h2: false, ..clients }
    }
}
