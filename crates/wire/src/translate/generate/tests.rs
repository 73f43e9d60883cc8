//! What is written for a provider, or a caller, of this dialect says the same when it is read.

mod answers;
#[path = "../../../tests/common/mod.rs"]
mod common;
mod folded;
mod requests;
mod said;

use crate::{Api, Asked, GenerateRequest, Invalid, Target, Vendor};

fn request(body: &str) -> GenerateRequest {
    let asked = Asked { api: Api::Generate, model: Some("alias".to_owned()), stream: false };
    GenerateRequest::parse(asked, body.to_owned().into()).unwrap()
}

fn gemini() -> Target<'static> {
    Target::main(Vendor::Gemini, "gemini-2.5-pro")
}

/// What a request becomes for a provider of its own dialect, written anew.
fn written(body: &str) -> Result<String, Invalid> {
    let request = request(body);
    let prompt = super::read_prompt(&request)?;
    let body = super::write_prompt(&prompt, &gemini())?;
    Ok(String::from_utf8(body).unwrap())
}
