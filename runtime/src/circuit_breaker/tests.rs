//! The cases of the breaker, by their numbers.
