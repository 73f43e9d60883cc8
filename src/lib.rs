//! InferLayer: an OpenAI-compatible gateway between applications and language models. It knows who
//! asks, tells simple requests from complex ones, answers what it has answered before, holds what
//! a call can cost before it is made, tries providers in order, and leaves a record of every
//! inference that an auditor recomputes.
//!
//! ```text
//! client ─► authenticate ─► (body) ─► classify ─► cache ─► route ─► meter ─► audit: intent ─┐
//! client ◄─ the end, once its outcome is durable ◄─ audit ◄─ meter: settle ◄─ providers ◄───┘
//! ```
//!
//! The filters are crates of their own (`filters/`); this crate is the proxy around them and the
//! only code that knows Pingora. Reading order: `proxy` (a request, top to bottom), `pipeline` (the
//! filters in their order), `upstream` (providers and attempts), `generation` (what one
//! configuration makes), `state` (what outlives it), `front` (connections, and what is a request),
//! `anchor` (checkpoints leave the machine), `server` (listeners, start), `config`, `operations`
//! (what an operator can do) with its two faces, `admin` and `cli`.

mod admin;
mod anchor;
mod cli;
mod config;
mod data_dir;
mod front;
mod generation;
mod in_flight;
mod metrics;
mod net;
mod operations;
mod pipeline;
mod proxy;
mod secret;
mod server;
mod simulated;
mod state;
mod stop;
mod upstream;

use std::process::ExitCode;

pub use config::ConfigError;
pub use inferlayer_filter::Registration;

/// Runs the command line with these filters. A gateway with filters of its own copies `main.rs` and
/// adds a line.
pub fn run(filters: &'static [Registration]) -> ExitCode {
    cli::run(filters)
}
