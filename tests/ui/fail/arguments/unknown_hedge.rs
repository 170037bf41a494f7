use std::io;
use steadfast::hedge;

#[hedge]
async fn nothing() -> io::Result<u32> {
    Ok(1)
}

#[hedge("50ms")]
async fn without_a_name() -> io::Result<u32> {
    Ok(1)
}

#[hedge(delay = "50ms", attempt = 3)]
async fn misspelt() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = "50ms", error = io::Error::other, rejections(timeout), enabled = true)]
async fn of_others() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after("50ms"), attempts(3))]
async fn in_parentheses() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (nothing(), without_a_name(), misspelt(), of_others(), in_parentheses());
}
