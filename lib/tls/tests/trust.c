/* trust.c: who is believed, and what is shown to whom. */
#include "pair.h"

#include <openssl/ssl.h>

static int verdict(const struct wish *w, bool by_other, bool revoked, int *server_rc)
{
	struct pair p;
	struct authority other = authority_new("another authority");
	long serial;
	int rc;

	pair_begin(&p);
	serial = put_identity(&p.server_store.kv, "a", w, by_other ? &other : &p.authority);
	if (revoked)
		put_revocation(&p.client_store.kv, &p.authority, serial);
	else
		put_revocation(&p.client_store.kv, &p.authority, 0);
	pair_start(&p, NULL, NULL);
	pair_connect(&p, "a.example", NULL, NULL);
	rc = p.client.rc;
	*server_rc = p.server.rc;
	pair_close(&p);
	pair_end(&p);
	authority_free(&other);
	return rc;
}

static void believes(void)
{
	static const struct {
		struct wish wish;
		bool by_other, revoked;
		int rc;
		const char *what;
	} cases[] = {
		{ { "a", "DNS:a.example", 0, 0, "serverAuth", false }, false, false, 0,
		    "a good one" },
		{ { "a", "DNS:*.example", 0, 0, NULL, false }, false, false, MIR_ECERTNAME,
		    "a wildcard that is too wide" },
		{ { "a.example", NULL, 0, 0, NULL, false }, false, false, MIR_ECERTNAME,
		    "a common name only" },
		{ { "a", "DNS:b.example", 0, 0, NULL, false }, false, false, MIR_ECERTNAME,
		    "another name" },
		{ { "a", "DNS:*", 0, 0, NULL, false }, false, false, MIR_ECERTNAME, "any name" },
		{ { "a", "DNS:a.example", -9000, -5000, NULL, false }, false, false, MIR_ECERTTIME,
		    "an expired one" },
		{ { "a", "DNS:a.example", 5000, 9000, NULL, false }, false, false, MIR_ECERTTIME,
		    "one of the future" },
		{ { "a", "DNS:a.example", 0, 0, "clientAuth", false }, false, false, MIR_ECERTUSE,
		    "a client's" },
		{ { "a", "DNS:a.example", 0, 0, NULL, false }, true, false, MIR_ECERT,
		    "another authority's" },
		{ { "a", "DNS:a.example", 0, 0, NULL, false }, false, true, MIR_ECERTREVOKED,
		    "a revoked one" },
	};

	for (unsigned i = 0; i < MIR_COUNT(cases); i++) {
		int server,
		    rc = verdict(&cases[i].wish, cases[i].by_other, cases[i].revoked, &server);

		ok(rc == cases[i].rc, "%s: %s", cases[i].what, mir_strerror(rc));
	}
}

static void trusts_nobody_without_authorities(void)
{
	struct pair p;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	mir_kv_remove(&p.client_store.kv, mir_str("/ca.pem"));
	pair_start(&p, NULL, NULL);
	pair_connect(&p, "a.example", NULL, NULL);
	ok(p.client.rc == MIR_ECERT, "%s", mir_strerror(p.client.rc));
	ok(p.server.rc < 0, "the server is told");
	pair_end(&p);
}

static void shows(struct pair *p, const char *ask, const char *peer)
{
	pair_connect(p, ask, NULL, NULL);
	ok(p->client.rc == 0 && strcmp(p->client.flow->peer, peer) == 0, "%s: %s", ask,
	    p->client.rc < 0 ? mir_strerror(p->client.rc) : p->client.flow->peer);
	pair_close(p);
}

static void chooses(void)
{
	struct pair p;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example,IP:10.0.0.2");
	pair_identity(&p, "b", "DNS:b.example,DNS:*.b.example");
	mir_kv_set(&p.server_store.kv, mir_str("/bad/fullchain.pem"), "x", 1);
	pair_start(&p, NULL, NULL);
	shows(&p, "a.example", "a.example");
	shows(&p, "b.example", "b.example");
	shows(&p, "www.b.example", "*.b.example");
	pair_connect(&p, "10.0.0.2", NULL, NULL);
	ok(p.client.rc == 0, "an address: %s", mir_strerror(p.client.rc));
	pair_close(&p);
	pair_connect(&p, "c.example", NULL, NULL);
	ok(p.client.rc == MIR_ECERTNAME, "none for it: the first is shown");
	pair_close(&p);
	pair_end(&p);
}

