//! What the benchmark's two ends share: how they speak ([`http1`]) and what they say ([`chat`],
//! [`question`]); and what a load adds up ([`tally`]). Written without a framework, so that they
//! cost little beside the proxies they measure.

pub mod chat;
pub mod http1;
pub mod question;
pub mod tally;
