//! What a variant, or a struct, says of itself: by its marks, or else by the error that it holds.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Attribute, ExprPath, Fields, Ident, Member, Variant};

use super::attr::{Kind, Mark, Marks, refuse_on_fields};
use crate::ctxt::Ctxt;
use crate::suggest::{List, nearest};

/// A variant of an enum, or a struct.
pub(super) struct Case<'a> {
    /// `None` for a struct.
    pub(super) variant: Option<&'a Ident>,
    pub(super) fields: &'a Fields,
    pub(super) says: Says,
}

pub(super) enum Says {
    Class(Kind),
    /// With the field that holds the hint, and where the attribute names it.
    Hinted(Kind, usize, Span),
    /// What a function of all fields makes of them.
    Function(ExprPath),
    /// What the error in this field says.
    Source(usize),
}

impl<'a> Case<'a> {
    pub(super) fn of_struct(ctxt: &Ctxt, attrs: &[Attribute], fields: &'a Fields, marks: Marks) -> Self {
        Self { variant: None, fields, says: says(ctxt, "struct", marks, attrs, fields) }
    }

    pub(super) fn of_variant(ctxt: &Ctxt, variant: &'a Variant) -> Self {
        let marks = Marks::read(ctxt, &variant.attrs);
        // #[classify(crate = reexported::steadfast)]
        //                    ^^^^^^^^^^^^^^^^^^^^^
        // NotFound,
        if let Some(krate) = &marks.krate {
            ctxt.error_spanned_by(krate, "`crate` is said once, in a `#[classify(crate = ..)]` above the enum");
        }
        let says = says(ctxt, "variant", marks, &variant.attrs, &variant.fields);
        Self { variant: Some(&variant.ident), fields: &variant.fields, says }
    }
}

fn says(ctxt: &Ctxt, owner: &str, marks: Marks, attrs: &[Attribute], fields: &Fields) -> Says {
    refuse_on_fields(ctxt, fields, owner);
    match marks.class {
        Some((Mark::Class(kind), _)) => Says::Class(kind),
        Some((Mark::Hinted(kind, member), _)) => {
            if let Some(index) = fields.members().position(|field| field == member) {
                return Says::Hinted(kind, index, member.span());
            }
            ctxt.error_spanned_by(&member, no_such_field(&member, fields, owner));
            Says::Class(kind)
        }
        Some((Mark::Function(path), _)) => Says::Function(path),
        None => source(attrs, fields).map_or(Says::Class(Kind::Transient), Says::Source),
    }
}

/// ```text
/// #[throttled(retry_after = wiat)]
///                           ^^^^
/// Throttled { wait: Duration },
/// ```
fn no_such_field(member: &Member, fields: &Fields, owner: &str) -> String {
    let name = |member: &Member| member.to_token_stream().to_string();
    let names: Vec<_> = fields.members().map(|field| name(&field)).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let given = name(member);
    let fix = match (nearest(&given, &names), &*names) {
        (_, []) => format!("the {owner} has no fields"),
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, names) => format!("expected one of: {}", List(names)),
    };
    format!("no field `{given}` in this {owner}; {fix}")
}

/// The one field that holds the cause, as thiserror finds it: marked `#[from]` or `#[source]`, or named `source`, or
/// the only one where the whole is `#[error(transparent)]`.
fn source(attrs: &[Attribute], fields: &Fields) -> Option<usize> {
    let the_one = |is_source: &dyn Fn(&syn::Field) -> bool| {
        let mut found = fields.iter().enumerate().filter(|(_, field)| is_source(field));
        found.next().filter(|_| found.next().is_none()).map(|(index, _)| index)
    };
    let marked = |field: &syn::Field| {
        field.attrs.iter().any(|attr| attr.path().is_ident("from") || attr.path().is_ident("source"))
    };
    if fields.iter().any(marked) {
        the_one(&marked)
    } else if fields.len() == 1 && attrs.iter().any(transparent) {
        Some(0)
    } else {
        the_one(&|field| field.ident.as_ref().is_some_and(|name| name == "source"))
    }
}

fn transparent(attr: &Attribute) -> bool {
    attr.path().is_ident("error") && attr.parse_args::<Ident>().is_ok_and(|argument| argument == "transparent")
}
