//! The catalogue of hostile requests, a test for each number of it: what it is, and what is right.
//! Everywhere: no panic, nothing of the gateway's inside in an answer, OpenAI's shape of an error,
//! memory bounded, and the next caller is served.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "hostile/frames.rs"]
mod frames;
#[path = "hostile/framing.rs"]
mod framing;
#[path = "hostile/slow.rs"]
mod slow;
mod support;
