//! The file sink: the newest checkpoint in a file, best on a volume that the gateway's host cannot
//! rewind. It is read back at every start.

use async_trait::async_trait;

use crate::anchor::sink::{Note, SendError, Sink};
use crate::anchor::whole_file::WholeFile;
use crate::config::FileSettings;

/// Keeps the newest note in a file.
pub(crate) struct File(WholeFile);

impl File {
    pub(crate) fn new(settings: &FileSettings) -> File {
        File(WholeFile::at(&settings.path))
    }
}

#[async_trait]
impl Sink for File {
    async fn send(&self, note: &Note) -> Result<(), SendError> {
        Ok(self.0.replace(note.text.clone().into_bytes()).await?)
    }
}
