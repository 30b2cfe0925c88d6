/* client_tls.c: servers whose TLS agrees to what nobody offered. */
#include "bench.h"

#include <mir/http_client.h>

static unsigned ended;

static void count_abort(struct mir_flow *f)
{
	(void)f;
	ended++;
}

static const struct mir_flow_ops ops = { .name = "test", .abort = count_abort };
static struct mir_tcp_flow below = { .flow = { &ops } };
static struct mir_tls_flow above = { .flow = { &ops }, .version = "TLSv1.3", .alpn = "h2" };

static int connect_it(struct mir_tcp *t, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *o, struct mir_tcp_flow **out)
{
	(void)t;
	(void)local;
	(void)peer;
	(void)o;
	*out = &below;
	return 0;
}

/* The flow below is the other's from now on, and ends with it. */
static int shake_hands(struct mir_tls *t, struct mir_flow *flow, const char *name,
    const struct mir_tls_options *o, struct mir_tls_flow **out)
{
	(void)t;
	(void)flow;
	(void)name;
	ok(strcmp(o->alpn, "http/1.1") == 0, "what is offered");
	*out = &above;
	return 0;
}

static void not_offered(void)
{
	static const struct mir_tcp_ops tcp_ops = { .name = "test", .connect = connect_it };
	static const struct mir_tls_ops tls_ops = { .name = "test", .client = shake_hands };
	struct mir_tcp tcp = { &tcp_ops };
	struct mir_tls tls = { &tls_ops, "test" };
	struct mir_http_client client = { .tcp = &tcp, .tls = &tls, .max_idle = 4 };
	unsigned status;
	size_t len;
	char *text;

	ok(mir_http_get(&client, "https://10.0.0.1/", 10, &text, &len, &status) == MIR_EPROTO,
	    "HTTP/2 to a client that has none");
	ok(ended == 1 && !client.n_links, "the connection is gone");
}

int main(void)
{
	RUN(not_offered);
	return mir_test_end();
}
