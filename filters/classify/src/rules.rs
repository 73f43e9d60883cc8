//! Where simple ends: the thresholds of the rules, and the rules themselves in their order.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use inferlayer_filter::Tier;
use inferlayer_wire::Shape;

/// Where simple ends. The rules stand in the table of this crate; a request is complex from each
/// threshold on.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Whether images make a request complex.
    pub images: bool,
    /// Whether audio does.
    pub audio: bool,
    /// Whether tools do, offered or used.
    pub tools: bool,
    /// Whether asking for reasoning does.
    pub reasoning: bool,
    /// Marks of code in one turn.
    pub code_marks: AtLeastOne,
    /// Marks of mathematics in one turn.
    pub math_marks: AtLeastOne,
    /// Bulleted or numbered lines in one turn of the user.
    pub list_items: AtLeastOne,
    /// Bytes of text in one turn of the user.
    pub long_bytes: AtLeastOne,
    /// Bytes of text in all messages.
    pub context_bytes: AtLeastOne,
    /// Bytes of an instruction of the user.
    pub instruction_bytes: AtLeastOne,
}

/// A threshold. Zero would make every request complex, and a rule of it no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtLeastOne(u64);

impl Rules {
    /// How much a request asks of a model, and the rule that says so.
    pub fn judge(&self, shape: &Shape) -> (Tier, &'static str) {
        let uses_tools = shape.tools || shape.tool_calls > 0 || shape.tool_results > 0;
        let rules = [
            ("images", self.images && shape.images > 0),
            ("audio", self.audio && shape.audio),
            ("tools", self.tools && uses_tools),
            ("reasoning", self.reasoning && shape.reasoning),
            ("code", self.code_marks.is_met(shape.code_marks.into())),
            ("math", self.math_marks.is_met(shape.math_marks.into())),
            ("list", self.list_items.is_met(shape.list_items.into())),
            ("long", self.long_bytes.is_met(shape.longest_user_bytes)),
            ("context", self.context_bytes.is_met(shape.text_bytes)),
            ("instruction", self.instruction_bytes.is_met(shape.longest_instruction_bytes)),
        ];
        let complex = rules.into_iter().find(|(_, complex)| *complex);
        complex.map_or((Tier::Simple, "short"), |(rule, _)| (Tier::Complex, rule))
    }
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            images: true,
            audio: true,
            tools: true,
            reasoning: true,
            code_marks: AtLeastOne(2),
            math_marks: AtLeastOne(2),
            list_items: AtLeastOne(4),
            long_bytes: AtLeastOne(3_000),
            context_bytes: AtLeastOne(24_000),
            instruction_bytes: AtLeastOne(80),
        }
    }
}

impl AtLeastOne {
    fn is_met(self, count: u64) -> bool {
        count >= self.0
    }
}

impl<'de> Deserialize<'de> for AtLeastOne {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AtLeastOne, D::Error> {
        deserializer.deserialize_u64(Threshold)
    }
}

/// Reads a threshold, and says in plain words what one is.
struct Threshold;

impl Visitor<'_> for Threshold {
    type Value = AtLeastOne;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, at least 1")
    }

    fn visit_u64<E: Error>(self, threshold: u64) -> Result<AtLeastOne, E> {
        match threshold {
            0 => Err(E::invalid_value(Unexpected::Unsigned(0), &self)),
            _ => Ok(AtLeastOne(threshold)),
        }
    }
}
