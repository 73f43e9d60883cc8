//! The order of modules inside each crate: none imports another in a circle.

use std::path::Path;
use std::sync::LazyLock;

use crate::assert_none;
use crate::circles::{Circle, circles};
use crate::crates::Workspace;
use crate::modules::Crate;

/// Circles that stand, and how many modules they have: the crate, the parent of the modules, their
/// number. What is mended is struck here; nothing is added.
const STANDING: &[(&str, &str, usize)] = &[
    ("inferlayer-wire", "crate", 13),
    ("inferlayer-wire", "crate::translate::chat", 4),
    ("inferlayer-wire", "crate::translate::messages", 5),
];

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let mut broken = Vec::new();
    for (name, source) in all_modules() {
        let new = circles(source).into_iter().filter(|circle| !stands(name, circle));
        broken.extend(new.map(|circle| format!("{name}: {circle}")));
    }
    assert_none(broken);
}

fn stands(name: &str, circle: &Circle) -> bool {
    let known =
        STANDING.iter().find(|(crate_, parent, _)| name == *crate_ && circle.parent == *parent);
    known.is_some_and(|(_, _, modules)| circle.members.len() <= *modules)
}

/// The modules of every library and program of the workspace, with the crate's name. Read once.
pub fn all_modules() -> &'static [(String, Crate)] {
    static ALL: LazyLock<Vec<(String, Crate)>> = LazyLock::new(|| {
        let load = |path: &Path| std::fs::read_to_string(path).ok();
        let members = Workspace::read().members.into_iter();
        let sources = members.flat_map(|member| {
            member.sources.into_iter().map(move |source| (member.name.clone(), source))
        });
        sources.map(|(name, source)| (name, Crate::read(&source, &load))).collect()
    });
    &ALL
}
