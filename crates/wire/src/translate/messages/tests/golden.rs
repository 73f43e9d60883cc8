//! What SDKs, Claude Code and Anthropic really send can be read; the same files go through every
//! pair of dialects in `tests/`.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use super::super::{Reader, Writer, read_prompt, read_reply, write_prompt, write_reply};
use super::hi;
use crate::neutral::{ReadSteps, WriteSteps};
use crate::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};
use crate::{MessagesRequest, Target, Vendor};

/// Runs `check` on the name and bytes of each file in a folder.
fn each(folder: &str, mut check: impl FnMut(&str, Vec<u8>)) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pairs/messages");
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json" || extension == "sse") {
            check(path.file_stem().unwrap().to_str().unwrap(), fs::read(&path).unwrap());
        }
    }
}

#[test]
fn what_callers_send_can_be_read_and_asks_the_same_when_written() {
    let to = Target::main(Vendor::Anthropic, "claude-opus-5");
    each("requests", |name, body| {
        let request = MessagesRequest::parse(Bytes::from(body)).unwrap();
        let asked = read_prompt(&request).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        let again = Bytes::from(write_prompt(&asked, &to).unwrap());
        let again = MessagesRequest::parse(again).unwrap();
        let mut read = read_prompt(&again).unwrap();
        if asked.parallel_calls.is_none() && asked.tool_choice.is_some() {
            // What is done anyway is not written.
            read.tool_choice.clone_from(&asked.tool_choice);
        }
        assert_eq!(read, asked, "{name}");
    });
}

#[test]
fn what_anthropic_answers_can_be_read_and_says_the_same_when_written() {
    each("answers", |name, body| {
        let said = read_reply(&body).unwrap();
        let again = write_reply(&said, &hi(), 0);
        assert_eq!(read_reply(&again).unwrap(), said, "{name}");
    });
}

#[test]
fn what_anthropic_streams_can_be_read_and_says_the_same_when_written() {
    each("streams", |name, stream| {
        let steps = |stream: Vec<u8>| {
            let (mut reader, mut writer) = (Reader::default(), Writer::new(&hi(), 0));
            let (mut steps, mut out) = (Vec::new(), Vec::new());
            let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
            decoder.push(Bytes::from(stream)).unwrap();
            while let Some(event) = decoder.next() {
                let mut tell = |step: crate::neutral::Step<'_>| {
                    steps.push(format!("{step:?}"));
                    writer.write(&step, &mut out);
                };
                reader.read(&event, &mut tell).unwrap_or_else(|_| panic!("{name}"));
            }
            writer.finish(&mut out);
            (steps, out)
        };
        let (said, again) = steps(stream);
        assert_eq!(steps(again).0, said, "{name}");
    });
}
