//! The work of a request, whatever has read it.
use crate::batch::Batch;
use crate::cache::{Cache, LookUp};
use crate::log::Writer;
use crate::model::Model;
use std::cell::Cell;
use std::time::Instant;

pub struct Service {
    pub model: Model,
    pub cache: Cache,
    pub log: Writer,
    pub ids: Ids,
}

pub struct Scored {
    pub status: u16,
    pub body: Vec<u8>,
    /// HIT, MISS or BYPASS; empty for a batch that is refused.
    pub cache: &'static str,
}

impl Service {
    pub async fn predict(&self, body: &[u8], id: &str) -> Scored {
        let mut batch = match Batch::read(body) {
            Ok(batch) => batch,
            Err(body) => {
                self.log.add(422, body.len(), id, None);
                return Scored { status: 422, body, cache: "" };
            }
        };
        let key = batch.key();
        let begin = Instant::now();
        let found = self.cache.look_up(&key).await;
        let (prediction, cache) = match found {
            LookUp::Hit(entry) => (entry, "HIT"),
            LookUp::Miss => {
                let prediction = batch.predict(&self.model);
                self.cache.store(&key, &prediction);
                (prediction, "MISS")
            }
            LookUp::Bypass => (batch.predict(&self.model), "BYPASS"),
        };
        let took = begin.elapsed();
        let body = batch.response(&key, &prediction);
        self.log.add(200, body.len(), id, Some(took));
        Scored { status: 200, body, cache }
    }
}

/// Fresh request ids: version 4 UUIDs of a generator that is seeded once (splitmix64).
pub struct Ids(Cell<u64>);

impl Ids {
    pub fn new() -> Ids {
        let mut seed = [0; 8];
        std::fs::File::open("/dev/urandom").and_then(|mut file| std::io::Read::read_exact(&mut file, &mut seed)).unwrap();
        Ids(Cell::new(u64::from_le_bytes(seed)))
    }

    fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn fresh(&self) -> String {
        let high = self.next() & !0xf000 | 0x4000;
        let low = self.next() >> 2 | 1 << 63;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48,
            low & 0xffff_ffff_ffff)
    }
}

/// Whether a caller's request id may be used.
pub fn is_id(text: &[u8]) -> bool {
    (1..=64).contains(&text.len()) && text.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
