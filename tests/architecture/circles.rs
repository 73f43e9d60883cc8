//! Which modules import each other in a circle.
//!
//! A module imports another when a path in it (of `use`, in code, in a macro's or an attribute's
//! tokens) names something that the other defines; `pub use` is followed to whoever defines it.
//! Circles are looked for among the children of one module, each with all that lies below it. Not
//! counted is what goes between a module and those below it: that a parent declares, uses or
//! re-exports its children, and that they use what it defines itself. Not seen are methods that an
//! `impl` far from its type adds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::modules::{Crate, Names};

/// Where a path ends.
#[derive(Clone, Copy)]
enum End {
    Module(usize),
    /// An item of the module.
    Item(usize),
}

/// Who imports whom among siblings, by their places, with one import as an example.
type Arrows = BTreeMap<(usize, usize), String>;

/// Re-exports of re-exports; more is a circle of them.
const MAX_RE_EXPORTS: usize = 16;

/// Siblings that import each other in a circle.
#[derive(Debug)]
pub struct Circle {
    /// Path of their parent, from `crate` on.
    pub parent: String,
    pub members: Vec<String>,
    /// One example for each arrow between them.
    pub imports: Vec<String>,
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parent, members, imports } = self;
        write!(f, "in {parent} these import each other: {}", members.join(", "))?;
        imports.iter().try_for_each(|import| write!(f, "\n    {import}"))
    }
}

pub fn circles(source: &Crate) -> Vec<Circle> {
    let mut by_parent: BTreeMap<usize, Arrows> = BTreeMap::new();
    for (from, to, what) in imports(source) {
        if let Some((parent, arrow)) = source.between_siblings(from, to) {
            by_parent.entry(parent).or_default().entry(arrow).or_insert(what);
        }
    }
    by_parent.iter().flat_map(|(parent, arrows)| source.circles_of(*parent, arrows)).collect()
}

/// Each import: who, of whom, and a sentence about it.
fn imports(source: &Crate) -> impl Iterator<Item = (usize, usize, String)> {
    source.modules.iter().enumerate().flat_map(move |(from, module)| {
        let named =
            module.named.iter().filter_map(move |path| match source.resolve(from, path, 0)? {
                End::Item(to) => Some((to, path)),
                // What is taken from a module says the path that goes on.
                End::Module(_) => None,
            });
        let globs =
            module.globs.iter().filter_map(move |path| match source.resolve(from, path, 0)? {
                End::Item(to) | End::Module(to) => Some((to, path)),
            });
        named.chain(globs).map(move |(to, path)| {
            (from, to, format!("{} names {}", full(&module.path), path.join("::")))
        })
    })
}

impl Crate {
    /// Where `path` leads to when the module `from` names it; `None` outside of the crate.
    fn resolve(&self, from: usize, path: &[String], depth: usize) -> Option<End> {
        let (first, rest) = path.split_first()?;
        let mut end = match &**first {
            "crate" => End::Module(0),
            "self" => End::Module(from),
            "super" => End::Module(self.modules[from].parent),
            name => self.find(from, name, depth)?,
        };
        for name in rest {
            let End::Module(at) = end else { break };
            end = match &**name {
                "super" => End::Module(self.modules[at].parent),
                // A macro made it, or it comes from another crate.
                name => self.find(at, name, depth).unwrap_or(End::Item(at)),
            };
        }
        Some(end)
    }

    /// What `name` means in the module `at`.
    fn find(&self, at: usize, name: &str, depth: usize) -> Option<End> {
        let module = &self.modules[at];
        if let Some(child) = module.children.get(name) {
            return Some(End::Module(*child));
        }
        if module.items.contains(name) {
            return Some(End::Item(at));
        }
        if depth == MAX_RE_EXPORTS {
            return None;
        }
        if let Some(path) = module.bindings.get(name) {
            return self.resolve(at, path, depth + 1);
        }
        module.globs.iter().find_map(|path| match self.resolve(at, path, depth + 1)? {
            End::Module(other) if other != at => self.find(other, name, depth + 1),
            _ => None,
        })
    }

    /// The siblings above two modules, and their parent; `None` when one lies above the other.
    fn between_siblings(&self, from: usize, to: usize) -> Option<(usize, (usize, usize))> {
        let [from, to] = [from, to].map(|module| self.line(module));
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        Some((from[shared - 1], (*from.get(shared)?, *to.get(shared)?)))
    }

    /// From the root down to `module`.
    fn line(&self, module: usize) -> Vec<usize> {
        let mut line = vec![module];
        while line[line.len() - 1] != 0 {
            line.push(self.modules[line[line.len() - 1]].parent);
        }
        line.reverse();
        line
    }

