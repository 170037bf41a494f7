use steadfast::bulkhead;

#[derive(Debug)]
struct Error;

#[bulkhead(max_concurrent = 3)]
async fn no_from() -> Result<u32, Error> {
    Ok(1)
}

fn main() {
    let _ = no_from();
}
