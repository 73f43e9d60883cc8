//! From an anchor's settings to its sink.

use std::path::Path;

use inferlayer_ledger::Ledger;

use crate::anchor::file::File;
use crate::anchor::http::Http;
use crate::anchor::sink::Sink;
use crate::anchor::syslog::Syslog;
use crate::anchor::witness::Witness;
use crate::config::{AnchorSettings, SinkSettings};
use crate::data_dir::DataDir;

/// The sink that an anchor's settings name. An error names the field below the anchor and what is
/// wrong with it.
pub(crate) fn build(
    settings: &AnchorSettings,
    base: &Path,
    data_dir: &DataDir,
    ledger: &Ledger,
) -> Result<Box<dyn Sink>, (String, String)> {
    Ok(match &settings.to {
        SinkSettings::File(file) => Box::new(File::new(file)),
        SinkSettings::Syslog(syslog) => Box::new(Syslog::new(syslog, ledger)),
        SinkSettings::Http(http) => Box::new(Http::new(http, base)?),
        SinkSettings::Witness(witness) => {
            let folder = data_dir.anchors();
            let unmade = |cause| ("to".to_owned(), format!("{}: {cause}", folder.display()));
            data_dir.create_anchors().map_err(unmade)?;
            let kept = folder.join(format!("{}.note", settings.name.as_str()));
            Box::new(Witness::new(witness, &kept, ledger))
        }
    })
}
