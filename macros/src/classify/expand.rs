//! The impl that `#[derive(Classify)]` writes.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Ident, Member, Path};

use super::attr::Kind;
use super::case::{Case, Says};

/// ```text
/// #[derive(Classify)]
/// enum Error {
///     #[throttled(retry_after = wait)] Throttled { wait: Duration, quota: u32 },
///     #[permanent]                     NotFound,
///     #[classify(with = by_status)]    Status(u16),
///     #[error(transparent)]            Rejected(#[from] Rejection),
/// }
///
/// impl ::steadfast::Classify for Error {
///     fn class(&self) -> ::steadfast::Class {
///         use ::steadfast::__private::by_class::*;
///         match self {
///             Self::Throttled { wait, .. } => ::steadfast::Class::Throttled {
///                 retry_after: ::steadfast::__private::IntoHint::into_hint(*wait),
///             },
///             Self::NotFound => ::steadfast::Class::Permanent,
///             Self::Status(field_0) => by_status(::steadfast::__private::pass(field_0)),
///             Self::Rejected(field_0) => (&&&::steadfast::__private::Cause(field_0)).class(),
///         }
///     }
/// }
/// ```
pub(super) fn implement(input: &DeriveInput, krate: &Path, cases: &[Case<'_>]) -> TokenStream {
    let ladder = cases
        .iter()
        .any(|case| matches!(case.says, Says::Source(_)))
        .then(|| quote_spanned!(Span::mixed_site()=> use #krate::__private::by_class::*;));
    let body = match &input.data {
        Data::Enum(_) => by_variant(krate, cases),
        _ => cases.iter().map(|case| class(krate, case)).collect(),
    };
    let span = Span::mixed_site();
    let method = quote_spanned! {span=>
        fn class(&self) -> #krate::Class {
            #ladder
            #body
        }
    };
    frame(input, krate, &method)
}

/// An impl with the default of the trait, for a type that could not be understood.
pub(super) fn says_nothing(input: &DeriveInput, krate: &Path) -> TokenStream {
    frame(input, krate, &TokenStream::new())
}

fn frame(input: &DeriveInput, krate: &Path, content: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #impl_generics #krate::Classify for #name #ty_generics #where_clause {
            #content
        }
    }
}

/// The `match`, with variants that say the same in one arm.
fn by_variant(krate: &Path, cases: &[Case<'_>]) -> TokenStream {
    let span = Span::mixed_site();
    let mut arms: Vec<(Option<Kind>, TokenStream, TokenStream)> = Vec::new();
    for case in cases {
        let pattern = pattern(case);
        let kind = if let Says::Class(kind) = case.says { Some(kind) } else { None };
        match arms.iter_mut().find(|(known, ..)| kind.is_some() && *known == kind) {
            Some((_, patterns, _)) => patterns.extend(quote_spanned!(span=> | #pattern)),
            None => arms.push((kind, pattern, class(krate, case))),
        }
    }
    match &*arms {
        [] => quote_spanned!(span=> match *self {}),
        [(Some(_), _, class)] => class.clone(),
        arms => {
            let arms = arms.iter().map(|(_, pattern, class)| quote_spanned!(span=> #pattern => #class,));
            quote_spanned!(span=> match self { #(#arms)* })
        }
    }
}

/// The class by what the case says.
fn class(krate: &Path, case: &Case<'_>) -> TokenStream {
    let span = Span::mixed_site();
    match &case.says {
        Says::Class(Kind::Transient) => quote_spanned!(span=> #krate::Class::TRANSIENT),
        Says::Class(Kind::Throttled) => quote_spanned!(span=> #krate::Class::THROTTLED),
        Says::Class(kind) => {
            let kind = name(*kind);
            quote_spanned!(span=> #krate::Class::#kind)
        }
        Says::Hinted(kind, field, named) => {
            let kind = name(*kind);
            // A field of another type is underlined where the attribute names it.
            let at = span.located_at(*named);
            let field = value(case, *field, at);
            let hint = quote_spanned!(at=> #krate::__private::IntoHint::into_hint(#field));
            quote_spanned!(span=> #krate::Class::#kind { retry_after: #hint })
        }
        Says::Function(function) => {
            // A function of other types is underlined, not the derive.
            let at = span.located_at(function.span());
            let fields = (0..case.fields.len()).map(|field| {
                let field = reference(case, field, at);
                quote_spanned!(at=> #krate::__private::pass(#field))
            });
            quote_spanned!(at=> #function(#(#fields),*))
        }
        Says::Source(field) => {
            let field = reference(case, *field, span);
            quote_spanned!(span=> (&&&#krate::__private::Cause(#field)).class())
        }
    }
}

fn name(kind: Kind) -> Ident {
    let name = match kind {
        Kind::Transient => "Transient",
        Kind::Throttled => "Throttled",
        Kind::Permanent => "Permanent",
        Kind::Neutral => "Neutral",
    };
    Ident::new(name, Span::mixed_site())
}

/// `Self::Throttled { wait, .. }`
fn pattern(case: &Case<'_>) -> TokenStream {
    let span = Span::mixed_site();
    let variant = case.variant;
    let used = match case.says {
        Says::Class(_) => 0..0,
        Says::Hinted(_, field, _) | Says::Source(field) => field..field + 1,
        Says::Function(_) => 0..case.fields.len(),
    };
    let bindings = used.clone().map(|field| binding(case.fields, field, span));
    let rest = |left: bool| left.then(|| quote_spanned!(span=> ..));
    match case.fields {
        Fields::Unit => quote_spanned!(span=> Self::#variant),
        Fields::Named(_) => {
            let rest = rest(used.len() < case.fields.len());
            quote_spanned!(span=> Self::#variant { #(#bindings,)* #rest })
        }
        Fields::Unnamed(_) => {
            let before = (0..used.start).map(|_| quote_spanned!(span=> _));
            let rest = rest(used.end < case.fields.len());
            quote_spanned!(span=> Self::#variant(#(#before,)* #(#bindings,)* #rest))
        }
    }
}

/// The name of a field, or `field_0` for the first of a tuple, as a local variable.
fn binding(fields: &Fields, field: usize, span: Span) -> TokenStream {
    let ident = match fields.members().nth(field) {
        Some(Member::Named(mut name)) => {
            name.set_span(span);
            name
        }
        _ => format_ident!("field_{}", field, span = span),
    };
    quote!(#ident)
}

/// The field of a struct, `self.wait`, or what the pattern has bound to the one of a variant, `*wait`.
fn value(case: &Case<'_>, field: usize, span: Span) -> TokenStream {
    if case.variant.is_some() {
        let binding = binding(case.fields, field, span);
        return quote_spanned!(span=> *#binding);
    }
    let member = case.fields.members().nth(field);
    quote_spanned!(span=> self.#member)
}

fn reference(case: &Case<'_>, field: usize, span: Span) -> TokenStream {
    if case.variant.is_some() {
        return binding(case.fields, field, span);
    }
    let value = value(case, field, span);
    quote_spanned!(span=> &#value)
}
