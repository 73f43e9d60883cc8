//! The HTTP sink: each checkpoint is posted as it stands, and any 2xx accepts it.

use std::path::Path;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName};

use crate::anchor::post::Poster;
use crate::anchor::sink::{Note, SendError, Sink};
use crate::config::HttpSettings;

/// Posts notes to a server.
pub(crate) struct Http {
    poster: Poster,
    path: String,
}

impl Http {
    /// Reads the secrets. An error names the field below the anchor and what is wrong with it.
    pub(crate) fn new(settings: &HttpSettings, base: &Path) -> Result<Http, (String, String)> {
        let mut headers = HeaderMap::new();
        for (key, secret) in &settings.headers {
            let at = |problem: String| (format!("to.http.headers.{}", key.as_str()), problem);
            let name: HeaderName = key.as_str().parse().map_err(|_| at("no header".to_owned()))?;
            let secret = secret.read(base).map_err(at)?;
            headers.insert(name, secret.header_value("").map_err(|error| at(error.to_string()))?);
        }
        let poster = Poster::new(settings.url.base.clone(), headers, settings.ca_file.as_deref());
        Ok(Http { poster, path: settings.url.path.clone() })
    }
}

#[async_trait]
impl Sink for Http {
    async fn send(&self, note: &Note) -> Result<(), SendError> {
        let answer = self.poster.post(&self.path, note.text.clone().into()).await?;
        if answer.status.is_success() { Ok(()) } else { Err(SendError::Status(answer.status)) }
    }
}
