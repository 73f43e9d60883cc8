//! What the block `route` can have wrong though it is well formed: names that nothing has, names
//! that two routes have, routes to nowhere; the same of paths that pass through.

use std::collections::HashSet;

use inferlayer_filter::{BuildError, Outline};

use crate::settings::{CandidateSettings, ModelSettings, PassThroughSettings, RouteSettings};

/// Every mistake, in the order of the block.
pub(crate) fn check(settings: &RouteSettings, outline: &Outline) -> Vec<BuildError> {
    let mut errors = Vec::new();
    let mut routed = HashSet::new();
    for (index, model) in settings.models.iter().enumerate() {
        let path = format!("models[{index}]");
        for (field, name) in names(model) {
            if let Some(problem) = bad_name(name) {
                errors.push(error(&path, &field, problem));
            }
            if !routed.insert(name) {
                errors.push(error(&path, &field, format!("`{name}` has two routes")));
            }
        }
        check_candidates(model, &path, outline, &mut errors);
    }
    check_pass_through(&settings.pass_through, outline, &mut errors);
    errors
}

/// What no request can ask for.
fn bad_name(name: &str) -> Option<String> {
    const NAME_MAX_BYTES: usize = 256;
    if name.is_empty() || name.len() > NAME_MAX_BYTES {
        return Some(format!("a name has 1 to {NAME_MAX_BYTES} bytes"));
    }
    let (beginning, _) = name.split_once('*')?;
    (beginning.len() + 1 < name.len())
        .then(|| format!("`{name}`: a `*` stands for the rest of a name, so it is the last of it"))
}

/// The name and the aliases of a model, each with its field.
pub(crate) fn names(model: &ModelSettings) -> impl Iterator<Item = (String, &str)> {
    let aliases = model.aliases.iter().enumerate();
    let aliases = aliases.map(|(at, alias)| (format!("aliases[{at}]"), alias.as_str()));
    std::iter::once(("name".to_owned(), model.name.as_str())).chain(aliases)
}

fn check_candidates(
    model: &ModelSettings,
    path: &str,
    outline: &Outline,
    errors: &mut Vec<BuildError>,
) {
    if model.candidates.is_empty() {
        errors.push(error(path, "candidates", "needs at least one".to_owned()));
    }
    for (at, candidate) in model.candidates.iter().enumerate() {
        if outline.lacks_provider(&candidate.provider) {
            let problem = format!("no provider is named `{}`", candidate.provider);
            errors.push(error(path, &format!("candidates[{at}].provider"), problem));
        }
        let known = outline.providers.iter().find(|known| *known.name == *candidate.provider);
        let Some(provider) = known else { continue };
        for (field, name) in asked_names(model, candidate, at) {
            if let Err(rule) = provider.can_name(name) {
                errors.push(error(path, &field, format!("`{name}` must {rule}")));
            }
        }
    }
}

/// The names that a candidate is asked for, as far as the configuration says them.
pub(crate) fn asked_names<'a>(
    model: &'a ModelSettings,
    candidate: &'a CandidateSettings,
    at: usize,
) -> Vec<(String, &'a str)> {
    match &candidate.model {
        Some(name) => vec![(format!("candidates[{at}].model"), name)],
        None => names(model).filter(|(_, name)| !name.ends_with('*')).collect(),
    }
}

fn check_pass_through(
    rules: &[PassThroughSettings],
    outline: &Outline,
    errors: &mut Vec<BuildError>,
) {
    let mut paths = HashSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let at = format!("pass_through[{index}]");
        if !paths.insert(&rule.path) {
            errors.push(error(&at, "path", format!("`{}` has two rules", rule.path)));
        }
        if outline.lacks_provider(&rule.provider) {
            let problem = format!("no provider is named `{}`", rule.provider);
            errors.push(error(&at, "provider", problem));
        }
    }
}

fn error(path: &str, field: &str, problem: String) -> BuildError {
    BuildError { field: format!("{path}.{field}"), problem }
}
