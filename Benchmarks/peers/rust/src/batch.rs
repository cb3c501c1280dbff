use crate::decode;
use crate::floats;
use crate::model::Model;
use crate::scan::scan;
use md5::{Digest, Md5};

pub const MOST_RECORDS: usize = 1000;

pub struct Feature {
    pub name: &'static str,
    pub least: f64,
    pub most: f64,
}

const fn feature(name: &'static str, least: f64, most: f64) -> Feature {
    Feature { name, least, most }
}

pub const FEATURES: [Feature; 8] = [
    feature("MedInc", 0.0, f64::MAX),
    feature("HouseAge", 0.0, f64::MAX),
    feature("AveRooms", 0.0, f64::MAX),
    feature("AveBedrms", 0.0, f64::MAX),
    feature("Population", 0.0, f64::MAX),
    feature("AveOccup", 0.0, f64::MAX),
    feature("Latitude", -90.0, 90.0),
    feature("Longitude", -180.0, 180.0),
];

pub type Record = [f64; FEATURES.len()];
pub type Key = [u8; 32];

/// A batch of valid records, and the memory that it needs, reused for later ones.
#[derive(Default)]
pub struct Batch {
    pub records: Vec<Record>,
    /// The records as JSON.
    pub echo: Vec<u8>,
    /// The text whose md5 is the key.
    pub canonical: Vec<u8>,
    key: Key,
    /// The predictions as a JSON array.
    pub prediction: Vec<u8>,
}

const BEFORE_KEY: &[u8] = br#"{"query_key":""#;
const BEFORE_INPUTS: &[u8] = br#"","inputs":"#;
const BEFORE_PREDICTION: &[u8] = br#","prediction":"#;

impl Batch {
    pub fn clear(&mut self) {
        self.records.clear();
        self.echo.clear();
        self.canonical.clear();
        self.prediction.clear();
    }

    /// Validates all records and prints them as JSON and as Python does; the error is the body of a 422.
    pub fn read(&mut self, body: &[u8]) -> Result<Key, Vec<u8>> {
        if !scan(body, self) {
            self.clear();
            self.records.extend(decode::records(body)?);
            self.print();
        }
        self.key = hex(&Md5::digest(&self.canonical));
        Ok(self.key)
    }

    fn print(&mut self) {
        for (index, record) in self.records.iter().enumerate() {
            self.canonical.extend_from_slice(if index > 0 { b", UserIn(" } else { b"[UserIn(" });
            self.echo.extend_from_slice(if index > 0 { b",{" } else { b"[{" });
            for (i, feature) in FEATURES.iter().enumerate() {
                if i > 0 {
                    self.canonical.extend_from_slice(b", ");
                    self.echo.push(b',');
                }
                self.canonical.extend_from_slice(feature.name.as_bytes());
                self.canonical.push(b'=');
                self.echo.push(b'"');
                self.echo.extend_from_slice(feature.name.as_bytes());
                self.echo.extend_from_slice(b"\":");
                let start = self.echo.len();
                floats::push(&mut self.echo, record[i]);
                self.canonical.extend_from_slice(&self.echo[start..]);
            }
            self.canonical.push(b')');
            self.echo.push(b'}');
        }
        self.canonical.push(b']');
        self.echo.push(b']');
    }

    pub fn predict(&mut self, model: &Model) {
        self.prediction.push(b'[');
        for (index, record) in self.records.iter().enumerate() {
            if index > 0 {
                self.prediction.push(b',');
            }
            floats::push(&mut self.prediction, model.score(record));
        }
        self.prediction.push(b']');
    }

    /// The length of the body of a 200.
    pub fn length(&self) -> usize {
        let around = BEFORE_KEY.len() + self.key.len() + BEFORE_INPUTS.len() + BEFORE_PREDICTION.len() + 1;
        around + self.echo.len() + self.prediction.len()
    }

    pub fn push_body(&self, text: &mut Vec<u8>) {
        text.reserve(self.length());
        for part in [BEFORE_KEY, &self.key, BEFORE_INPUTS, &self.echo, BEFORE_PREDICTION, &self.prediction, b"}"] {
            text.extend_from_slice(part);
        }
    }
}

pub fn hex(digest: &[u8]) -> Key {
    let mut text = [0; 32];
    for (index, byte) in digest.iter().enumerate() {
        text[2 * index] = b"0123456789abcdef"[usize::from(byte >> 4)];
        text[2 * index + 1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    text
}
