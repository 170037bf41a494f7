//! Functions that are right, made up at random: of any shape, under any policies. The compiler takes them too
//! (`.ci/fuzz`), since all that they name is in `macros/fuzz/prelude.rs`.

mod parts;
mod stack;
mod write;

use self::parts::{ARGUMENTS, Argument, OUTPUTS, Output};
pub(crate) use self::write::file;
use super::Random;

/// Where a function stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Free,
    Method,
    TraitDefault,
    TraitImpl,
}

pub(crate) struct Valid {
    pub(crate) place: Place,
    pub(crate) text: String,
    signature: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Async,
    Blocking,
    Future,
    Boxed,
}
struct Function<'r> {
    random: &'r mut Random,
    form: Form,
    output: &'static Output,
    arguments: Vec<&'static Argument>,
    receiver: Option<&'static str>,
    /// The arguments that are cloned.
    clones: Vec<&'static str>,
    /// Whether a fallback above takes all rejections.
    is_covered: bool,
    timeouts: usize,
}
pub(crate) fn valid(random: &mut Random) -> Valid {
    let place =
        random.pick(&[Place::Free, Place::Free, Place::Method, Place::Method, Place::TraitDefault, Place::TraitImpl]);
    let form = random.pick(&[
        Form::Async,
        Form::Async,
        Form::Async,
        Form::Blocking,
        Form::Blocking,
        Form::Future,
        Form::Boxed,
    ]);
    let output = &OUTPUTS[random.below(OUTPUTS.len())];
    let is_trait = matches!(place, Place::TraitDefault | Place::TraitImpl);
    // A trait is no place for an opaque type in a blocking function that captures nothing.
    let output = if output.ty.contains("impl") && (is_trait || form == Form::Boxed || form == Form::Future) {
        &OUTPUTS[0]
    } else {
        output
    };
    let mut arguments: Vec<&'static Argument> = Vec::new();
    for argument in &ARGUMENTS {
        // What would be borrowed by the future ends before it.
        let is_future = matches!(form, Form::Future | Form::Boxed);
        let fits = !(is_future && argument.text.starts_with("ref"))
            && !(form == Form::Boxed && (argument.borrows || argument.text.contains("impl")))
            && !(place == Place::TraitDefault && argument.text.contains("impl"))
            && !(output.ty.contains("use<>") && (argument.borrows || argument.text.contains("impl")));
        if fits && random.one_in(6) {
            arguments.push(argument);
        }
    }
    let receivers: &[&str] = match (place, form) {
        (Place::Free, _) => &[],
        (_, Form::Boxed) => &["self: Arc<Self>", "self: Box<Self>"],
        (Place::TraitDefault, _) => &["&self", "&mut self", "self: Arc<Self>", "&'_ self"],
        _ if output.ty.contains("use<>") => &["self", "self: Arc<Self>"],
        _ => &[
            "&self",
            "&self",
            "&mut self",
            "self",
            "mut self",
            "self: Arc<Self>",
            "self: &Self",
            "self: Pin<&mut Self>",
        ],
    };
    let receiver = if receivers.is_empty() || random.one_in(9) { None } else { Some(random.pick(receivers)) };
    let mut function =
        Function { random, form, output, arguments, receiver, clones: Vec::new(), is_covered: false, timeouts: 0 };
    let stack = function.stack();
    function.written(place, &stack)
}

impl Function<'_> {
    fn is_async(&self) -> bool {
        self.form != Form::Blocking
    }
}
