//! From text to a [`Tree`], and from a value back to its place in the text. YAML's events carry
//! places but its values do not, so the text is read once more and the reader is made to fail where
//! the value begins: it then says where it is.

use std::collections::HashSet;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::config::tree::{Id, Spot, Step, Tree, Value};

/// Reads the text. Of two keys that are the same the second is ignored.
pub(crate) fn load(text: &str) -> Result<Tree, serde_yaml::Error> {
    let mut loader = Loader { tree: Tree::default(), stop: None };
    loader.read(text)?;
    Ok(loader.tree)
}

/// Where something stands in the text: line and column, from 1.
pub(crate) fn line_and_column(text: &str, spot: Spot) -> Option<(usize, usize)> {
    let mut loader = Loader { tree: Tree::default(), stop: Some(spot) };
    let location = loader.read(text).err()?.location()?;
    Some((location.line(), location.column()))
}

struct Loader {
    tree: Tree,
    stop: Option<Spot>,
}

impl Loader {
    fn read(&mut self, text: &str) -> Result<Id, serde_yaml::Error> {
        let root = ValueSeed { loader: self, parent: None, step: Step::Root };
        root.deserialize(serde_yaml::Deserializer::from_str(text))
    }
}

/// Reads a value and all in it.
struct ValueSeed<'a> {
    loader: &'a mut Loader,
    parent: Option<Id>,
    step: Step,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Id;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Id, D::Error> {
        let ValueSeed { loader, parent, step } = self;
        let id = loader.tree.add(parent, step).map_err(Error::custom)?;
        if loader.stop == Some(Spot::Value(id)) {
            return d.deserialize_any(Here);
        }
        let value = d.deserialize_any(ValueVisitor { loader, id })?;
        loader.tree.set(id, value);
        Ok(id)
    }
}

struct ValueVisitor<'a> {
    loader: &'a mut Loader,
    id: Id,
}

impl ValueVisitor<'_> {
    fn child(&mut self, step: Step) -> ValueSeed<'_> {
        ValueSeed { loader: &mut *self.loader, parent: Some(self.id), step }
    }
}

impl<'de> Visitor<'de> for ValueVisitor<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    /// A text without a value.
    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Unsigned(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Signed(value))
    }

    // No setting is as large: whatever asks for a whole number refuses it.
    fn visit_u128<E: Error>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Float(value as f64))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Float(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        let mut children = Vec::new();
        while let Some(id) = list.next_element_seed(self.child(Step::Index(children.len())))? {
            children.push(id);
        }
        Ok(Value::List(children))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let (mut children, mut keys) = (Vec::new(), HashSet::new());
        while let Some(key) = map.next_key_seed(KeySeed(self.loader))? {
            let id = map.next_value_seed(self.child(Step::Key(key.clone())))?;
            if !keys.insert(key) {
                self.loader.tree.ignore(id);
            }
            children.push(id);
        }
        Ok(Value::Map(children))
    }

    /// `!tag value` is read as `{ tag: value }`.
    fn visit_enum<A: EnumAccess<'de>>(mut self, tagged: A) -> Result<Value, A::Error> {
        let (tag, content) = tagged.variant()?;
        let id = content.newtype_variant_seed(self.child(Step::Key(tag)))?;
        Ok(Value::Map(vec![id]))
    }
}

/// Reads the key of the value that comes next.
struct KeySeed<'a>(&'a Loader);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<String, D::Error> {
        let KeySeed(Loader { tree, stop }) = self;
        if *stop == Some(Spot::Key(tree.next())) {
            return d.deserialize_any(Here).map(|_| String::new());
        }
        serde::Deserialize::deserialize(d)
    }
}

/// Accepts nothing, so that the reader says where it is.
struct Here;

impl Visitor<'_> for Here {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
listen: &empty {}
filters:
  - authenticate: *empty
  - route:
      models:
        - name: a
          candidates:
            - provider: nobody
              gpt-4.1: !tag [1, 2]
listen: {}
";

    #[test]
    fn every_value_is_found_by_its_path() {
        let tree = load(TEXT).unwrap();
        for id in tree.all().filter(|id| !tree.is_ignored(*id)) {
            let path = tree.path(id);
            assert_eq!(tree.find(&path), (id, true), "{path}");
        }
    }

    #[test]
    fn keys_and_values_have_their_places() {
        let tree = load(TEXT).unwrap();
        let candidate = "filters[1].route.models[0].candidates[0]";
        for (path, key, value) in [
            (format!("{candidate}.provider"), (8, 15), (8, 25)),
            (format!("{candidate}.gpt-4.1"), (9, 15), (9, 24)),
            ("listen".to_owned(), (1, 1), (1, 9)),
            // What an alias stands for is where its anchor is.
            ("filters[0].authenticate".to_owned(), (3, 5), (1, 9)),
        ] {
            let (id, _) = tree.find(&path);
            assert_eq!(line_and_column(TEXT, Spot::Key(id)), Some(key), "{path}");
            assert_eq!(line_and_column(TEXT, Spot::Value(id)), Some(value), "{path}");
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_ends_at_the_deepest_part_that_is_there() {
        let tree = load(TEXT).unwrap();
        let candidates = "filters[1].route.models[0].candidates";
        let (id, exact) = tree.find(&format!("{candidates}[3].provider"));
        assert_eq!((tree.path(id).as_str(), exact), (candidates, false));
    }

    #[test]
    fn the_second_of_two_keys_is_ignored() {
        let tree = load(TEXT).unwrap();
        let ignored: Vec<_> = tree.all().filter(|id| tree.is_ignored(*id)).collect();
        assert_eq!(ignored.len(), 1);
        assert_eq!(line_and_column(TEXT, Spot::Key(ignored[0])), Some((10, 1)));
    }
}
