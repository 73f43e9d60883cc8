//! What the benchmark's two ends share: how they speak ([`http1`]) and what they say ([`chat`]).
//! Written without a framework, so that they cost little beside the proxies they measure.

pub mod chat;
pub mod http1;
