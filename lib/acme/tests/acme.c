/* acme.c: certificates from a directory that works, that errs, that is not there. */
#include "../../http/tests/pipe.h"
#include "directory.h"

#include <mir/acme_device.h>
#include <mir/http_server.h>
#include <mir/kv_mem.h>

#include "../internal.h"

static struct directory directory;
static struct mir_kv_mem store;
static struct mir_acme_device device;
static unsigned seen_challenge, reloads;
static bool dead;

/* ---- the directory as a server of HTTP ---- */

static struct mir_http_server server;

static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	static char body[MIR_ACME_JWS];
	char path[128], out[512];
	size_t len = 0;
	unsigned status;
	struct mir_slice s;

	(void)arg;
	while (mir_http_read(r, &s, 1) > 0) {
		if (s.len < sizeof(body) - len) {
			memcpy(body + len, s.p, s.len);
			len += s.len;
		}
		mir_slice_unref(&s);
	}
	snprintf(path, sizeof(path), "%.*s", (int)r->path.len, r->path.p);
	if (strcmp(path, "/challenge") == 0 &&
	    mir_acme_http01(&device.acme, mir_str("the-token_1"), out, sizeof(out)) > 0 &&
	    strncmp(out, "the-token_1.", 12) == 0 && strlen(out) == 12 + 43)
		seen_challenge++;
	status = directory_answer(
	    &directory, r->method == MIR_HTTP_POST ? "POST" : "GET", path, body, len);
	if (directory.nonce_text[0])
		mir_http_add(w, "Replay-Nonce", directory.nonce_text);
	if (directory.location[0])
		mir_http_add(w, "Location", directory.location);
	if (directory.rate_limit)
		mir_http_add(w, "Retry-After", "7200");
	return mir_http_reply(
	    w, status, "application/json", directory.body, strlen(directory.body));
}

static const struct mir_endpoint here = { { { [10] = 0xff, [11] = 0xff, 10, 0, 0, 1 } }, 443 };

struct pipe_flow {
	struct mir_tcp_flow tcp;
	struct pipe_end *end;
};

static int connect_pipe(struct mir_tcp *t, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *o, struct mir_tcp_flow **out);

static const struct mir_tcp_ops tcp_ops = { .name = "pipes", .connect = connect_pipe };
static struct mir_tcp tcp = { &tcp_ops };

static struct mir_flow *below(struct mir_flow *f)
{
	return &mir_container(f, struct pipe_flow, tcp.flow)->end->flow;
}

static int wrap_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	return mir_flow_read(below(f), out, max);
}

static int wrap_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	return mir_flow_write(below(f), data, n);
}

static void wrap_close(struct mir_flow *f)
{
	mir_flow_close(below(f));
	free(mir_container(f, struct pipe_flow, tcp.flow));
}

static void wrap_when_readable(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	mir_flow_when_readable(below(f), ready, arg);
}

static const struct mir_flow_ops wrap_ops = { .name = "pipe",
	.read = wrap_read,
	.write = wrap_write,
	.close = wrap_close,
	.abort = wrap_close,
	.when_readable = wrap_when_readable };

static int connect_pipe(struct mir_tcp *t, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *o, struct mir_tcp_flow **out)
{
	struct pipe_flow *f;
	struct pipe_end *end;

	(void)local;
	(void)o;
	if (dead)
		return MIR_ECONNREFUSED;
	f = calloc(1, sizeof(*f));
	f->tcp = (struct mir_tcp_flow){ { &wrap_ops }, t, here, *peer };
	pipe_new(65536, &f->end, &end);
	mir_http_server_connection(&server, &end->flow, NULL, &here, peer);
	*out = &f->tcp;
	return 0;
}

/* TLS that adds nothing. */
struct fake_tls_flow {
	struct mir_tls_flow tls;
	struct mir_flow *below;
};

static struct mir_flow *plain(struct mir_flow *f)
{
	return mir_container(f, struct fake_tls_flow, tls.flow)->below;
}

static int plain_read(struct mir_flow *f, struct mir_slice *out, unsigned max)
{
	return mir_flow_read(plain(f), out, max);
}

static int plain_write(struct mir_flow *f, struct mir_slice *data, unsigned n)
{
	return mir_flow_write(plain(f), data, n);
}