static void resumes(void)
{
	struct pair p;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, NULL, NULL);
	for (int i = 0; i < 3; i++) {
		pair_connect(&p, "a.example", NULL, NULL);
		mir_flow_write_copy(&p.server.flow->flow, "x", 1);
		ok(reads(&p.client.flow->flow, "x"), "works");
		ok(p.client.flow->resumed == (i > 0), "connection %d: resumed %d", i,
		    p.client.flow->resumed);
		pair_close(&p);
	}
	mir_sleep(MIR_SECOND(13 * 3600));
	pair_connect(&p, "a.example", NULL, NULL);
	mir_flow_write_copy(&p.server.flow->flow, "x", 1);
	reads(&p.client.flow->flow, "x");
	ok(p.client.flow->resumed, "under the key before");
	pair_close(&p);
	mir_sleep(MIR_SECOND(30 * 3600));
	pair_connect(&p, "a.example", NULL, NULL);
	ok(!p.client.flow->resumed, "under one that is too old: not");
	pair_close(&p);
	pair_end(&p);
}

static void asks_clients(void)
{
	struct mir_tls_device_config require = { .tls_client_cert = "require" };
	struct pair p;
	struct mir_slice s;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	put_identity(&p.client_store.kv, "me", &(struct wish){ .name = "me", .use = "clientAuth" },
	    &p.authority);
	ok(mir_tls_device_start(
	       &p.server_device, &(struct mir_tls_device_config){ .tls_client_cert = "require",
				     .store = &p.server_store.kv }) == MIR_EINVAL,
	    "not without authorities");
	put_certificate(&p.server_store.kv, "/ca.pem", p.authority.cert);
	ok(pair_start(&p, &require, NULL) == 0, "with them");
	pair_connect(&p, "a.example", NULL, NULL);
	ok(p.server.rc < 0, "without one: %s", mir_strerror(p.server.rc));
	ok(p.client.rc < 0 || mir_flow_read(&p.client.flow->flow, &s, 1) < 0, "the client is told");
	pair_close(&p);
	p.client.options.store = "me";
	pair_connect(&p, "a.example", NULL, NULL);
	ok(p.server.rc == 0, "with one: %s", mir_strerror(p.server.rc));
	ok(p.server.flow && strstr(p.server.flow->peer, "CN=me") != NULL, "whose it is: %s",
	    p.server.flow ? p.server.flow->peer : "");
	mir_flow_write_copy(&p.server.flow->flow, "x", 1);
	ok(reads(&p.client.flow->flow, "x"), "tickets come with the first bytes");
	pair_close(&p);
	p.client.options.store = NULL;
	pair_connect(&p, "a.example", NULL, NULL);
	ok(p.server.rc < 0, "who shows none is not taken for who did");
	pair_close(&p);
	pair_end(&p);
}

/* Who proves names to ACME servers is not asked for a certificate, and gets nothing by that. */
static void challenges(int version)
{
	struct mir_tls_device_config require = { .tls_client_cert = "require" };
	struct mir_tls *tls;
	struct mir_slice s;
	struct pair p;
	char *chain, *key;
	size_t len;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	put_certificate(&p.server_store.kv, "/ca.pem", p.authority.cert);
	ok(pair_start(&p, &require, NULL) == 0, "clients need certificates");
	SSL_CTX_set_max_proto_version(p.client_device.client, version);
	mir_kv_get(&p.server_store.kv, mir_str("/a/fullchain.pem"), 65536, &chain, &len);
	mir_kv_get(&p.server_store.kv, mir_str("/a/privkey.pem"), 65536, &key, &len);
	tls = &p.server_device.tls;
	ok(tls->ops->challenge(tls, "a.example", chain, key) == 0, "a challenge is shown");
	pair_connect(&p, "a.example", NULL, "acme-tls/1");
	ok(p.client.rc == 0 && p.server.rc == MIR_ECONNRESET, "to who asks for it, and no more");
	while (mir_flow_read(&p.client.flow->flow, &s, 1) > 0)
		mir_slice_unref(&s);
	pair_close(&p);
	pair_connect(&p, "a.example", NULL, NULL);
	ok(p.server.rc < 0, "it opens no other way in: %s", mir_strerror(p.server.rc));
	pair_close(&p);
	free(chain);
	free(key);
	pair_end(&p);
}

