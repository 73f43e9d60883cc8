//! A reader of syslog messages, by the grammar of RFC 5424 §6, as far as a checkpoint needs it.

use std::collections::HashMap;

/// One message, taken apart.
#[derive(Debug)]
pub struct Message {
    pub priority: u8,
    /// Time, host, program, process, kind of message.
    pub header: [String; 5],
    pub element: String,
    pub parameters: HashMap<String, String>,
    pub text: String,
}

impl Message {
    pub fn parse(message: &str) -> Message {
        let (priority, rest) = message.strip_prefix('<').unwrap().split_once('>').unwrap();
        let rest = rest.strip_prefix("1 ").expect("version 1");
        let mut words = rest.splitn(6, ' ');
        let header = std::array::from_fn(|_| words.next().unwrap().to_owned());
        let rest = words.next().unwrap().strip_prefix('[').expect("one element");
        let (element, mut rest) = rest.split_once(' ').unwrap();
        let mut parameters = HashMap::new();
        loop {
            let (name, value) = rest.split_once("=\"").unwrap();
            let (value, after) = quoted(value);
            assert!(parameters.insert(name.trim_start().to_owned(), value).is_none(), "{name}");
            rest = after;
            if let Some(text) = rest.strip_prefix("] ") {
                let (element, text) = (element.to_owned(), text.to_owned());
                let priority = priority.parse().unwrap();
                return Message { priority, header, element, parameters, text };
            }
        }
    }
}

/// The value up to its closing quote, without its escapes, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            ']' => panic!("not escaped: {text}"),
            '\\' => value.push(characters.next().unwrap().1),
            other => value.push(other),
        }
    }
    panic!("not closed: {text}");
}
