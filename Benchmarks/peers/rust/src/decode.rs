//! From JSON to records: typed if the batch is as most clients send it, otherwise field by field.
use crate::batch::{Feature, Record, FEATURES, MOST_RECORDS};
use crate::failures::{whole, Failures, NOT_A_NUMBER, NOT_A_RECORD};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

#[derive(Deserialize)]
#[allow(non_snake_case)]
struct UserIn {
    MedInc: f64,
    HouseAge: f64,
    AveRooms: f64,
    AveBedrms: f64,
    Population: f64,
    AveOccup: f64,
    Latitude: f64,
    Longitude: f64,
}

impl UserIn {
    fn record(&self) -> Record {
        [
            self.MedInc,
            self.HouseAge,
            self.AveRooms,
            self.AveBedrms,
            self.Population,
            self.AveOccup,
            self.Latitude,
            self.Longitude,
        ]
    }
}

/// Validates all records; the error is the body of a 422.
pub fn records(body: &[u8]) -> Result<Vec<Record>, Vec<u8>> {
    let users: Vec<UserIn> = match serde_json::from_slice(body) {
        Ok(users) => users,
        Err(_) => return any(body),
    };
    check_length(users.len())?;
    let records: Vec<Record> = users.iter().map(UserIn::record).collect();
    // -0 counts as 0.0 or -0.0 depending on its spelling.
    let is_plain = |(number, feature): (&f64, &Feature)| {
        (feature.least..=feature.most).contains(number) && !(*number == 0.0 && number.is_sign_negative())
    };
    if records.iter().all(|record| record.iter().zip(&FEATURES).all(is_plain)) {
        Ok(records)
    } else {
        any(body)
    }
}

fn check_length(count: usize) -> Result<(), Vec<u8>> {
    if count == 0 {
        return Err(whole("too_short", "List should have at least 1 item after validation, not 0"));
    }
    if count > MOST_RECORDS {
        return Err(whole("too_long", "List should have at most 1000 items after validation"));
    }
    Ok(())
}

/// The same for any input: converts strings, and reports what is wrong with each field.
fn any(body: &[u8]) -> Result<Vec<Record>, Vec<u8>> {
    let items: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| {
        if error.is_data() {
            whole("list_type", "Input should be a valid list")
        } else {
            whole("json_invalid", &format!("Invalid JSON: {error}"))
        }
    })?;
    check_length(items.len())?;
    let mut failures = Failures::default();
    let records = items.iter().enumerate().map(|(index, item)| read_record(index, item, &mut failures)).collect();
    if failures.count > 0 {
        return Err(failures.body());
    }
    Ok(records)
}

/// The fields of one record as received; the last one of a name counts.
#[derive(Default)]
struct Fields<'a>([Option<&'a RawValue>; FEATURES.len()]);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap;
        impl<'de> Visitor<'de> for OfMap {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Fields::default();
                while let Some(name) = map.next_key::<Cow<str>>()? {
                    match FEATURES.iter().position(|feature| feature.name == name) {
                        Some(index) => fields.0[index] = Some(map.next_value()?),
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(OfMap)
    }
}

fn read_record(index: usize, item: &RawValue, failures: &mut Failures) -> Record {
    let mut record = Record::default();
    let fields: Fields = match serde_json::from_str(item.get()) {
        Ok(fields) => fields,
        Err(_) => {
            failures.add("model_type", NOT_A_RECORD, index, "", item.get());
            return record;
        }
    };
    for (i, feature) in FEATURES.iter().enumerate() {
        let input = match fields.0[i] {
            Some(value) => value.get(),
            None => {
                failures.add("missing", "Field required", index, feature.name, item.get());
                continue;
            }
        };
        match read_number(input).and_then(|number| check(number, feature)) {
            Ok(number) => record[i] = number,
            Err((kind, message)) => failures.add(kind, &message, index, feature.name, input),
        }
    }
    record
}

type Fault = (&'static str, Cow<'static, str>);

/// A JSON number, or a string that holds one.
fn read_number(json: &str) -> Result<f64, Fault> {
    let unreadable = ("float_parsing", "Input should be a valid number, unable to parse string as a number".into());
    let text: Cow<str> = match json.as_bytes()[0] {
        b'"' => match serde_json::from_str::<Cow<str>>(json) {
            Ok(text)
                if serde_json::from_str::<&RawValue>(&text).map_or(false, |inner| is_number(inner.get(), &text)) =>
            {
                text
            }
            _ => return Err(unreadable),
        },
        b'-' | b'0'..=b'9' => json.into(),
        _ => return Err(("float_type", NOT_A_NUMBER.into())),
    };
    if json == "-0" {
        return Ok(0.0);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err(("finite_number", "Input should be a finite number".into())),
        Err(_) => Err(unreadable),
    }
}

/// Whether a string's text is one JSON number and nothing else.
fn is_number(value: &str, text: &str) -> bool {
    value.len() == text.len() && matches!(value.as_bytes()[0], b'-' | b'0'..=b'9')
}

fn check(number: f64, feature: &Feature) -> Result<f64, Fault> {
    if number < feature.least {
        return Err((
            "greater_than_equal",
            format!("Input should be greater than or equal to {}", feature.least).into(),
        ));
    }
    if number > feature.most {
        return Err(("less_than_equal", format!("Input should be less than or equal to {}", feature.most).into()));
    }
    Ok(number)
}
