//! What the fuzz targets share: every way between callers and providers, and calls to ask with.

use bytes::Bytes;
use inferlayer_wire::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder, Event};
use inferlayer_wire::{Api, Asked, Call, Target, Vendor};

/// Every operation of every dialect.
pub const APIS: [Api; 12] = [
    Api::Chat,
    Api::Completions,
    Api::Responses,
    Api::InputTokens,
    Api::Embeddings,
    Api::Moderations,
    Api::Messages,
    Api::MessageTokens,
    Api::Generate,
    Api::ContentTokens,
    Api::EmbedContent,
    Api::BatchEmbedContents,
];

/// Those in which conversations are held, and so translated.
pub const CONVERSATIONS: [Api; 4] = [Api::Chat, Api::Responses, Api::Messages, Api::Generate];

/// A caller and a provider: one of the sixteen ways from the one to the other.
pub fn way(which: u8) -> (Api, Api) {
    let at = |index: u8| CONVERSATIONS[usize::from(index % 4)];
    (at(which), at(which / 4))
}

/// A provider of each, some with quirks.
pub fn targets() -> Vec<Target<'static>> {
    let mut targets: Vec<_> = [
        Vendor::OpenAi,
        Vendor::Vllm,
        Vendor::Mistral,
        Vendor::DeepSeek,
        Vendor::OpenRouter,
        Vendor::Anthropic,
        Vendor::Gemini,
    ]
    .into_iter()
    .map(|vendor| Target::main(vendor, "a-model"))
    .collect();
    targets.push(Target { api: Api::Responses, ..Target::main(Vendor::OpenAi, "a-model") });
    targets
}

/// What the path says of a request to `api`.
pub fn asked(api: Api, stream: bool) -> Asked {
    let in_path = api.dialect() == inferlayer_wire::Dialect::Gemini;
    Asked { api, model: in_path.then(|| "m".to_owned()), stream }
}

/// A short conversation in the words of `api`, as a stream or not.
pub fn call(api: Api, stream: bool) -> Call {
    let body = match api {
        Api::Messages => {
            format!(r#"{{"model":"m","max_tokens":9,"stream":{stream},"messages":[{{"role":"user","content":"Hi"}}]}}"#)
        }
        Api::Responses => format!(r#"{{"model":"m","stream":{stream},"input":"Hi"}}"#),
        Api::Generate => r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#.to_owned(),
        _ => format!(r#"{{"model":"m","stream":{stream},"messages":[{{"role":"user","content":"Hi"}}]}}"#),
    };
    Call::parse(asked(api, stream), body.into()).expect("a good request")
}

/// The events of a stream that arrives in pieces of at most `piece` bytes.
pub fn events(stream: &[u8], piece: usize) -> Vec<Event> {
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    let mut events = Vec::new();
    for piece in stream.chunks(piece.max(1)) {
        decoder.push(Bytes::copy_from_slice(piece)).expect("short streams fit");
        events.extend(std::iter::from_fn(|| decoder.next()));
    }
    events.extend(decoder.finish());
    events
}
