//! How a policy is called in events and rejections.

use core::any::type_name;
use core::fmt;

/// The name of a policy: given with `name = ".."`, or the path of the function that the attribute stands on.
#[derive(Clone, Copy)]
pub(crate) struct Name(Source);

#[derive(Clone, Copy)]
enum Source {
    Given(&'static str),
    /// The type name of a closure inside the function. A pointer, since `type_name` is not `const`.
    Inside(fn() -> &'static str),
}

impl Name {
    /// A policy without a name of its own.
    pub(crate) const UNNAMED: Self = Self::given("unnamed");

    /// A name that somebody chose.
    pub(crate) const fn given(name: &'static str) -> Self {
        Self(Source::Given(name))
    }

    /// The path of the function in which `closure` stands, the type of a method included.
    pub(crate) const fn inside<F: Fn()>(_closure: &F) -> Self {
        Self(Source::Inside(type_name::<F>))
    }

    /// Whether somebody chose it.
    #[cfg(feature = "registry")]
    pub(crate) fn is_given(self) -> bool {
        matches!(self.0, Source::Given(name) if name != Self::UNNAMED.as_str())
    }

    /// The name as text.
    pub(crate) fn as_str(self) -> &'static str {
        match self.0 {
            Source::Given(name) => name,
            Source::Inside(closure) => enclosing_function(closure()),
        }
    }
}

/// ```text
/// shop::Cart::pay::{{closure}}::RETRY::{{closure}}  ->  shop::Cart::pay
/// ```
fn enclosing_function(closure: &'static str) -> &'static str {
    without_lifetimes(function(closure))
}

fn function(closure: &'static str) -> &'static str {
    let path = without_closures(closure);
    match path.rsplit_once("::") {
        // The expansion keeps the policy in a `static`, which is part of the path.
        Some((
            function,
            "RETRY" | "CIRCUIT_BREAKER" | "BULKHEAD" | "RATE_LIMIT" | "TIMEOUT" | "FALLBACK" | "HEDGE",
        )) => without_closures(function),
        _ => path,
    }
}

fn without_closures(mut path: &'static str) -> &'static str {
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    path
}

/// `#[async_trait]` gives a method lifetimes of its own: `<Cart as Pay>::pay<'_, '_>`.
fn without_lifetimes(path: &'static str) -> &'static str {
    let arguments = path.strip_suffix('>').and_then(|path| path.rsplit_once('<'));
    match arguments {
        Some((function, lifetimes)) if lifetimes.chars().all(|c| matches!(c, '\'' | '_' | ',' | ' ')) => {
            function.strip_suffix("::").unwrap_or(function)
        }
        _ => path,
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Cart;

    impl Cart {
        fn pay() -> Name {
            static RETRY: Name = Name::inside(&|| {});
            RETRY
        }

        #[expect(non_snake_case, reason = "as of a verb of HTTP")]
        fn GET() -> Name {
            Name::inside(&|| {})
        }

        #[expect(clippy::unused_async, reason = "for its name")]
        async fn order() -> Name {
            Name::inside(&|| {})
        }
    }

    #[test]
    fn lifetimes_are_no_part_of_it() {
        for (closure, name) in [
            (
                "<shop::Cart as shop::Pay>::pay<'_, '_>::{{closure}}::RETRY::{{closure}}",
                "<shop::Cart as shop::Pay>::pay",
            ),
            ("shop::pay::<'_>::{{closure}}", "shop::pay"),
            ("shop::pay<u32>::{{closure}}", "shop::pay<u32>"),
            ("<shop::Cart<'_> as shop::Pay>::pay::{{closure}}", "<shop::Cart<'_> as shop::Pay>::pay"),
            ("<shop::Cart>", "<shop::Cart>"),
        ] {
            assert_eq!(enclosing_function(closure), name);
        }
    }

    #[tokio::test]
    async fn a_function_is_named_with_its_type() {
        assert_eq!(Cart::pay().as_str(), "steadfast::name::tests::Cart::pay");
        assert_eq!(Cart::order().await.as_str(), "steadfast::name::tests::Cart::order");
        assert_eq!(Cart::GET().as_str(), "steadfast::name::tests::Cart::GET");
        assert_eq!(Name::given("payments").as_str(), "payments");
    }
}