static void proves_names(void)
{
	challenges(TLS1_3_VERSION);
	challenges(TLS1_2_VERSION);
}

static void reloads(void)
{
	struct mir_tls_device_config often = { .tls_reload = MIR_SECOND(10) };
	struct pair p;

	pair_begin(&p);
	pair_identity(&p, "a", "DNS:a.example");
	pair_start(&p, &often, NULL);
	shows(&p, "a.example", "a.example");
	pair_connect(&p, "a.example", NULL, NULL);
	put_identity(&p.server_store.kv, "a",
	    &(struct wish){ .name = "a", .san = "DNS:new.example" }, &p.authority);
	mir_sleep(MIR_SECOND(11));
	ok(mir_flow_write_copy(&p.client.flow->flow, "x", 1) == 0 &&
		reads(&p.server.flow->flow, "x"),
	    "an open connection goes on");
	pair_close(&p);
	shows(&p, "new.example", "new.example");
	mir_kv_set(&p.server_store.kv, mir_str("/a/privkey.pem"), "no key", 6);
	mir_sleep(MIR_SECOND(11));
	shows(&p, "new.example", "new.example");
	ok(p.server_device.stats.reloads == 2, "what is broken is not taken: %llu",
	    (unsigned long long)p.server_device.stats.reloads);
	pair_end(&p);
}

static void makes_its_own(void)
{
	struct mir_tls_device_config own = { .tls_self_signed = "a.example,10.0.0.2,fe80::1" };
	struct pair p;
	char *first, *second;
	size_t len;

	pair_begin(&p);
	ok(pair_start(&p, &own, NULL) == 0, "starts");
	ok(mir_kv_get(
	       &p.server_store.kv, mir_str("/self-signed/fullchain.pem"), 9999, &first, &len) == 0,
	    "keeps it");
	mir_tls_device_stop(&p.server_device);
	mir_tls_device_stop(&p.client_device);
	mir_kv_set(&p.client_store.kv, mir_str("/ca.pem"), first, len);
	ok(pair_start(&p, &own, NULL) == 0, "starts again");
	mir_kv_get(&p.server_store.kv, mir_str("/self-signed/fullchain.pem"), 9999, &second, &len);
	ok(strcmp(first, second) == 0, "with the same");
	shows(&p, "a.example", "a.example");
	pair_connect(&p, "fe80::1", NULL, NULL);
	ok(p.client.rc == 0, "an address: %s", mir_strerror(p.client.rc));
	pair_close(&p);
	free(first);
	free(second);
	pair_end(&p);
}

static void says_what_is_wrong(void)
{
	struct mir_tls_device d;

	ok(mir_tls_device_start(&d, &(struct mir_tls_device_config){ .tls_ciphers = "weak" }) ==
		MIR_EINVAL,
	    "ciphers");
	ok(mir_tls_device_start(&d, &(struct mir_tls_device_config){ .tls_client_cert = "x" }) ==
		MIR_EINVAL,
	    "clients");
	ok(mir_tls_device_start(&d, &(struct mir_tls_device_config){ .tls_self_signed = ",,",
					.name = "" }) == MIR_EINVAL,
	    "names");
}

int main(void)
{
	RUN(believes);
	RUN(trusts_nobody_without_authorities);
	RUN(chooses);
	RUN(resumes);
	RUN(asks_clients);
	RUN(proves_names);
	RUN(reloads);
	RUN(makes_its_own);
	RUN(says_what_is_wrong);
	return mir_test_end();
}
