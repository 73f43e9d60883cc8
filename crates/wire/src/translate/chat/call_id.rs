//! Ids for calls of providers that give none.

/// Characters of the answer's id that stand in a made id: OpenAI takes ids of up to 40.
const TAIL_CHARACTERS: usize = 20;

/// The same for the same call of the same answer, of letters, digits, `_` and `-` as Anthropic
/// wants them.
pub(super) fn made(answer_id: Option<&str>, choice: usize, call: usize) -> String {
    let allowed = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let mut tail: Vec<char> =
        answer_id.unwrap_or_default().chars().rev().filter(allowed).take(TAIL_CHARACTERS).collect();
    tail.reverse();
    let tail: String = tail.into_iter().collect();
    format!("call_{tail}_{choice}_{call}")
}

#[cfg(test)]
mod tests {
    use super::made;

    #[test]
    fn an_id_is_short_and_of_allowed_letters() {
        assert_eq!(made(Some("chatcmpl-1"), 0, 2), "call_chatcmpl-1_0_2");
        assert_eq!(made(None, 1, 0), "call__1_0");
        assert_eq!(made(Some("é:/x"), 0, 0), "call_x_0_0");
        assert!(made(Some(&"a".repeat(256)), 127, 4095).len() <= 40);
    }
}
