//! The contract's scoring call in Rust on tokio, with one pipelined connection to Redis per loop.
//!
//! It listens on 127.0.0.1:PORT; REDIS_PORT is its cache's port, MODEL_PATH the model file of trainer/, LOOPS the
//! number of threads that share the port, each with its own current-thread runtime. With HTTP=httparse, httparse alone
//! reads HTTP instead of hyper.
mod allocator;
mod batch;
mod cache;
mod decode;
mod direct;
mod failures;
mod floats;
mod log;
mod model;
mod scan;
mod server;
mod service;

use std::env;

#[global_allocator]
static ALLOCATOR: allocator::Mimalloc = allocator::Mimalloc;

/// A number from the environment.
fn setting(name: &str, otherwise: Option<u16>) -> u16 {
    let text = env::var(name).ok();
    match text.as_deref().map(str::parse).transpose() {
        Ok(number) => number.or(otherwise).unwrap_or_else(|| panic!("{name} is not set")),
        Err(error) => panic!("{name}: {error}"),
    }
}

fn main() {
    let port = setting("PORT", None);
    let redis_port = setting("REDIS_PORT", None);
    let loops = setting("LOOPS", Some(1));
    let is_hyper = env::var("HTTP").as_deref() != Ok("httparse");
    let model = model::Model::load(&env::var("MODEL_PATH").expect("MODEL_PATH is not set"));
    let log = log::Log::default();
    let threads: Vec<_> = (0..loops)
        .map(|_| {
            let (model, buffer) = (model, log.buffer());
            std::thread::spawn(move || server::run(port, redis_port, is_hyper, model, buffer))
        })
        .collect();
    log.wait_for_end();
    drop(threads);
}
