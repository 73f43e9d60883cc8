//! What the names of roles, types and members say.

use crate::texts::{Kind, Role};

/// Who has this role.
pub(super) fn named(role: &str) -> Role {
    match role {
        "system" | "developer" => Role::System,
        "assistant" | "model" => Role::Assistant,
        "tool" | "function" => Role::Tool,
        _ => Role::User,
    }
}

/// Who says what is of this type, where nothing else tells.
pub(super) fn of_type(name: &str) -> Option<Role> {
    if name.ends_with("_output") || name.ends_with("tool_result") {
        return Some(Role::Tool);
    }
    let calls = name.ends_with("_call") || name.ends_with("tool_use");
    (calls || name == "reasoning").then_some(Role::Assistant)
}

/// Whether an event of this type ends what has begun.
pub(super) fn ends(name: &str) -> bool {
    let ends = ["content_block_stop", "message_delta", "message_stop"];
    let response = ["response.completed", "response.incomplete", "response.failed"];
    ends.contains(&name) || response.contains(&name) || name.ends_with(".done")
}

/// What an event of responses that is named so has more of.
pub(super) fn of_event(name: &str) -> Kind {
    let kinds = [
        ("reasoning", Kind::Reasoning),
        ("refusal", Kind::Refusal),
        ("arguments", Kind::ToolArguments),
        ("call_input", Kind::ToolArguments),
        ("output_text", Kind::Text),
        ("transcript", Kind::Text),
    ];
    let found = kinds.into_iter().find(|(part, _)| name.contains(part));
    found.map_or(Kind::Other, |(_, kind)| kind)
}

/// Names of the protocol, and bytes that only a provider reads.
pub(super) fn is_label(name: &str) -> bool {
    const LABELS: [&str; 40] = [
        "type",
        "role",
        "object",
        "status",
        "id",
        "model",
        "modelVersion",
        "created",
        "finish_reason",
        "finishReason",
        "stop_reason",
        "service_tier",
        "serviceTier",
        "system_fingerprint",
        "tool_call_id",
        "call_id",
        "tool_use_id",
        "item_id",
        "response_id",
        "responseId",
        "previous_response_id",
        "file_id",
        "media_type",
        "mimeType",
        "mime_type",
        "format",
        "detail",
        "signature",
        "thoughtSignature",
        "thought_signature",
        "encrypted_content",
        "embedding",
        "obfuscation",
        "modality",
        "trafficType",
        "encoding_format",
        "reasoning_effort",
        "truncation",
        "phase",
        "prompt_cache_retention",
    ];
    LABELS.contains(&name)
}
