use steadfast::{circuit_breaker, retry};

#[retry]
async fn serve() -> ! {
    loop {
        std::future::pending::<()>().await;
    }
}

#[circuit_breaker]
fn exit() -> ! {
    std::process::exit(1)
}

fn main() {
    let _ = serve();
    exit();
}
