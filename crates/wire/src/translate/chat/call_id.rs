//! Ids of calls: for providers that give none, and for one that takes few.

use std::borrow::Cow;

use crate::Quirks;

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

/// Mistral's ids have this many letters and digits.
const SHORT_CHARACTERS: usize = 9;

/// The id as a provider takes it. One that another provider made becomes one of its own kind,
/// always the same, so that a call and its result still find each other.
pub(super) fn fitting<'p>(id: &'p str, quirks: &Quirks) -> Cow<'p, str> {
    let is_short =
        id.len() == SHORT_CHARACTERS && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_short || !quirks.short_call_ids {
        return Cow::Borrowed(id);
    }
    let mut rest = fnv1a(id.as_bytes());
    let digits = (0..SHORT_CHARACTERS).map(|_| {
        let digit = (rest % 36) as u32;
        rest /= 36;
        char::from_digit(digit, 36).unwrap_or('0')
    });
    Cow::Owned(digits.collect())
}

/// The 64-bit hash of Fowler, Noll and Vo (draft-eastlake-fnv): nobody gains by a collision with
/// an id of one's own conversation.
fn fnv1a(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vendor;

    #[test]
    fn ids_of_others_are_made_to_fit_where_they_must() {
        let mistral = Vendor::Mistral.quirks();
        let fitted = fitting("toolu_01A09q90qw90lq917835lq9", mistral);
        assert_eq!(fitted, fitting("toolu_01A09q90qw90lq917835lq9", mistral));
        assert_ne!(fitted, fitting("toolu_01A09q90qw90lq917835lq8", mistral));
        assert!(fitted.len() == 9 && fitted.chars().all(|letter| letter.is_ascii_alphanumeric()));
        assert_eq!(fitting("D681PevKs", mistral), "D681PevKs");
        assert_eq!(fitting("call_1", Vendor::OpenAi.quirks()), "call_1");
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn an_id_is_short_and_of_allowed_letters() {
        assert_eq!(made(Some("chatcmpl-1"), 0, 2), "call_chatcmpl-1_0_2");
        assert_eq!(made(None, 1, 0), "call__1_0");
        assert_eq!(made(Some("é:/x"), 0, 0), "call_x_0_0");
        assert!(made(Some(&"a".repeat(256)), 127, 4095).len() <= 40);
    }
}
