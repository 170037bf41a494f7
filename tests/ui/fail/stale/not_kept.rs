use std::cell::Cell;
use std::io;
use std::rc::Rc;
use steadfast::{fallback, timeout};

struct NoClone;

#[fallback(stale = "10m")]
fn no_clone() -> io::Result<NoClone> {
    Ok(NoClone)
}

#[fallback(stale = "10m")]
#[timeout("1s")]
async fn no_send() -> Result<Rc<u32>, io::Error> {
    Ok(Rc::new(1))
}

#[fallback(stale = "10m", on(None))]
fn no_sync() -> Option<Cell<u32>> {
    None
}

#[fallback(stale = "10m")]
async fn generic<T: Default>() -> io::Result<T> {
    Ok(T::default())
}

#[fallback(stale = "10m")]
async fn unnamed() -> io::Result<impl Iterator<Item = u32>> {
    Ok([1].iter().map(|n| *n).filter(|_| true).inspect(|_| ()).chain(NotCloned))
}

struct NotCloned;

impl Iterator for NotCloned {
    type Item = u32;
    fn next(&mut self) -> Option<u32> {
        None
    }
}

fn main() {
    let _ = (no_clone(), no_send(), no_sync(), generic::<u32>(), unnamed());
}
