//! Mistakes in a configuration, each with its place.

use std::fmt;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: {cause}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why not.
        cause: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{0}")]
    Wrong(Mistake),
    /// The price book is wrong.
    #[error("{file}: {cause}")]
    Prices {
        /// The file.
        file: String,
        /// What is wrong.
        cause: inferlayer_accounts::price::PriceBookError,
    },
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

impl ConfigError {
    pub(crate) fn at(
        file: &str,
        place: Option<(usize, usize)>,
        path: &str,
        problem: String,
    ) -> ConfigError {
        let (file, path) = (file.to_owned(), path.to_owned());
        ConfigError::Wrong(Mistake { file, place, path, problem })
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

/// What serde_yaml says, taken apart. It appends the place of every level it passes; the first is
/// the innermost.
pub(crate) struct YamlError(pub(crate) serde_yaml::Error);

impl YamlError {
    pub(crate) fn in_file(self, file: &str) -> ConfigError {
        let text = self.0.to_string();
        let (said, place) = match text.split_once(" at line ") {
            Some((said, rest)) => (said, parse_place(rest)),
            None => (text.as_str(), None),
        };
        let place = place.or_else(|| self.0.location().map(|l| (l.line(), l.column())));
        let (path, problem) = split_path(said);
        ConfigError::at(file, place, path, problem.to_owned())
    }
}

/// `12 column 7 …` → (12, 7).
fn parse_place(rest: &str) -> Option<(usize, usize)> {
    let mut words = rest.split_ascii_whitespace();
    let line = words.next()?.parse().ok()?;
    let column = words.nth(1)?.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().ok()?;
    Some((line, column))
}

/// `a: a.b[0]: what` → (`a.b[0]`, `what`): every level that an error passes may put its path before
/// it, each the beginning of the next. A text without a path has none of its characters.
fn split_path(said: &str) -> (&str, &str) {
    let is_path = |s: &str| {
        !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._[]-".contains(&b))
    };
    let (mut path, mut problem) = ("", said);
    while let Some((longer, rest)) = problem.split_once(": ") {
        if !is_path(longer) || !longer.starts_with(path) {
            break;
        }
        (path, problem) = (longer, rest);
    }
    (path, problem)
}