    fn circles_of(&self, parent: usize, arrows: &Arrows) -> Vec<Circle> {
        let mut circles: BTreeSet<BTreeSet<usize>> = BTreeSet::new();
        for (from, to) in arrows.keys() {
            let there = reachable(*to, arrows);
            if there.contains(from) {
                circles.insert(
                    there.into_iter().filter(|m| reachable(*m, arrows).contains(from)).collect(),
                );
            }
        }
        circles.iter().map(|members| self.circle(parent, members, arrows)).collect()
    }

    fn circle(&self, parent: usize, members: &BTreeSet<usize>, arrows: &Arrows) -> Circle {
        let inside =
            arrows.iter().filter(|((from, to), _)| members.contains(from) && members.contains(to));
        let name = |module: &usize| self.modules[*module].path.last().unwrap().clone();
        Circle {
            parent: full(&self.modules[parent].path),
            members: members.iter().map(name).collect(),
            imports: inside
                .map(|((from, to), what)| format!("{} → {}: {what}", name(from), name(to)))
                .collect(),
        }
    }
}

/// All that `from` leads to, by one arrow or more, and itself.
fn reachable(from: usize, arrows: &Arrows) -> BTreeSet<usize> {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        let next = arrows.keys().filter(|(from, _)| *from == at).map(|(_, to)| *to);
        open.extend(next.filter(|to| seen.insert(*to)).collect::<Vec<_>>());
    }
    seen
}

fn full(path: &Names) -> String {
    [&["crate".to_owned()], &**path].concat().join("::")
}

/// The rules must be able to fail.
mod the_rules_themselves {
    use std::path::Path;

    use super::*;

    /// The circles of a crate with these files, each as its parent and members.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let load = |path: &Path| {
            let file = files.iter().find(|(name, _)| Path::new("src").join(name) == path);
            file.map(|(_, text)| (*text).to_owned())
        };
        let circles = circles(&Crate::read(Path::new("src/lib.rs"), &load));
        circles
            .iter()
            .map(|circle| format!("{}: {}", circle.parent, circle.members.join(" ")))
            .collect()
    }

    /// A crate of two modules, `a` with `text` and `b` that takes `A` from it.
    fn two(text: &str) -> Vec<String> {
        found(&[
            ("lib.rs", "mod a; mod b; pub use a::A;"),
            ("a.rs", text),
            ("b.rs", "use crate::a::A; pub struct B;"),
        ])
    }

    #[test]
    fn find_a_circle_however_it_is_written() {
        for text in [
            "use crate::b::B; pub struct A;",
            "use super::b; pub struct A(b::B);",
            "pub struct A(crate::b::B);",
            "pub struct A; fn f() { use super::b::B; }",
            "pub struct A; fn f() { log!(\"{}\", crate::b::B); }",
            "#[serde(with = \"crate::b::B\")] pub struct A;",
            "use crate::b::*; pub struct A;",
            "use crate::{b::{B as Other}}; pub struct A;",
            "pub struct A; mod inner { use super::super::b::made_by_a_macro; }",
            "pub struct A; impl A { fn f(&self) -> crate::b::B { todo!() } }",
        ] {
            assert_eq!(two(text), ["crate: a b"], "{text}");
        }
    }

    #[test]
    fn see_none_where_there_is_none() {
        for text in [
            "pub struct A;",
            "use other::b::B; pub struct A;",
            "use ::b::B; pub struct A;",
            "/// Like [`crate::b::B`].\npub struct A;",
            "pub(in crate::b) struct A;",
            "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }",
            "pub struct A; #[cfg(test)] fn f() { crate::b::B; }",
        ] {
            assert_eq!(two(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn follow_a_re_export_to_whoever_defines() {
        let files = |c| {
            [
                ("lib.rs", "mod a; mod b; mod c;"),
                ("a.rs", "pub use crate::b::B;"),
                ("b.rs", "use crate::c::C; pub struct B;"),
                ("c.rs", c),
            ]
        };
        assert_eq!(found(&files("use crate::a::B; pub struct C;")), ["crate: b c"]);
        assert_eq!(found(&files("pub struct C;")), [""; 0]);
    }

    #[test]
    fn look_at_every_level_and_name_every_member() {
        let circle = found(&[
            ("lib.rs", "mod outer;"),
            ("outer/mod.rs", "mod a; mod b; mod c; mod d; pub struct Shared; use a::A;"),
            ("outer/a.rs", "use super::b::B; use super::Shared; pub struct A;"),
            ("outer/b.rs", "use super::c::C; pub struct B;"),
            ("outer/c.rs", "use super::a::A; pub struct C;"),
            ("outer/d.rs", "use super::a::A;"),
        ]);
        assert_eq!(circle, ["crate::outer: a b c"]);
    }

    #[test]
    fn tell_two_circles_apart() {
        let both = found(&[(
            "lib.rs",
            "mod a { use crate::b::B; pub struct A; } mod b { use crate::a::A; pub struct B; }
             mod c { use crate::{a::A, d::D}; pub struct C; } mod d { use crate::c::C; pub struct D; }",
        )]);
        assert_eq!(both, ["crate: a b", "crate: c d"]);
    }
}
