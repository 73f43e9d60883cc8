//! Texts of operators that stand in lists and logs.

/// Whether a text can stand in a row of a list and forge none: no control character, no other line
/// end, nothing that turns the direction of what follows.
pub(crate) fn is_one_line(text: &str) -> bool {
    let forges = |c: char| {
        let ends = matches!(c, '\u{2028}' | '\u{2029}');
        let marks = matches!(c, '\u{200e}' | '\u{200f}');
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        c.is_control() || ends || marks || turns
    };
    !text.chars().any(forges)
}
