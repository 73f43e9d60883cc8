//! The answer to `GET /v1/models`.

use serde::Serialize;

/// A list of models: of each its id, when it was made (Unix time in seconds), and whose it is.
pub fn models_body<'a>(models: impl IntoIterator<Item = (&'a str, u64, &'a str)>) -> Vec<u8> {
    let data = models
        .into_iter()
        .map(|(id, created, owned_by)| Model { id, object: "model", created, owned_by })
        .collect();
    // Strings and integers always serialise.
    serde_json::to_vec(&List { object: "list", data }).unwrap_or_default()
}

/// One model, as `GET /v1/models/{id}` answers it.
pub fn model_body(id: &str, created: u64, owned_by: &str) -> Vec<u8> {
    let model = Model { id, object: "model", created, owned_by };
    serde_json::to_vec(&model).unwrap_or_default()
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Model<'a>>,
}

#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_models_in_the_given_order() {
        let body = models_body([("b", 7, "x"), ("a\"", 0, "y")]);
        assert_eq!(
            String::from_utf8(body).unwrap(),
            concat!(
                r#"{"object":"list","data":["#,
                r#"{"id":"b","object":"model","created":7,"owned_by":"x"},"#,
                r#"{"id":"a\"","object":"model","created":0,"owned_by":"y"}]}"#,
            ),
        );
        assert_eq!(models_body([]), br#"{"object":"list","data":[]}"#);
    }
}
