//! What holds between any two dialects, before a prompt is written.

use crate::neutral::{Content, Part, Prompt, Role, ToolChoice, Turn};
use crate::{Api, Invalid, Target};

/// The prompt as any provider of this kind can be asked.
pub(super) fn settle<'a>(mut prompt: Prompt<'a>, to: &Target<'_>) -> Result<Prompt<'a>, Invalid> {
    ends_with_the_user(&prompt)?;
    if prompt.tools.is_empty() {
        forget_tools(&mut prompt)?;
    }
    prompt.turns.iter_mut().for_each(|turn| keep_own_seals(turn, to.api));
    Ok(prompt)
}

/// Some providers would go on with the last words of the assistant, and others answer them anew.
fn ends_with_the_user(prompt: &Prompt<'_>) -> Result<(), Invalid> {
    match prompt.turns.last().filter(|turn| turn.role == Role::Assistant) {
        Some(last) => Err(Invalid::unsupported_value(&last.path.0, "not come last")),
        None => Ok(()),
    }
}

/// Without tools there is nothing to choose, and some providers refuse to be told so.
fn forget_tools(prompt: &mut Prompt<'_>) -> Result<(), Invalid> {
    prompt.parallel_calls = None;
    match prompt.tool_choice.take() {
        Some(choice) if !matches!(choice.value, ToolChoice::Auto | ToolChoice::None) => {
            Err(Invalid::value(&choice.path.0, "be none or auto when there are no tools"))
        }
        _ => Ok(()),
    }
}

/// Takes from thoughts the signatures that are surely another provider's, which would be refused:
/// a conversation may go on with another model than the one it was begun with.
fn keep_own_seals(turn: &mut Turn<'_>, api: Api) {
    let is_foreign = |seal: &str| match api {
        Api::Responses => !is_openai_s(seal),
        Api::Messages | Api::Generate => is_openai_s(seal),
        // Nobody reads any there.
        _ => false,
    };
    turn.parts.retain_mut(|part: &mut Part<'_>| match &mut part.content {
        Content::Thought { text, signature } => {
            let foreign = signature.take_if(|seal| is_foreign(seal)).is_some();
            !(foreign && text.is_empty())
        }
        Content::SealedThought(seal) => !is_foreign(seal),
        _ => true,
    });
}

/// OpenAI seals with Fernet, whose tokens begin with a version and a time in eight bytes. Those of
/// Anthropic and Google begin with the tag of a field, and cannot be told apart.
fn is_openai_s(seal: &str) -> bool {
    seal.starts_with("gAAAAA")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neutral::Said;
    use crate::{Target, Vendor};

    const OPENAI_S: &str = "gAAAAABotPq3nR5mQ0z1zJ8b";
    const ANTHROPIC_S: &str = "EqQBCgIYAhIM1gbcDa9GJwZA2b3h";

    fn turn(role: Role, contents: Vec<Content<'static>>) -> Turn<'static> {
        let parts = contents.into_iter().map(|content| Part::new(content, "part")).collect();
        Turn { role, parts, name: None, path: Default::default() }
    }

    fn thoughts() -> Vec<Content<'static>> {
        let signed = |text: &'static str, seal: &'static str| Content::Thought {
            text: text.into(),
            signature: Some(seal.into()),
        };
        vec![
            signed("a", OPENAI_S),
            signed("", OPENAI_S),
            Content::SealedThought(OPENAI_S.into()),
            signed("b", ANTHROPIC_S),
            signed("", ANTHROPIC_S),
            Content::SealedThought(ANTHROPIC_S.into()),
            Content::Thought { text: "c".into(), signature: None },
        ]
    }

    /// Each part by its text and the maker of its seal.
    fn kept(vendor: Vendor, api: Api) -> String {
        let hi = turn(Role::User, vec![Content::Text("hi".into())]);
        let turns = vec![turn(Role::Assistant, thoughts()), hi];
        let to = Target { api, ..Target::main(vendor, "m") };
        let settled = settle(Prompt { turns, ..Prompt::default() }, &to).unwrap();
        let maker = |seal: &str| if seal == OPENAI_S { "o" } else { "a" };
        let told = settled.turns[0].parts.iter().map(|part| match &part.content {
            Content::Thought { text, signature } => {
                format!("{text}{}", signature.as_deref().map_or("-", maker))
            }
            Content::SealedThought(seal) => format!("*{}", maker(seal)),
            _ => String::new(),
        });
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn seals_that_are_surely_another_s_are_not_shown() {
        assert_eq!(kept(Vendor::OpenAi, Api::Responses), "ao o *o b- c-");
        assert_eq!(kept(Vendor::Anthropic, Api::Messages), "a- ba a *a c-");
        assert_eq!(kept(Vendor::Gemini, Api::Generate), "a- ba a *a c-");
        assert_eq!(kept(Vendor::Vllm, Api::Chat), "ao o *o ba a *a c-");
    }

    #[test]
    fn a_choice_among_no_tools_is_none() {
        let asked = |choice| Prompt {
            tool_choice: Some(Said::new(choice, "choice")),
            parallel_calls: Some(Said::new(false, "parallel")),
            turns: vec![turn(Role::User, Vec::new())],
            ..Prompt::default()
        };
        let to = Target::main(Vendor::OpenAi, "m");
        for idle in [ToolChoice::Auto, ToolChoice::None] {
            let settled = settle(asked(idle), &to).unwrap();
            assert_eq!((settled.tool_choice, settled.parallel_calls), (None, None));
        }
        for choice in [ToolChoice::Required, ToolChoice::Named("f".into())] {
            assert_eq!(settle(asked(choice), &to).unwrap_err().param.as_deref(), Some("choice"));
        }
    }
}
