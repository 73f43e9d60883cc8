//! Small readers: what a member says of itself, told without keeping it.

use serde::de::MapAccess;

use super::{Kind, Reader, Skip, Walk, skip};

/// Tells the `type` of an object.
pub(crate) struct Type<F>(pub(crate) F);

impl<'de, F: FnMut(&str)> Reader<'de> for Type<F> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "type" => object.next_value_seed(Walk(&mut Text(&mut self.0))).map(drop),
            _ => skip(object),
        }
    }
}

/// Tells a string.
pub(crate) struct Text<F>(pub(crate) F);

impl<F: FnMut(&str)> Reader<'_> for Text<F> {
    fn string(&mut self, text: &str) {
        (self.0)(text);
    }
}

/// Walks a member and says whether it is more than null.
pub(crate) fn is_set<'de, A: MapAccess<'de>>(object: &mut A) -> Result<bool, A::Error> {
    Ok(object.next_value_seed(Walk(&mut Skip))? != Kind::Null)
}