static void plain_close(struct mir_flow *f)
{
	mir_flow_close(plain(f));
	free(mir_container(f, struct fake_tls_flow, tls.flow));
}

static void plain_when_readable(struct mir_flow *f, mir_flow_ready *ready, void *arg)
{
	mir_flow_when_readable(plain(f), ready, arg);
}

static const struct mir_flow_ops plain_ops = { .name = "plain",
	.read = plain_read,
	.write = plain_write,
	.close = plain_close,
	.abort = plain_close,
	.when_readable = plain_when_readable };

static int tls_client(struct mir_tls *t, struct mir_flow *flow, const char *name,
    const struct mir_tls_options *o, struct mir_tls_flow **out)
{
	struct fake_tls_flow *f = calloc(1, sizeof(*f));

	(void)t;
	(void)name;
	(void)o;
	f->tls.flow.ops = &plain_ops;
	f->tls.version = "none";
	f->below = flow;
	*out = &f->tls;
	return 0;
}

static int tls_challenge(struct mir_tls *t, const char *host, const char *chain, const char *key)
{
	(void)t;
	(void)host;
	(void)chain;
	(void)key;
	return 0;
}

static int tls_reload(struct mir_tls *t)
{
	(void)t;
	reloads++;
	return 0;
}

static const struct mir_tls_ops tls_ops = { "none", NULL, tls_client, tls_challenge, tls_reload };
static struct mir_tls tls = { &tls_ops, "none" };

static int resolve(struct mir_resolver *r, const char *host, struct mir_ipaddr *out, unsigned max)
{
	(void)r;
	(void)max;
	(void)host;
	*out = here.addr;
	return 1;
}

static const struct mir_resolver_ops resolver_ops = { "test", resolve };
static struct mir_resolver resolver = { &resolver_ops };
static struct mir_http_client client = { .tcp = &tcp, .tls = &tls, .resolver = &resolver };

static const struct mir_acme_device_config config = { .store = &store.kv,
	.tls = &tls,
	.client = &client,
	.acme_names = "A.test",
	.acme_directory = "https://ca.test/dir",
	.acme_email = "me@a.test",
	.acme_agree = true,
	.name = "test" };

static void world_begin(void)
{
	struct mir_http_server_config c = { .handler = handler };

	memset(&directory, 0, sizeof(directory));
	directory.authority = authority_new("test authority");
	seen_challenge = reloads = 0;
	dead = false;
	mir_http_server_start(&server, &c);
	mir_kv_mem_start(&store, &(struct mir_kv_mem_config){ 1 << 20, "store" });
}

static void world_end(void)
{
	mir_acme_device_stop(&device);
	mir_http_client_close(&client);
	mir_sleep(MIR_SECOND(70));
	mir_http_server_stop(&server);
	mir_kv_mem_stop(&store);
	authority_free(&directory.authority);
}

static int count(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	(void)kind;
	*(unsigned *)arg += key.len > 6 && memcmp(key.p, "/acme-", 6) == 0;
	return 0;
}

static unsigned certificates(void)
{
	unsigned n = 0;

	mir_kv_list(&store.kv, mir_str("/"), count, &n);
	return n;
}

static void issues(void)
{
	world_begin();
	directory.bad_nonces = 3;
	directory.processing = true;
	ok(mir_acme_device_start(&device, &config) == 0, "starts");
	mir_sleep(MIR_SECOND(60));
	ok(device.stats.issued == 1 && seen_challenge == 1 && certificates() == 1 && reloads == 1,
	    "a certificate, with nonces that were refused");
	ok(directory.accounts == 1 && directory.orders == 1, "one order");
	mir_acme_device_stop(&device);
	ok(mir_acme_device_start(&device, &config) == 0, "starts again");
	mir_sleep(MIR_SECOND(3600));
	ok(device.stats.issued == 0 && directory.orders == 1, "it is kept");
	mir_sleep(MIR_SECOND(55ll * 86400));
	ok(device.stats.issued == 0, "after 55 days still");
	mir_sleep(MIR_SECOND(6ll * 86400));
	ok(device.stats.issued == 1 && certificates() == 1, "after 61 it has been renewed");
	world_end();
}

