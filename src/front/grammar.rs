//! The pieces that a head is made of, as RFC 9110 and RFC 9112 spell them.

/// The authority of a target in absolute form.
pub(super) fn absolute(target: &[u8]) -> Option<&[u8]> {
    let scheme = target.split_at_checked(7).filter(|(s, _)| s.eq_ignore_ascii_case(b"http://"));
    let scheme = scheme.or_else(|| {
        target.split_at_checked(8).filter(|(s, _)| s.eq_ignore_ascii_case(b"https://"))
    });
    let (_, rest) = scheme?;
    rest.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next()
}

/// Without blanks and tabs around it. Other white space is part of a value, and a mistake.
pub(super) fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// At most 18 digits: more bytes than any disk has.
pub(super) fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 18 {
        return None;
    }
    value.iter().try_fold(0_u64, |sum, byte| {
        byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0'))
    })
}

/// `host`, `host:port` or `[address]:port`, without user information.
pub(super) fn is_authority(value: &[u8]) -> bool {
    let (host, port) = match value {
        [b'[', rest @ ..] => match memchr::memchr(b']', rest) {
            Some(end) => {
                let address = std::str::from_utf8(rest.get(..end).unwrap_or_default());
                let address = address.is_ok_and(|a| a.parse::<std::net::Ipv6Addr>().is_ok());
                (address, rest.get(end + 1..).unwrap_or_default())
            }
            None => return false,
        },
        _ => {
            let end = memchr::memchr(b':', value).unwrap_or(value.len());
            let (host, port) = value.split_at_checked(end).unwrap_or_default();
            (!host.is_empty() && host.iter().all(|byte| is_host_byte(*byte)), port)
        }
    };
    let port = match port {
        [] => true,
        [b':', digits @ ..] => digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    host && port
}

/// Of a registered name, percent encoding apart, which no name in use has.
pub(super) fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// A token's characters (RFC 9110 §5.6.2).
pub(super) fn is_name_byte(byte: u8) -> bool {
    NAME[usize::from(byte)]
}

pub(super) fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

const NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    table
};
