//! Reads a batch as most clients send it in one pass, and prints it as it goes. A number that is spelt as Python would
//! print it (up to 15 digits, no exponent) is copied, not converted to text again.
use crate::batch::{Batch, Record, FEATURES, MOST_RECORDS};
use crate::floats;

/// The text before each number of a record, in the key's text and in JSON.
const CANONICAL: [&[u8]; FEATURES.len()] = [
    b"UserIn(MedInc=",
    b", HouseAge=",
    b", AveRooms=",
    b", AveBedrms=",
    b", Population=",
    b", AveOccup=",
    b", Latitude=",
    b", Longitude=",
];
const JSON: [&[u8]; FEATURES.len()] = [
    b"{\"MedInc\":",
    b",\"HouseAge\":",
    b",\"AveRooms\":",
    b",\"AveBedrms\":",
    b",\"Population\":",
    b",\"AveOccup\":",
    b",\"Latitude\":",
    b",\"Longitude\":",
];
/// More than the longest text around a record's numbers, and more than a reprinted number.
const AROUND_RECORD: usize = 160;
const PRINTED: usize = 32;

#[derive(Clone, Copy)]
enum Form {
    /// As Python prints it.
    Same,
    /// An integer, which lacks only `.0`.
    Integer,
    Other,
}

#[derive(Clone, Copy)]
struct Number<'a> {
    text: &'a [u8],
    value: f64,
    form: Form,
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Whether the whole body is a batch of valid records in plain form; if not, the batch's content is unspecified.
pub fn scan(body: &[u8], batch: &mut Batch) -> bool {
    batch.clear();
    let mut scanner = Scanner { bytes: body, at: 0 };
    scan_list(&mut scanner, batch).is_some()
}

fn scan_list(scanner: &mut Scanner, batch: &mut Batch) -> Option<()> {
    scanner.expect(b'[')?;
    loop {
        if batch.records.len() == MOST_RECORDS {
            return None;
        }
        let numbers = scanner.record()?;
        print(&numbers, batch);
        match scanner.token()? {
            b',' => {}
            b']' => break,
            _ => return None,
        }
    }
    batch.canonical.push(b']');
    batch.echo.push(b']');
    scanner.skip_space();
    (scanner.at == scanner.bytes.len()).then_some(())
}

fn print(numbers: &[Number; FEATURES.len()], batch: &mut Batch) {
    let room = numbers.iter().map(|number| number.text.len() + PRINTED).sum::<usize>() + AROUND_RECORD;
    batch.canonical.reserve(room);
    batch.echo.reserve(room);
    let is_first = batch.records.is_empty();
    batch.canonical.extend_from_slice(if is_first { b"[" } else { b", " });
    batch.echo.push(if is_first { b'[' } else { b',' });
    let mut record = Record::default();
    for (i, number) in numbers.iter().enumerate() {
        record[i] = number.value;
        batch.canonical.extend_from_slice(CANONICAL[i]);
        batch.echo.extend_from_slice(JSON[i]);
        let start = batch.echo.len();
        match number.form {
            Form::Same => batch.echo.extend_from_slice(number.text),
            Form::Integer => {
                batch.echo.extend_from_slice(number.text);
                batch.echo.extend_from_slice(b".0");
            }
            Form::Other => floats::push(&mut batch.echo, number.value),
        }
        batch.canonical.extend_from_slice(&batch.echo[start..]);
    }
    batch.canonical.push(b')');
    batch.echo.push(b'}');
    batch.records.push(record);
}

impl<'a> Scanner<'a> {
    fn skip_space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn token(&mut self) -> Option<u8> {
        self.skip_space();
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.token()? == wanted).then_some(())
    }

    /// The eight numbers of a record, within their bounds, in the fields' order.
    fn record(&mut self) -> Option<[Number<'a>; FEATURES.len()]> {
        let mut numbers = [Number { text: b"", value: 0.0, form: Form::Other }; FEATURES.len()];
        let mut seen = 0u32;
        let mut next = 0;
        self.expect(b'{')?;
        loop {
            self.expect(b'"')?;
            let index = self.name(next)?;
            next = (index + 1) % FEATURES.len();
            self.expect(b':')?;
            self.skip_space();
            let number = self.number()?;
            if !(FEATURES[index].least..=FEATURES[index].most).contains(&number.value) {
                return None;
            }
            numbers[index] = number;
            seen |= 1 << index;
            match self.token()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        (seen == 0xff).then_some(numbers)
    }

    /// Which field is named; the expected one is tried first.
    fn name(&mut self, next: usize) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        let is_named = |index: &usize| {
            let name = FEATURES[*index].name.as_bytes();
            rest.starts_with(name) && rest.get(name.len()) == Some(&b'"')
        };
        let index = Some(next).filter(is_named).or_else(|| (0..FEATURES.len()).find(is_named))?;
        self.at += FEATURES[index].name.len() + 1;
        Some(index)
    }

    fn digits(&mut self, mantissa: &mut u64) -> usize {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(self.at) {
            *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Option<Number<'a>> {
        const EXACT: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
        let start = self.at;
        let is_negative = self.bytes.get(self.at) == Some(&b'-');
        self.at += usize::from(is_negative);
        let first = *self.bytes.get(self.at)?;
        let mut mantissa = 0;
        let whole = self.digits(&mut mantissa);
        if whole == 0 || (first == b'0' && whole > 1) {
            return None;
        }
        let mut fraction = 0;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            fraction = self.digits(&mut mantissa);
            if fraction == 0 {
                return None;
            }
        }
        let has_exponent = matches!(self.bytes.get(self.at), Some(b'e' | b'E'));
        if has_exponent || whole + fraction > 15 || (is_negative && mantissa == 0) {
            return self.unusual(start);
        }
        let magnitude = mantissa as f64 / EXACT[fraction];
        let text = &self.bytes[start..self.at];
        let form = match fraction {
            0 => Form::Integer,
            1 => Form::Same,
            _ if text[text.len() - 1] == b'0' || magnitude < 1e-4 => Form::Other,
            _ => Form::Same,
        };
        Some(Number { text, value: if is_negative { -magnitude } else { magnitude }, form })
    }

    /// A number that needs the slow path; an integer -0 is 0.0.
    fn unusual(&mut self, start: usize) -> Option<Number<'a>> {
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.bytes.get(self.at), Some(b'+' | b'-')));
            if self.digits(&mut 0) == 0 {
                return None;
            }
        }
        let text = &self.bytes[start..self.at];
        let value = if text == b"-0" { 0.0 } else { std::str::from_utf8(text).ok()?.parse().ok()? };
        Some(Number { text, value, form: Form::Other })
    }
}
