//! `inferlayer ledger show`: the records of one request, and their content for whoever holds the
//! tenant's key. Reads journal files alone, so it works beside a running gateway and on a copy.

mod found;
mod print;

use std::collections::{HashMap, HashSet};

use clap::Args;
use inferlayer_ledger::{Kind, Record, RequestId, TenantTag};
use serde::Deserialize;
use uuid::Uuid;

use crate::cli::journal::{each_record, trust};
use crate::cli::opener::Opener;
use crate::cli::show::found::{Found, Shredding};
use crate::cli::{Failure, Place};
use crate::data_dir::DataDir;

/// A request has an intent and an outcome; a journal that gives one more than these is not ours.
const MAX_RECORDS: usize = 64;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// Leave the content sealed.
    #[arg(long)]
    no_content: bool,
    /// The public key to hold the ledger against: the key itself, or a file with it.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The request's id: that of the header x-inferlayer-request-id of its answer, or the one that
    /// its caller gave it in x-request-id.
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// The record's place in the log, from 0.
    #[arg(long, value_name = "NUMBER")]
    sequence: Option<u64>,
}

pub(crate) fn run(place: &Place, arguments: Arguments) -> Result<(), Failure> {
    let Arguments { which, json, no_content, key } = arguments;
    let data_dir = DataDir::at(&place.config()?.data_dir);
    let opener = (!no_content).then(|| Opener::of(&data_dir));
    let mut search = Search::new(which, opener);
    // To the end: whether a key was destroyed stands behind what it sealed.
    let trust = trust(key.as_deref())?;
    each_record(&data_dir.journal(), trust, |record| search.see(record))?;
    let found = search.end();
    if found.is_empty() {
        return Err(Failure::Data("the ledger has no such record".to_owned()));
    }
    match json {
        true => print::json(&found),
        false => print::text(&found),
    }
}

struct Search {
    which: Which,
    /// Of the requests that are meant.
    requests: HashSet<RequestId>,
    /// None when the content is not asked for.
    opener: Option<Opener>,
    found: Vec<Found>,
    shredded: HashMap<TenantTag, Shredding>,
}

impl Search {
    fn new(which: Which, opener: Option<Opener>) -> Search {
        let id = which.request.as_deref().and_then(|id| Uuid::try_parse(id).ok());
        let id = id.and_then(|id| RequestId::new(id.into_bytes()));
        let (found, shredded) = (Vec::new(), HashMap::new());
        Search { which, requests: id.into_iter().collect(), opener, found, shredded }
    }

    fn see(&mut self, record: &Record<'_>) -> Result<(), Failure> {
        if let (Kind::Shred, Some(tag)) = (record.kind(), record.tenant_tag()) {
            let (sequence, time_us) = (record.sequence(), record.time_us());
            self.shredded.insert(tag, Shredding { sequence, time_us });
        }
        if self.which.is_callers(record) {
            self.requests.extend(record.request_id());
        }
        let is_meant = record.request_id().is_some_and(|id| self.requests.contains(&id));
        if !is_meant && self.which.sequence != Some(record.sequence()) {
            return Ok(());
        }
        if self.found.len() == MAX_RECORDS {
            return Err(Failure::Data(format!("the request has more than {MAX_RECORDS} records")));
        }
        self.found.push(Found::read(record, self.opener.as_ref()));
        Ok(())
    }

    fn end(mut self) -> Vec<Found> {
        self.found.iter_mut().for_each(|found| found.explain(&self.shredded));
        self.found
    }
}

impl Which {
    /// Whether it is the intent of a request that its caller calls so.
    fn is_callers(&self, record: &Record<'_>) -> bool {
        #[derive(Deserialize)]
        struct Named {
            client_request_id: Option<String>,
        }
        let Some(id) = &self.request else { return false };
        let named = || serde_json::from_slice::<Named>(record.metadata()).ok();
        record.kind() == Kind::Intent
            && named().is_some_and(|named| named.client_request_id.as_ref() == Some(id))
    }
}
