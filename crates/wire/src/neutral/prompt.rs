//! What a request asks.

use std::borrow::Cow;

use super::{Content, Json, Part, Path, Said};

/// A conversation, and how it is to be continued.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Prompt<'a> {
    /// In the order in which they stand; turns of one role that follow each other are left apart.
    pub(crate) turns: Vec<Turn<'a>>,
    pub(crate) tools: Vec<Tool<'a>>,
    pub(crate) tool_choice: Option<Said<ToolChoice<'a>>>,
    /// Whether several tools may be called at once; every dialect's default is that they may.
    pub(crate) parallel_calls: Option<Said<bool>>,
    pub(crate) format: Option<Said<Format<'a>>>,
    pub(crate) reasoning: Option<Said<Reasoning>>,
    /// Numbers as they stand.
    pub(crate) temperature: Option<Said<f64>>,
    pub(crate) top_p: Option<Said<f64>>,
    pub(crate) top_k: Option<Said<u64>>,
    pub(crate) presence_penalty: Option<Said<f64>>,
    pub(crate) frequency_penalty: Option<Said<f64>>,
    pub(crate) seed: Option<Said<i64>>,
    /// Sequences that end the answer; none of them is empty.
    pub(crate) stop: Option<Said<Vec<Cow<'a, str>>>>,
    /// The cap on each answer.
    pub(crate) output_tokens: Option<u64>,
    /// How many answers; absent is one.
    pub(crate) choices: Option<Said<u32>>,
    /// How likely each token was, and this many others in its place.
    pub(crate) logprobs: Option<Said<u32>>,
    /// Who asks, as the caller tells its users apart.
    pub(crate) user: Option<Said<Cow<'a, str>>>,
    pub(crate) stream: bool,
    /// Anthropic's mark on the request as a whole.
    pub(crate) cache_control: Option<Said<Json<'a>>>,
}

/// What one side says at a time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Turn<'a> {
    pub(crate) role: Role,
    /// May be empty only where the caller wrote an empty message.
    pub(crate) parts: Vec<Part<'a>>,
    /// A name among several users.
    pub(crate) name: Option<Said<Cow<'a, str>>>,
    /// Where it stood, such as `messages[1]`.
    pub(crate) path: Path,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Instructions, OpenAI's `developer` included.
    System,
    /// The user; results of tools too.
    User,
    Assistant,
}

/// A tool that the caller runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tool<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) description: Option<Cow<'a, str>>,
    /// A JSON schema; none when there are no arguments.
    pub(crate) parameters: Option<Json<'a>>,
    /// The arguments follow the schema to the letter.
    pub(crate) strict: Option<Said<bool>>,
    pub(crate) cache_control: Option<Said<Json<'a>>>,
    /// Where it stood, such as `tools[0]`.
    pub(crate) path: Path,
}

/// Which tools are to be called.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ToolChoice<'a> {
    Auto,
    None,
    /// Some tool.
    Required,
    /// This one.
    Named(Cow<'a, str>),
}

/// What the answer is to look like, when it is not free text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Format<'a> {
    /// Some JSON object.
    Json,
    /// JSON of this schema.
    Schema {
        name: Option<Cow<'a, str>>,
        description: Option<Cow<'a, str>>,
        schema: Json<'a>,
        strict: Option<bool>,
    },
}

/// How much the model is to think before it answers. Dialects know words, budgets or both.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Reasoning {
    pub(crate) effort: Option<Effort>,
    /// Tokens; 0 is not at all.
    pub(crate) budget_tokens: Option<u64>,
    /// Whether thoughts are to be shown; absent is as the provider does.
    pub(crate) shown: Option<bool>,
}

/// OpenAI's words for how much to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
}

impl<'a> Prompt<'a> {
    /// The name of the tool that was called under this id: some dialects want it beside a result.
    pub(crate) fn called_name(&self, id: &str) -> Option<&str> {
        let parts = self.turns.iter().flat_map(|turn| &turn.parts);
        parts.rev().find_map(|part| match &part.content {
            Content::Call { id: known, name, .. } if known == id => Some(name.as_ref()),
            _ => None,
        })
    }

    /// The instructions, when all stand before the conversation; the place of the first that does
    /// not otherwise.
    pub(crate) fn leading_instructions(&self) -> Result<(&[Turn<'a>], &[Turn<'a>]), &Turn<'a>> {
        let begins = self.turns.iter().position(|turn| turn.role != Role::System);
        let (system, rest) = self.turns.split_at(begins.unwrap_or(self.turns.len()));
        match rest.iter().find(|turn| turn.role == Role::System) {
            Some(late) => Err(late),
            None => Ok((system, rest)),
        }
    }
}

impl Effort {
    pub(crate) fn named(word: &str) -> Option<Effort> {
        Some(match word {
            "none" => Effort::None,
            "minimal" => Effort::Minimal,
            "low" => Effort::Low,
            "medium" => Effort::Medium,
            "high" => Effort::High,
            "xhigh" => Effort::XHigh,
            _ => return None,
        })
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Effort::None => "none",
            Effort::Minimal => "minimal",
            Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High => "high",
            Effort::XHigh => "xhigh",
        }
    }

    /// The budget of thinking tokens that asks a model which knows budgets for about the same.
    pub(crate) fn budget_tokens(self) -> u64 {
        match self {
            Effort::None => 0,
            Effort::Minimal | Effort::Low => 1024,
            Effort::Medium => 8192,
            Effort::High => 24_576,
            Effort::XHigh => 32_768,
        }
    }

    /// The word for a budget of thinking tokens.
    pub(crate) fn of_budget(tokens: u64) -> Effort {
        match tokens {
            0 => Effort::None,
            1..=1024 => Effort::Low,
            1025..=8192 => Effort::Medium,
            8193..=24_576 => Effort::High,
            24_577.. => Effort::XHigh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_comes_back_as_its_word() {
        for word in ["none", "low", "medium", "high", "xhigh"] {
            let effort = Effort::named(word).unwrap();
            assert_eq!(Effort::of_budget(effort.budget_tokens()), effort);
            assert_eq!(effort.as_str(), word);
        }
        let minimal = Effort::of_budget(Effort::Minimal.budget_tokens());
        assert_eq!(minimal, Effort::Low, "no budget is smaller");
        assert_eq!(Effort::named("ultra"), None);
    }
}
