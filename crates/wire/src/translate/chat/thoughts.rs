//! An assistant's earlier thoughts, as callers hand them back: plain, or in blocks with the
//! signatures without which their provider does not take them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Invalid;
use crate::neutral::{Content, Part};
use crate::translate::object::{LeftOut, Members};

/// Where a block stood in a stream that the caller put together.
const BLOCK_LEFT_OUT: &LeftOut = &[("index", &[])];

/// Takes the thoughts of a message. Blocks hold all of them, and the plain text says the same.
pub(super) fn read<'a>(message: &mut Members<'a>) -> Result<Vec<Part<'a>>, Invalid> {
    let plain = message.said_string("reasoning_content")?;
    let plain = plain.or(message.said_string("reasoning")?);
    let path = message.path("thinking_blocks");
    let blocks = message.array("thinking_blocks")?;
    if blocks.is_empty() {
        let said = plain.filter(|said| !said.value.is_empty());
        let thought = |text| Content::Thought { text, signature: None };
        return Ok(said
            .map(|said| Part::new(thought(said.value), said.path.0))
            .into_iter()
            .collect());
    }
    let blocks = blocks.into_iter().enumerate();
    blocks.map(|(index, raw)| block(Members::of(raw.get(), format!("{path}[{index}]"))?)).collect()
}

fn block(mut block: Members<'_>) -> Result<Part<'_>, Invalid> {
    block.leave_out(BLOCK_LEFT_OUT);
    let content = match block.required_string("type")?.as_ref() {
        "thinking" => Content::Thought {
            text: block.string("thinking")?.unwrap_or_default(),
            signature: block.string("signature")?,
        },
        "redacted_thinking" => Content::SealedThought(block.required_string("data")?),
        _ => {
            let rule = "be thinking or redacted_thinking";
            return Err(Invalid::unsupported_value(&block.path("type"), rule));
        }
    };
    let part = Part::new(content, block.place());
    block.finish()?;
    Ok(part)
}

/// A block of an answer.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Thinking {
        #[serde(borrow, default)]
        thinking: Cow<'a, str>,
        #[serde(borrow, skip_serializing_if = "Option::is_none")]
        signature: Option<Cow<'a, str>>,
    },
    RedactedThinking {
        #[serde(borrow)]
        data: Cow<'a, str>,
    },
}

impl<'a> Block<'a> {
    /// The block for a thought; none for other content.
    pub(super) fn of(content: &'a Content<'_>) -> Option<Block<'a>> {
        match content {
            Content::Thought { text, signature } => Some(Block::Thinking {
                thinking: Cow::Borrowed(text),
                signature: signature.as_deref().map(Cow::Borrowed),
            }),
            Content::SealedThought(data) => {
                Some(Block::RedactedThinking { data: Cow::Borrowed(data) })
            }
            _ => None,
        }
    }

    /// Whether the plain text does not say all of it.
    pub(super) fn is_signed(&self) -> bool {
        !matches!(self, Block::Thinking { signature: None, .. })
    }
}

impl<'a> From<Block<'a>> for Content<'a> {
    fn from(block: Block<'a>) -> Content<'a> {
        match block {
            Block::Thinking { thinking, signature } => {
                Content::Thought { text: thinking, signature: signature.filter(|s| !s.is_empty()) }
            }
            Block::RedactedThinking { data } => Content::SealedThought(data),
        }
    }
}
