/* json.h: write JSON (RFC 8259), indented. What goes in may be any bytes; what comes out is UTF-8.
 *
 *	struct json j = { .out = &text };
 *	json_open(&j, NULL, '{');
 *	json_string(&j, "name", "hello");
 *	json_close(&j);
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "text.h"

#define JSON_DEPTH 16

struct json {
	struct text *out;
	unsigned depth;
	char close[JSON_DEPTH]; /* of each object and array that is open */
	bool any;               /* something was written into the one on top */
};

/* Begin an object '{' or an array '['. `name` is that of the member, NULL within an array and at
 * the top. */
void json_open(struct json *, const char *name, char bracket);
/* End the last one that was begun; the last of all ends the line. */
void json_close(struct json *);
/* A string; null if it is NULL. */
void json_string(struct json *, const char *name, const char *value);
void json_bool(struct json *, const char *name, bool value);
void json_number(struct json *, const char *name, long long value);
/* An array of strings. */
void json_list(struct json *, const char *name, const struct list *);

#endif
