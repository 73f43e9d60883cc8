//! Price books that a log has, by their digest, and whether the prices that records state are
//! theirs. A digest names its book, so it does not matter who says what the book is.

use std::collections::HashMap;

use inferlayer_records::{NanoUsd, Row, sha256_hex};
use serde::Deserialize;

/// Price books, and prices of books that are not among them.
#[derive(Default)]
pub(crate) struct Books {
    known: HashMap<Box<str>, Book>,
    /// With the first record that states each.
    unknown: HashMap<Stated, u64>,
}

/// A price, as a record states it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stated {
    pub(crate) digest: Box<str>,
    pub(crate) provider: Box<str>,
    pub(crate) model: Box<str>,
    pub(crate) service_tier: Option<Box<str>>,
    pub(crate) row: Row,
}

/// A price of a book.
#[derive(Deserialize)]
pub(crate) struct Entry {
    provider: Box<str>,
    model: Box<str>,
    service_tier: Option<Box<str>>,
    input: NanoUsd,
    cache_read: Option<NanoUsd>,
    cache_write: Option<NanoUsd>,
    output: NanoUsd,
    /// The most that a prompt can have.
    pub(crate) context_tokens: u64,
    /// The most that an answer can have.
    pub(crate) max_output_tokens: u64,
}

type Book = HashMap<Box<str>, Vec<Entry>>;

/// What a book says of a price.
pub(crate) enum Shown<'a> {
    /// The book has it.
    Entry(&'a Entry),
    /// The book has another one, or none.
    Otherwise(String),
    /// The log does not have the book, so far.
    NoBook,
}

impl Books {
    /// Takes a book in its canonical form, and answers its digest.
    pub(crate) fn add(&mut self, text: &str) -> serde_json::Result<String> {
        let digest = sha256_hex(text.as_bytes());
        if !self.known.contains_key(&*digest) {
            self.known.insert(digest.as_str().into(), read(text)?);
        }
        Ok(digest)
    }

    /// What the book says of it; remembered, with the record, when there is no such book.
    pub(crate) fn show(&mut self, stated: Stated, sequence: u64) -> Shown<'_> {
        match self.known.get(&stated.digest) {
            Some(book) => stated.look_up(book),
            None => {
                self.unknown.entry(stated).or_insert(sequence);
                Shown::NoBook
            }
        }
    }

    /// Takes the books of a later segment, and what its records state of others.
    pub(crate) fn join(&mut self, later: Books) {
        self.known.extend(later.known);
        self.unknown.extend(later.unknown);
    }

    /// Looks up again what was not known. Answered with the record where a book says otherwise, and
    /// with `None` where no book shows it.
    pub(crate) fn settle(&mut self) -> Vec<(u64, Stated, Option<String>)> {
        let unknown = std::mem::take(&mut self.unknown);
        let looked_up = unknown.into_iter().filter_map(|(stated, sequence)| {
            let what = match self.known.get(&stated.digest).map(|book| stated.look_up(book)) {
                Some(Shown::Entry(_)) => return None,
                Some(Shown::Otherwise(what)) => Some(what),
                Some(Shown::NoBook) | None => None,
            };
            Some((sequence, stated, what))
        });
        let mut looked_up: Vec<_> = looked_up.collect();
        looked_up.sort_by_key(|(sequence, ..)| *sequence);
        looked_up
    }
}

fn read(text: &str) -> serde_json::Result<Book> {
    let mut book = Book::new();
    for entry in serde_json::from_str::<Vec<Entry>>(text)? {
        book.entry(entry.provider.clone()).or_default().push(entry);
    }
    Ok(book)
}

impl Stated {
    fn look_up<'a>(&self, book: &'a Book) -> Shown<'a> {
        let mut of_provider = book.get(&self.provider).into_iter().flatten();
        let found = of_provider
            .find(|entry| entry.model == self.model && entry.service_tier == self.service_tier);
        match found {
            Some(entry) if entry.row() == self.row => Shown::Entry(entry),
            Some(_) => Shown::Otherwise(format!("{self} has another price in its price book")),
            None => Shown::Otherwise(format!("{self} has no price in its price book")),
        }
    }
}

impl Entry {
    fn row(&self) -> Row {
        let Entry { input, cache_read, cache_write, output, .. } = self;
        Row { input: *input, cache_read: *cache_read, cache_write: *cache_write, output: *output }
    }
}

impl std::fmt::Display for Stated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)?;
        self.service_tier.iter().try_for_each(|tier| write!(f, " (tier {tier})"))
    }
}
