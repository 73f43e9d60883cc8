//! The name of a segment, the file that holds a stretch of the journal.

use std::fmt;

const EXTENSION: &str = ".ilj";
const DIGITS: usize = 20;

/// A segment, named by the sequence number of its first record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment(pub u64);

impl Segment {
    /// `None` for files that are not segments.
    pub(crate) fn from_file_name(name: &str) -> Option<Self> {
        let digits = name.strip_suffix(EXTENSION)?;
        let all_digits = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        all_digits.then(|| digits.parse().ok())?.map(Self)
    }
}

/// The file name: 20 digits and `.ilj`.
impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}{EXTENSION}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_segments() {
        let name = Segment(412_233).to_string();
        assert_eq!(name, "00000000000000412233.ilj");
        assert_eq!(Segment::from_file_name(&name), Some(Segment(412_233)));
        for other in ["lock", "1.ilj", "+0000000000000000001.ilj", "99999999999999999999.ilj"] {
            assert_eq!(Segment::from_file_name(other), None, "{other}");
        }
    }
}
