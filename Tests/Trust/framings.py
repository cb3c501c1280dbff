"""Requests with an ambiguous end."""

POST = b"POST /predict HTTP/1.1\r\nHost: trust\r\n"
CODED = b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
# Each is followed by a second request, which must never get a response: it would be a smuggled one.
FRAMINGS = {
    "Content-Length beside Transfer-Encoding": POST + b"Content-Length: 3\r\n" + CODED,
    "Transfer-Encoding beside Content-Length": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n[]",
    "a negative length": POST + b"Content-Length: -2\r\n\r\n[]",
    "a length in hex": POST + b"Content-Length: 0x2\r\n\r\n[]",
    "a length beyond 64 bits": POST + b"Content-Length: 99999999999999999999999\r\n\r\n[]",
    "an empty coding before a length": POST + b"Transfer-Encoding:\r\nContent-Length: 2\r\n\r\n[]",
    "an empty coding after a length": POST + b"Content-Length: 2\r\nTransfer-Encoding:\r\n\r\n[]",
    "an empty coding alone": POST + b"Transfer-Encoding:\r\n\r\n",
    "a coding within chunks": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding twice": POST + b"Transfer-Encoding: chunked\r\n" + CODED,
    "an unknown coding": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a coding with a trick": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": POST + b"Content-Length : 2\r\n\r\n[]",
    "a folded length": POST + b"X: a\r\n Content-Length: 2\r\n\r\n[]",
    "a chunk size of letters": CHUNKED + b"zz\r\n[]\r\n0\r\n\r\n",
    "a negative chunk size": CHUNKED + b"-2\r\n[]\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits": CHUNKED + b"fffffffffffffffff\r\n[]\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"2\r\n[]xx\r\n0\r\n\r\n",
    "a length among the trailers": CHUNKED + b"2\r\n[]\r\n0\r\nContent-Length: 2\r\n\r\n",
    "an invalid extension": CHUNKED + b"2;a b\r\n[]\r\n0\r\n\r\n",
    "an extension in open quotes": CHUNKED + b'2;a="b\r\n[]\r\n0\r\n\r\n',
    "a chunk size that a line feed ends": CHUNKED + b"2\n[]\r\n0\r\n\r\n",
    "lines that line feeds end": b"POST /predict HTTP/1.1\nHost: trust\nContent-Length: 2\n\n[]",
    "a carriage return in a field": POST + b"X: a\rContent-Length: 2\r\n\r\n[]",
    "a NUL in a field": POST + b"X: a\0b\r\nContent-Length: 2\r\n\r\n[]",
    "no version": b"POST /predict\r\n\r\n",
    "rubbish": bytes(range(256)),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,
}
