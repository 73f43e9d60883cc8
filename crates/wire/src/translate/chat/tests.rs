//! Tests of the whole dialect.

mod pairs;
mod provider;
mod refusals;
mod round_trips;
mod streams;
