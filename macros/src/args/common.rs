//! The arguments that every attribute takes.

use syn::{Expr, ExprLit, Lit, LitStr, Path};

use super::Args;
use super::flags::Flags;

#[derive(Default)]
pub(crate) struct Common {
    pub(crate) name: Option<LitStr>,
    pub(crate) flags: Flags,
    /// `Fn(Rejection) -> E`.
    pub(crate) error: Option<Expr>,
    pub(crate) root: Option<Path>,
    pub(crate) docs: bool,
}

impl Common {
    pub(crate) fn read(args: &mut Args<'_>) -> Self {
        let mut common = Self { docs: true, ..Self::default() };
        if args.kind.is_policy() {
            common.flags = Flags::read(args);
            if args.has_handle() {
                args.refuse_beside_handle(&["name"]);
            } else {
                common.name = args.expr("name").and_then(|(_, expr)| name(args, &expr));
            }
        }
        if args.kind.takes_error() {
            common.error = args.expr("error").map(|(_, expr)| expr);
        }
        if let Some((_, expr)) = args.expr("crate") {
            match expr {
                Expr::Path(path) if path.qself.is_none() => common.root = Some(path.path),
                other => {
                    args.ctxt.error_spanned_by(other, "`crate` takes a path, e.g. `crate = ::my_crate::steadfast`");
                }
            }
        }
        if let Some((_, expr)) = args.expr("docs") {
            match expr {
                Expr::Lit(ExprLit { lit: Lit::Bool(docs), .. }) => common.docs = docs.value,
                other => args.ctxt.error_spanned_by(other, "`docs` takes `true` or `false`"),
            }
        }
        common
    }
}

fn name(args: &Args<'_>, expr: &Expr) -> Option<LitStr> {
    let message = match super::setting::literal(expr) {
        Some(Lit::Str(name)) if !name.value().trim().is_empty() => return Some(name.clone()),
        Some(Lit::Str(_)) => "`name` is empty; leave it out for the function's path",
        _ => "`name` takes a string literal, e.g. `name = \"payments\"`",
    };
    args.ctxt.error_spanned_by(expr, message);
    None
}
