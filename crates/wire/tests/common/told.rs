//! What is told of an answer: to its caller, and as facts in lines that can be compared.

use bytes::Bytes;
use inferlayer_wire::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};
use inferlayer_wire::{Api, Call, Chunk, Completion, FinishReason, Meaning, Piece, StreamReader};

use crate::golden::usage;

/// The time of every answer here.
pub const CREATED: u64 = 1_792_540_800;

/// What the caller gets of a stream, and a line of facts for each event.
pub fn told(call: &Call, provider: Api, stream: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    let mut reader = StreamReader::new(call, provider, CREATED);
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    decoder.push(Bytes::from(stream)).unwrap();
    let mut bytes = Vec::new();
    let mut lines = String::new();
    let mut ended = false;
    while let Some(event) = decoder.next().or_else(|| decoder.finish()) {
        let piece = reader.read(&event);
        bytes.extend_from_slice(&piece.bytes);
        lines += &line(&piece);
        ended |= piece.meaning == Meaning::End;
    }
    lines += &format!("finished {}\n", reader.is_finished());
    if ended || reader.is_finished() {
        bytes.extend_from_slice(&reader.end_mark());
    }
    (bytes, lines.into_bytes())
}

fn line(piece: &Piece) -> String {
    let Some(Chunk { id, model, output_bytes, finish_reasons, .. }) = &piece.facts else {
        return format!("{:?}\n", piece.meaning);
    };
    let chunk = piece.facts.as_ref().unwrap();
    let mut line = format!("{:?} output_bytes={output_bytes}", piece.meaning);
    for (word, holds) in
        [("tool_calls", chunk.tool_calls), ("finished", chunk.finished), ("error", chunk.error)]
    {
        line += &if holds { format!(" {word}") } else { String::new() };
    }
    if id.is_some() || model.is_some() {
        line += &format!(" {id:?} {model:?}");
    }
    format!("{line} {:?} usage {}\n", reasons(finish_reasons), usage(chunk.usage))
}

/// The facts of a whole answer, a line each.
pub fn facts(facts: &Completion) -> Vec<u8> {
    format!(
        "id {:?}\nmodel {:?}\nfinish {:?}\noutput_bytes {}\ntool_calls {}\nis_error {}\nusage {}\n",
        facts.id,
        facts.model,
        reasons(&facts.finish_reasons),
        facts.output_bytes,
        facts.tool_calls,
        facts.is_error,
        usage(facts.usage),
    )
    .into_bytes()
}

fn reasons(reasons: &[FinishReason]) -> Vec<&'static str> {
    reasons.iter().map(|reason| reason.as_str()).collect()
}
