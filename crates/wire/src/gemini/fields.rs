//! The members of a `generateContent` request that the gateway acts on, and the values it accepts
//! in them.

use std::ops::Range;

use serde::de::MapAccess;
use serde_json::value::RawValue;

use super::config::Config;
use super::content::Content;
use super::model;
use super::names::Names;
use crate::json::{Kind, Reader, Walk};
use crate::vendor::Extras;
use crate::{Invalid, Shape};

/// What the pass over the body found; texts are raw JSON values.
pub(super) struct Fields<'a> {
    names: Names,
    model: Option<&'a str>,
    content: Content,
    config: Config<'a>,
    config_kind: Kind,
    pub(super) extras: Extras,
}

/// Our fields, which no other name may resemble.
const OURS: &[&str] = &[
    "model",
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "cachedContent",
];

impl Default for Fields<'_> {
    fn default() -> Self {
        Fields {
            names: Names::new(OURS),
            model: None,
            content: Content::default(),
            config: Config::default(),
            config_kind: Kind::Null,
            extras: Extras::default(),
        }
    }
}

impl<'a> Reader<'a> for Fields<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match self.names.take(key) {
            Some("model") => self.model = Some(object.next_value::<&RawValue>()?.get()),
            Some("generationConfig") => {
                self.config_kind = object.next_value_seed(Walk(&mut self.config))?;
            }
            Some(name) => self.content.member(name, object)?,
            None => self.extras.member(key, object)?,
        }
        Ok(())
    }
}

impl Fields<'_> {
    /// Refuses a body that two servers could read differently.
    pub(super) fn check_names(&self) -> Result<(), Invalid> {
        self.names.check("")?;
        self.config.check_names()?;
        self.extras.check()?;
        match self.config_kind {
            Kind::Null | Kind::Object => Ok(()),
            _ => Err(Invalid::value("generationConfig", "be an object")),
        }
    }

    /// Where the body repeats the model of the path.
    pub(super) fn model_span(
        &self,
        asked: &str,
        body: &[u8],
    ) -> Result<Option<Range<usize>>, Invalid> {
        self.model.map(|raw| model::repeated(raw, asked, body)).transpose()
    }

    pub(super) fn choices(&self) -> Result<u32, Invalid> {
        self.config.choices()
    }

    pub(super) fn max_output_tokens(&self) -> Result<Option<u64>, Invalid> {
        self.config.max_output_tokens()
    }

    pub(super) fn shape(&self) -> Result<Shape, Invalid> {
        let mut shape = self.content.shape()?;
        self.config.add_to(&mut shape);
        Ok(shape)
    }

    pub(super) fn has_unbounded_input(&self) -> bool {
        self.content.is_unbounded()
    }
}
