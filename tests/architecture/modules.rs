//! The modules of a crate, read from its sources: what each one defines, imports and names. What
//! only tests have (`#[cfg(test)]`) is left out.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Block, Ident, Item, ItemMod, ItemUse, Macro, Meta, Signature, UseTree};

/// Segments as they stand in the source: `["crate", "format", "Hash"]`.
pub type Names = Vec<String>;

/// Gives the text of the file at a path, if there is one.
pub type Load<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// The first module is the crate's root; each other one stands behind its parent.
pub struct Crate {
    pub modules: Vec<Module>,
}

#[derive(Default)]
pub struct Module {
    /// From the root, which has none.
    pub path: Names,
    pub parent: usize,
    pub children: HashMap<String, usize>,
    pub items: HashSet<String>,
    /// What `use` binds: the name here, and the path that it stands for.
    pub bindings: HashMap<String, Names>,
    pub globs: Vec<Names>,
    /// All paths of two segments or more, those of `use` included.
    pub named: Vec<Names>,
    pub functions: Vec<Function>,
}

pub struct Function {
    pub name: String,
    /// From `fn` to the last brace.
    pub lines: usize,
}

impl Crate {
    /// `root` is the file that the compiler is given.
    pub fn read(root: &Path, load: Load<'_>) -> Self {
        let mut crate_ = Self { modules: vec![Module::default()] };
        let text = load(root).unwrap_or_else(|| panic!("no file {}", root.display()));
        crate_.add_items(0, &parse(root, &text), root.parent().unwrap(), load);
        crate_
    }

    /// Adds the items of the module `at`, whose children lie in `folder`.
    fn add_items(&mut self, at: usize, items: &[Item], folder: &Path, load: Load<'_>) {
        for item in items.iter().filter(|item| !is_for_tests(item)) {
            match item {
                Item::Mod(child) => self.add_child(at, child, folder, load),
                _ => self.modules[at].visit_item(item),
            }
            self.modules[at].items.extend(defined(item).map(Ident::to_string));
        }
    }

    fn add_child(&mut self, at: usize, child: &ItemMod, folder: &Path, load: Load<'_>) {
        let name = child.ident.to_string();
        let path = [&*self.modules[at].path, std::slice::from_ref(&name)].concat();
        let place = self.modules.len();
        self.modules.push(Module { path, parent: at, ..Module::default() });
        let folder = folder.join(&name);
        self.modules[at].children.insert(name, place);
        match &child.content {
            Some((_, items)) => self.add_items(place, items, &folder, load),
            None => self.add_items(place, &file_of(&folder, load), &folder, load),
        }
    }
}

fn file_of(folder: &Path, load: Load<'_>) -> Vec<Item> {
    let files = [folder.with_extension("rs"), folder.join("mod.rs")];
    let found = files.iter().find_map(|file| Some(parse(file, &load(file)?)));
    found.unwrap_or_else(|| panic!("the module {} has no file", folder.display()))
}

fn parse(file: &Path, text: &str) -> Vec<Item> {
    let parsed = syn::parse_file(text);
    parsed.unwrap_or_else(|error| panic!("{}: {error}", file.display())).items
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.name(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    /// `pub(in crate::a)` says who may look in; it takes nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.visit_path(&called.path);
        self.name_all(&called.tokens.to_string());
    }

    /// `#[serde(with = "crate::format::hex")]` takes something, too.
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.name_all(&list.tokens.to_string());
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

impl Module {
    fn import(&mut self, tree: &UseTree, before: &[String]) {
        let with = |ident: &Ident| [before, &[ident.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(&path.ident)),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before)),
            UseTree::Glob(_) => self.globs.push(before.to_vec()),
            UseTree::Name(name) if name.ident == "self" => self.bind(None, before.to_vec()),
            UseTree::Name(name) => self.bind(None, with(&name.ident)),
            UseTree::Rename(as_) if as_.ident == "self" => {
                self.bind(Some(&as_.rename), before.to_vec());
            }
            UseTree::Rename(as_) => self.bind(Some(&as_.rename), with(&as_.ident)),
        }
    }

    fn bind(&mut self, name: Option<&Ident>, path: Names) {
        let name = name.map(Ident::to_string).or_else(|| path.last().cloned());
        self.bindings.extend(name.map(|name| (name, path.clone())));
        self.name(path);
    }

    fn name(&mut self, path: Names) {
        if path.len() > 1 {
            self.named.push(path);
        }
    }

    /// Paths in what a macro or an attribute is given, which follows no grammar.
    fn name_all(&mut self, tokens: &str) {
        let tokens = tokens.replace(" :: ", "::");
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        for word in tokens.split(|c| !is_path(c)) {
            self.name(word.split("::").map(str::to_owned).collect());
        }
    }

    fn measure(&mut self, signature: &Signature, block: &Block) {
        let first = signature.fn_token.span.start().line;
        let last = block.brace_token.span.close().end().line;
        self.functions
            .push(Function { name: signature.ident.to_string(), lines: last - first + 1 });
    }
}

fn is_for_tests(item: &Item) -> bool {
    let attributes = match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    })
}

fn defined(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Macro(item) => item.ident.as_ref(),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        _ => None,
    }
}
