/* smuggling.h: what one reader takes for one request and another for two: the known ways, and what
 * is to be answered.  For the tests of the server and of the proxy. */
#ifndef MIR_HTTP_TESTS_SMUGGLING_H
#define MIR_HTTP_TESTS_SMUGGLING_H

#include <stddef.h>

/* Behind each comes SMUGGLED_AFTER.  answers: the statuses, in order, of the requests that there
 * are for us; "!" at the end: then the connection ends, and what came after is no request. */
struct smuggled {
	const char *name, *answers, *text;
	size_t len;
};

#define SMUGGLED_AFTER "GET /after HTTP/1.1\r\nHost: a\r\n\r\n"

#define SMUGGLED(name, answers, text)                                                              \
	{                                                                                          \
		name, answers, text, sizeof(text) - 1                                              \
	}
#define POST "POST /p HTTP/1.1\r\nHost: a\r\n"
#define TE   "Transfer-Encoding: "
#define CL   "Content-Length: "

static const struct smuggled smuggled[] = {
	/* What is right, so that the rest is seen to be refused for its own sake. */
	SMUGGLED("no body", "200 200", "GET /p HTTP/1.1\r\nHost: a\r\n\r\n"),
	SMUGGLED("a length", "200 200", POST CL "3\r\n\r\nabc"),
	SMUGGLED("a length of 0", "200 200", POST CL "0\r\n\r\n"),
	SMUGGLED("leading zeros", "200 200", POST CL "0003\r\n\r\nabc"),
	SMUGGLED("chunks", "200 200", POST TE "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("CHUNKED", "200 200", POST TE "CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("a tab before the value", "200 200",
	    POST "Transfer-Encoding:\tchunked\r\n\r\n"
		 "3\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED(
	    "a chunk extension", "200 200", POST TE "chunked\r\n\r\n3;a=b\r\nabc\r\n0;c\r\n\r\n"),
	SMUGGLED("a trailer", "200 200", POST TE "chunked\r\n\r\n0\r\nX: y\r\n\r\n"),
	SMUGGLED(
	    "a length in a trailer", "200 200", POST TE "chunked\r\n\r\n0\r\n" CL "99\r\n\r\n"),
	SMUGGLED(
	    "a GET with a body", "200 200", "GET /p HTTP/1.1\r\nHost: a\r\n" CL "3\r\n\r\nabc"),
	SMUGGLED("an empty line in front", "200 200", "\r\nGET /p HTTP/1.1\r\nHost: a\r\n\r\n"),

	/* CL.TE, TE.CL */
	SMUGGLED("CL.TE", "400!", POST CL "6\r\n" TE "chunked\r\n\r\n0\r\n\r\nG"),
	SMUGGLED(
	    "TE.CL", "400!", POST TE "chunked\r\n" CL "4\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n\r\n"),
	SMUGGLED("CL.0", "400!", POST CL "0\r\n" TE "chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("TE in HTTP/1.0", "400!",
	    "POST /p HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n" TE
	    "chunked\r\n\r\n0\r\n\r\n"),

	/* TE.TE: one reader is to miss the coding */
	SMUGGLED("a tab behind the value", "400!", POST TE "chunked\t\r\n\r\n0\r\n\r\n"),
	SMUGGLED("xchunked", "501!", POST TE "xchunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("identity", "501!", POST TE "identity\r\n\r\nabc"),
	SMUGGLED("gzip, chunked", "501!", POST TE "gzip, chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("chunked, identity", "400!", POST TE "chunked, identity\r\n\r\n0\r\n\r\n"),
	SMUGGLED("chunked, chunked", "400!", POST TE "chunked, chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("chunked in quotes", "501!", POST TE "\"chunked\"\r\n\r\n0\r\n\r\n"),
	SMUGGLED("chunked with a parameter", "501!", POST TE "chunked;q=1\r\n\r\n0\r\n\r\n"),
	SMUGGLED("a comma", "501!", POST TE ",chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("an empty coding", "501!", POST TE "\r\n\r\n0\r\n\r\n"),
	SMUGGLED("two codings", "400!", POST TE "chunked\r\n" TE "identity\r\n\r\n0\r\n\r\n"),
	SMUGGLED("chunked twice", "400!", POST TE "chunked\r\n" TE "chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("a space before the colon", "400!",
	    POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED(
	    "a tab before the colon", "400!", POST "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED(
	    "a space before the name", "400!", POST " Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("a vertical tab", "400!",
	    POST "Transfer-Encoding:\x0b"
		 "chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("a form feed", "400!",
	    POST "Transfer-Encoding:\x0c"
		 "chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("a byte of 0xa0", "501!",
	    POST "Transfer-Encoding:\xa0"
		 "chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("a name with a byte above 127", "400!",
	    POST "Transfer-Encoding\xff: chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED(
	    "an underscore is another field", "200 200", POST "Transfer_Encoding: chunked\r\n\r\n"),

	/* folded lines and line ends */
	SMUGGLED("obs-fold", "400!", POST "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED(
	    "obs-fold in a coding", "400!", POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("obs-fold of the first field", "400!", "POST /p HTTP/1.1\r\n Host: a\r\n\r\n"),
	SMUGGLED("bare LF", "400!", "POST /p HTTP/1.1\nHost: a\n" CL "3\n\nabc"),
	SMUGGLED("bare LF behind a field", "400!", POST "X: y\n" TE "chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("bare LF as the blank line", "400!", POST CL "3\r\n\nabc"),
	SMUGGLED("bare CR in a value", "400!", POST "X: y\r" TE "chunked\r\n\r\n0\r\n\r\n"),
	SMUGGLED("bare CR behind the request line", "400!", "GET /p HTTP/1.1\rHost: a\r\n\r\n"),
	SMUGGLED("CR CR LF", "400!", POST CL "3\r\r\n\r\nabc"),
	SMUGGLED("NUL in a value", "400!", POST "X: \0\r\n" CL "3\r\n\r\nabc"),
	SMUGGLED("NUL in a name", "400!", POST "Content-Length\0: 3\r\n\r\nabc"),
	SMUGGLED("NUL in the target", "400!", "GET /p\0x HTTP/1.1\r\nHost: a\r\n\r\n"),
	SMUGGLED("a line without a colon", "400!", POST "X\r\n\r\n"),
	SMUGGLED("a field without a name", "400!", POST ": x\r\n\r\n"),

	/* lengths */
	SMUGGLED("two lengths", "400!", POST CL "3\r\n" CL "4\r\n\r\nabcd"),
	SMUGGLED("the same length twice", "400!", POST CL "3\r\n" CL "3\r\n\r\nabc"),
	SMUGGLED("a list of lengths", "400!", POST CL "3, 3\r\n\r\nabc"),
	SMUGGLED("+3", "400!", POST CL "+3\r\n\r\nabc"),
	SMUGGLED("-3", "400!", POST CL "-3\r\n\r\nabc"),
	SMUGGLED("-0", "400!", POST CL "-0\r\n\r\nabc"),
	SMUGGLED("0x3", "400!", POST CL "0x3\r\n\r\nabc"),
	SMUGGLED("3 3", "400!", POST CL "3 3\r\n\r\nabc"),
	SMUGGLED("3.0", "400!", POST CL "3.0\r\n\r\nabc"),
	SMUGGLED("1e1", "400!", POST CL "1e1\r\n\r\nabc"),
	SMUGGLED("an empty length", "400!", POST CL "\r\n\r\nabc"),
	SMUGGLED("a length in quotes", "400!", POST CL "\"3\"\r\n\r\nabc"),
	SMUGGLED("2^63", "400!", POST CL "9223372036854775808\r\n\r\nabc"),
	SMUGGLED("2^64 + 3", "400!", POST CL "18446744073709551619\r\n\r\nabc"),
	SMUGGLED("twenty nines", "400!", POST CL "99999999999999999999\r\n\r\nabc"),

	/* chunks */
	SMUGGLED("LF behind a size", "400!", POST TE "chunked\r\n\r\n3\nabc\r\n0\r\n\r\n"),
	SMUGGLED("LF behind a chunk", "400!", POST TE "chunked\r\n\r\n3\r\nabc\n0\r\n\r\n"),
	SMUGGLED("LF behind the last size", "400!", POST TE "chunked\r\n\r\n3\r\nabc\r\n0\n\r\n"),
	SMUGGLED("LF at the end", "400!", POST TE "chunked\r\n\r\n3\r\nabc\r\n0\r\n\n"),
	SMUGGLED("a chunk longer than its size", "400!",
	    POST TE "chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"),
	SMUGGLED(
	    "no line end behind a chunk", "400!", POST TE "chunked\r\n\r\n3\r\nabcXX0\r\n\r\n"),
	SMUGGLED("size 0x3", "400!", POST TE "chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("size +3", "400!", POST TE "chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("size -3", "400!", POST TE "chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("a blank before a size", "400!", POST TE "chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("a blank behind a size", "400!", POST TE "chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n"),
	SMUGGLED(
	    "CR CR LF behind a size", "400!", POST TE "chunked\r\n\r\n3\r\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("no size", "400!", POST TE "chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("size g", "400!", POST TE "chunked\r\n\r\ng\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("a size of 65 bits", "400!",
	    POST TE "chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED(
	    "LF in an extension", "400!", POST TE "chunked\r\n\r\n3;\nabc\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("LF in a quoted extension", "400!",
	    POST TE "chunked\r\n\r\n3;a=\"\nb\"\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("CR in an extension", "400!", POST TE "chunked\r\n\r\n3;a\rb\r\nabc\r\n0\r\n\r\n"),
	SMUGGLED("LF behind a trailer", "400!", POST TE "chunked\r\n\r\n0\r\nX: y\n\r\n"),
	SMUGGLED("a blank in a trailer", "400!", POST TE "chunked\r\n\r\n0\r\nX : y\r\n\r\n"),
	SMUGGLED("obs-fold in a trailer", "400!", POST TE "chunked\r\n\r\n0\r\nX: y\r\n z\r\n\r\n"),
	SMUGGLED("a request for a trailer", "400!",
	    POST TE "chunked\r\n\r\n0\r\nGET /x HTTP/1.1\r\n\r\n"),

	/* who is meant */
	SMUGGLED("absolute form", "200 200", "GET http://b/p HTTP/1.1\r\nHost: a\r\n\r\n"),
	SMUGGLED(
	    "absolute form with a user", "400!", "GET http://u@b/p HTTP/1.1\r\nHost: a\r\n\r\n"),
	SMUGGLED("another scheme", "400!", "GET ftp://b/p HTTP/1.1\r\nHost: a\r\n\r\n"),
	SMUGGLED("no host", "400!", "GET /p HTTP/1.1\r\n\r\n"),
	SMUGGLED("two hosts", "400!", "GET /p HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
	SMUGGLED("a host with a path", "400!", "GET /p HTTP/1.1\r\nHost: a/b\r\n\r\n"),
	SMUGGLED("a host with a user", "400!", "GET /p HTTP/1.1\r\nHost: u@a\r\n\r\n"),
	SMUGGLED("two hosts in one", "400!", "GET /p HTTP/1.1\r\nHost: a, b\r\n\r\n"),
	SMUGGLED("a blank in a host", "400!", "GET /p HTTP/1.1\r\nHost: a b\r\n\r\n"),

	/* request lines */
	SMUGGLED("HTTP/0.9", "400!", "GET /p\r\n"),
	SMUGGLED("HTTP/2.0", "505!", "GET /p HTTP/2.0\r\nHost: a\r\n\r\n"),
	SMUGGLED("two blanks", "400!", "GET  /p HTTP/1.1\r\nHost: a\r\n\r\n"),
	SMUGGLED("a tab for a blank", "400!", "GET\t/p HTTP/1.1\r\nHost: a\r\n\r\n"),
	SMUGGLED("a blank in the target", "400!", "GET /p x HTTP/1.1\r\nHost: a\r\n\r\n"),
	SMUGGLED("a blank behind the version", "400!", "GET /p HTTP/1.1 \r\nHost: a\r\n\r\n"),
	SMUGGLED("a fragment", "400!", "GET /p#x HTTP/1.1\r\nHost: a\r\n\r\n"),
	SMUGGLED("CONNECT", "501!", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
	SMUGGLED("a path above the root", "400!", "GET /../p HTTP/1.1\r\nHost: a\r\n\r\n"),
	SMUGGLED("an encoded slash", "400!", "GET /a%2fp HTTP/1.1\r\nHost: a\r\n\r\n"),

	/* Expect, Upgrade */
	SMUGGLED("Expect, and the body at once", "200 200",
	    POST "Expect: 100-continue\r\n" CL "3\r\n\r\nabc"),
	SMUGGLED("another expectation", "417!", POST "Expect: tea\r\n" CL "3\r\n\r\nabc"),
	SMUGGLED("two expectations", "417!",
	    POST "Expect: 100-continue\r\nExpect: x\r\n" CL "3\r\n\r\nabc"),
	SMUGGLED("Upgrade to h2c", "200 200",
	    "GET /p HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
	    "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"),
	SMUGGLED("Upgrade to websocket, of a wrong version", "200 200",
	    "GET /p HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 1337\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
	SMUGGLED("Upgrade with a body", "200 200",
	    POST "Connection: Upgrade\r\nUpgrade: x\r\n" CL "3\r\n\r\nabc"),

	/* what Connection names */
	SMUGGLED("Connection: Content-Length", "200 200",
	    POST "Connection: Content-Length\r\n" CL "3\r\n\r\nabc"),
	SMUGGLED(
	    "Connection: close", "200!", "GET /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),

	/* pipelined */
	SMUGGLED("two requests", "200 200 200", POST CL "3\r\n\r\nabc" POST CL "3\r\n\r\nabc"),
	SMUGGLED(
	    "a good one, then a bad one", "200 400!", POST CL "3\r\n\r\nabc" POST CL "x\r\n\r\n"),
	SMUGGLED("a bad one, then a good one", "400!", POST CL "x\r\n\r\n" POST CL "3\r\n\r\nabc"),
	SMUGGLED("a body that is longer than its length", "200 400!",
	    POST CL "3\r\n\r\nabc"
		    " GET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
};

#undef POST
#undef TE
#undef CL

#endif
