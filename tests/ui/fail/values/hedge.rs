use std::io;
use steadfast::hedge;

#[hedge(after = 50)]
async fn without_unit() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = "50 minutes")]
async fn no_unit() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = "50ms", attempts = 1)]
async fn the_first_alone() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = "50ms", attempts = 0)]
async fn none() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = "50ms", attempts = -1)]
async fn negative() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = "50ms", attempts = 4_294_967_296)]
async fn too_many() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = "50ms", budget = 0.1)]
async fn no_budget() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (without_unit(), no_unit(), the_first_alone(), none(), negative(), too_many(), no_budget());
}
