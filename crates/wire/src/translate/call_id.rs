//! Ids of calls: for providers that give none, and for those that take few.

use std::borrow::Cow;

/// Which ids a provider takes.
#[derive(Debug, Clone, Copy)]
pub(in crate::translate) enum CallIds {
    /// Of any characters, up to this many bytes.
    UpTo(usize),
    /// Letters, digits, `_` and `-`.
    Words,
    /// Nine letters and digits.
    Short,
}

/// Mistral's ids have this many letters and digits.
const SHORT_CHARACTERS: usize = 9;
/// As many digits to base 36 as 64 bits have.
const HASH_CHARACTERS: usize = 13;
/// Characters of the answer's id that stand in a made id: OpenAI takes ids of up to 40.
const TAIL_CHARACTERS: usize = 20;

/// The id of a call of an answer that gives it none: the same for the same call of the same answer,
/// of letters that everybody takes.
pub(in crate::translate) fn made(answer_id: Option<&str>, choice: u32, call: u32) -> String {
    let answer_id = answer_id.unwrap_or_default();
    let mut tail: Vec<char> =
        answer_id.chars().rev().filter(is_of_word).take(TAIL_CHARACTERS).collect();
    tail.reverse();
    let tail: String = tail.into_iter().collect();
    format!("call_{tail}_{choice}_{call}")
}

impl CallIds {
    /// The id as such a provider takes it. One that it would refuse becomes one of its own kind,
    /// always the same, so that a call and its result still find each other.
    pub(in crate::translate) fn fitting(self, id: &str) -> Cow<'_, str> {
        match self {
            _ if self.takes(id) => Cow::Borrowed(id),
            CallIds::Short => Cow::Owned(digits(id, SHORT_CHARACTERS)),
            CallIds::UpTo(_) | CallIds::Words => {
                Cow::Owned(format!("call_{}", digits(id, HASH_CHARACTERS)))
            }
        }
    }

    fn takes(self, id: &str) -> bool {
        let is_short = id.len() == SHORT_CHARACTERS;
        match self {
            CallIds::UpTo(most) => (1..=most).contains(&id.len()),
            CallIds::Words => !id.is_empty() && id.chars().all(|letter| is_of_word(&letter)),
            CallIds::Short => is_short && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        }
    }
}

fn is_of_word(letter: &char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')
}

/// The hash of an id in this many digits and small letters.
fn digits(id: &str, count: usize) -> String {
    let mut rest = fnv1a(id.as_bytes());
    let digits = (0..count).map(|_| {
        let digit = (rest % 36) as u32;
        rest /= 36;
        char::from_digit(digit, 36).unwrap_or('0')
    });
    digits.collect()
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

    #[test]
    fn ids_of_others_are_made_to_fit_where_they_must() {
        for (ids, taken, others) in [
            (CallIds::Short, "D681PevKs", ["toolu_01A09q90qw90lq917835lq9", "call_1", ""]),
            (CallIds::Words, "toolu_01A-9", ["functions.f:0", "functions.f:1", ""]),
            (CallIds::UpTo(40), "functions.f:0", [&"a".repeat(41), &"é".repeat(21), ""]),
        ] {
            assert_eq!(ids.fitting(taken), taken);
            let fitted = others.map(|id| ids.fitting(id));
            assert!(fitted.iter().all(|id| ids.takes(id)), "{fitted:?}");
            assert_eq!(fitted, others.map(|id| ids.fitting(id)));
            assert!(fitted[0] != fitted[1] && fitted[1] != fitted[2], "{fitted:?}");
        }
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
