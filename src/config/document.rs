//! A YAML file that is read to its end, whatever is wrong with it. When a value cannot be read the
//! mistake is noted, the value mended (a stand-in takes its place, a wrong key is ignored) and all
//! read again, until nothing is wrong any more. What a mended value leads to is not told: one
//! mistake is one line.

use serde::de::DeserializeSeed;

use crate::config::error::{Mistake, YamlError, plain};
use crate::config::load::{line_and_column, load};
use crate::config::reader::{Fault, read};
use crate::config::stand_in::TRIES;
use crate::config::tree::{Id, Spot, Tree, Value};

/// A file and the mistakes found in it.
pub(crate) struct Document {
    file: String,
    text: String,
    tree: Tree,
    /// As found, and without their places, which take a reading of the text each.
    found: Vec<(Spot, Mistake)>,
}

/// More are not told at once.
const MISTAKES_MAX: usize = 100;

impl Document {
    /// Reads the text. What is no YAML has one mistake.
    pub(crate) fn parse(file: String, text: String) -> Result<Document, Mistake> {
        let tree = load(&text).map_err(|error| YamlError(error).in_file(&file))?;
        let again: Vec<Id> = tree.all().filter(|id| tree.is_ignored(*id)).collect();
        let mut document = Document { file, text, tree, found: Vec::new() };
        for id in again {
            let problem = format!("`{}` is there twice", document.tree.key(id));
            document.tell(Spot::Key(id), problem);
        }
        Ok(document)
    }

    /// Reads the value at `path` by its type. Nothing if it cannot be mended; its mistakes are
    /// noted in either case.
    pub(crate) fn read<T, S>(&mut self, path: &str, seed: S) -> Option<T>
    where
        S: for<'de> DeserializeSeed<'de, Value = T> + Copy,
    {
        let (id, _) = self.tree.find(path);
        while self.found.len() < MISTAKES_MAX {
            match read(&self.tree, id, seed) {
                Ok(value) => return Some(value),
                Err(fault) => self.mend(fault, id)?,
            }
        }
        None
    }

    /// Notes what is wrong with the value at `path`, unless it has its mistake already.
    pub(crate) fn report(&mut self, path: &str, problem: impl Into<String>) {
        if self.is_read(path) {
            let mistake = self.mistake(path, problem.into());
            self.note(Spot::Value(self.tree.find(path).0), mistake);
        }
    }

    /// Notes what is wrong with a key of the map at `path`.
    pub(crate) fn report_key(&mut self, path: &str, key: &str, problem: String) {
        let (id, _) = self.tree.find(&format!("{path}.{key}"));
        self.note(Spot::Key(id), self.mistake(path, problem));
    }

    /// Notes what is wrong with a file that the value at `path` names.
    pub(crate) fn report_file(&mut self, path: &str, mistake: Mistake) {
        self.note(Spot::Value(self.tree.find(path).0), mistake);
    }

    /// What is wrong with the value at `path`, with its place.
    pub(crate) fn mistake_at(&self, path: &str, problem: impl Into<String>) -> Mistake {
        let place = line_and_column(&self.text, Spot::Value(self.tree.find(path).0));
        Mistake { place, ..self.mistake(path, problem.into()) }
    }

    /// Whether the value at `path` is there or not as the file says, and no stand-in.
    pub(crate) fn is_read(&self, path: &str) -> bool {
        !self.tree.is_replaced(self.tree.find(path).0)
    }

    /// Whether that is so of all that is in the value as well.
    pub(crate) fn is_sound(&self, path: &str) -> bool {
        let (id, exact) = self.tree.find(path);
        let mended = exact && self.tree.is_mended_inside(id);
        !mended && !self.tree.is_replaced(id)
    }

    /// All that was noted, in the order of the text.
    pub(crate) fn mistakes(&mut self) -> Vec<Mistake> {
        let mut found = std::mem::take(&mut self.found);
        found.sort_by_key(|(spot, _)| spot.order());
        let placed = |(spot, mistake): (Spot, Mistake)| {
            let place = mistake.place.or_else(|| line_and_column(&self.text, spot));
            Mistake { place, ..mistake }
        };
        found.into_iter().map(placed).collect()
    }

    /// Lets the reading of `root` get past a fault; nothing if it cannot.
    fn mend(&mut self, fault: Fault, root: Id) -> Option<()> {
        let id = match fault.spot {
            Spot::Key(id) => {
                self.tree.ignore(id);
                self.tell(fault.spot, fault.problem);
                return Some(());
            }
            Spot::Value(id) => id,
        };
        if let Value::StandIn(tries) = self.tree.value(id) {
            return self.try_another(id, tries + 1, root);
        }
        let missing = missing_field(&fault.problem);
        if missing.is_some_and(|field| self.tree.supply(id, field)) {
            self.tell(fault.spot, fault.problem);
            return Some(());
        }
        // What a type says of a whole may be due to a part that was mended.
        let hearsay = self.tree.is_mended_inside(id);
        self.tree.set(id, Value::StandIn(0));
        if !hearsay {
            self.tell(fault.spot, fault.problem);
        }
        Some(())
    }

    /// Another stand-in; when all were refused, one for the value that this one is part of.
    fn try_another(&mut self, id: Id, tries: usize, root: Id) -> Option<()> {
        if tries < TRIES {
            self.tree.set(id, Value::StandIn(tries));
            return Some(());
        }
        let whole = self.tree.parent(id).filter(|_| id != root)?;
        self.tree.set(whole, Value::StandIn(0));
        Some(())
    }

    fn tell(&mut self, spot: Spot, problem: String) {
        let path = match spot {
            Spot::Key(id) => self.tree.parent(id).map(|map| self.tree.path(map)),
            Spot::Value(id) => Some(self.tree.path(id)),
        };
        self.note(spot, self.mistake(&path.unwrap_or_default(), plain(problem)));
    }

    fn note(&mut self, spot: Spot, mistake: Mistake) {
        if self.found.len() < MISTAKES_MAX {
            self.found.push((spot, mistake));
        }
    }

    fn mistake(&self, path: &str, problem: String) -> Mistake {
        Mistake { file: self.file.clone(), place: None, path: path.to_owned(), problem }
    }
}

/// The field that is missing, if that is what a type says; serde's sentence for it is fixed.
fn missing_field(problem: &str) -> Option<&str> {
    problem.strip_prefix("missing field `")?.strip_suffix('`')
}

#[cfg(test)]
#[expect(dead_code, reason = "that a field can be read is all that counts")]
mod tests {
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
        let mistake =
            ":1:8: low: invalid type: string \"x\", expected a whole number from 0 to 255";
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
        use inferlayer_accounts::money::{NanoUsd, usd};
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
}
