//! The attributes of `#[derive(Classify)]`.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, ExprPath, Fields, Ident, Member, Meta, Path, Token};

use crate::ctxt::Ctxt;
use crate::suggest::unknown;

/// What the attributes on one variant, or on the type, say.
pub(super) struct Marks {
    /// With the attribute's name, which is underlined where it can't stand.
    pub(super) class: Option<(Mark, Ident)>,
    pub(super) krate: Option<Path>,
}

pub(super) enum Mark {
    Class(Kind),
    /// With the field that holds the hint.
    Hinted(Kind, Member),
    /// A function of the fields.
    Function(ExprPath),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Transient,
    Throttled,
    Permanent,
    Neutral,
}

impl Marks {
    pub(super) fn read(ctxt: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut marks = Self { class: None, krate: None };
        for (attr, name) in ours(attrs) {
            let mark = match &*name.to_string() {
                "transient" => Some(hinted(ctxt, attr, Kind::Transient)),
                "throttled" => Some(hinted(ctxt, attr, Kind::Throttled)),
                "permanent" => Some(plain(ctxt, attr, name, Kind::Permanent)),
                "neutral" => Some(plain(ctxt, attr, name, Kind::Neutral)),
                _ => classify(ctxt, attr, &mut marks.krate),
            };
            match (mark, &marks.class) {
                // #[transient]
                // #[permanent]
                //   ^^^^^^^^^
                (Some(_), Some((_, first))) if first == name => {
                    ctxt.error_spanned_by(name, format!("duplicate attribute `#[{name}]`"));
                }
                (Some(_), Some((_, first))) => {
                    ctxt.error_spanned_by(name, format!("an error has one class: remove `#[{name}]` or `#[{first}]`"));
                }
                (Some(mark), None) => marks.class = Some((mark, name.clone())),
                (None, _) => {}
            }
        }
        marks
    }
}

/// The attributes that belong to this derive, with their names.
fn ours(attrs: &[Attribute]) -> impl Iterator<Item = (&Attribute, &Ident)> {
    let names = ["transient", "throttled", "permanent", "neutral", "classify"];
    attrs.iter().filter_map(move |attr| {
        let name = attr.path().get_ident()?;
        names.iter().any(|ours| name == ours).then_some((attr, name))
    })
}

/// ```text
/// Http(#[transient] reqwest::Error)
///        ^^^^^^^^^
/// ```
pub(super) fn refuse_on_fields(ctxt: &Ctxt, fields: &Fields, owner: &str) {
    for (_, name) in fields.iter().flat_map(|field| ours(&field.attrs)) {
        ctxt.error_spanned_by(name, format!("`#[{name}]` belongs on the {owner}, not on its field"));
    }
}

/// `#[transient]`, `#[throttled(retry_after = wait)]`
fn hinted(ctxt: &Ctxt, attr: &Attribute, kind: Kind) -> Mark {
    let mut mark = Mark::Class(kind);
    arguments(ctxt, attr, &["retry_after"], |_, input| {
        let value = value(input);
        // #[throttled(retry_after = "5s")]
        //                           ^^^^
        let wrong = syn::Error::new_spanned(&value, "`retry_after` names a field, e.g. `retry_after = wait`");
        mark = Mark::Hinted(kind, syn::parse2(value).map_err(|_| wrong)?);
        Ok(())
    });
    mark
}

/// `#[permanent]`, `#[neutral]`
fn plain(ctxt: &Ctxt, attr: &Attribute, name: &Ident, kind: Kind) -> Mark {
    // #[permanent(retry_after = wait)]
    //   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    if !matches!(attr.meta, Meta::Path(_)) {
        let message = format!("`#[{name}]` takes no arguments: what is not retried has no `retry_after`");
        ctxt.error_spanned_by(&attr.meta, message);
    }
    Mark::Class(kind)
}

