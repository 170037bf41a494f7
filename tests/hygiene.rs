//! An expansion meets no name of the user's, and no name of the expansion meets the user's.

mod hygiene {
    mod locals;
    mod macros;
    mod names;
    mod no_prelude;
    mod paths;
    mod sets;
    mod shadowed;
}
