//! What is told of a document with mistakes, and what is not.

use std::collections::HashMap;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;

/// As a third party might write its settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    weights: HashMap<String, u8>,
    threshold: f64,
    mode: Mode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: Lowercase,
    at_least: std::num::NonZeroU16,
    when: Option<Box<When>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Shadow,
    Enforce { percent: u8 },
}

/// Contains itself, so that a stand-in has to end somewhere.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum When {
    Not(Box<When>),
    All(Vec<When>),
    Always,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Lowercase;

impl TryFrom<String> for Lowercase {
    type Error = String;

    fn try_from(text: String) -> Result<Lowercase, String> {
        let lowercase = text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if lowercase { Ok(Lowercase) } else { Err(format!("`{text}` is not lowercase")) }
    }
}

/// What is told of a text, without the name of the file.
fn told<T: DeserializeOwned>(text: &str) -> Vec<String> {
    let mut document = match Document::parse(String::new(), text.to_owned()) {
        Ok(document) => document,
        Err(mistake) => return vec![mistake.to_string()],
    };
    let read = document.read("", PhantomData::<T>);
    let mistakes = document.mistakes();
    assert!(read.is_some() || !mistakes.is_empty(), "neither read nor told why not");
    mistakes.iter().map(Mistake::to_string).collect()
}

#[test]
fn what_is_right_is_read_and_nothing_told() {
    let enforce = "threshold: 1\nmode: { enforce: { percent: 5 } }\nweights:\n";
    for text in ["{ threshold: 0.5, mode: shadow }", enforce, "threshold: 1\nmode: !shadow\n"] {
        assert_eq!(told::<Block>(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn every_mistake_of_a_block_is_told_in_the_order_of_the_text() {
    let text = "\
mode: { enforce: { percent: 300 } }
weights: { a.b: 1, c: -1, d: x, a.b: 2 }
rules:
  - { name: LOUD, at_least: 0, unless: {} }
  - { name: fine, when: { not: { all: [always, never] } } }
  - 7
colour: red
";
    let expected = [
        ":1:1: missing field `threshold`",
        ":1:29: mode.enforce.percent: invalid value: integer `300`, \
             expected a whole number from 0 to 255",
        ":2:23: weights.c: invalid value: integer `-1`, expected a whole number from 0 to 255",
        ":2:30: weights.d: invalid type: string \"x\", expected a whole number from 0 to 255",
        ":2:33: weights: `a.b` is there twice",
        ":4:13: rules[0].name: `LOUD` is not lowercase",
        ":4:29: rules[0].at_least: invalid value: integer `0`, \
             expected a whole number, at least 1",
        ":4:32: rules[0]: unknown field `unless`, expected one of `name`, `at_least`, `when`",
        ":5:5: rules[1]: missing field `at_least`",
        ":5:48: rules[1].when.not.all[1]: unknown variant `never`, \
             expected one of `not`, `all`, `always`",
        ":6:5: rules[2]: invalid type: integer `7`, expected keys with values",
        ":7:1: unknown field `colour`, expected one of `rules`, `weights`, `threshold`, `mode`",
    ];
    assert_eq!(told::<Block>(text), expected);
}

#[test]
fn a_whole_is_not_blamed_for_its_parts() {
    #[derive(Deserialize)]
    #[serde(try_from = "Numbers")]
    struct Rising;
    #[derive(Deserialize)]
    struct Numbers {
        low: u8,
        high: u8,
    }
    impl TryFrom<Numbers> for Rising {
        type Error = &'static str;
        fn try_from(numbers: Numbers) -> Result<Rising, Self::Error> {
            if numbers.low < numbers.high { Ok(Rising) } else { Err("low is above high") }
        }
    }
    assert_eq!(told::<Rising>("{ low: 5, high: 4 }"), [":1:1: low is above high"]);
    let mistake = ":1:8: low: invalid type: string \"x\", expected a whole number from 0 to 255";
    assert_eq!(told::<Rising>("{ low: x, high: 1 }"), [mistake]);
}

#[test]
fn what_no_stand_in_fits_is_told_once() {
    #[derive(Deserialize)]
    struct Never(#[serde(deserialize_with = "never")] ());
    fn never<'de, D: serde::Deserializer<'de>>(_: D) -> Result<(), D::Error> {
        Err(serde::de::Error::custom("never"))
    }
    assert_eq!(told::<Vec<Never>>("[1, 2]"), [":1:2: [0]: never"]);
    assert_eq!(told::<Never>("1"), [":1:1: never"]);
}

#[test]
fn a_text_without_an_end_of_mistakes_has_a_bound() {
    let text: String = (0..500).map(|n| format!("k{n}: x\n")).collect();
    let told = told::<HashMap<String, u8>>(&text);
    assert_eq!(told.len(), MISTAKES_MAX);
    assert!(told[99].starts_with(":100:6: k99: "), "{}", told[99]);
}

#[test]
fn numbers_are_not_made_less_exact_and_texts_not_made_up() {
    use inferlayer_accounts::{NanoUsd, money::usd};
    #[derive(Deserialize)]
    struct Budget(#[serde(deserialize_with = "usd::deserialize")] NanoUsd);
    for (text, nano) in [("0.1", 100_000_000), ("12345.000000001", 12_345_000_000_001)] {
        let mut document = Document::parse(String::new(), text.to_owned()).unwrap();
        let Budget(read) = document.read("", PhantomData).unwrap();
        assert_eq!(read.nano(), nano);
    }
    assert_eq!(told::<String>("4.10").len(), 1, "a number is no text");
    assert_eq!(told::<u64>("99999999999999999999").len(), 1);
}
