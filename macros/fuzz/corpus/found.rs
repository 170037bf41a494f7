// What was found, and is mended.

// The error was not known where the success is an `impl Trait`, and one of two policies has `error`.
#[timeout("1h", error = Error::from)]
#[bulkhead(max_concurrent = 1)]
async fn f() -> Result<impl Debug, Error> { Ok(7_u8) }
