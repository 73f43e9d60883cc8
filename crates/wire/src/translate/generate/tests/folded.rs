//! The answer that steps come to.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::neutral::{Choice, Content, Reply, Step};

/// What steps say in all, pieces put together.
pub(super) fn folded(steps: &[Step<'_>]) -> Reply<'static> {
    let mut reply = Reply::default();
    let mut choices: BTreeMap<u32, Choice<'static>> = BTreeMap::new();
    let mut inputs: BTreeMap<(u32, u32), String> = BTreeMap::new();
    for step in steps {
        match super::said::owned(step) {
            Step::Begin { id, model, usage } => reply = Reply { id, model, usage, ..reply },
            Step::Usage(usage) => reply.usage = Some(usage),
            Step::CallInput { choice, call, json } => {
                inputs.entry((choice, call)).or_default().push_str(&json);
            }
            Step::CallBegin { choice, call, id, name } => {
                inputs.entry((choice, call)).or_default();
                let input = RawValue::from_string(call.to_string()).unwrap().into();
                let contents = &mut choices.entry(choice).or_default().contents;
                contents.push(Content::Call { id, name, input });
            }
            step => said(step, &mut choices),
        }
    }
    for (choice, one) in &mut choices {
        for content in &mut one.contents {
            if let Content::Call { input, .. } = content {
                let call = input.get().parse().unwrap();
                let whole = inputs.remove(&(*choice, call)).filter(|input| !input.is_empty());
                *input = RawValue::from_string(whole.unwrap_or("{}".into())).unwrap().into();
            }
        }
    }
    reply.choices = choices.into_values().collect();
    reply
}

fn said(step: Step<'static>, choices: &mut BTreeMap<u32, Choice<'static>>) {
    match step {
        Step::Text { choice, text: more } | Step::Refusal { choice, text: more } => {
            let contents = &mut choices.entry(choice).or_default().contents;
            match contents.last_mut() {
                Some(Content::Text(text)) => text.to_mut().push_str(&more),
                _ => contents.push(Content::Text(more)),
            }
        }
        Step::Thought { choice, text: more } => {
            let contents = &mut choices.entry(choice).or_default().contents;
            match contents.last_mut() {
                Some(Content::Thought { text, signature: None }) => text.to_mut().push_str(&more),
                _ => contents.push(Content::Thought { text: more, signature: None }),
            }
        }
        Step::Signature { choice, signature } | Step::SealedThought { choice, data: signature } => {
            let contents = &mut choices.entry(choice).or_default().contents;
            match contents.last_mut() {
                Some(Content::Thought { signature: none @ None, .. }) => *none = Some(signature),
                _ => {
                    contents.push(Content::Thought { text: "".into(), signature: Some(signature) })
                }
            }
        }
        Step::Logprobs { choice, tokens } => {
            choices.entry(choice).or_default().logprobs.get_or_insert_default().extend(tokens);
        }
        Step::Finish { choice, reason, .. } => {
            choices.entry(choice).or_default().finish = Some(reason);
        }
        other => panic!("{other:?}"),
    }
}
