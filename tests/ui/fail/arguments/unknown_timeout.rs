use std::io;
use steadfast::timeout;

#[timeout("1s", nam = "fetch")]
async fn near() -> io::Result<u32> {
    Ok(1)
}

#[timeout("1s", seconds = 1)]
async fn far() -> io::Result<u32> {
    Ok(1)
}

// A timeout does not judge outcomes.
#[timeout("1s", on(Err(_)))]
async fn of_another_policy() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (near(), far(), of_another_policy());
}
