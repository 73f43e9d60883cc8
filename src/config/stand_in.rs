//! A value for whoever asks, in place of one that is wrong or missing. It is never used: it only
//! lets the reading go on, so that the mistakes after it are found as well.

use serde::de::value::{BorrowedStrDeserializer, Error, MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
};

/// Types may want a value of a certain form, so there are [`TRIES`] of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StandIn {
    /// How many were refused before it.
    tries: usize,
    /// How many it is part of.
    depth: usize,
}

/// How many there are.
pub(crate) const TRIES: usize = 5;

/// A type that contains itself never has enough.
const DEPTH_MAX: usize = 16;

const TEXTS: [&str; TRIES] =
    ["stand-in", "127.0.0.1:1", "http://stand-in.invalid", "1", "/v1/stand-in"];
const NUMBERS: [u8; TRIES] = [1, 0, 100, 2, 3];
/// Sizes have a least value.
const SIZES: [u16; TRIES] = [1, 0, 100, 4096, 2];
const FRACTIONS: [f32; TRIES] = [0.5, 1.0, 0.0, 2.0, 3.0];

impl StandIn {
    /// The one after `tries` that were refused.
    pub(crate) fn new(tries: usize) -> StandIn {
        StandIn { tries, depth: 0 }
    }

    fn pick<T: Copy>(self, from: [T; TRIES]) -> T {
        from[self.tries % TRIES]
    }

    fn part(self) -> Result<StandIn, Error> {
        let depth = self.depth + 1;
        if depth > DEPTH_MAX {
            return Err(serde::de::Error::custom("too deep"));
        }
        Ok(StandIn { depth, ..self })
    }

    fn visit_text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.pick(TEXTS))
    }

    fn visit_list<'de, V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(std::iter::repeat_n(self.part()?, len)))
    }

    fn visit_fields<'de, V: Visitor<'de>>(
        self,
        fields: &[&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let part = self.part()?;
        visitor.visit_map(MapDeserializer::new(fields.iter().map(|field| (*field, part))))
    }
}

impl IntoDeserializer<'_, Error> for StandIn {
    type Deserializer = StandIn;

    fn into_deserializer(self) -> StandIn {
        self
    }
}

macro_rules! number {
    ($($deserialize:ident: $visit:ident($from:ident),)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.pick($from).into())
        }
    )*};
}

impl<'de> Deserializer<'de> for StandIn {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.tries {
            0 => visitor.visit_u64(1),
            1 => self.visit_text(visitor),
            2 => self.visit_fields(&[], visitor),
            _ => self.visit_list(0, visitor),
        }
    }

    number! {
        deserialize_u8: visit_u8(NUMBERS),
        deserialize_u16: visit_u16(NUMBERS),
        deserialize_u32: visit_u32(SIZES),
        deserialize_u64: visit_u64(SIZES),
        deserialize_u128: visit_u128(SIZES),
        deserialize_i16: visit_i16(NUMBERS),
        deserialize_i32: visit_i32(SIZES),
        deserialize_i64: visit_i64(SIZES),
        deserialize_i128: visit_i128(SIZES),
        deserialize_f32: visit_f32(FRACTIONS),
        deserialize_f64: visit_f64(FRACTIONS),
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_i16(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.tries % 2 == 1)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_char('x')
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_text(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_none()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// Empty first: fewer things are made up.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_list(self.tries.min(1), visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.visit_list(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit_list(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_fields(if self.tries == 0 { &[] } else { &["stand-in"] }, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit_fields(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Choice { variants, content: self })
    }

    serde::forward_to_deserialize_any! { bytes byte_buf unit_struct identifier ignored_any }
}

/// One variant of an enum after the other.
struct Choice {
    variants: &'static [&'static str],
    content: StandIn,
}

impl<'de> EnumAccess<'de> for Choice {
    type Error = Error;
    type Variant = StandIn;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, StandIn), Error> {
        let variant = self.variants.iter().cycle().nth(self.content.tries).copied().unwrap_or("");
        Ok((seed.deserialize(BorrowedStrDeserializer::new(variant))?, self.content))
    }
}

impl<'de> VariantAccess<'de> for StandIn {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.part()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.visit_list(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit_fields(fields, visitor)
    }
}
