//! What is told of a whole answer, in lines that can be compared.

use inferlayer_wire::Completion;

use crate::golden::usage;
use crate::told::reasons;

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
