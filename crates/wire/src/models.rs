//! The list of models, as each dialect's callers read it.

use serde::Serialize;

use crate::Dialect;

/// A model that can be asked for.
#[derive(Debug, Clone, Copy)]
pub struct ListedModel<'a> {
    /// What it is asked for by.
    pub id: &'a str,
    /// Since when, in Unix seconds.
    pub created: u64,
    /// Whose it is.
    pub owned_by: &'a str,
}

impl Dialect {
    /// The answer to a request for all models.
    pub fn models_body<'a>(self, models: impl IntoIterator<Item = ListedModel<'a>>) -> Vec<u8> {
        let data: Vec<_> = models.into_iter().map(|model| self.model(model)).collect();
        // Strings and integers always serialise.
        match self {
            Dialect::OpenAi => serde_json::to_vec(&List { object: "list", data }),
            Dialect::Gemini => serde_json::to_vec(&Models { models: data }),
            Dialect::Anthropic => {
                let id = |model: Option<&Model<'a>>| model.map(|model| model.id().to_owned());
                let (first_id, last_id) = (id(data.first()), id(data.last()));
                serde_json::to_vec(&Page { data, has_more: false, first_id, last_id })
            }
        }
        .unwrap_or_default()
    }

    /// The answer to a request for one of them.
    pub fn model_body(self, model: ListedModel<'_>) -> Vec<u8> {
        serde_json::to_vec(&self.model(model)).unwrap_or_default()
    }

    fn model(self, model: ListedModel<'_>) -> Model<'_> {
        let ListedModel { id, created, owned_by } = model;
        match self {
            Dialect::OpenAi => Model::OpenAi { id, object: "model", created, owned_by },
            Dialect::Anthropic => {
                let created_at = rfc3339(created);
                Model::Anthropic { kind: "model", id, display_name: id, created_at }
            }
            Dialect::Gemini => Model::Gemini {
                name: format!("models/{id}"),
                display_name: id,
                version: "1",
                supported_generation_methods: GEMINI_METHODS,
            },
        }
    }
}

const GEMINI_METHODS: &[&str] = &["generateContent", "countTokens"];

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Model<'a>>,
}

#[derive(Serialize)]
struct Models<'a> {
    models: Vec<Model<'a>>,
}

#[derive(Serialize)]
struct Page<'a> {
    data: Vec<Model<'a>>,
    has_more: bool,
    first_id: Option<String>,
    last_id: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Model<'a> {
    OpenAi {
        id: &'a str,
        object: &'static str,
        created: u64,
        owned_by: &'a str,
    },
    Anthropic {
        #[serde(rename = "type")]
        kind: &'static str,
        id: &'a str,
        display_name: &'a str,
        created_at: String,
    },
    #[serde(rename_all = "camelCase")]
    Gemini {
        name: String,
        display_name: &'a str,
        version: &'static str,
        supported_generation_methods: &'static [&'static str],
    },
}

impl Model<'_> {
    fn id(&self) -> &str {
        match self {
            Model::OpenAi { id, .. } | Model::Anthropic { id, .. } => id,
            Model::Gemini { display_name, .. } => display_name,
        }
    }
}

/// A time of this century in UTC (RFC 3339), by the civil calendar.
fn rfc3339(unix_seconds: u64) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let (days, seconds) = (unix_seconds / DAY, unix_seconds % DAY);
    // Days since 1 March of year 0, in eras of 400 years.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(dialect: Dialect, ids: &[&'static str]) -> String {
        let model = |id: &&'static str| ListedModel { id, created: 7, owned_by: "x" };
        String::from_utf8(dialect.models_body(ids.iter().map(model))).unwrap()
    }

    #[test]
    fn lists_models_in_the_given_order() {
        assert_eq!(
            listed(Dialect::OpenAi, &["b", "a\""]),
            concat!(
                r#"{"object":"list","data":["#,
                r#"{"id":"b","object":"model","created":7,"owned_by":"x"},"#,
                r#"{"id":"a\"","object":"model","created":7,"owned_by":"x"}]}"#,
            ),
        );
        assert_eq!(listed(Dialect::OpenAi, &[]), r#"{"object":"list","data":[]}"#);
        assert_eq!(
            listed(Dialect::Anthropic, &["b"]),
            concat!(
                r#"{"data":[{"type":"model","id":"b","display_name":"b","#,
                r#""created_at":"1970-01-01T00:00:07Z"}],"#,
                r#""has_more":false,"first_id":"b","last_id":"b"}"#,
            ),
        );
        assert_eq!(
            listed(Dialect::Gemini, &["b"]),
            concat!(
                r#"{"models":[{"name":"models/b","displayName":"b","version":"1","#,
                r#""supportedGenerationMethods":["generateContent","countTokens"]}]}"#,
            ),
        );
    }

    #[test]
    fn tells_the_day() {
        for (seconds, day) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_305_600, "2026-11-22T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), day);
        }
    }
}
