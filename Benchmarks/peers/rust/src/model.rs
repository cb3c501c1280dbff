use crate::batch::{Record, FEATURES};
use serde::Deserialize;

#[derive(Clone, Copy, Deserialize)]
pub struct Model {
    coefficients: [f64; FEATURES.len()],
    intercept: f64,
}

impl Model {
    pub fn load(path: &str) -> Model {
        let text = std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The prediction of one record, added up in the contract's order.
    pub fn score(&self, record: &Record) -> f64 {
        let p = |i: usize| self.coefficients[i] * record[i];
        (((p(0) + p(1)) + (p(2) + p(3))) + ((p(4) + p(5)) + (p(6) + p(7)))) + self.intercept
    }
}
