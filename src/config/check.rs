//! What is well formed and still cannot work: one block judged by another, and by the files it
//! names. Every mistake is noted; none is told of what could not be read.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::config::anchors::{AnchorSettings, SinkSettings};
use crate::config::document::Document;
use crate::config::file::{File, LedgerSettings, ListenSettings};
use crate::config::limits::Limits;
use crate::config::providers::ProviderSettings;
use crate::config::roots::check_roots;
use crate::config::{base_url, data_dir};

/// All but the filters.
pub(crate) fn check(file: &File, base: &Path, document: &mut Document) {
    check_listen(&file.listen, document);
    check_limits(&file.limits, document);
    if let Some(problem) = data_dir::mistake(&base.join(&file.data_dir)) {
        document.report("data_dir", problem);
    }
    check_ledger(&file.ledger, base, document);
    check_unique("providers", file.providers.iter().map(|p| p.name.as_str()), document);
    check_unique("tenants", file.tenants.iter().map(|t| t.name.as_str()), document);
    for (index, provider) in file.providers.iter().enumerate() {
        check_provider(provider, &format!("providers[{index}]"), base, document);
    }
}

/// Two listeners have one address only where the system chooses the port.
fn check_listen(listen: &ListenSettings, document: &mut Document) {
    let Some(metrics) = listen.metrics else { return };
    let (http, anywhere) = (listen.http, listen.http.ip().is_unspecified());
    let same = anywhere || metrics.ip().is_unspecified() || http.ip() == metrics.ip();
    if http.port() == metrics.port() && http.port() != 0 && same && document.is_read("listen.http")
    {
        document.report("listen.metrics", format!("port {} is that of http", http.port()));
    }
}

/// What is admitted must fit a record, or its inference could not be recorded.
fn check_limits(limits: &Limits, document: &mut Document) {
    let max = inferlayer_ledger::MAX_PLAIN_CONTENT_BYTES as u64;
    let memory = limits.bodies_bytes;
    if memory / 2 < limits.body_bytes.min(max) {
        let least = limits.body_bytes.min(max).saturating_mul(2);
        let problem = format!("{memory} is less than two bodies of limits.body_bytes, {least}");
        document.report("limits.bodies_bytes", problem);
    }
    let recorded = limits.recorded_answer_bytes as u64;
    for (limit, bytes) in [("body_bytes", limits.body_bytes), ("recorded_answer_bytes", recorded)] {
        if bytes > max {
            let problem = format!("{bytes} is more than a record can hold, {max} bytes");
            document.report(&format!("limits.{limit}"), problem);
        }
    }
    for (limit, value, least) in
        [("head_bytes", limits.head_bytes, 1024), ("head_fields", limits.head_fields, 16)]
    {
        if value < least {
            document.report(&format!("limits.{limit}"), format!("at least {least}, not {value}"));
        }
    }
}

fn check_ledger(ledger: &LedgerSettings, base: &Path, document: &mut Document) {
    if let Err(error) = ledger.origin.parse::<inferlayer_ledger::Origin>() {
        document.report("ledger.origin", error.to_string());
    }
    let names = ledger.anchors.iter().map(|anchor| anchor.name.as_str());
    check_unique("ledger.anchors", names, document);
    let mut files = HashSet::new();
    for (field, key) in ledger.signing_keys() {
        if let Err(problem) = key.check(base) {
            document.report(&format!("ledger.{field}"), problem);
        }
    }
    for (index, anchor) in ledger.anchors.iter().enumerate() {
        check_anchor(anchor, &format!("ledger.anchors[{index}]"), base, &mut files, document);
    }
}

fn check_anchor(
    anchor: &AnchorSettings,
    path: &str,
    base: &Path,
    files: &mut HashSet<PathBuf>,
    document: &mut Document,
) {
    if let Err((field, problem)) = anchor.tolerated_lag() {
        document.report(&format!("{path}.{field}"), problem);
    }
    let to = format!("{path}.to.{}", anchor.to.kind());
    if let Some(Err(problem)) = anchor.to.ca_file().map(|file| check_roots(&base.join(file))) {
        document.report(&format!("{to}.ca_file"), problem);
    }
    if let SinkSettings::File(file) = &anchor.to
        && document.is_read(&format!("{to}.path"))
        && !files.insert(base.join(&file.path))
    {
        document.report(&format!("{to}.path"), "another anchor keeps its checkpoint there");
    }
}

fn check_unique<'a>(list: &str, names: impl Iterator<Item = &'a str>, document: &mut Document) {
    let mut seen = HashSet::new();
    for (index, name) in names.enumerate() {
        let path = format!("{list}[{index}].name");
        // A stand-in is nobody's name.
        if document.is_read(&path) && !seen.insert(name) {
            document.report(&path, format!("`{name}` is there twice"));
        }
    }
}

/// Whether the names in a list are all that there are.
pub(crate) fn all_named(list: &str, len: usize, document: &Document) -> bool {
    document.is_read(list) && (0..len).all(|at| document.is_read(&format!("{list}[{at}].name")))
}

fn check_provider(provider: &ProviderSettings, path: &str, base: &Path, document: &mut Document) {
    let (kind, base_url_path) = (format!("{path}.kind"), format!("{path}.base_url"));
    if document.is_read(&kind)
        && let Err(problem) = provider.address()
    {
        document.report(&base_url_path, problem);
    }
    if document.is_read(&kind) && document.is_read(&base_url_path) {
        for problem in base_url::mistakes(provider) {
            document.report(&base_url_path, problem);
        }
    }
    if let Some(Err(problem)) = provider.key.as_ref().map(|key| key.check(base)) {
        document.report(&format!("{path}.key"), problem);
    }
    if let Err(problem) = provider.check_roots(base) {
        document.report(&format!("{path}.ca_file"), problem);
    }
}
