//! The attributes of steadfast.

mod ctxt;
mod duration;
mod suggest;
