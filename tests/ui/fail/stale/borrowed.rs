use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use steadfast::fallback;

#[fallback(stale = "10m")]
fn reference(text: &str) -> io::Result<&str> {
    Ok(text)
}

#[fallback(stale = "10m")]
async fn within<'a>(text: &'a str) -> Result<Vec<Cow<'a, str>>, io::Error> {
    Ok(vec![text.into()])
}

#[fallback(stale = "10m", on(None))]
fn whole(text: &str) -> Option<Cow<'_, str>> {
    Some(text.into())
}

// None of these borrows what is kept.
#[fallback(stale = "10m")]
fn in_the_error(text: &str) -> Result<&'static str, &str> {
    Err(text)
}

#[fallback(stale = "10m")]
fn function(text: &str) -> io::Result<Arc<dyn Fn(&str) -> &str + Send + Sync>> {
    let _ = text;
    Ok(Arc::new(|text| text))
}

fn main() {
    let _ = (reference(""), within(""), whole(""), in_the_error(""), function(""));
}
