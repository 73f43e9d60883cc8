//! The list `filters`: each entry names a filter and holds its block, which that filter's own type
//! reads straight from the stream, so that a mistake in it has a line.

use std::fmt;

use erased_serde::Deserializer as Erased;
use inferlayer_filter::registration::Unbuilt;
use inferlayer_filter::{Fact, Registration};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

pub(crate) type Configured = (&'static Registration, Box<dyn Unbuilt>);

/// Reads the list.
pub(crate) struct FiltersSeed(pub(crate) &'static [Registration]);

/// Every filter needs what filters before it give, and a provider may be called only with all of
/// [`DEMANDED`]. Returns the place in the list and a sentence that names both filters.
pub(crate) fn check_order(
    filters: &[Configured],
    known: &[Registration],
) -> Result<(), (usize, String)> {
    let giver = |fact| known.iter().find(|f| f.gives.contains(fact)).map_or("?", |f| f.name);
    let mut given: Vec<Fact> = Vec::new();
    for (index, (filter, _)) in filters.iter().enumerate() {
        if let Some(fact) = filter.needs.iter().find(|fact| !given.contains(fact)) {
            let (name, giver) = (filter.name, giver(fact));
            let problem = format!("filter `{name}` needs {fact:?}; put `{giver}` before it");
            return Err((index, problem));
        }
        given.extend(filter.gives);
    }
    match DEMANDED.iter().find(|fact| !given.contains(fact)) {
        Some(fact) => {
            let last = filters.len().saturating_sub(1);
            let giver = giver(fact);
            let problem =
                format!("no provider is called without {fact:?}; put `{giver}` into the list");
            Err((last, problem))
        }
        None => Ok(()),
    }
}

/// What the proxy demands before it calls a provider.
const DEMANDED: &[Fact] = &[Fact::Tenant, Fact::Candidates, Fact::Hold, Fact::Intent];

impl<'de> DeserializeSeed<'de> for FiltersSeed {
    type Value = Vec<Configured>;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for FiltersSeed {
    type Value = Vec<Configured>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of filters, such as `- authenticate: {}`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut filters = Vec::new();
        while let Some(filter) = seq.next_element_seed(EntrySeed(self.0))? {
            filters.push(filter);
        }
        Ok(filters)
    }
}

struct EntrySeed(&'static [Registration]);

impl<'de> DeserializeSeed<'de> for EntrySeed {
    type Value = Configured;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Configured, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed {
    type Value = Configured;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one filter with its block, such as `authenticate: {}`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Configured, A::Error> {
        let name: String = map.next_key()?.ok_or_else(|| Error::invalid_length(0, &self))?;
        let registration = self.0.iter().find(|known| known.name == name).ok_or_else(|| {
            let known: Vec<_> = self.0.iter().map(|known| known.name).collect();
            Error::custom(format!("unknown filter `{name}`, expected one of {}", known.join(", ")))
        })?;
        let settings = map.next_value_seed(BlockSeed(registration))?;
        if let Some(second) = map.next_key::<String>()? {
            let problem = format!("`{second}` stands in the entry of `{name}`; begin it with `-`");
            return Err(Error::custom(problem));
        }
        Ok((registration, settings))
    }
}

struct BlockSeed(&'static Registration);

impl<'de> DeserializeSeed<'de> for BlockSeed {
    type Value = Box<dyn Unbuilt>;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        let mut erased = <dyn Erased<'_>>::erase(d);
        (self.0.read)(&mut erased).map_err(Error::custom)
    }
}