static void errs(const char *what, bool *how)
{
	world_begin();
	if (how)
		*how = true;
	else
		dead = true;
	mir_acme_device_start(&device, &config);
	mir_sleep(MIR_SECOND(30));
	ok(device.stats.issued == 0 && device.stats.failed == 1 && certificates() == 0, "%s", what);
	if (how)
		*how = false;
	dead = false;
	mir_sleep(MIR_SECOND(7300));
	ok(device.stats.issued == 1, "%s: and later one that does not", what);
	world_end();
}

static void failures(void)
{
	errs("no directory", NULL);
	errs("too many requests", &directory.rate_limit);
	errs("a challenge that was not met", &directory.invalid);
	errs("another key", &directory.other_key);
	errs("no such challenge", &directory.no_challenge);
	errs("no nonces", &directory.no_nonces);
	errs("no JSON", &directory.garbage);
}

/* Room for a key, and not for the certificate with it. */
static void no_room(void)
{
	world_begin();
	mir_acme_device_start(&device, &config);
	store.budget.limit = store.budget.used + 1000;
	mir_sleep(MIR_SECOND(30));
	ok(device.stats.issued == 0 && device.stats.failed == 1, "no room for a certificate");
	ok(certificates() == 0, "half of one is not left there: %u", certificates());
	world_end();
}

static void backs_off(void)
{
	world_begin();
	dead = true;
	mir_acme_device_start(&device, &config);
	mir_sleep(MIR_SECOND(3600));
	ok(device.stats.failed >= 5 && device.stats.failed <= 7, "an hour: %llu times",
	    (unsigned long long)device.stats.failed);
	mir_sleep(MIR_SECOND(10 * 86400));
	ok(device.stats.failed <= 28, "ten days: %llu times",
	    (unsigned long long)device.stats.failed);
	world_end();
}

static void keys(void)
{
	EVP_PKEY *key = mir_acme_key_new(), *again;
	char pem[1024], jwk[256], again_jwk[256], text[64], jws[4096], binding[2048];
	uint8_t bytes[64];
	int n = mir_acme_key_write(key, pem, sizeof(pem));

	again = mir_acme_key_read(pem, (size_t)n);
	mir_acme_jwk(key, jwk, sizeof(jwk));
	mir_acme_jwk(again, again_jwk, sizeof(again_jwk));
	ok(strcmp(jwk, again_jwk) == 0, "a key comes back");
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37);
	for (size_t i = 0; i < 40; i++) {
		uint8_t back[64];

		mir_acme_base64url(bytes, i, text, sizeof(text));
		if (mir_acme_unbase64url(text, back, sizeof(back)) != (int)i ||
		    memcmp(back, bytes, i) != 0)
			ok(false, "base64url of %zu", i);
	}
	ok(mir_acme_unbase64url("a+b/", bytes, 64) == MIR_EINVAL, "another alphabet");
	ok(mir_acme_sign(key, "https://x/\"", "n", "https://x/", "{}", jws, sizeof(jws)) > 0,
	    "signs");
	ok(mir_acme_sign(key, "", "n", "https://x/", "{}", jws, 64) == MIR_ERANGE, "no room");
	ok(mir_acme_binding(key, "kid", "c2VjcmV0", "https://x/", binding, sizeof(binding)) > 0,
	    "an account elsewhere");
	ok(mir_acme_binding(key, "kid", "!", "https://x/", binding, sizeof(binding)) == MIR_EINVAL,
	    "no key of it");
	ok(mir_acme_key_read("x", 1) == NULL, "no key");
	EVP_PKEY_free(key);
	EVP_PKEY_free(again);
}

static void bad_config(void)
{
	static const char *const bad[] = { "", "a", "a b!.test", "x.test,*", "a.*.test" };
	struct mir_acme_device_config c = config;

	world_begin();
	for (size_t i = 0; i < MIR_COUNT(bad); i++) {
		c.acme_names = bad[i];
		ok(mir_acme_device_start(&device, &c) == MIR_EINVAL, "not '%s'", bad[i]);
	}
	c = config;
	c.acme_agree = false;
	ok(mir_acme_device_start(&device, &c) == MIR_EINVAL, "terms that nobody agrees to");
	world_end();
}

int main(void)
{
	RUN(issues);
	RUN(failures);
	RUN(no_room);
	RUN(backs_off);
	RUN(keys);
	RUN(bad_config);
	return mir_test_end();
}
