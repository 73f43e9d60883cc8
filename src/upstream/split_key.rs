//! A key that a stream tells in pieces: a few letters in the text of one event, the next in that of
//! another. No event holds it, but its reader puts the texts together. So what the texts of an
//! event end with is compared with what those of the next begin with.

use memchr::memchr2;

use crate::secret::Secret;
use crate::upstream::mask::{SECRET_MIN_BYTES, begun, is_secret};

/// How much of a key the last events have told. Has no `Debug`.
#[derive(Default)]
pub(crate) struct SplitKey {
    /// How many bytes of the key texts have ended with, each with how many events ago.
    told: Vec<(usize, u8)>,
}

/// What an event adds to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing to speak of.
    Nothing,
    /// So much of a key that the event waits for the next.
    Part,
    /// The last of it.
    Key,
}

/// Between two pieces of a text others may come, such as pings.
const EVENTS_BETWEEN_MAX: u8 = 4;
const PARTS_MAX: usize = 16;

impl SplitKey {
    /// Looks at the next event.
    pub(crate) fn read(&mut self, key: &Secret, event: &[u8]) -> Told {
        let key = key.expose().as_bytes();
        if !is_secret(key) {
            return Told::Nothing;
        }
        let before = std::mem::take(&mut self.told);
        for text in Strings(event).filter(|text| !text.is_empty()) {
            for (told, _) in &before {
                let Some(rest) = key.get(*told..) else { continue };
                if text.starts_with(rest) {
                    return Told::Key;
                }
                if rest.starts_with(text) {
                    self.add(told + text.len(), 0);
                }
            }
            self.add(begun(text, key), 0);
        }
        for (told, age) in before.into_iter().filter(|(_, age)| *age < EVENTS_BETWEEN_MAX) {
            self.add(told, age + 1);
        }
        let most = self.told.iter().map(|(told, _)| *told).max().unwrap_or(0);
        // Less could be guessed letter by letter, as what waits comes later.
        let part = SECRET_MIN_BYTES.max(key.len().div_ceil(2));
        if most >= part { Told::Part } else { Told::Nothing }
    }

    fn add(&mut self, told: usize, age: u8) {
        let known = self.told.iter().any(|(known, _)| *known == told);
        if told > 0 && !known && self.told.len() < PARTS_MAX {
            self.told.push((told, age));
        }
    }
}

/// The strings of JSON in a text, as they are written.
struct Strings<'a>(&'a [u8]);

impl<'a> Iterator for Strings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = memchr::memchr(b'"', self.0)? + 1;
        let text = self.0.get(start..)?;
        let mut end = 0;
        loop {
            end += memchr2(b'"', b'\\', text.get(end..)?)?;
            if text.get(end) == Some(&b'"') {
                break;
            }
            end += 2;
        }
        self.0 = text.get(end + 1..)?;
        text.get(..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(events: &[&str]) -> Vec<Told> {
        let (key, mut split) = (Secret::new("sk-canary-provider".to_owned()), SplitKey::default());
        events.iter().map(|event| split.read(&key, event.as_bytes())).collect()
    }

    fn delta(text: &str) -> String {
        format!(
            "data: {{\"id\":\"a\\\"b\",\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n"
        )
    }

    #[test]
    fn so_little_of_a_key_as_may_be_guessed_keeps_nothing_waiting() {
        // Who makes a model say one letter after another must not see which of them is right.
        let guesses = [delta("it is sk-canar"), delta("it is sk-canax")];
        assert_eq!(told(&[&guesses[0], &guesses[1]]), [Told::Nothing, Told::Nothing]);
    }

    #[test]
    fn a_key_told_in_two_events_is_seen_at_its_end() {
        let events = [delta("it is sk-canary"), delta("-provider, keep it")];
        assert_eq!(told(&[&events[0], &events[1]]), [Told::Part, Told::Key]);
        let between = [&*events[0], ": ping\n\n", "data: {}\n\n", &*events[1]];
        assert_eq!(told(&between).last(), Some(&Told::Key));
    }

    #[test]
    fn letter_by_letter_too() {
        let events: Vec<String> =
            "sk-canary-provider".chars().map(|letter| delta(&letter.to_string())).collect();
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        assert_eq!(told(&events).last(), Some(&Told::Key));
    }

    #[test]
    fn other_texts_do_not_wait() {
        for events in [["it is s", "k-means"], ["sk-", "canary birds"]] {
            let events = events.map(delta);
            assert_eq!(told(&[&events[0], &events[1]]), [Told::Nothing; 2], "{events:?}");
        }
        let long = [delta("sk-canary-"), delta("birds sing")];
        let told = told(&[&long[0], &long[1], &long[1], &long[1], &long[1], &long[1]]);
        assert_eq!((told[0], told[5]), (Told::Part, Told::Nothing), "{told:?}");
    }
}
