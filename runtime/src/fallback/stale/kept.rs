//! What of an outcome is kept, found by the shape of its type: the success of a `Result`, anything else whole.
//!
//! `(&&Keeps(..)).part()` picks the first rung that fits, since method lookup tries fewer references later.

use core::any::{Any, TypeId};
use core::marker::PhantomData;
use std::sync::Arc;

/// A success of some type.
pub(super) type Erased = Arc<dyn Any + Send + Sync>;

/// Asks what of an `R` is kept.
#[derive(Debug)]
pub struct Keeps<R>(pub(super) PhantomData<fn() -> R>);

/// Of a `Result` its success.
#[derive(Debug, Clone, Copy)]
pub struct Success;

/// All of it.
#[derive(Debug, Clone, Copy)]
pub struct Whole;

/// A `Result`.
pub trait IsResult {
    /// Which part is kept.
    fn part(&self) -> Success;
}

impl<T, E> IsResult for &Keeps<Result<T, E>> {
    #[inline]
    fn part(&self) -> Success {
        Success
    }
}

/// Any other type.
pub trait IsOther {
    /// Which part is kept.
    fn part(&self) -> Whole;
}

impl<R> IsOther for Keeps<R> {
    #[inline]
    fn part(&self) -> Whole {
        Whole
    }
}

/// A return type of which a part can be kept.
#[diagnostic::on_unimplemented(
    message = "the last success of `{Self}` cannot be kept",
    label = "a `#[fallback(stale = ..)]` keeps a clone of each success, for a call that any thread may make",
    note = "its success must be `Clone + Send + Sync + 'static`: in a generic function these are bounds of its type, and \
            what is not `Clone` can be returned in an `Arc`"
)]
pub trait Kept<P>: Sized {
    /// The type of what is kept.
    fn kind() -> TypeId;

    /// A clone of it, where the outcome has one.
    fn keep(&self) -> Option<Arc<dyn Any + Send + Sync>>;

    /// An outcome with a clone of it.
    fn answer(kept: &(dyn Any + Send + Sync)) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static, E> Kept<Success> for Result<T, E> {
    fn kind() -> TypeId {
        TypeId::of::<T>()
    }

    #[inline]
    fn keep(&self) -> Option<Erased> {
        Some(Arc::new(self.as_ref().ok()?.clone()))
    }

    fn answer(kept: &(dyn Any + Send + Sync)) -> Option<Self> {
        kept.downcast_ref().cloned().map(Ok)
    }
}

#[diagnostic::do_not_recommend]
impl<R: Clone + Send + Sync + 'static> Kept<Whole> for R {
    fn kind() -> TypeId {
        TypeId::of::<R>()
    }

    #[inline]
    fn keep(&self) -> Option<Erased> {
        Some(Arc::new(self.clone()))
    }

    fn answer(kept: &(dyn Any + Send + Sync)) -> Option<Self> {
        kept.downcast_ref().cloned()
    }
}

/// How the successes of an `R` are kept.
#[derive(Debug)]
pub struct Keeper<R> {
    pub(super) kind: fn() -> TypeId,
    pub(super) keep: fn(&R) -> Option<Erased>,
    pub(super) answer: fn(&(dyn Any + Send + Sync)) -> Option<R>,
}

/// How the successes of an `R` are kept. Asked where the return type is spelled, so that one that cannot be kept is one
/// error there; whoever is given the answer asks nothing of `R` any more.
#[inline]
pub fn keeper<R: Kept<P>, P>(_part: P) -> Keeper<R> {
    Keeper { kind: R::kind, keep: R::keep, answer: R::answer }
}
