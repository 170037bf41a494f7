use std::io;
use steadfast::bulkhead;

const TEN: u32 = 10;
static PLACES: steadfast::Bulkhead = steadfast::Bulkhead::new(1);

#[bulkhead(adaptive, max_concurrent = 3)]
fn both() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(min = 0))]
fn zero() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(max = 0))]
fn none_at_all() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(min = 10, max = 5))]
fn upside_down() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(min = 500))]
fn above_the_default() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(min = 5, max = 10, initial = 3))]
fn begins_below() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(min = TEN, max = 20, initial = 30))]
fn begins_above() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(min = -1, max = "3", initial = 5_000_000_000))]
fn no_numbers() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive = 10)]
fn a_value() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(10, 20))]
fn no_names() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(least = 1, maks = 3, min))]
fn unknown() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(min = 1, min = 2), adaptive)]
fn twice() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive, max_queue = 5)]
fn a_queue_in_which_nobody_waits() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(max = limit))]
fn an_argument(limit: u32) -> io::Result<u32> {
    Ok(limit)
}

#[bulkhead(adaptve(min = 2))]
fn misspelt() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptve = 3)]
fn misspelt_as_a_value() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(max_wait = "1s", adaptve(min = 2))]
fn misspelt_further_back() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(PLACES, adaptive)]
fn beside_a_shared_one() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(adaptive(min = TEN as u64, max = 20))]
fn of_another_type() -> io::Result<u32> {
    Ok(1)
}

fn main() {}
