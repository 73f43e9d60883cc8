//! Names of members. The JSON mapping of protocol buffers lets callers write each as
//! `maxOutputTokens` or as `max_output_tokens`.

use std::borrow::Cow;

use crate::{Invalid, field};

/// Recognises those members of one object that the gateway acts on, however they are spelled.
pub(super) struct Names {
    /// At most 32, as Google's reference spells them.
    ours: &'static [&'static str],
    /// A bit for each that has come.
    seen: u32,
    fault: Option<Fault>,
}

/// Why an object could be read in two ways.
#[derive(Clone, Copy)]
enum Fault {
    /// Both spellings of a name are there.
    Twice(&'static str),
    /// A name that some servers would take for one of ours.
    Lookalike(&'static str),
}

impl Names {
    pub(super) fn new(ours: &'static [&'static str]) -> Names {
        Names { ours, seen: 0, fault: None }
    }

    /// The name as Google's reference spells it; none when it is none of ours.
    pub(super) fn take(&mut self, key: &str) -> Option<&'static str> {
        let key = camel(key);
        let Some((at, name)) = (0_u32..).zip(self.ours).find(|(_, name)| **name == key) else {
            let like = field::lookalike(&key, self.ours).map(Fault::Lookalike);
            self.fault = self.fault.or(like);
            return None;
        };
        if self.seen & (1 << at) != 0 {
            self.fault = self.fault.or(Some(Fault::Twice(name)));
        }
        self.seen |= 1 << at;
        Some(name)
    }

    /// Refuses an object at `path` that could be read in two ways.
    pub(super) fn check(&self, path: &str) -> Result<(), Invalid> {
        let at = |name: &str| match path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        match self.fault {
            None => Ok(()),
            Some(Fault::Twice(name)) => Err(Invalid::value(&at(name), "be written once")),
            Some(Fault::Lookalike(name)) => {
                Err(Invalid::value(&at(name), &format!("be written `{name}`")))
            }
        }
    }
}

/// The spelling of Google's reference: `max_output_tokens` becomes `maxOutputTokens`. No copy when
/// it is that already.
pub(crate) fn camel(key: &str) -> Cow<'_, str> {
    if !key.contains('_') {
        return Cow::Borrowed(key);
    }
    let mut words = key.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    Cow::Owned(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &[&str] = &["model", "generationConfig", "topK"];

    fn refusal(keys: &[&str]) -> Option<String> {
        let mut names = Names::new(OURS);
        for key in keys {
            names.take(key);
        }
        names.check("a").err().map(|invalid| invalid.message)
    }

    #[test]
    fn either_spelling_is_ours() {
        for key in ["generationConfig", "generation_config"] {
            assert_eq!(Names::new(OURS).take(key), Some("generationConfig"));
        }
        assert_eq!(Names::new(OURS).take("top_k"), Some("topK"));
        assert_eq!(Names::new(OURS).take("other"), None);
        assert_eq!(refusal(&["model", "top_k", "other", "an_other"]), None);
    }

    #[test]
    fn what_two_servers_could_read_differently_is_refused() {
        let twice = Some("`a.topK` must be written once".to_owned());
        assert_eq!(refusal(&["topK", "top_k"]), twice);
        let like = Some("`a.generationConfig` must be written `generationConfig`".to_owned());
        for key in ["GenerationConfig", "generationconfig", "Generation_Config"] {
            assert_eq!(refusal(&[key]), like, "{key}");
        }
        assert!(refusal(&["top\u{212A}"]).is_some());
    }
}
