//! Opening a ledger: what was left is replayed and judged, then the threads start.

use std::mem;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::format::entry::Entry;
use crate::ledger::Ledger;
use crate::ledger::shared::{Shared, Threads};
use crate::log::Log;
use crate::start::anchored::Anchors;
use crate::start::earlier::{has_segments, refuse_second_log};
use crate::start::error::OpenError;
use crate::start::options::{Opened, Options};
use crate::start::recovery::{Fold, replay};
use crate::start::retention::{base_of, drop_before};
use crate::start::{
    Footing, announce, appender, check_belongings, committed, lock, open_view, opening, publish,
    signer, time,
};
use crate::view::{self, View};
use crate::write::content::ContentWriter;
use crate::write::error::StoreError;

impl Ledger {
    /// Takes the lock, replays the last segments (`fold` sees each record there with its place, in
    /// order), cuts an unacknowledged tail, refuses anything else, appends an open record, starts
    /// the threads.
    pub fn open(mut options: Options, fold: &mut Fold<'_>) -> Result<(Self, Opened), OpenError> {
        let key = options.signing.verifying_key(&options.origin).ok_or(OpenError::SigningKey)?;
        // Before anything is made: a folder that is not mounted stays as it is.
        if !has_segments(&options) {
            refuse_second_log(&options, &key)?;
        }
        let lock = lock(&options.journal)?;
        let mut anchors = Anchors::read(mem::take(&mut options.anchored), &options.origin)?;
        let storage = Arc::clone(&options.storage);
        let recovered = replay(&storage, &key, &mut *options.state, &mut anchors, fold)?;
        let (signer, rotated) = signer(&options, recovered.log.as_ref())?;
        let log = recovered.log.clone().unwrap_or_else(|| Log::new(signer.key.clone()));
        let damage = check_belongings(&options, &recovered, &key)?;
        let anchored = anchors.largest();
        anchors.judge(&log, recovered.replayed, &storage, options.restored.is_some())?;
        // What a crash left of an earlier retention.
        drop_before(&storage, log.story.first_sequence)?;
        let base = base_of(&storage)?;
        let (view, view_start) = open_view(&options, &log, &base)?;
        let records = log.chain.next_sequence();
        let opened = Opened {
            records,
            last_sequence: records.checked_sub(1),
            truncated_bytes: recovered.tail.as_ref().map_or(0, |tail| tail.unacknowledged_bytes),
            view: view_start,
            dead_runs: recovered.dead_runs.clone(),
            damage,
            rotated,
        };
        let damage = opened.damage.as_ref();
        let (run_id, entries) = opening(&options, &signer.key, &recovered, anchored, damage)?;
        let (public, file) = (signer.key.clone(), options.public_key_file.clone());
        let (journal, log_id) = (options.journal.clone(), log.chain.log_id());
        let time = Arc::new(time(&options, &recovered));
        let footing = Footing { log, signer, tail: recovered.tail, run_id, time, lock };
        let ledger = Self::start(options, footing, view, entries)?;
        // Behind the first commit: where this file is, there was a log.
        publish(&public, file.as_deref())?;
        announce(&opened, &journal, log_id, run_id);
        Ok((ledger, opened))
    }

    fn start(
        options: Options,
        footing: Footing,
        view: Option<View>,
        entries: Vec<Entry>,
    ) -> Result<Self, OpenError> {
        let (jobs, waiting) = channel();
        let (large, stored) = channel();
        let (time, storage) = (Arc::clone(&footing.time), Arc::clone(&options.storage));
        let (public_key_file, origin) = (options.public_key_file.clone(), options.origin.clone());
        let committed = committed(&footing, options.recent_rows)?;
        let (log_id, run_id) = (footing.log.chain.log_id(), footing.run_id);
        let mut appender = appender(options, footing, waiting, &committed)?;
        appender.commit_open(entries)?;
        let gate = Arc::clone(&appender.gate);
        let content = ContentWriter {
            waiting: stored,
            appender: jobs.clone(),
            storage: Arc::clone(&storage),
            gate: Arc::clone(&gate),
            log_id,
            run_id,
        };
        let content = content.spawn()?;
        let thread = thread::Builder::new().name("ledger-appender".into());
        let appender =
            thread.spawn(|| appender.run()).map_err(StoreError::at("start the appender thread"))?;
        let view_thread = view::spawn(view.clone(), &storage, &committed);
        let threads = Mutex::new(Some(Threads { appender, content, view: view_thread }));
        let view = Mutex::new(view);
        Ok(Self(Arc::new(Shared {
            jobs,
            large,
            gate,
            committed,
            origin,
            log_id,
            run_id,
            time,
            storage,
            public_key_file,
            retaining: Mutex::default(),
            view,
            threads,
        })))
    }
}
