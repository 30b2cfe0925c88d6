/* limits.c: peers that are slow, many, or speak nonsense. */
#include "pair.h"

#include <openssl/ssl.h>

static void gives_up_on_silence(void)
{
	struct pair p;
	int64_t before = mir_now();

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, NULL, NULL);
	pipe_new(65536, &p.ends[0], &p.ends[1]);
	p.server = (struct side){ .device = &p.server_device, .below = &p.ends[0]->flow };
	side_run(&p.server);
	ok(p.server.rc == MIR_ETIMEDOUT, "%s", mir_strerror(p.server.rc));
	ok(mir_now() - before < MIR_SECOND(11), "after ten seconds");
	mir_flow_close(&p.ends[1]->flow);
	pair_end(&p);
}

static void refuses_nonsense(void)
{
	static const char *const texts[] = { "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff",
		"\x16\x03\x01\x00\x02\x01\x00", "\x15\x03\x03\x00\x02\x02\x28", "\x80\x2e\x01" };
	struct pair p;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, NULL, NULL);
	for (unsigned i = 0; i < MIR_COUNT(texts); i++) {
		struct mir_slice s = mir_slice_static(texts[i], i == 2 ? 7 : strlen(texts[i]));

		pipe_new(65536, &p.ends[0], &p.ends[1]);
		p.server = (struct side){ .device = &p.server_device, .below = &p.ends[0]->flow };
		mir_flow_write(&p.ends[1]->flow, &s, 1);
		mir_flow_shutdown(&p.ends[1]->flow, MIR_FLOW_WRITE);
		side_run(&p.server);
		ok(p.server.rc == MIR_EPROTO || p.server.rc == MIR_ECONNRESET, "%u: %s", i,
		    mir_strerror(p.server.rc));
		mir_flow_close(&p.ends[1]->flow);
	}
	pair_end(&p);
}

/* Two may be in a handshake, eight wait: those that say nothing make room in time. */
static void bounds_handshakes(void)
{
	enum { MANY = 11 };
	struct mir_tls_device_config few = { .tls_handshakes = 2 };
	struct pair p;
	struct side silent[MANY];
	struct pipe_end *ends[MANY][2];
	struct mir_fiber *fibers[MANY];
	unsigned limit = 0;
	int64_t began = mir_now();

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, &few, NULL);
	for (unsigned i = 0; i < MANY; i++) {
		pipe_new(65536, &ends[i][0], &ends[i][1]);
		silent[i] = (struct side){ .device = &p.server_device, .below = &ends[i][0]->flow };
		fibers[i] = mir_spawn_joinable("silent", side_run, &silent[i]);
	}
	mir_sleep(MIR_MS(500));
	mir_join(fibers[MANY - 1]);
	ok(silent[MANY - 1].rc == MIR_ELIMIT, "the eleventh: %s", mir_strerror(silent[10].rc));
	ok(p.server_device.stats.refused == 1, "is counted");
	pair_connect(&p, "a.example", NULL, NULL);
	ok(p.client.rc == MIR_ECONNRESET || p.client.rc == MIR_EPROTO, "and so is the next: %s",
	    mir_strerror(p.client.rc));
	mir_sleep(MIR_MS(1000));
	ok(p.server_device.stats.pushed_out > 0, "after a second the first make room");
	pair_connect(&p, "a.example", NULL, NULL);
	ok(p.client.rc == 0, "so that an honest one comes through: %s", mir_strerror(p.client.rc));
	ok(mir_now() - began < MIR_SECOND(9), "before the time of the silent is up");
	pair_close(&p);
	for (unsigned i = 0; i < MANY - 1; i++) {
		mir_join(fibers[i]);
		limit += silent[i].rc == MIR_ELIMIT;
	}
	ok(limit == 0, "the others had their turn");
	for (unsigned i = 0; i < MANY; i++)
		mir_flow_close(&ends[i][1]->flow);
	pair_end(&p);
}

static void keeps_to_its_versions(void)
{
	struct mir_tls_device_config modern = { .tls_ciphers = "modern" };
	struct pair p;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, &modern, NULL);
	SSL_CTX_set_max_proto_version(p.client_device.client, TLS1_2_VERSION);
	pair_connect(&p, "a.example", NULL, NULL);
	ok(p.server.rc == MIR_EPROTO && p.client.rc == MIR_EPROTO, "no TLS 1.2 with modern");
	mir_tls_device_stop(&p.server_device);
	mir_tls_device_stop(&p.client_device);
	pair_start(&p, NULL, NULL);
	SSL_CTX_set_max_proto_version(p.client_device.client, TLS1_2_VERSION);
	pair_connect(&p, "a.example", NULL, NULL);
	ok(p.client.rc == 0 && strcmp(p.client.flow->version, "TLSv1.2") == 0, "but otherwise");
	mir_flow_write_copy(&p.client.flow->flow, "hello", 5);
	ok(reads(&p.server.flow->flow, "hello"), "which works");
	pair_close(&p);
	SSL_CTX_set_security_level(p.client_device.client, 0);
	SSL_CTX_set_min_proto_version(p.client_device.client, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(p.client_device.client, TLS1_1_VERSION);
	pair_connect(&p, "a.example", NULL, NULL);
	ok(p.server.rc == MIR_EPROTO, "never 1.1");
	pair_connect(&p, "a.example", "h2", "spdy");
	ok(p.server.rc < 0, "no protocol in common");
	pair_end(&p);
}

/* Many, one after the other, and nothing stays. */
static void many(void)
{
	struct pair p;
	unsigned good = 0;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, NULL, NULL);
	for (unsigned i = 0; i < 200; i++) {
		pair_connect(&p, "a.example", NULL, NULL);
		good += p.client.rc == 0 && p.server.rc == 0;
		pair_close(&p);
	}
	ok(good == 200, "%u", good);
	pair_end(&p);
}

int main(void)
{
	RUN(gives_up_on_silence);
	RUN(refuses_nonsense);
	RUN(bounds_handshakes);
	RUN(keeps_to_its_versions);
	RUN(many);
	return mir_test_end();
}
