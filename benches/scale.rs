//! Claims: 10,000 partitions, 5,000 connections and 2,000 groups are served by one process, and each takes kilobytes.
//!
//! `cargo bench --bench scale` prints the memory and the time of each; docs/limits.md has the figures. It is no criterion bench: what it
//! measures is made once, in a process of its own. It needs 6,000 open files (`ulimit -n`).

#[path = "../tests/scale/load.rs"]
mod load;
#[path = "../tests/scale/product.rs"]
mod product;
#[allow(dead_code, reason = "the test uses more of it")]
#[path = "../tests/scale/wire.rs"]
mod wire;

use load::Load;
use product::Product;

const LOAD: Load = Load {
    partitions: 10_000,
    connections: 5_000,
    groups: 2_000,
};

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        let product = Product::start(&[]);
        println!("idle: {} KiB resident", product.resident_bytes() >> 10);
        for taken in LOAD.measure(&product).await {
            println!(
                "{:6} {:11} {:7} KiB, {:6} bytes each, {:6} ms",
                taken.count,
                taken.kind,
                taken.resident_bytes >> 10,
                taken.bytes_each(),
                taken.elapsed.as_millis()
            );
        }
        println!("in all: {} KiB resident", product.resident_bytes() >> 10);
    });
}
