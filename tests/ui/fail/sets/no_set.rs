steadfast::policies! {
    upstream: [retry];
    other: [retry]
}

#[steadfast::resilient(upstream, self::other)]
fn two(id: u32) -> std::io::Result<u32> {
    Ok(id)
}

#[steadfast::resilient(upstream, attempts = 3)]
fn settings(id: u32) -> std::io::Result<u32> {
    Ok(id)
}

#[steadfast::resilient(upstream(attempts = 3))]
fn settings_in_parentheses(id: u32) -> std::io::Result<u32> {
    Ok(id)
}

#[steadfast::resilient(retry(attempts = 3), timeout("1s"))]
fn policies(id: u32) -> std::io::Result<u32> {
    Ok(id)
}

#[steadfast::resilient(retry, timeout)]
fn policies_without_arguments(id: u32) -> std::io::Result<u32> {
    Ok(id)
}

#[steadfast::resilient([retry, timeout])]
fn list(id: u32) -> std::io::Result<u32> {
    Ok(id)
}

// These work.
#[steadfast::resilient(upstream,)]
#[steadfast::resilient(other)]
fn right(id: u32) -> std::io::Result<u32> {
    Ok(id)
}

fn main() {
    let _ = (two(1), settings(1), settings_in_parentheses(1), policies(1), policies_without_arguments(1), list(1));
    let _ = right(1);
}
