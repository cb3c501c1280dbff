//! The event loops, and HTTP by hyper.
use crate::direct;
use crate::log::Buffer;
use crate::model::Model;
use crate::service::{Id, Service};
use hyper::body::{Bytes, HttpBody};
use hyper::header::{HeaderName, HeaderValue, CONTENT_TYPE};
use hyper::server::conn::Http;
use hyper::service::service_fn;
use hyper::{Body, Method, Request, Response, StatusCode};
use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::rc::Rc;
use tokio::net::TcpListener;
use tokio::task::{spawn_local, LocalSet};

const MOST_BODY_BYTES: usize = 1 << 20;
const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const X_MS_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// One event loop: its own listener on the shared port, its own runtime, its own connection to Redis.
pub fn run(port: u16, redis_port: u16, is_hyper: bool, model: Model, buffer: Buffer) {
    let service = Rc::new(Service::new(model, buffer));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async move {
        let (cache, log) = (service.clone(), service.clone());
        spawn_local(async move { cache.cache.run(redis_port).await });
        spawn_local(async move { log.log.run().await });
        let listener = listen(port).unwrap_or_else(|error| panic!("port {port}: {error}"));
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let service = service.clone();
                if !is_hyper {
                    spawn_local(direct::serve(service, stream));
                    continue;
                }
                spawn_local(async move {
                    let handler = service_fn(move |request| handle(service.clone(), request));
                    let mut http = Http::new().with_executor(Local);
                    let _ = http.http1_only(true).pipeline_flush(true).serve_connection(stream, handler).await;
                });
            }
        }
    })
}

/// Tasks that hyper spawns stay on its thread.
#[derive(Clone)]
struct Local;

impl<F: Future + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, future: F) {
        spawn_local(async move { drop(future.await) });
    }
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}

async fn handle(service: Rc<Service>, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::POST, "/predict") => predict(service, request).await,
        (_, "/predict") => plain(StatusCode::METHOD_NOT_ALLOWED, r#"{"detail":"Method Not Allowed"}"#),
        (&Method::GET, "/readyz") => plain(StatusCode::OK, r#"{"status":"ready"}"#),
        _ => plain(StatusCode::NOT_FOUND, r#"{"detail":"Not Found"}"#),
    })
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn predict(service: Rc<Service>, request: Request<Body>) -> Response<Body> {
    let id = request_id(&service, &request);
    let body = match read(request.into_body()).await {
        Ok(body) => body,
        Err(status) => return plain(status, r#"{"detail":"the body is too large, or did not come"}"#),
    };
    let mut batch = service.batches.borrow_mut().pop().unwrap_or_default();
    let scored = service.predict(&mut batch, &body, &id).await;
    let status = if scored.refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let text = scored.refusal.unwrap_or_else(|| {
        let mut text = Vec::new();
        batch.push_body(&mut text);
        text
    });
    service.batches.borrow_mut().push(batch);
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if !scored.cache.is_empty() {
        headers.insert(X_CACHE.clone(), HeaderValue::from_static(scored.cache));
    }
    if let Ok(id) = HeaderValue::from_bytes(id.text()) {
        headers.insert(X_MS_REQUEST_ID.clone(), id);
    }
    response
}

/// The caller's own id if it is valid, otherwise a new one.
fn request_id(service: &Service, request: &Request<Body>) -> Id {
    [X_MS_REQUEST_ID, X_REQUEST_ID]
        .iter()
        .find_map(|name| Id::given(request.headers().get(name)?.as_bytes()))
        .unwrap_or_else(|| service.ids.fresh())
}

/// The body, which is copied only if it arrives in parts.
async fn read(mut body: Body) -> Result<Bytes, StatusCode> {
    let first = match body.data().await {
        Some(part) => part.map_err(|_| StatusCode::BAD_REQUEST)?,
        None => Bytes::new(),
    };
    if body.is_end_stream() {
        return Ok(first);
    }
    let expected = first.len() as u64 + body.size_hint().lower();
    let mut whole = Vec::with_capacity(expected.min(MOST_BODY_BYTES as u64) as usize);
    whole.extend_from_slice(&first);
    while let Some(part) = body.data().await {
        let part = part.map_err(|_| StatusCode::BAD_REQUEST)?;
        if whole.len() + part.len() > MOST_BODY_BYTES {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole.into())
}
