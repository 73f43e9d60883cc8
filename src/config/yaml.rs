//! A YAML file before its types are asked: whether it is text at all, and what the reader of YAML
//! says of one that is not YAML, with what to do about it.

use std::path::Path;

use crate::config::error::Mistake;

/// Words of libyaml, and what to do.
const CURES: &[(&str, &str)] = &[
    (
        "did not find expected '-' indicator",
        "an item of the list does not begin with `-` in the column of the others",
    ),
    (
        "could not find expected ':'",
        "a line before this is neither `key: value` nor `- item`; is a `:` missing, or a space \
         before the line?",
    ),
    (
        "did not find expected alphabetic or numeric character",
        "`*` and `&` at the beginning of a value mean something in YAML; put the value into \
         quotes, such as \"*\"",
    ),
    (
        "mapping values are not allowed",
        "a value with `: ` in it needs quotes, such as \"qwen3: 8b\"; or the line stands too far \
         to the right",
    ),
    (
        "found character that cannot start any token",
        "a value that begins with this character needs quotes; where it is a tab, write spaces",
    ),
    ("found a tab character", "write spaces in place of the tab"),
    ("found unexpected end of stream", "a quote is opened and not closed"),
    ("did not find expected ',' or ']'", "the list that begins here lacks a `,` or its `]`"),
    ("did not find expected ',' or '}'", "the map that begins here lacks a `,` or its `}`"),
    (
        "did not find expected key",
        "what stands here belongs to nothing: a bracket too many, a `'` inside '…' that is not \
         written twice, or a wrong indentation",
    ),
    ("unknown escape character", "in \"…\" a backslash begins an escape; write '…' instead"),
    (
        "block sequence entries are not allowed",
        "a list begins with `-` on a line of its own, below its key",
    ),
    (
        "unknown anchor",
        "a value that begins with `*` stands for one marked with `&`, and there is none of this \
         name; put it into quotes if it is a text",
    ),
    ("did not find expected comment or line break", "nothing stands behind `|` or `>` on a line"),
    ("control characters are not allowed", "remove the control character"),
];

/// Reads a file of text.
pub(crate) fn read(path: &Path, file: &str) -> Result<String, Mistake> {
    let bytes = std::fs::read(path).map_err(|cause| Mistake::of_file(file, cause))?;
    decode(bytes, file)
}

fn decode(bytes: Vec<u8>, file: &str) -> Result<String, Mistake> {
    const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
    let at =
        |place, problem: &str| Mistake { place: Some(place), ..Mistake::of_file(file, problem) };
    if bytes.starts_with(UTF8_MARK) {
        return Err(at(
            (1, 1),
            "a byte order mark stands here; save the file as UTF-8 without one",
        ));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(at((1, 1), "the file is UTF-16; save it as UTF-8"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        at(
            place_after(&String::from_utf8_lossy(before)),
            "this byte is not UTF-8; save the file as UTF-8",
        )
    })
}

/// Line and column, from 1, of what follows `text`.
fn place_after(text: &str) -> (usize, usize) {
    let last = text.rsplit('\n').next().unwrap_or_default();
    (text.matches('\n').count() + 1, last.chars().count() + 1)
}

/// Where a document begins that is not the first.
fn second_document(text: &str) -> Option<(usize, usize)> {
    let begins = |line: &str| line == "---" || line.starts_with("--- ");
    let is_content = |line: &str| !line.is_empty() && !line.starts_with(['#', '%']);
    let mut content = false;
    for (index, line) in text.lines().map(str::trim_end).enumerate() {
        if begins(line) && content {
            return Some((index + 1, 1));
        }
        content |= is_content(line);
    }
    None
}

/// What serde_yaml says, taken apart. It appends the place of every level it passes; the first is
/// the innermost.
pub(crate) struct YamlError(pub(crate) serde_yaml::Error);

impl YamlError {
    /// What is wrong with the file whose text this is.
    pub(crate) fn in_file(self, file: &str, text: &str) -> Mistake {
        let mistake = self.told(file);
        if mistake.problem.contains("more than one document") {
            let problem =
                "a second document begins here; a file is one: remove this `---`".to_owned();
            return Mistake { place: second_document(text), problem, ..mistake };
        }
        let cure = CURES.iter().find(|(said, _)| mistake.problem.contains(said));
        let problem = match cure {
            Some((_, cure)) => format!("{cure} (YAML: {})", mistake.problem),
            None => mistake.problem,
        };
        Mistake { problem, ..mistake }
    }

    fn told(self, file: &str) -> Mistake {
        let text = self.0.to_string();
        let (said, place) = match text.split_once(" at line ") {
            Some((said, rest)) => (said, parse_place(rest)),
            None => (text.as_str(), None),
        };
        let place = place.or_else(|| self.0.location().map(|l| (l.line(), l.column())));
        let (path, problem) = split_path(said);
        let (file, path) = (file.to_owned(), path.to_owned());
        Mistake { file, place, path, problem: problem.to_owned() }
    }
}

/// `12 column 7 …` → (12, 7).
fn parse_place(rest: &str) -> Option<(usize, usize)> {
    let mut words = rest.split_ascii_whitespace();
    let line = words.next()?.parse().ok()?;
    let column = words.nth(1)?.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().ok()?;
    Some((line, column))
}

/// `a.b[0]: what` → (`a.b[0]`, `what`). A text without a path has none of its characters.
fn split_path(said: &str) -> (&str, &str) {
    let is_path = |s: &str| {
        !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._[]-".contains(&b))
    };
    match said.split_once(": ") {
        Some((path, problem)) if is_path(path) => (path, problem),
        _ => ("", said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_utf8_have_their_place() {
        let told = |bytes: &[u8]| decode(bytes.to_vec(), "f").unwrap_err().to_string();
        assert!(told(b"\xef\xbb\xbfa: 1").starts_with("f:1:1: a byte order mark"));
        assert!(told(b"\xff\xfea\0").starts_with("f:1:1: the file is UTF-16"));
        assert!(
            told(
                "é: 1\nñ: \u{7f}"
                    .as_bytes()
                    .iter()
                    .chain(b"\xff")
                    .copied()
                    .collect::<Vec<_>>()
                    .as_slice()
            )
            .starts_with("f:2:5: this byte")
        );
        assert_eq!(decode(b"a: 1".to_vec(), "f").unwrap(), "a: 1");
    }

    #[test]
    fn a_second_document_is_found_behind_the_first() {
        assert_eq!(second_document("# c\n---\na: 1\n--- \nb: 2\n"), Some((4, 1)));
        assert_eq!(second_document("a: 1\n---\nb: 2\n"), Some((2, 1)));
        assert_eq!(second_document("---\na: 1\n"), None);
    }
}
