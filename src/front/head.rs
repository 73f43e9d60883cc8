//! The head of an HTTP/1 request, read strictly before Pingora sees it. Pingora's parser resolves
//! or tolerates what another server in front of us may resolve differently (RFC 9112 §11.2);
//! whatever has two readings is refused here, on the bytes that came.

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use pingora_http::RequestHeader;

use crate::front::framing::{Chunks, Framing};
use crate::front::grammar::{absolute, decimal, is_authority, is_control, is_name_byte, trimmed};
use crate::front::malformed::Malformed;

/// What must be known of a head before it is served.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) framing: Framing,
    /// It asks to speak HTTP/2 from here on, as some clients do without being able to know better;
    /// RFC 9110 §7.8 lets a server go on as if nothing had been asked.
    pub(super) upgrade: bool,
}

/// The way to a head's end, line by line as it comes, so that a line is looked at once.
#[derive(Default)]
pub(super) struct Lines {
    seen: usize,
    fields: usize,
}

impl Lines {
    /// The length of the head, once all of it has come.
    pub(super) fn end(
        &mut self,
        come: &[u8],
        fields_max: usize,
    ) -> Result<Option<usize>, Malformed> {
        loop {
            let rest = come.get(self.seen..).unwrap_or_default();
            let Some(length) = memchr::memchr(b'\n', rest) else { return Ok(None) };
            let line = rest.get(..length).unwrap_or_default();
            self.seen += length + 1;
            match line {
                b"\r" => return Ok(Some(self.seen)),
                [.., b'\r'] => self.fields += 1,
                _ => return Err(Malformed::LineEnd),
            }
            // The request line is no field.
            if self.fields > fields_max + 1 {
                return Err(Malformed::TooManyFields);
            }
        }
    }
}

/// What the fields that matter for framing say.
#[derive(Default)]
struct Facts<'a> {
    host: Option<&'a [u8]>,
    length: Option<u64>,
    chunked: bool,
    upgrade: bool,
}

impl Head {
    /// Reads a whole head, its empty line included.
    pub(super) fn read(head: &[u8]) -> Result<Head, Malformed> {
        let mut lines = Fields { rest: head };
        let line = RequestLine::read(lines.next().ok_or(Malformed::RequestLine)?)?;
        let mut facts = Facts::default();
        for field in lines.take_while(|line| !line.is_empty()) {
            facts.add(field)?;
        }
        line.agree(facts.host)?;
        if facts.chunked && !line.is_1_1 {
            return Err(Malformed::TransferEncoding);
        }
        let framing = match (facts.length, facts.chunked) {
            (Some(_), true) => return Err(Malformed::TwoLengths),
            (None, true) => Framing::Chunked(Chunks::default()),
            (length, false) => Framing::sized(length.unwrap_or(0)),
        };
        Ok(Head { framing, upgrade: facts.upgrade })
    }
}

/// Lines without their CRLF. Each LF was looked at already; a CR anywhere else is refused as the
/// control character it is.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let length = memchr::memchr(b'\n', self.rest)?;
        let (line, rest) = self.rest.split_at_checked(length + 1)?;
        self.rest = rest;
        line.get(..length.saturating_sub(1))
    }
}

struct RequestLine<'a> {
    target: &'a [u8],
    is_1_1: bool,
}

impl<'a> RequestLine<'a> {
    fn read(line: &'a [u8]) -> Result<RequestLine<'a>, Malformed> {
        let mut parts = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Malformed::RequestLine);
        };
        let plain = target.iter().all(|byte| byte.is_ascii_graphic());
        if method.is_empty()
            || !method.iter().all(|b| is_name_byte(*b))
            || target.is_empty()
            || !plain
        {
            return Err(Malformed::RequestLine);
        }
        let is_1_1 = match version {
            b"HTTP/1.1" => true,
            b"HTTP/1.0" => false,
            [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
                if major.is_ascii_digit() && minor.is_ascii_digit() =>
            {
                return Err(Malformed::Version);
            }
            _ => return Err(Malformed::RequestLine),
        };
        if method == b"CONNECT" {
            return Err(Malformed::Connect);
        }
        if !matches!(target.first(), Some(b'/')) && target != b"*" && absolute(target).is_none() {
            return Err(Malformed::RequestLine);
        }
        Ok(RequestLine { target, is_1_1 })
    }

    /// Whom the request is for is told once, or twice the same.
    fn agree(&self, host: Option<&[u8]>) -> Result<(), Malformed> {
        match (host, absolute(self.target)) {
            (None, None) if !self.is_1_1 => Ok(()),
            (Some(host), None) if is_authority(host) => Ok(()),
            (Some(host), Some(named)) if is_authority(host) && host == named => Ok(()),
            _ => Err(Malformed::Host),
        }
    }
}

impl<'a> Facts<'a> {
    fn add(&mut self, field: &'a [u8]) -> Result<(), Malformed> {
        if matches!(field.first(), Some(b' ' | b'\t')) {
            return Err(Malformed::Folded);
        }
        let colon = memchr::memchr(b':', field).ok_or(Malformed::FieldName)?;
        let (name, value) = field.split_at_checked(colon).ok_or(Malformed::FieldName)?;
        if name.is_empty() || !name.iter().all(|byte| is_name_byte(*byte) && *byte != b'_') {
            return Err(Malformed::FieldName);
        }
        let value = trimmed(value.get(1..).unwrap_or_default());
        if value.iter().any(|byte| is_control(*byte)) {
            return Err(Malformed::FieldValue);
        }
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => once(&mut self.host, value, Malformed::Host),
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.upgrade(value),
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let length = decimal(value).ok_or(Malformed::ContentLength)?;
                once(&mut self.length, length, Malformed::ContentLength)
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Malformed::TransferEncoding);
                }
                self.chunked = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn upgrade(&mut self, value: &[u8]) -> Result<(), Malformed> {
        if self.upgrade || !value.eq_ignore_ascii_case(b"h2c") {
            return Err(Malformed::Upgrade);
        }
        self.upgrade = true;
        Ok(())
    }
}

fn once<T>(place: &mut Option<T>, value: T, twice: Malformed) -> Result<(), Malformed> {
    if place.replace(value).is_some() { Err(twice) } else { Ok(()) }
}

/// The fields of a request that came over HTTP/2, where h2 has read the rest strictly.
pub(super) fn check_h2(request: &RequestHeader, fields_max: usize) -> Result<(), Malformed> {
    if request.method == http::Method::CONNECT {
        return Err(Malformed::Connect);
    }
    if request.headers.len() > fields_max {
        return Err(Malformed::TooManyFields);
    }
    let mut names = request.headers.keys();
    if names.any(|name| name.as_str().contains('_')) {
        return Err(Malformed::FieldName);
    }
    if request.headers.contains_key(TRANSFER_ENCODING) {
        return Err(Malformed::TransferEncoding);
    }
    let mut lengths = request.headers.get_all(CONTENT_LENGTH).iter();
    if lengths.next().is_some_and(|length| decimal(length.as_bytes()).is_none())
        || lengths.next().is_some()
    {
        return Err(Malformed::ContentLength);
    }
    let host = request.headers.get(HOST).map(|host| host.as_bytes());
    let authority = request.uri.authority().map(|authority| authority.as_str().as_bytes());
    if [host, authority].into_iter().flatten().all(is_authority) {
        Ok(())
    } else {
        Err(Malformed::Host)
    }
}

#[cfg(test)]
mod tests;
