//! The work of a request, independent of the HTTP parser.
use crate::batch::{hex, Batch};
use crate::cache::{Cache, LookUp};
use crate::log::{Buffer, Writer};
use crate::model::Model;
use std::cell::{Cell, RefCell};
use std::time::Instant;

pub struct Service {
    pub model: Model,
    pub cache: Cache,
    pub log: Writer,
    pub ids: Ids,
    /// Batches that no request is using.
    pub batches: RefCell<Vec<Batch>>,
}

pub struct Scored {
    /// The body of a 422; the body of a 200 is in the batch.
    pub refusal: Option<Vec<u8>>,
    /// HIT, MISS or BYPASS; empty for a batch that is refused.
    pub cache: &'static str,
}

impl Service {
    pub fn new(model: Model, buffer: Buffer) -> Service {
        Service {
            model,
            cache: Cache::default(),
            log: Writer::new(buffer),
            ids: Ids::new(),
            batches: RefCell::default(),
        }
    }

    pub async fn predict(&self, batch: &mut Batch, body: &[u8], id: &Id) -> Scored {
        let key = match batch.read(body) {
            Ok(key) => key,
            Err(body) => {
                self.log.add(422, body.len(), id, None);
                return Scored { refusal: Some(body), cache: "" };
            }
        };
        let begin = Instant::now();
        let cache = match self.cache.look_up(&key).await {
            LookUp::Hit(entry) => {
                batch.prediction = entry;
                "HIT"
            }
            LookUp::Miss => {
                batch.predict(&self.model);
                self.cache.store(&key, &batch.prediction);
                "MISS"
            }
            LookUp::Bypass => {
                batch.predict(&self.model);
                "BYPASS"
            }
        };
        self.log.add(200, batch.length(), id, Some(begin.elapsed()));
        Scored { refusal: None, cache }
    }
}

/// A request id, held inline.
pub struct Id {
    bytes: [u8; Id::MOST],
    length: usize,
}

impl Id {
    const MOST: usize = 64;

    /// A caller's id, if it is allowed.
    pub fn given(text: &[u8]) -> Option<Id> {
        let is_allowed = |&byte: &u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !(1..=Id::MOST).contains(&text.len()) || !text.iter().all(is_allowed) {
            return None;
        }
        let mut id = Id { bytes: [0; Id::MOST], length: text.len() };
        id.bytes[..text.len()].copy_from_slice(text);
        Some(id)
    }

    pub fn text(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Fresh request ids: version 4 UUIDs of a generator that is seeded once (splitmix64).
pub struct Ids(Cell<u64>);

impl Ids {
    pub fn new() -> Ids {
        let mut seed = [0; 8];
        std::fs::File::open("/dev/urandom")
            .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut seed))
            .unwrap();
        Ids(Cell::new(u64::from_le_bytes(seed)))
    }

    fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn fresh(&self) -> Id {
        let high = self.next() & !0xf000 | 0x4000;
        let low = self.next() >> 2 | 1 << 63;
        let digits = hex(&((u128::from(high) << 64) | u128::from(low)).to_be_bytes());
        let mut id = Id { bytes: [b'-'; Id::MOST], length: 36 };
        for (from, to, count) in [(0, 0, 8), (8, 9, 4), (12, 14, 4), (16, 19, 4), (20, 24, 12)] {
            id.bytes[to..to + count].copy_from_slice(&digits[from..from + count]);
        }
        id
    }
}
