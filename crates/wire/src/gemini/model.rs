//! The model's name, which stands in the path and may be repeated in the body as `models/NAME`.

use std::ops::Range;

use crate::Invalid;
use crate::splice::{Edit, span};

/// A model's name as a resource; a tuned model's says where it stands itself.
fn resource(model: &str) -> String {
    if model.contains('/') { model.to_owned() } else { format!("models/{model}") }
}

/// Where a name in the body stands, given as raw JSON. It must be the model of the path, because
/// that is the one which is paid for.
pub(crate) fn repeated(raw: &str, asked: &str, body: &[u8]) -> Result<Range<usize>, Invalid> {
    match serde_json::from_str::<String>(raw) {
        Ok(name) if resource(&name) == resource(asked) => Ok(span(body, raw)),
        _ => Err(Invalid::value("model", "be the model of the path")),
    }
}

/// The change that puts the provider's model in the place of one that the caller repeated.
pub(crate) fn edit(place: &Range<usize>, model: &str) -> Edit {
    Edit::name(place.clone(), &resource(model))
}
