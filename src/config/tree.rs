//! A YAML file as a tree of values that can be mended: what is wrong is ignored or replaced by a
//! stand-in, so that the rest can still be read by its types and every mistake be told at once.

use serde::de::value::Error;

/// The values of a file.
#[derive(Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

/// A value of its tree. Values are numbered in the order of the text, a parent before its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(usize);

/// What a mistake is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// The key of a value of a map.
    Key(Id),
    /// A value.
    Value(Id),
}

/// A value, whose parts are other nodes.
pub(crate) enum Value {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    List(Vec<Id>),
    Map(Vec<Id>),
    /// In place of what is wrong or missing; see [`StandIn`](super::stand_in::StandIn).
    StandIn(usize),
}

/// How a value is reached from its parent.
pub(crate) enum Step {
    Root,
    Index(usize),
    Key(String),
}

struct Node {
    parent: Option<Id>,
    step: Step,
    value: Value,
    /// Its key is wrong, so that nobody reads it.
    ignored: bool,
}

/// The whole file.
pub(crate) const ROOT: Id = Id(0);

/// Anchors can make much of little.
const NODES_MAX: usize = 1_000_000;

impl Tree {
    /// The number of the value that is added next.
    pub(crate) fn next(&self) -> Id {
        Id(self.nodes.len())
    }

    /// Adds a value that is [`Value::Null`] until it is [`set`](Tree::set).
    pub(crate) fn add(&mut self, parent: Option<Id>, step: Step) -> Result<Id, Error> {
        if self.nodes.len() >= NODES_MAX {
            return Err(serde::de::Error::custom(format!("more than {NODES_MAX} values")));
        }
        let id = self.next();
        self.nodes.push(Node { parent, step, value: Value::Null, ignored: false });
        Ok(id)
    }

    pub(crate) fn set(&mut self, id: Id, value: Value) {
        self.nodes[id.0].value = value;
    }

    pub(crate) fn value(&self, id: Id) -> &Value {
        &self.nodes[id.0].value
    }

    pub(crate) fn parent(&self, id: Id) -> Option<Id> {
        self.nodes[id.0].parent
    }

    /// The key of a value of a map; nothing for others.
    pub(crate) fn key(&self, id: Id) -> &str {
        match &self.nodes[id.0].step {
            Step::Key(key) => key,
            Step::Root | Step::Index(_) => "",
        }
    }

    /// Nobody reads this value any more.
    pub(crate) fn ignore(&mut self, id: Id) {
        self.nodes[id.0].ignored = true;
    }

    pub(crate) fn is_ignored(&self, id: Id) -> bool {
        self.nodes[id.0].ignored
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = Id> {
        (0..self.nodes.len()).map(Id)
    }

    /// The parts of a list or map that are read.
    pub(crate) fn children(&self, id: Id) -> impl Iterator<Item = Id> {
        let children: &[Id] = match self.value(id) {
            Value::List(children) | Value::Map(children) => children,
            _ => &[],
        };
        children.iter().copied().filter(|child| !self.is_ignored(*child))
    }

    /// Gives a map the key that it lacks; false if it cannot have it.
    pub(crate) fn supply(&mut self, id: Id, key: &str) -> bool {
        if self.children(id).any(|child| self.key(child) == key) {
            return false;
        }
        let Ok(child) = self.add(Some(id), Step::Key(key.to_owned())) else { return false };
        self.set(child, Value::StandIn(0));
        match &mut self.nodes[id.0].value {
            Value::Map(children) => children.push(child),
            value @ Value::Null => *value = Value::Map(vec![child]),
            _ => return false,
        }
        true
    }

    /// Whether a stand-in is in the place of this value or of one that it is part of.
    pub(crate) fn is_replaced(&self, id: Id) -> bool {
        let mut up = std::iter::successors(Some(id), |id| self.parent(*id));
        up.any(|id| matches!(self.value(id), Value::StandIn(_)))
    }

    /// Whether something in this value was mended.
    pub(crate) fn is_mended_inside(&self, id: Id) -> bool {
        let parts = match self.value(id) {
            Value::List(parts) | Value::Map(parts) => parts.as_slice(),
            Value::StandIn(_) => return true,
            _ => return false,
        };
        parts.iter().any(|part| self.is_ignored(*part) || self.is_mended_inside(*part))
    }

    /// The path of a value, such as `filters[1].route.models[0].name`; empty for the whole file.
    pub(crate) fn path(&self, id: Id) -> String {
        let mut path = self.parent(id).map(|parent| self.path(parent)).unwrap_or_default();
        match &self.nodes[id.0].step {
            Step::Root => {}
            Step::Index(index) => path += &format!("[{index}]"),
            Step::Key(key) if path.is_empty() => path.push_str(key),
            Step::Key(key) => path += &format!(".{key}"),
        }
        path
    }

    /// The value at this path, or the deepest on the way that is there; and whether it is the
    /// former.
    pub(crate) fn find(&self, path: &str) -> (Id, bool) {
        let (mut at, mut rest) = (ROOT, path);
        while !rest.is_empty() {
            let step = |child: Id| Some((child, self.nodes[child.0].step.strip(rest)?));
            // Keys may have points in them: the longest one that fits.
            let found = self.children(at).filter_map(step).min_by_key(|(_, rest)| rest.len());
            match found {
                Some(further) => (at, rest) = further,
                None => return (at, false),
            }
        }
        (at, true)
    }
}

impl Spot {
    /// Sorts in the order of the text.
    pub(crate) fn order(self) -> impl Ord {
        match self {
            Spot::Key(id) => (id, 0),
            Spot::Value(id) => (id, 1),
        }
    }
}

impl Step {
    /// What is left of a path after this step.
    fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        match self {
            Step::Root => None,
            Step::Index(index) => path.strip_prefix(&format!("[{index}]")),
            Step::Key(key) => {
                let rest = path.strip_prefix('.').unwrap_or(path).strip_prefix(key.as_str())?;
                (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
            }
        }
    }
}
