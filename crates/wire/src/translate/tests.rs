//! Any two dialects: what the one tells, the other tells on, and both mean the same.

mod answers;
mod prompts;

use bytes::Bytes;

use crate::{Api, Asked, Call, Target, Vendor};

/// Each dialect of conversation, with a vendor whose main it is.
const DIALECTS: [(Api, Vendor); 4] = [
    (Api::Chat, Vendor::OpenAi),
    (Api::Responses, Vendor::OpenAi),
    (Api::Messages, Vendor::Anthropic),
    (Api::Generate, Vendor::Gemini),
];

/// Every dialect with every other.
fn pairs() -> impl Iterator<Item = (Target<'static>, Target<'static>)> {
    let target = |(api, vendor)| Target { api, ..Target::main(vendor, "m") };
    let targets = move || DIALECTS.into_iter().map(target);
    let others = move |from: Target<'static>| targets().filter(move |to| to.api != from.api);
    targets().flat_map(move |from| others(from).map(move |to| (from, to)))
}

fn parse(api: Api, stream: bool, body: impl Into<Bytes>) -> Call {
    let model = (api == Api::Generate).then(|| "m".to_owned());
    Call::parse(Asked { api, model, stream }, body.into()).unwrap()
}

/// Somebody who asks for everything that can be told.
fn caller(api: Api, stream: bool) -> Call {
    let body = match api {
        Api::Responses => r#"{"model":"m","input":"Hi""#,
        Api::Generate => r#"{"contents":[{"parts":[{"text":"Hi"}]}]"#,
        _ => r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]"#,
    };
    let streamed = match api {
        _ if !stream => "",
        Api::Generate => "",
        Api::Chat => r#","stream":true,"stream_options":{"include_usage":true}"#,
        _ => r#","stream":true"#,
    };
    parse(api, stream, format!("{body}{streamed}}}"))
}
