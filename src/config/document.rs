//! A YAML file that is read to its end, whatever is wrong with it. When a value cannot be read the
//! mistake is noted, the value mended (a stand-in takes its place, a wrong key is ignored) and all
//! read again, until nothing is wrong any more. What a mended value leads to is not told: one
//! mistake is one line.

use inferlayer_filter::contract::Level;
use serde::de::DeserializeSeed;

use crate::config::error::{Mistake, Warning, plain};
use crate::config::load::{line_and_column, load};
use crate::config::reader::{Fault, read};
use crate::config::stand_in::TRIES;
use crate::config::tree::{Id, Spot, Tree, Value};
use crate::config::values::Values;
use crate::config::yaml::YamlError;

/// A file and the mistakes found in it.
pub(crate) struct Document {
    file: String,
    text: String,
    tree: Tree,
    /// As found, and without their places, which take a reading of the text each.
    found: Vec<(Spot, Mistake)>,
    warned: Vec<(Spot, Warning)>,
}

/// More are not told at once.
const MISTAKES_MAX: usize = 100;

impl Document {
    /// Reads the text. What is no YAML has one mistake.
    pub(crate) fn parse(file: String, text: String) -> Result<Document, Mistake> {
        let tree = load(&text).map_err(|error| YamlError(error).in_file(&file, &text))?;
        let again: Vec<Id> = tree.all().filter(|id| tree.is_ignored(*id)).collect();
        let mut document = Document { file, text, tree, found: Vec::new(), warned: Vec::new() };
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

    /// Notes what is odd about the value at `path`.
    pub(crate) fn warn(&mut self, path: &str, level: Level, problem: impl Into<String>) {
        if self.warned.len() < MISTAKES_MAX {
            let warning = Warning::new(level, self.mistake_at(path, problem));
            self.warned.push((Spot::Value(self.tree.find(path).0), warning));
        }
    }

    /// All that was found odd, in the order of the text.
    pub(crate) fn warnings(&mut self) -> Vec<Warning> {
        let mut warned = std::mem::take(&mut self.warned);
        warned.sort_by_key(|(spot, _)| spot.order());
        warned.into_iter().map(|(_, warning)| warning).collect()
    }

    /// What the file says, value by value.
    pub(crate) fn values(&self) -> Values {
        Values::of(&self.tree)
    }

    /// Whether there is a value at `path`.
    pub(crate) fn is_there(&self, path: &str) -> bool {
        self.tree.find(path).1
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
mod tests;
