/// Appends a number as Python's repr(float) prints it.
pub fn push(text: &mut Vec<u8>, number: f64) {
    let magnitude = number.abs();
    if magnitude == 0.0 || (1e-4..1e16).contains(&magnitude) {
        return text.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
    }
    // ryu writes 1e16 and 1.5e-7, Python 1e+16 and 1.5e-07, and ryu keeps 0.00001 positional.
    let printed = format!("{number:e}");
    let (digits, exponent) = printed.split_once('e').unwrap_or((&printed, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    text.extend_from_slice(format!("{digits}e{sign}{:02}", exponent.abs()).as_bytes());
}

pub fn push_integer(text: &mut Vec<u8>, number: usize) {
    text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
