/* pair.h: a TLS server and a TLS client on a pipe: for tests. */
#ifndef MIR_TLS_TESTS_PAIR_H
#define MIR_TLS_TESTS_PAIR_H

#include <mir/test.h>
#include <mir/tls_device.h>

#include "../../http/tests/pipe.h"
#include "authority.h"

struct side {
	struct mir_tls_device *device;
	struct mir_flow *below;
	const char *name; /* NULL: a server */
	struct mir_tls_options options;
	struct mir_tls_flow *flow;
	int rc;
};

/* Stores, devices and an authority. */
struct pair {
	struct authority authority;
	struct mir_kv_mem server_store, client_store;
	struct mir_tls_device server_device, client_device;
	struct side server, client;
	size_t limit, cut; /* of the pipe */
	struct pipe_end *ends[2];
};

static inline void pair_begin(struct pair *p)
{
	*p = (struct pair){ .limit = 65536 };
	p->authority = authority_new("test authority");
	mir_kv_mem_start(&p->server_store, &(struct mir_kv_mem_config){ 1 << 20, "server" });
	mir_kv_mem_start(&p->client_store, &(struct mir_kv_mem_config){ 1 << 20, "client" });
	put_certificate(&p->client_store.kv, "/ca.pem", p->authority.cert);
}

static inline void pair_identity(struct pair *p, const char *dir, const char *san)
{
	put_identity(&p->server_store.kv, dir,
	    &(struct wish){ .name = dir, .san = san, .use = "serverAuth" }, &p->authority);
}

static inline int pair_start(struct pair *p, const struct mir_tls_device_config *server,
    const struct mir_tls_device_config *client)
{
	struct mir_tls_device_config s = server ? *server : (struct mir_tls_device_config){ 0 };
	struct mir_tls_device_config c = client ? *client : (struct mir_tls_device_config){ 0 };
	int rc;

	s.store = &p->server_store.kv;
	c.store = &p->client_store.kv;
	rc = mir_tls_device_start(&p->server_device, &s);
	return rc < 0 ? rc : mir_tls_device_start(&p->client_device, &c);
}

static inline void pair_end(struct pair *p)
{
	mir_sleep(MIR_SECOND(10)); /* the last words are said */
	mir_tls_device_stop(&p->server_device);
	mir_tls_device_stop(&p->client_device);
	mir_kv_mem_stop(&p->server_store);
	mir_kv_mem_stop(&p->client_store);
	authority_free(&p->authority);
}

static inline void side_run(void *arg)
{
	struct side *s = arg;

	if (s->name)
		s->rc = mir_tls_client(&s->device->tls, s->below, s->name, &s->options, &s->flow);
	else
		s->rc = mir_tls_server(&s->device->tls, s->below, &s->options, &s->flow);
}

/* A handshake; the results are in p->server and p->client. */
static inline void pair_connect(
    struct pair *p, const char *name, const char *server_alpn, const char *client_alpn)
{
	const char *identity = p->client.options.store;
	struct mir_fiber *f;

	pipe_new(p->limit, &p->ends[0], &p->ends[1]);
	p->ends[0]->cut = p->ends[1]->cut = p->cut;
	p->server = (struct side){ .device = &p->server_device,
		.below = &p->ends[0]->flow,
		.options = { .alpn = server_alpn } };
	p->client = (struct side){ .device = &p->client_device,
		.below = &p->ends[1]->flow,
		.name = name,
		.options = { .alpn = client_alpn, .store = identity } };
	f = mir_spawn_joinable("server", side_run, &p->server);
	side_run(&p->client);
	mir_join(f);
}

static inline void pair_close(struct pair *p)
{
	if (p->server.rc == 0 && p->server.flow)
		mir_flow_close(&p->server.flow->flow);
	if (p->client.rc == 0 && p->client.flow)
		mir_flow_close(&p->client.flow->flow);
	p->server.flow = p->client.flow = NULL;
}

/* Reads exactly that text. */
static inline bool reads(struct mir_flow *f, const char *text)
{
	size_t want = strlen(text), at = 0;

	while (at < want) {
		struct mir_slice s;

		if (mir_flow_read(f, &s, 1) <= 0)
			return false;
		if (s.len > want - at || memcmp(s.p, text + at, s.len) != 0) {
			mir_slice_unref(&s);
			return false;
		}
		at += s.len;
		mir_slice_unref(&s);
	}
	return true;
}

#endif
