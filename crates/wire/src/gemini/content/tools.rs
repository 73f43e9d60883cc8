//! `tools`: functions that the caller runs are text, what the provider runs reads what it likes.

use serde::de::{MapAccess, SeqAccess};

use super::Content;
use crate::gemini::names::camel;
use crate::json::{Kind, Reader, Skip, Walk, is_set};

/// `tools`, and each of them: one tool alone is as good as an array of it
pub(super) struct Tools<'c>(pub(super) &'c mut Content);

impl<'de> Reader<'de> for Tools<'_> {
    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        Ok(array.next_element_seed(Walk(&mut Tools(self.0)))?.is_some())
    }

    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        if camel(key) == "functionDeclarations" {
            let mut count = Count(0);
            let kind = object.next_value_seed(Walk(&mut count))?;
            self.0.shape.tools |= count.0 > 0 || kind == Kind::Object;
        } else if is_set(object)? {
            self.0.shape.tools = true;
            self.0.unbounded = true;
        }
        Ok(())
    }
}

/// How many items an array has
struct Count(u32);

impl<'de> Reader<'de> for Count {
    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let found = array.next_element_seed(Walk(&mut Skip))?.is_some();
        self.0 = self.0.saturating_add(found.into());
        Ok(found)
    }
}