/// `#[classify(with = by_status)]`, `#[classify(crate = reexported::steadfast)]`
fn classify(ctxt: &Ctxt, attr: &Attribute, krate: &mut Option<Path>) -> Option<Mark> {
    let mut mark = None;
    // #[classify]
    //   ^^^^^^^^
    let says_nothing = match &attr.meta {
        Meta::Path(_) => true,
        Meta::List(list) => list.tokens.is_empty(),
        Meta::NameValue(_) => false,
    };
    if says_nothing {
        ctxt.error_spanned_by(attr.path(), "expected an argument, e.g. `#[classify(with = by_status)]`");
    }
    arguments(ctxt, attr, &["with", "crate"], |name, input| {
        if name == "crate" {
            if krate.is_some() {
                return Err(syn::Error::new(name.span(), "duplicate argument `crate`"));
            }
            let value = value(input);
            let wrong = syn::Error::new_spanned(&value, "expected a path, e.g. `crate = reexported::steadfast`");
            *krate = Some(Path::parse_mod_style.parse2(value).map_err(|_| wrong)?);
            return Ok(());
        }
        match without_groups(input.parse()?) {
            Expr::Path(path) => mark = Some(Mark::Function(path)),
            // #[classify(with = "by_status")]
            //                   ^^^^^^^^^^^
            other => {
                let message = "`with` names a function of the fields, e.g. `with = by_status`";
                return Err(syn::Error::new_spanned(other, message));
            }
        }
        Ok(())
    });
    mark
}

/// Calls `read` behind the `=` of each argument, and goes on behind the next comma after a mistake.
fn arguments(
    ctxt: &Ctxt,
    attr: &Attribute,
    known: &[&str],
    mut read: impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) {
    let mut given: Vec<Ident> = Vec::new();
    let mut argument = |input: ParseStream<'_>| {
        let name = input.call(Ident::parse_any);
        let name = name.map_err(|error| syn::Error::new(error.span(), format!("expected `{} = ..`", known[0])))?;
        if !known.iter().any(|known| name == known) {
            return Err(syn::Error::new(name.span(), unknown("argument", &name.to_string(), known)));
        }
        if given.contains(&name) {
            return Err(syn::Error::new(name.span(), format!("duplicate argument `{name}`")));
        }
        given.push(name.clone());
        if input.is_empty() || !input.peek(Token![=]) {
            return Err(syn::Error::new(name.span(), format!("`{name}` needs a value: `{name} = ..`")));
        }
        let equals: Token![=] = input.parse()?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(syn::Error::new_spanned(equals, format!("expected a value behind `{name} =`")));
        }
        read(&name, input)?;
        if input.is_empty() || input.peek(Token![,]) { Ok(()) } else { Err(input.error("expected `,`")) }
    };
    let all = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = argument(input) {
                ctxt.push(error);
                value(input);
            }
            let _comma: Option<Token![,]> = input.parse()?;
        }
        Ok(())
    };
    match &attr.meta {
        Meta::Path(_) => {}
        Meta::List(_) => {
            ctxt.ok(attr.parse_args_with(all));
        }
        // #[transient = wait]
        //             ^^^^^^
        Meta::NameValue(meta) => {
            let (name, value) = (&meta.path, &meta.value);
            let name = quote!(#name);
            let message = format!("arguments stand in parentheses: `#[{name}({} = ..)]`", known[0]);
            ctxt.error_spanned_by(value, message);
        }
    }
}

/// Everything up to the next comma.
fn value(input: ParseStream<'_>) -> TokenStream {
    let mut value = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        match input.parse::<TokenTree>() {
            Ok(token) => value.extend([token]),
            Err(_) => break,
        }
    }
    value
}

/// A `$f:path` of a `macro_rules!` comes in a group.
fn without_groups(mut expr: Expr) -> Expr {
    while let Expr::Group(group) = expr {
        expr = *group.expr;
    }
    expr
}
