//! Reads Rust sources as modules: what each one declares, imports and names, with `#[cfg(test)]` items left out.
//!
//! `syn` parses the items. A macro's arguments are tokens to it, so paths in there are read off the tokens.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

/// One module of a crate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Module {
    /// Path of the file from the project's root, with slashes.
    pub(crate) file: String,
    /// Every name that its items mention, methods and attributes included.
    pub(crate) names: BTreeSet<String>,
    /// Names that `use` items bring in, each with the path that it stands for, as written.
    imports: BTreeMap<String, Vec<String>>,
    /// Paths that `use a::b::*` items open, as written.
    globs: Vec<Vec<String>>,
    /// Every path that it names, as written.
    written: BTreeSet<Vec<String>>,
}

/// The modules of one crate, by their path from `crate` on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crate {
    modules: BTreeMap<Vec<String>, Module>,
}

impl Crate {
    /// Adds the module that `text` is, which lies in `file`, a path below the folder `src` of a package.
    ///
    /// # Panics
    /// Panics if `text` is not Rust.
    pub(crate) fn add(&mut self, file: &str, text: &str) {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        self.add_items(module_path(file), file, &parsed.items);
    }

    fn add_items(&mut self, path: Vec<String>, file: &str, items: &[Item]) {
        let mut reader = Reader {
            module: Module {
                file: file.to_owned(),
                ..Module::default()
            },
            inline: Vec::new(),
        };
        for item in items {
            reader.visit_item(item);
        }
        for (name, items) in reader.inline {
            let mut inner = path.clone();
            inner.push(name);
            self.add_items(inner, file, items);
        }
        self.modules.insert(path, reader.module);
    }

    /// Returns the modules with their paths from `crate` on.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (&[String], &Module)> {
        self.modules
            .iter()
            .map(|(path, module)| (path.as_slice(), module))
    }

    /// Returns every path that the module at `path` names: from `crate` on for its own crate, with re-exports followed to where an item
    /// is defined; otherwise from the other crate's name on.
    pub(crate) fn named_paths(&self, path: &[String]) -> BTreeSet<String> {
        let module = &self.modules[path];
        let globs = module.globs.iter().map(|glob| {
            let mut resolved = self.resolve(path, glob);
            resolved.push("*".to_owned());
            resolved
        });
        let written = module.written.iter().map(|written| self.resolve(path, written));
        written
            .chain(globs)
            .filter(|path| path.len() > 1)
            .map(|path| path.join("::"))
            .collect()
    }

    /// Returns the path of the item that `path`, which begins with `crate`, re-exports; another path as it is.
    pub(crate) fn canonical(&self, path: &str) -> String {
        let segments: Vec<_> = path.split("::").map(str::to_owned).collect();
        if segments[0] != "crate" {
            return path.to_owned();
        }
        self.resolve(&[], &segments).join("::")
    }

    /// Returns the path that `written` stands for in the module at `from`.
    fn resolve(&self, from: &[String], written: &[String]) -> Vec<String> {
        // A chain of re-exports longer than this is a circle of them.
        self.resolve_within(from, written, 16)
    }

    fn resolve_within(&self, from: &[String], written: &[String], depth: usize) -> Vec<String> {
        let mut base = from.to_vec();
        let mut rest = written;
        let mut is_own = false;
        while let Some(first) = rest.first() {
            match first.as_str() {
                "crate" => base.clear(),
                "self" => {}
                "super" => {
                    base.pop();
                }
                _ => break,
            }
            is_own = true;
            rest = &rest[1..];
        }
        if !is_own && !self.knows(from, &rest[0]) {
            return written.to_vec();
        }
        while let Some((name, after)) = rest.split_first() {
            base.push(name.clone());
            rest = after;
            if self.modules.contains_key(&base) {
                continue;
            }
            base.pop();
            let imported = self
                .modules
                .get(&base)
                .and_then(|module| module.imports.get(name));
            if let Some(imported) = imported
                && depth > 0
                && (base != from || imported != written)
            {
                let mut target = imported.clone();
                target.extend_from_slice(after);
                let resolved = self.resolve_within(&base, &target, depth - 1);
                // An item of another crate that a module re-exports is named as the module's own.
                if base == from || resolved.first().is_some_and(|first| first == "crate") {
                    return resolved;
                }
            }
            base.push(name.clone());
            base.extend_from_slice(after);
            break;
        }
        base.insert(0, "crate".to_owned());
        base
    }

    /// Returns whether a path in the module at `from` that begins with `name` begins with one of its children or imports.
    fn knows(&self, from: &[String], name: &String) -> bool {
        let mut child = from.to_vec();
        child.push(name.clone());
        let imported = self.modules[from].imports.get(name);
        // `use tokio;` and `use bytes::Bytes as bytes` bring in what they begin with.
        self.modules.contains_key(&child) || imported.is_some_and(|imported| imported.first() != Some(name))
    }
}

