//! Mistakes in a configuration, each with its place.

use std::fmt;

/// A configuration that cannot be used: all that is wrong with it, in the order of the file.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError {
    /// The file, or `embedded default`.
    pub file: String,
    /// What is wrong; at least one mistake.
    pub mistakes: Vec<Mistake>,
}

/// One mistake: `file:line:column: path: what`.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub file: String,
    /// Line and column, from 1, when they are known.
    pub place: Option<(usize, usize)>,
    /// The path of the field, such as `filters[2].route.models[0].name`; empty for the whole.
    pub path: String,
    /// What is wrong.
    pub problem: String,
}

impl From<Mistake> for ConfigError {
    fn from(mistake: Mistake) -> ConfigError {
        ConfigError { file: mistake.file.clone(), mistakes: vec![mistake] }
    }
}

/// One mistake a line.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.mistakes.iter().map(Mistake::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl Mistake {
    /// About a file as a whole.
    pub(crate) fn of_file(file: &str, problem: impl fmt::Display) -> Mistake {
        let (file, problem) = (file.to_owned(), problem.to_string());
        Mistake { file, place: None, path: String::new(), problem }
    }
}

/// What a type expected, for readers who know no Rust.
pub(crate) fn plain(problem: String) -> String {
    let Some((said, expected)) = problem.rsplit_once("expected ") else { return problem };
    let words = match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a nonzero u8" | "a nonzero u16" | "a nonzero u32" | "a nonzero u64"
        | "a nonzero usize" => "a whole number, at least 1",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "path string" => "a path",
        "socket address" => "an address with a port, such as 127.0.0.1:8080",
        expected if expected.starts_with("struct ") => "keys with values",
        _ => return problem,
    };
    format!("{said}expected {words}")
}

/// What serde_yaml says, taken apart. It appends the place of every level it passes; the first is
/// the innermost.
pub(crate) struct YamlError(pub(crate) serde_yaml::Error);

impl YamlError {
    pub(crate) fn in_file(self, file: &str) -> Mistake {
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
    fn types_of_rust_are_told_in_words() {
        let told = plain("invalid value: integer `0`, expected a nonzero u32".to_owned());
        assert_eq!(told, "invalid value: integer `0`, expected a whole number, at least 1");
        let told = "invalid type: map, expected an amount of US dollars such as 12.50";
        assert_eq!(plain(told.to_owned()), told);
    }
}
