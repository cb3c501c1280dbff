use crate::decode;
use crate::floats;
use crate::model::Model;
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

/// A batch whose records are valid.
#[derive(Default)]
pub struct Batch {
    pub records: Vec<Record>,
    /// The records as JSON.
    pub echo: Vec<u8>,
}

impl Batch {
    /// Validates all records; the error is the body of a 422.
    pub fn read(body: &[u8]) -> Result<Batch, Vec<u8>> {
        Ok(Batch { records: decode::records(body)?, echo: Vec::new() })
    }

    /// Prints the records as JSON and as Python does; returns the md5 of the latter.
    pub fn key(&mut self) -> Key {
        let mut canonical = Vec::with_capacity(self.records.len() * 160);
        self.echo.reserve(self.records.len() * 160);
        canonical.push(b'[');
        self.echo.push(b'[');
        for (index, record) in self.records.iter().enumerate() {
            if index > 0 {
                canonical.extend_from_slice(b", ");
                self.echo.push(b',');
            }
            canonical.extend_from_slice(b"UserIn(");
            self.echo.push(b'{');
            for (i, feature) in FEATURES.iter().enumerate() {
                if i > 0 {
                    canonical.extend_from_slice(b", ");
                    self.echo.push(b',');
                }
                canonical.extend_from_slice(feature.name.as_bytes());
                canonical.push(b'=');
                self.echo.push(b'"');
                self.echo.extend_from_slice(feature.name.as_bytes());
                self.echo.extend_from_slice(b"\":");
                let start = self.echo.len();
                floats::push(&mut self.echo, record[i]);
                canonical.extend_from_slice(&self.echo[start..]);
            }
            canonical.push(b')');
            self.echo.push(b'}');
        }
        canonical.push(b']');
        self.echo.push(b']');
        hex(&Md5::digest(&canonical))
    }

    /// The predictions as a JSON array.
    pub fn predict(&self, model: &Model) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.records.len() * 20 + 2);
        text.push(b'[');
        for (index, record) in self.records.iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            floats::push(&mut text, model.score(record));
        }
        text.push(b']');
        text
    }

    /// The body of a 200.
    pub fn response(&self, key: &Key, prediction: &[u8]) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.echo.len() + prediction.len() + 80);
        body.extend_from_slice(br#"{"query_key":""#);
        body.extend_from_slice(key);
        body.extend_from_slice(br#"","inputs":"#);
        body.extend_from_slice(&self.echo);
        body.extend_from_slice(br#","prediction":"#);
        body.extend_from_slice(prediction);
        body.push(b'}');
        body
    }
}

fn hex(digest: &[u8]) -> Key {
    let mut text = [0; 32];
    for (index, byte) in digest.iter().enumerate() {
        text[2 * index] = b"0123456789abcdef"[usize::from(byte >> 4)];
        text[2 * index + 1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    text
}