/// Returns the path of the module that a file is, from `crate` on.
fn module_path(file: &str) -> Vec<String> {
    let within = file.split_once("src/").map_or(file, |(_, within)| within);
    let segments = within.trim_end_matches(".rs").split('/');
    let mut path: Vec<_> = segments.map(str::to_owned).collect();
    if path
        .last()
        .is_some_and(|last| ["mod", "lib"].contains(&last.as_str()))
    {
        path.pop();
    }
    path
}

/// Reads the items of one module.
struct Reader<'ast> {
    module: Module,
    inline: Vec<(String, &'ast [Item])>,
}

impl Reader<'_> {
    fn import(&mut self, tree: &UseTree, prefix: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.import(&path.tree, prefix);
                prefix.pop();
            }
            UseTree::Name(name) => self.import_name(&name.ident.to_string(), None, prefix),
            UseTree::Rename(rename) => {
                self.import_name(&rename.ident.to_string(), Some(rename.rename.to_string()), prefix);
            }
            UseTree::Glob(_) => self.module.globs.push(prefix.clone()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, prefix);
                }
            }
        }
    }

    fn import_name(&mut self, name: &str, renamed: Option<String>, prefix: &[String]) {
        let mut path = prefix.to_vec();
        if name != "self" {
            path.push(name.to_owned());
        }
        let own = path.last().cloned().unwrap_or_default();
        self.module.names.insert(own.clone());
        self.module.written.insert(path.clone());
        self.module.imports.insert(renamed.unwrap_or(own), path);
    }

    /// Reads the names and the paths `a::b::c` of a macro's arguments or an attribute.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    let name = ident.to_string();
                    self.module.names.insert(name.clone());
                    if colons != 2 {
                        self.end_path(&mut path);
                    }
                    path.push(name);
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.end_path(&mut path);
                    self.read_tokens(group.stream());
                    colons = 0;
                }
                _ => {
                    self.end_path(&mut path);
                    colons = 0;
                }
            }
        }
        self.end_path(&mut path);
    }

    fn end_path(&mut self, path: &mut Vec<String>) {
        let ended = std::mem::take(path);
        if ended.len() > 1 {
            self.module.written.insert(ended);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'ast> {
    fn visit_item(&mut self, item: &'ast Item) {
        if attributes(item).iter().any(is_test_only) {
            return;
        }
        match item {
            Item::Mod(module) => {
                for attribute in &module.attrs {
                    self.visit_attribute(attribute);
                }
                if let Some((_, items)) = &module.content {
                    self.inline.push((module.ident.to_string(), items));
                }
            }
            Item::Use(item) => self.import(&item.tree, &mut Vec::new()),
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes = match item {
            syn::ImplItem::Fn(function) => function.attrs.as_slice(),
            syn::ImplItem::Const(constant) => &constant.attrs,
            _ => &[],
        };
        if !attributes.iter().any(is_test_only) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        self.module.written.insert(segments);
        visit::visit_path(self, path);
    }

    fn visit_ident(&mut self, ident: &'ast proc_macro2::Ident) {
        self.module.names.insert(ident.to_string());
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        visit::visit_macro(self, called);
        self.read_tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        visit::visit_attribute(self, attribute);
        if let syn::Meta::List(list) = &attribute.meta {
            self.read_tokens(list.tokens.clone());
        }
    }
}

/// Returns whether an attribute is `#[cfg(test)]`.
fn is_test_only(attribute: &Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return false;
    };
    list.path.is_ident("cfg") && list.tokens.to_string() == "test"
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
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
        _ => &[],
    }
}
