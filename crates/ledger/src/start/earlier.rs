//! Whether there was a log before: a start that finds its signs and no journal must not begin a new
//! one, which would be a fork of the first under the same name.

use std::fs;
use std::path::Path;

use crate::format::note_key::VerifyingKey;
use crate::format::segment::Segment;
use crate::start::error::OpenError;
use crate::start::options::Options;
use crate::view::records_in;

/// Refuses to begin a log where there was one; with `new_log`, to begin it under the same name.
pub(crate) fn refuse_second_log(options: &Options, key: &VerifyingKey) -> Result<(), OpenError> {
    if options.new_log {
        return refuse_same_identity(options, key);
    }
    let sign = options
        .log_id
        .map(|log_id| format!("the configuration expects the log {log_id}"))
        .or_else(|| options.signs.iter().find(|sign| sign.exists()).map(|sign| shown(sign)))
        .or_else(|| options.view.as_deref().and_then(known_to_view));
    match sign {
        Some(sign) => Err(OpenError::NoJournal { journal: options.journal.clone(), sign }),
        None => Ok(()),
    }
}

/// Refuses to begin a log in a folder that has one.
pub(crate) fn refuse_new_log_beside(options: &Options) -> Result<(), OpenError> {
    match options.new_log {
        true => Err(OpenError::LogThere(options.journal.clone())),
        false => Ok(()),
    }
}

/// Whether the folder of the journal is there and has a segment.
pub(crate) fn has_segments(options: &Options) -> bool {
    options.storage.list().is_ok_and(|segments: Vec<Segment>| !segments.is_empty())
}

/// Two logs of one name and key could not be told apart by any receipt.
fn refuse_same_identity(options: &Options, key: &VerifyingKey) -> Result<(), OpenError> {
    let Some(file) = options.public_key_file.as_deref() else {
        return Ok(());
    };
    match fs::read_to_string(file) {
        Ok(known) if known.trim_end() == key.to_string() => Err(OpenError::SameIdentity),
        _ => Ok(()),
    }
}

fn shown(sign: &Path) -> String {
    format!("{} is there", sign.display())
}

fn known_to_view(view: &Path) -> Option<String> {
    let records = records_in(view).filter(|records| *records > 0)?;
    Some(format!("the view in {} knows {records} records", view.display()))
}
