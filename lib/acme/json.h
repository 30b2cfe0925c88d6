/* json.h: a reader of JSON (RFC 8259) that takes nothing else, and no text twice: a document is
 * checked as a whole, then looked into where it lies. */
#ifndef MIR_ACME_JSON_H
#define MIR_ACME_JSON_H

#include <mir/cc.h>
#include <mir/err.h>

enum { MIR_JSON_DEPTH = 16 };

/* A value in a document that was checked. */
struct mir_json {
	const char *p, *end;
};

/* MIR_EPROTO: not one document of JSON, or nested deeper than MIR_JSON_DEPTH. */
int mir_json_parse(const char *text, size_t len, struct mir_json *out);

/* The first member of that name of an object; false: there is none, or v is no object. */
bool mir_json_member(struct mir_json v, const char *name, struct mir_json *out);

/* The i-th element of an array; false: there is none, or v is no array. */
bool mir_json_element(struct mir_json v, unsigned i, struct mir_json *out);

/* The text of a string in UTF-8, zero-ended: its length; MIR_EINVAL: no string, or one with a zero
 * in it; MIR_ERANGE: more than cap - 1 bytes. */
int mir_json_text(struct mir_json v, char *out, size_t cap);

/* Appends text as a string, quotes included, to out[*len..cap), zero-ended; false: it does not fit.
 */
bool mir_json_quote(const char *text, char *out, size_t *len, size_t cap);

#endif
