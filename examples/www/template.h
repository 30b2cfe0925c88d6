/* template.h: pages with places to fill: {{name}}. */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <mir/http.h>
#include <mir/kv.h>

struct template_value {
	const char *name; /* NULL ends the list */
	const char *text; /* shown as it is: < and & are escaped */
};

/* Answers with the page `key` of the store, its places filled.  The text between the places is
 * sent as it lies in the store.  Blocks.  MIR_EINVAL: a place without value, or never closed. */
int template_reply(struct mir_kv *, struct mir_str key, const struct template_value *values,
    struct mir_http_response *);

#endif
