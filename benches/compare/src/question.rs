//! Questions, numbered. A gateway with a cache must not have the answer by accident, so no question
//! is asked twice, in this run or any other; unless just that is measured.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use memchr::memmem;

use crate::chat::NO_NUMBER;

/// A request prepared once; only the number of its question changes.
#[derive(Clone, Debug)]
pub struct NumberedRequest {
    bytes: Vec<u8>,
    /// Where the number's digits begin.
    number_at: usize,
}

/// Gives each question its number.
#[derive(Debug)]
pub enum Numbers {
    /// Another one each time.
    Counted(AtomicU64),
    /// Always this one.
    Same(u64),
}

/// The request has no [`NO_NUMBER`] in it.
#[derive(Debug, thiserror::Error)]
#[error("the request has no place for a number")]
pub struct NoPlace;

impl NumberedRequest {
    /// Takes a whole request, head and body.
    pub fn new(request: String) -> Result<NumberedRequest, NoPlace> {
        let bytes = request.into_bytes();
        let number_at = memmem::find(&bytes, NO_NUMBER.as_bytes()).ok_or(NoPlace)?;
        Ok(NumberedRequest { bytes, number_at })
    }

    /// The request with this number, as long as with any other.
    pub fn numbered(&mut self, mut number: u64) -> &[u8] {
        let digits = self.bytes.get_mut(self.number_at..self.number_at + NO_NUMBER.len());
        for digit in digits.unwrap_or_default().iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        &self.bytes
    }
}

impl Numbers {
    /// Numbers that no other run has. They start at the clock's nanoseconds, and nobody asks faster
    /// than once a nanosecond.
    pub fn new(same: bool) -> Numbers {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let first = u64::try_from(since.as_nanos()).unwrap_or_default();
        if same { Numbers::Same(first) } else { Numbers::Counted(AtomicU64::new(first)) }
    }

    /// The number of the next question.
    pub fn next(&self) -> u64 {
        match self {
            Numbers::Counted(next) => next.fetch_add(1, Ordering::Relaxed),
            Numbers::Same(number) => *number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::request_body;

    #[test]
    fn only_the_digits_change() {
        let body = request_body("auto", false);
        let mut request = NumberedRequest::new(body.clone()).unwrap();
        for number in [7, u64::MAX, 0, 1_234_567_890] {
            let expected = body.replace(NO_NUMBER, &format!("{number:020}"));
            assert_eq!(request.numbered(number), expected.as_bytes());
        }
    }

    #[test]
    fn a_request_without_a_place_is_told() {
        assert!(NumberedRequest::new("GET / HTTP/1.1\r\n\r\n".to_owned()).is_err());
    }

    #[test]
    fn questions_repeat_only_when_asked_to() {
        let counted = Numbers::new(false);
        assert_eq!(counted.next() + 1, counted.next());
        let same = Numbers::new(true);
        assert_eq!(same.next(), same.next());
        assert!(counted.next() > 1_700_000_000_000_000_000);
    }
}
