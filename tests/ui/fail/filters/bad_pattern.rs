use std::io;
use steadfast::retry;

#[retry(on(Err(error.is_timeout())))]
fn an_expression() -> io::Result<u32> {
    Ok(1)
}

#[retry(on(Err(_) Ok(0)))]
fn no_comma() -> io::Result<u32> {
    Ok(1)
}

#[retry(on(Ok(v) if))]
fn no_condition() -> io::Result<u32> {
    Ok(1)
}

#[retry(on(|error| true))]
fn a_function() -> io::Result<u32> {
    Ok(1)
}

#[retry(on(Err(_) => true))]
fn an_arm_with_a_value() -> io::Result<u32> {
    Ok(1)
}

#[retry(retry_after(Err(_)))]
fn an_arm_without_a_value() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (an_expression(), no_comma(), no_condition(), a_function());
    let _ = (an_arm_with_a_value(), an_arm_without_a_value());
}
