//! HTTP by httparse on tokio's sockets: one buffer in, one out for each connection, one write for all requests that came
//! together.
use crate::batch::Batch;
use crate::floats;
use crate::service::{Id, Service};
use std::rc::Rc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MOST_HEAD_BYTES: usize = 32 << 10;
const MOST_BODY_BYTES: usize = 1 << 20;
const MOST_FIELDS: usize = 100;
const ROOM: usize = 16 << 10;
/// A buffer that a large request has grown beyond this is freed when the next request is small.
const KEPT_BYTES: usize = 1 << 20;

enum Route {
    Predict,
    Ready,
    NotAllowed,
    NotFound,
}

struct Head {
    route: Route,
    id: Option<Id>,
    length: usize,
    body_length: usize,
    is_last: bool,
    expects_continue: bool,
}

enum Parsed {
    Whole(Head),
    Partial,
    Bad(u16),
}

pub async fn serve(service: Rc<Service>, mut stream: TcpStream) {
    let (mut input, mut output, mut batch) = (Vec::with_capacity(ROOM), Vec::with_capacity(ROOM), Batch::default());
    loop {
        let is_last = respond_to_all(&service, &mut input, &mut output, &mut batch).await;
        if !output.is_empty() && stream.write_all(&output).await.is_err() {
            return;
        }
        output.clear();
        output.shrink_to(KEPT_BYTES);
        if is_last || !matches!(stream.read_buf(&mut input).await, Ok(count) if count > 0) {
            return;
        }
    }
}

/// Responds to all complete requests in the input, and removes them; returns whether the connection ends then.
async fn respond_to_all(service: &Service, input: &mut Vec<u8>, output: &mut Vec<u8>, batch: &mut Batch) -> bool {
    let (mut begin, mut is_last) = (0, false);
    while begin < input.len() && !is_last {
        let head = match parse(&input[begin..]) {
            Parsed::Whole(head) => head,
            Parsed::Partial => break,
            Parsed::Bad(status) => {
                push_plain(service, output, status, r#"{"detail":"Bad Request"}"#, true);
                return true;
            }
        };
        let (body, end) = (begin + head.length, begin + head.length + head.body_length);
        if end > input.len() {
            if head.expects_continue && input.len() == body {
                output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
            input.reserve(end - input.len());
            break;
        }
        is_last = head.is_last;
        match head.route {
            Route::Predict => predict(service, output, batch, &input[body..end], head).await,
            Route::Ready => push_plain(service, output, 200, r#"{"status":"ready"}"#, is_last),
            Route::NotAllowed => push_plain(service, output, 405, r#"{"detail":"Method Not Allowed"}"#, is_last),
            Route::NotFound => push_plain(service, output, 404, r#"{"detail":"Not Found"}"#, is_last),
        }
        begin = end;
    }
    if begin == input.len() {
        input.clear();
    } else {
        input.drain(..begin);
    }
    input.reserve(ROOM);
    is_last
}

fn parse(bytes: &[u8]) -> Parsed {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() <= MOST_HEAD_BYTES => return Parsed::Partial,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => return Parsed::Bad(431),
        Err(_) => return Parsed::Bad(400),
    };
    let route = match (request.method, request.path) {
        (Some("POST"), Some("/predict")) => Route::Predict,
        (_, Some("/predict")) => Route::NotAllowed,
        (Some("GET"), Some("/readyz")) => Route::Ready,
        _ => Route::NotFound,
    };
    let mut head =
        Head { route, id: None, length, body_length: 0, is_last: request.version == Some(0), expects_continue: false };
    let mut has_length = false;
    for field in request.headers.iter() {
        match field.name.len() {
            14 if field.name.eq_ignore_ascii_case("content-length") => {
                let length = std::str::from_utf8(field.value).ok().and_then(|text| text.parse().ok());
                match length {
                    Some(length) if !has_length && field.value[0] != b'+' => head.body_length = length,
                    _ => return Parsed::Bad(400),
                }
                has_length = true;
            }
            15 if field.name.eq_ignore_ascii_case("x-ms-request-id") => head.id = Id::given(field.value).or(head.id),
            12 if field.name.eq_ignore_ascii_case("x-request-id") => {
                head.id = head.id.or_else(|| Id::given(field.value))
            }
            10 if field.name.eq_ignore_ascii_case("connection") => {
                head.is_last = !field.value.eq_ignore_ascii_case(b"keep-alive")
                    && (head.is_last || field.value.eq_ignore_ascii_case(b"close"));
            }
            6 if field.name.eq_ignore_ascii_case("expect") => head.expects_continue = true,
            // Clients that stream their body are rejected: this peer does not need to support them.
            17 if field.name.eq_ignore_ascii_case("transfer-encoding") => return Parsed::Bad(411),
            _ => {}
        }
    }
    if head.body_length > MOST_BODY_BYTES {
        return Parsed::Bad(413);
    }
    Parsed::Whole(head)
}

async fn predict(service: &Service, output: &mut Vec<u8>, batch: &mut Batch, body: &[u8], head: Head) {
    let id = head.id.unwrap_or_else(|| service.ids.fresh());
    let scored = service.predict(batch, body, &id).await;
    let (status, length) = match &scored.refusal {
        Some(body) => (422, body.len()),
        None => (200, batch.length()),
    };
    output.reserve(length + 512);
    push_head(service, output, status, length, head.is_last);
    if !scored.cache.is_empty() {
        output.extend_from_slice(b"X-Cache: ");
        output.extend_from_slice(scored.cache.as_bytes());
        output.extend_from_slice(b"\r\n");
    }
    output.extend_from_slice(b"X-Ms-Request-Id: ");
    output.extend_from_slice(id.text());
    output.extend_from_slice(b"\r\n\r\n");
    match &scored.refusal {
        Some(body) => output.extend_from_slice(body),
        None => batch.push_body(output),
    }
}

fn push_plain(service: &Service, output: &mut Vec<u8>, status: u16, text: &str, is_last: bool) {
    push_head(service, output, status, text.len(), is_last);
    output.extend_from_slice(b"\r\n");
    output.extend_from_slice(text.as_bytes());
}

/// The head without its empty line.
fn push_head(service: &Service, output: &mut Vec<u8>, status: u16, length: usize, is_last: bool) {
    let line: &[u8] = match status {
        200 => b"HTTP/1.1 200 OK\r\n",
        404 => b"HTTP/1.1 404 Not Found\r\n",
        405 => b"HTTP/1.1 405 Method Not Allowed\r\n",
        411 => b"HTTP/1.1 411 Length Required\r\n",
        413 => b"HTTP/1.1 413 Content Too Large\r\n",
        422 => b"HTTP/1.1 422 Unprocessable Content\r\n",
        431 => b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
        _ => b"HTTP/1.1 400 Bad Request\r\n",
    };
    output.extend_from_slice(line);
    service.log.push_date(output);
    output.extend_from_slice(b"Content-Type: application/json\r\nContent-Length: ");
    floats::push_integer(output, length);
    output.extend_from_slice(if is_last { b"\r\nConnection: close\r\n" } else { b"\r\n" });
}
