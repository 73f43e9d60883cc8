//! Mistakes in a configuration, each with its place.

use std::fmt;

use inferlayer_filter::contract::Level;

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

/// Something that can work and is likely not meant: `file:line:column: path: warning: what`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) level: Level,
    /// Where and what.
    what: Mistake,
}

impl Warning {
    pub(crate) fn new(level: Level, what: Mistake) -> Warning {
        Warning { level, what }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Warning => "warning",
            Level::Note => "note",
        };
        self.what.write_with(f, level)
    }
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
        self.write_with(f, "")
    }
}

impl Mistake {
    /// With a word before what is wrong, unless that is empty.
    fn write_with(&self, f: &mut fmt::Formatter<'_>, level: &str) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        if !level.is_empty() {
            write!(f, ": {level}")?;
        }
        write!(f, ": {}", self.problem)
    }

    /// About a file as a whole.
    pub(crate) fn of_file(file: &str, problem: impl fmt::Display) -> Mistake {
        let (file, problem) = (file.to_owned(), problem.to_string());
        Mistake { file, place: None, path: String::new(), problem }
    }
}

/// What a type expected, for readers who know no Rust.
pub(crate) fn plain(problem: String) -> String {
    if problem.starts_with("unknown field `<<`") {
        return "YAML's merge key `<<` is not read here: write the keys out, or give a whole value \
                an alias"
            .to_owned();
    }
    if problem == "invalid socket address syntax" {
        return "not an address with a port, such as 127.0.0.1:8080 or [::1]:8080; a name such as \
                localhost is none"
            .to_owned();
    }
    if problem == "invalid IP address syntax" {
        return "not a network, such as 10.0.0.0/8".to_owned();
    }
    // Whoever wrote a negative number knows that it is one.
    let problem = problem.replacen("invalid type: integer `-", "invalid value: integer `-", 1);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_rust_are_told_in_words() {
        let told = plain("invalid value: integer `0`, expected a nonzero u32".to_owned());
        assert_eq!(told, "invalid value: integer `0`, expected a whole number, at least 1");
        let told = plain("invalid type: integer `-5`, expected u64".to_owned());
        assert_eq!(told, "invalid value: integer `-5`, expected a whole number, not negative");
        let told = "invalid type: map, expected an amount of US dollars such as 12.50";
        assert_eq!(plain(told.to_owned()), told);
    }
}
