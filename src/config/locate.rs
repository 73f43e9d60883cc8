//! Where a field stands in the text. YAML's events carry places but its values do not, so the text
//! is read once more along the path, and the reader is made to fail where the path ends.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Line and column, from 1, of the value at `path`, such as `filters[1].route.models[0].name`;
/// of the deepest part of it that is there.
pub(crate) fn line_and_column(text: &str, path: &str) -> Option<(usize, usize)> {
    let mut steps = steps(path);
    loop {
        let seed = Follow(&steps);
        if let Err(error) = seed.deserialize(serde_yaml::Deserializer::from_str(text)) {
            let location = error.location()?;
            return Some((location.line(), location.column()));
        }
        steps.pop()?;
    }
}

enum Step {
    Field(String),
    Index(usize),
}

fn steps(path: &str) -> Vec<Step> {
    let parts = path.split(['.', '[']).filter(|part| !part.is_empty());
    parts
        .map(|part| match part.strip_suffix(']').and_then(|index| index.parse().ok()) {
            Some(index) => Step::Index(index),
            None => Step::Field(part.to_owned()),
        })
        .collect()
}

/// Fails where the steps end; passes over everything else.
struct Follow<'a>(&'a [Step]);

impl<'de> DeserializeSeed<'de> for Follow<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        match self.0.first() {
            None => d.deserialize_any(Here),
            Some(_) => d.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Follow<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the path")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match self.0.split_first() {
                Some((Step::Field(field), rest)) if *field == key => {
                    map.next_value_seed(Follow(rest))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if let Some((Step::Index(index), rest)) = self.0.split_first() {
            for _ in 0..*index {
                seq.next_element::<IgnoredAny>()?;
            }
            seq.next_element_seed(Follow(rest))?;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Accepts nothing, so that the reader says where it is.
struct Here;

impl Visitor<'_> for Here {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
listen: {}
filters:
  - authenticate: {}
  - route:
      models:
        - name: a
          candidates:
            - provider: nobody
";

    #[test]
    fn finds_the_line_of_a_field() {
        let path = "filters[1].route.models[0].candidates[0].provider";
        assert_eq!(line_and_column(TEXT, path), Some((8, 25)));
        assert_eq!(line_and_column(TEXT, "filters[1].route.models[0].name").unwrap().0, 6);
        assert_eq!(line_and_column(TEXT, "listen").unwrap().0, 1);
    }

    #[test]
    fn falls_back_to_the_deepest_part_that_is_there() {
        let missing = line_and_column(TEXT, "filters[1].route.models[0].candidates[3].provider");
        assert_eq!(missing.unwrap().0, 8);
        assert!(line_and_column(TEXT, "nothing.at.all").is_some());
    }
}
