use crate::floats;
use serde::Serialize;

const LISTED: usize = 100;
pub const NOT_A_RECORD: &str = "Input should be a valid dictionary or instance of UserIn";
pub const NOT_A_NUMBER: &str = "Input should be a valid number";

/// What is wrong with a batch, in pydantic's format.
#[derive(Default)]
pub struct Failures {
    pub count: usize,
    list: Vec<u8>,
}

impl Failures {
    /// `field` is empty if the record itself is meant; `input` is JSON.
    pub fn add(&mut self, kind: &str, message: &str, index: usize, field: &str, input: &str) {
        self.count += 1;
        if self.count > LISTED {
            return;
        }
        if self.count > 1 {
            self.list.push(b',');
        }
        let place = if field.is_empty() { String::new() } else { format!(",\"{field}\"") };
        self.list.extend_from_slice(
            format!(r#"{{"type":"{kind}","loc":["body",{index}{place}],"msg":"{message}","input":{}}}"#, cut(input))
                .as_bytes(),
        );
    }

    pub fn body(self) -> Vec<u8> {
        let mut body = br#"{"detail":["#.to_vec();
        body.extend_from_slice(&self.list);
        body.extend_from_slice(br#"],"error_count":"#);
        floats::push_integer(&mut body, self.count);
        body.push(b'}');
        body
    }
}

#[derive(Serialize)]
struct Whole<'a> {
    r#type: &'a str,
    loc: [&'a str; 1],
    msg: &'a str,
}

#[derive(Serialize)]
struct Body<'a> {
    detail: [Whole<'a>; 1],
    error_count: usize,
}

/// The body of a 422 for a failure of the batch as a whole.
pub fn whole(kind: &str, message: &str) -> Vec<u8> {
    let detail = [Whole { r#type: kind, loc: ["body"], msg: message }];
    serde_json::to_vec(&Body { detail, error_count: 1 }).unwrap_or_default()
}

/// A long input is shortened in the response.
fn cut(json: &str) -> String {
    const MOST: usize = 100;
    match json.char_indices().nth(MOST) {
        Some((end, _)) => serde_json::to_string(&json[..end]).unwrap_or_default(),
        None => json.to_string(),
    }
}
