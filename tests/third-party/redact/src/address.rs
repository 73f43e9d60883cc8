//! What looks like an e-mail address: up to 64 bytes, `@`, up to 255 bytes (RFC 5321, 4.5.3.1).
//! Longer runs of such letters are no address, so what is in doubt has a bound.

use std::ops::Range;

const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 255;
/// The most that can be in doubt at the end of a text.
pub const HELD_BYTES_MAX: usize = LOCAL_BYTES_MAX + 1 + DOMAIN_BYTES_MAX;

/// The addresses in a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Where they stand.
    pub ranges: Vec<Range<usize>>,
    /// So many bytes at the end may become one with what follows.
    pub doubtful_bytes: usize,
}

impl Addresses {
    /// Looks for addresses. At its end a text holds what may be the beginning of one for one.
    pub fn find(text: &str, is_end: bool) -> Addresses {
        let mut found = Addresses::default();
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find('@')) {
            let at = from + at;
            let start = local_start(text, from, at);
            let end = domain_end(text, at + 1);
            if end == text.len() && end - at <= DOMAIN_BYTES_MAX && !is_end && start < at {
                found.doubtful_bytes = text.len() - start;
                return found;
            }
            let address = text.get(start..end).unwrap_or_default().trim_end_matches(['.', '-']);
            let is_begun = is_end && at + 1 == text.len();
            from = at + 1;
            if start < at && (start + address.len() > from || is_begun) {
                from = start + address.len();
                found.ranges.push(start..from);
            }
        }
        found.doubtful_bytes = text.len() - local_start(text, from, text.len());
        found
    }
}

/// Where the part before an `@` begins; at `at` if there is none.
fn local_start(text: &str, from: usize, at: usize) -> usize {
    let before = text.get(from..at).unwrap_or_default();
    let is_local = |letter: &char| letter.is_alphanumeric() || "._%+-".contains(*letter);
    let mut bytes = 0;
    for letter in before.chars().rev().take_while(is_local) {
        if bytes + letter.len_utf8() > LOCAL_BYTES_MAX {
            break;
        }
        bytes += letter.len_utf8();
    }
    at - bytes
}

/// Where the part behind an `@` ends.
fn domain_end(text: &str, from: usize) -> usize {
    let behind = text.get(from..).unwrap_or_default();
    let is_domain = |letter: &char| letter.is_alphanumeric() || ".-".contains(*letter);
    let mut end = from;
    for letter in behind.chars().take_while(is_domain) {
        if end + letter.len_utf8() > from + DOMAIN_BYTES_MAX {
            break;
        }
        end += letter.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut out = text.to_owned();
        for range in Addresses::find(text, true).ranges.into_iter().rev() {
            out.replace_range(range, "#");
        }
        out
    }

    /// The same, with the text in these pieces.
    fn masked_in_pieces<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
        let (mut out, mut window) = (String::new(), String::new());
        let mut take = |window: &mut String, is_end: bool| {
            let found = Addresses::find(window, is_end);
            assert!(found.doubtful_bytes <= HELD_BYTES_MAX);
            let held = if is_end { 0 } else { found.doubtful_bytes };
            let kept = window.split_off(window.len() - held);
            for range in found.ranges.into_iter().rev() {
                window.replace_range(range, "#");
            }
            out += window;
            *window = kept;
        };
        for piece in pieces {
            window += piece;
            take(&mut window, false);
        }
        take(&mut window, true);
        out
    }

    fn texts() -> Vec<(String, String)> {
        let long = "x".repeat(1000);
        let cut = "x".repeat(LOCAL_BYTES_MAX);
        vec![
            ("".into(), "".into()),
            ("mail john.doe@example.com now".into(), "mail # now".into()),
            ("<a@b.c>,d@e-f.g. Bye.".into(), "<#>,#. Bye.".into()),
            ("@ a @b c@ d@. e@@f".into(), "@ a @b c@ d@. e@@f".into()),
            ("a@b@c.d x".into(), "#@c.d x".into()),
            ("é.ü@exämple.de".into(), "#".into()),
            ("begun@".into(), "#".into()),
            (format!("{long}@b.c"), format!("{}#", &long[LOCAL_BYTES_MAX..])),
            (format!("a@{long} b@c"), format!("#{} #", &long[DOMAIN_BYTES_MAX..])),
            (format!("{long} {cut}"), format!("{long} {cut}")),
        ]
    }

    #[test]
    fn addresses_are_found() {
        for (text, expected) in texts() {
            assert_eq!(masked(&text), expected, "{text:.80}");
        }
    }

    #[test]
    fn pieces_make_no_difference() {
        for (text, expected) in texts() {
            for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                assert_eq!(masked_in_pieces([&text[..at], &text[at..]]), expected, "{at}");
            }
            let letters = text.char_indices().map(|(at, letter)| &text[at..at + letter.len_utf8()]);
            assert_eq!(masked_in_pieces(letters), expected, "{text:.80}");
        }
    }
}
