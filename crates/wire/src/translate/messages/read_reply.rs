//! A provider's whole answer.

use serde_json::value::RawValue;

use crate::anthropic::{Block, Message};
use crate::neutral::{Choice, Content, Json, Reply};
use crate::text::Text;
use crate::{Completion, NotCompletion};

/// What a message says. Refused when it holds a block that has no neutral form, such as those of
/// the tools that Anthropic runs itself.
pub(in crate::translate) fn read_reply(body: &[u8]) -> Result<Reply<'_>, NotCompletion> {
    let message = Message::parse(body)?;
    let Completion { id, model, usage, finish_reasons, .. } = message.facts();
    let stop_sequence = message.stop_sequence();
    let blocks = message.into_blocks().ok_or(NotCompletion)?;
    let contents = blocks.into_iter().filter_map(|block| content(block).transpose());
    let choice = Choice {
        contents: contents.collect::<Result<_, _>>()?,
        finish: finish_reasons.first().copied(),
        stop_sequence,
        logprobs: None,
    };
    let (id, model) = (id.map(Into::into), model.map(Into::into));
    Ok(Reply { id, model, created: None, choices: vec![choice], usage })
}

/// What a block says; none when it says nothing. Sources (`citations`) are bookkeeping.
pub(super) fn content(block: Block<'_>) -> Result<Option<Content<'_>>, NotCompletion> {
    Ok(match block.kind() {
        "text" => block.text.map(Text::into_cow).filter(|text| !text.is_empty()).map(Content::Text),
        "thinking" => thought(block),
        "redacted_thinking" => {
            let data = block.data.and_then(Text::of).ok_or(NotCompletion)?;
            Some(Content::SealedThought(data))
        }
        "tool_use" => Some(call(block)?),
        _ => return Err(NotCompletion),
    })
}

/// A thought that is not to be shown has no words, and still its signature.
fn thought(block: Block<'_>) -> Option<Content<'_>> {
    let text = block.thinking.map(Text::into_cow).unwrap_or_default();
    let signature = block.signature.and_then(Text::of).filter(|signature| !signature.is_empty());
    (signature.is_some() || !text.is_empty()).then_some(Content::Thought { text, signature })
}

fn call(block: Block<'_>) -> Result<Content<'_>, NotCompletion> {
    let nothing = || serde_json::from_str::<&RawValue>("{}").ok();
    Ok(Content::Call {
        id: block.id.ok_or(NotCompletion)?.into_cow(),
        name: block.name.ok_or(NotCompletion)?.into_cow(),
        input: block.input.or_else(nothing).map(Json::new).ok_or(NotCompletion)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FinishReason;

    #[test]
    fn what_is_said_and_why_it_ended_is_read() {
        let body = br#"{"id":"msg_1","type":"message","role":"assistant","model":"claude",
            "content":[{"type":"thinking","thinking":"","signature":"c2ln"},
                {"type":"text","text":"","citations":null},
                {"type":"text","text":"a\n","citations":[{"type":"page_location"}]}],
            "stop_reason":"stop_sequence","stop_sequence":"END","container":null,
            "usage":{"input_tokens":3,"cache_read_input_tokens":4,"output_tokens":2}}"#;
        let reply = read_reply(body).unwrap();
        let signed = Content::Thought { text: "".into(), signature: Some("c2ln".into()) };
        let choice = &reply.choices[0];
        assert_eq!(choice.contents, [signed, Content::Text("a\n".into())]);
        assert_eq!(choice.finish, Some(FinishReason::Stop));
        assert_eq!(choice.stop_sequence.as_deref(), Some("END"));
        assert_eq!(reply.usage.map(|usage| usage.input_tokens), Some(7));
        assert_eq!(reply.id.as_deref(), Some("msg_1"));
    }

    #[test]
    fn a_block_that_cannot_be_told_makes_it_no_answer() {
        for block in [
            r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{}}"#,
            r#"{"type":"web_search_tool_result","tool_use_id":"s","content":[]}"#,
            r#"{"type":"redacted_thinking"}"#,
            r#"{"type":"tool_use","id":"t"}"#,
            r#"{"text":"a"}"#,
        ] {
            let body = format!(r#"{{"content":[{{"type":"text","text":"a"}},{block}]}}"#);
            assert_eq!(read_reply(body.as_bytes()), Err(NotCompletion), "{block}");
        }
        for body in [r#"{"error":{}}"#, "{}", "[]", "<html>", ""] {
            assert_eq!(read_reply(body.as_bytes()), Err(NotCompletion), "{body}");
        }
    }
}
