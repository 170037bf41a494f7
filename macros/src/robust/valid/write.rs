//! A function that is made up, as text.

use super::{Form, Function, Place, Valid};

impl Function<'_> {
    fn body(&mut self) -> String {
        let good = self.output.good;
        let step = if self.is_async() { "wait().await" } else { "step()" };
        let mut statements: Vec<String> = [
            "let three = 3_u8; let _ = three;",
            "assert!(true, \"{}\", 1);",
            "const LOCAL: u32 = 3; let _ = LOCAL;",
            "fn helper<T>(t: T) -> T { t } let _ = helper(5);",
            "struct Local; impl Drop for Local { fn drop(&mut self) {} } let local = Local;",
            "use std::fmt::Write as _; let mut text = String::new(); let _ = write!(text, \"{}\", 1);",
            "'outer: loop { break 'outer; }",
            "let r#match = 1; let _ = r#match;",
            "let closure = |x: u32| -> u32 { return x + 1 }; let _ = closure(1);",
            "match 3 { 0..=2 => {} n if n > 5 => {} _ => {} }",
            "#[allow(unused)] let z = 1;",
            "macro_rules! one { () => { 1 }; } let _ = one!();",
            "let (retry, call, attempt, body) = (1, 2, 3, 4); let _ = (retry, call, attempt, body);",
            ";;",
            "{ let _scope = (); }",
        ]
        .into_iter()
        .filter(|_| self.random.one_in(6))
        .map(str::to_owned)
        .collect();
        if self.random.one_in(3) {
            statements.push(format!("if 1 > 2 {{ return {good}; }}"));
        }
        if self.random.one_in(4) {
            statements.push(format!("let Some(_) = Some(1) else {{ return {good} }};"));
        }
        if self.output.error.is_some() && !self.random.one_in(3) {
            statements.push(format!("{step}?;"));
        }
        for argument in &self.arguments {
            if !self.random.one_in(3) {
                statements.push(argument.used.to_owned());
            }
        }
        for clone in &self.clones {
            if self.random.one_in(2) {
                // The last thing that is done with it.
                statements.push(format!("let _consumed = {clone};"));
            }
        }
        let tail = match self.random.below(6) {
            0 if self.output.ty.contains("impl") => good.to_owned(),
            0 => format!("return {good};"),
            1 => format!("{{ {good} }}"),
            2 => format!("if 1 < 2 {{ {good} }} else {{ {good} }}"),
            3 => format!("match 1 {{ 1 => {good}, _ => {good} }}"),
            _ => good.to_owned(),
        };
        let inner = if self.random.one_in(8) && !matches!(self.form, Form::Future | Form::Boxed) {
            "#![allow(unused)] "
        } else {
            ""
        };
        format!("{inner}{} {tail}", statements.join(" "))
    }

    pub(super) fn written(mut self, place: Place, stack: &[String]) -> Valid {
        let body = self.body();
        let generics = match self.random.below(5) {
            _ if self.output.ty.contains("use<>") => "",
            0 => "<T: Clone + Default>",
            1 => "<'x, T, const N: usize>",
            _ => "",
        };
        let bounds = match generics {
            "" => "",
            _ if self.form == Form::Boxed => " where T: 'static",
            _ => self.random.pick(&["", " where T: Debug,", " where for<'y> &'y T: Debug"]),
        };
        let receiver = self.receiver.map(str::to_owned);
        let arguments: Vec<String> =
            receiver.into_iter().chain(self.arguments.iter().map(|a| a.text.to_owned())).collect();
        let arguments = arguments.join(", ");
        let ty = if self.output.ty.is_empty() { "()" } else { self.output.ty };
        let (output, body) = match self.form {
            Form::Async | Form::Blocking if self.output.ty.is_empty() => (String::new(), body),
            Form::Async | Form::Blocking => (format!(" -> {ty}"), body),
            Form::Future => (format!(" -> impl Future<Output = {ty}>"), format!("async move {{ {body} }}")),
            Form::Boxed => (
                format!(" -> Pin<Box<dyn Future<Output = {ty}>>>"),
                format!("let _before = 1; Box::pin(async move {{ {body} }})"),
            ),
        };
        let is_trait = matches!(place, Place::TraitDefault | Place::TraitImpl);
        let visibility = if is_trait { "" } else { self.random.pick(&["", "pub ", "pub(crate) "]) };
        let asyncness = if self.form == Form::Async { "async " } else { "" };
        let unsafety = if self.random.one_in(12) { "unsafe " } else { "" };
        let signature = format!("{asyncness}{unsafety}fn NAME{generics}({arguments}){output}{bounds}");
        let mut attributes = String::new();
        for policy in stack {
            let extra = self.random.pick(&[
                "",
                "",
                "",
                "/// Words.\n",
                "#[inline] ",
                "#[cfg(all())] ",
                "#[cfg_attr(all(), inline)] ",
                "#[allow(unused)] ",
                "/** More. */ ",
            ]);
            let path = self.random.pick(&["", "", "", "steadfast::", "::steadfast::"]);
            attributes += &[extra, "#[", path, policy, "]\n"].concat();
        }
        let text = format!("{attributes}{visibility}{signature} {{ {body} }}");
        Valid { place, text, signature }
    }
}

/// Functions in one file, for the compiler.
pub(crate) fn file(functions: &[Valid]) -> String {
    let mut file = vec![include_str!("../../../fuzz/prelude.rs").to_owned()];
    for (number, Valid { place, text, signature }) in functions.iter().enumerate() {
        let name = |text: &str| text.replacen("NAME", &format!("f{number}"), 1);
        let (text, signature) = (name(text), name(signature));
        // Patterns are for functions with a body.
        file.push(match place {
            Place::Free => format!("{text}\n"),
            Place::Method => format!("impl Client {{ {text} }}\n"),
            Place::TraitDefault => format!(
                "trait Trait{number} {{ {} }}\n",
                text.replace("self.breaker", "BREAKER").replace("self.places", "PLACES")
            ),
            Place::TraitImpl => format!(
                "trait Trait{number} {{ {}; }}\nimpl Trait{number} for Client {{ {text} }}\n",
                declared(&signature)
            ),
        });
    }
    file.push("fn main() {}\n".to_owned());
    file.concat()
}

fn declared(signature: &str) -> String {
    let patterns = [
        ("mut self", "self"),
        ("mut b:", "b:"),
        ("(c, d):", "_:"),
        ("Point { x, y: _ }:", "_:"),
        ("[i, ..]:", "_:"),
        ("&j:", "_:"),
        ("ref k:", "_:"),
        ("p @ (q, _):", "_:"),
    ];
    let keep = signature.replace("&mut self", "&MUT");
    patterns.iter().fold(keep, |text, (from, to)| text.replace(from, to)).replace("&MUT", "&mut self")
}
