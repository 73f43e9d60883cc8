//! What is written is read back as the same.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use serde_json::Value;

use super::{read_prompt, write_prompt};
use crate::{MessagesRequest, Target, Vendor};

fn claude() -> Target<'static> {
    Target { max_output_tokens: Some(64_000), ..Target::main(Vendor::Anthropic, "claude") }
}

/// Requests that were written from chat, in the order and shapes that prompt caches hang on.
#[test]
fn requests_are_written_as_they_were_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/anthropic/requests");
    let mut cases = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "provider") {
            continue;
        }
        let before = fs::read_to_string(&path).unwrap();
        let request = MessagesRequest::parse(Bytes::from(before.clone())).unwrap();
        let after = write_prompt(&read_prompt(&request).unwrap(), &claude()).unwrap();
        let after = String::from_utf8(after).unwrap();
        if path.file_stem().unwrap() == "sampling" {
            // Numbers are the same and need not be written the same.
            let values = [&before, &after].map(|json| serde_json::from_str::<Value>(json).unwrap());
            assert_eq!(values[0], values[1]);
        } else {
            assert_eq!(after, before.trim_end(), "{}", path.display());
        }
        cases += 1;
    }
    assert!(cases > 20);
}
