//! Where a provider is asked, below its base URL. What a caller or a configuration says can only
//! get into a URL through one of these types, so no name of a model, no path and no query can lead
//! a request, and the provider's key with it, to another operation than the one that was priced.

mod plain;
mod query;
mod segment;
mod version;

use std::fmt;

pub use self::plain::{NotPlain, PlainPath};
pub use self::query::PlainQuery;
pub use self::segment::{NotSegment, PathSegment};
pub use self::version::ApiVersion;

/// Path and query below a provider's base URL. Made of constants and of the types of this module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamPath(String);

impl UpstreamPath {
    /// A path of ours. Starts with a slash.
    pub const fn from_static(path: &'static str) -> FixedPath {
        FixedPath(path)
    }

    /// What passes through: the path below `/v1`, and its query.
    pub fn passing(path: &PlainPath, query: Option<&PlainQuery>) -> UpstreamPath {
        let path = path.below_root();
        UpstreamPath(query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
    }

    /// As it stands in a request line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A path of ours, without anybody's name in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedPath(&'static str);

impl FixedPath {
    /// Below Azure's deployment of this name, in its dated API.
    pub(crate) fn at_deployment(self, name: &PathSegment, version: &ApiVersion) -> UpstreamPath {
        UpstreamPath(format!("/deployments/{name}{}?api-version={version}", self.0))
    }
}

impl From<FixedPath> for UpstreamPath {
    fn from(FixedPath(path): FixedPath) -> UpstreamPath {
        UpstreamPath(path.to_owned())
    }
}

/// A model of Gemini's: one segment below the folder of models or of tuned models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelResource {
    folder: &'static str,
    name: PathSegment,
}

impl ModelResource {
    const MODELS: &'static str = "models";
    /// The folders that a name may say itself.
    const FOLDERS: [&'static str; 2] = [ModelResource::MODELS, "tunedModels"];

    /// The path of one of its methods; `method` may have a query.
    pub(crate) fn method(&self, method: &'static str) -> UpstreamPath {
        UpstreamPath(format!("/{}/{}:{method}", self.folder, self.name))
    }
}

impl TryFrom<&str> for ModelResource {
    type Error = NotSegment;

    fn try_from(name: &str) -> Result<ModelResource, NotSegment> {
        let said = name.split_once('/').and_then(|(folder, name)| {
            let known = ModelResource::FOLDERS.into_iter().find(|known| *known == folder)?;
            Some((known, name))
        });
        let (folder, name) = said.unwrap_or((ModelResource::MODELS, name));
        Ok(ModelResource { folder, name: PathSegment::try_from(name)? })
    }
}

impl fmt::Display for UpstreamPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_of_gemini_s_stands_in_a_known_folder() {
        let path = |name: &str| ModelResource::try_from(name).map(|m| m.method("countTokens"));
        for (name, expected) in [
            ("gemini-2.5-pro", "/models/gemini-2.5-pro:countTokens"),
            ("models/gemini-2.5-pro", "/models/gemini-2.5-pro:countTokens"),
            ("tunedModels/mine", "/tunedModels/mine:countTokens"),
            ("m:free", "/models/m%3Afree:countTokens"),
        ] {
            assert_eq!(path(name).unwrap().as_str(), expected, "{name}");
        }
        for name in [
            "gem-/cachedContents/x",
            "cachedContents/x",
            "models/",
            "models/..",
            "models/a/b",
            "tunedModels/../files",
            "/models/a",
            "Models/a",
            "models//a",
            "models/models/a",
        ] {
            assert_eq!(path(name), Err(NotSegment), "{name}");
        }
    }

    #[test]
    fn a_deployment_is_one_segment_with_our_version_alone_behind_it() {
        let version = ApiVersion::try_from("2024-10-21".to_owned()).unwrap();
        let name = PathSegment::try_from("gpt 4&api-version=1".replace(' ', "-").as_str()).unwrap();
        let path = UpstreamPath::from_static("/chat/completions").at_deployment(&name, &version);
        assert_eq!(
            path.as_str(),
            "/deployments/gpt-4%26api-version%3D1/chat/completions?api-version=2024-10-21"
        );
    }
}
