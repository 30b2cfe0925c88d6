/* engine.c: the DHCP states and messages, with times and bytes alone. */
#include "server.h"
#include <mir/dhcp_engine.h>
#include <mir/test.h>

enum { SERVER = 0x0a000001, OTHER = 0x0a000002, MINE = 0x0a000037, NEXT = 0x0a000038 };

static const struct mir_mac mac = { { 2, 0, 0, 0, 0, 7 } };
static struct mir_dhcp_engine e;
static struct mir_dhcp_out out;
static struct server_reply reply;
static int64_t now;

static void start(void)
{
	now = MIR_SECOND(1000);
	mir_dhcp_engine_init(&e, &mac, "me", 42);
	mir_dhcp_engine_step(&e, MIR_DHCP_START, NULL, 0, now, &out);
}

/* To the next timeout. */
static int64_t pass(void)
{
	int64_t from = now;

	now = e.next;
	mir_dhcp_engine_step(&e, MIR_DHCP_TIMEOUT, NULL, 0, now, &out);
	return now - from;
}

static void hear(const struct server_reply *r)
{
	mir_dhcp_engine_step(&e, MIR_DHCP_RECEIVED, r->b, r->len, now, &out);
}

static void says(uint8_t type, uint32_t yiaddr, uint32_t server, uint32_t seconds)
{
	uint8_t client[MIR_DHCP_OUT];

	memcpy(client, out.message, sizeof(client));
	mir_put_be32(client + 4, e.xid);
	server_reply(&reply, client, type, yiaddr, server, seconds);
	hear(&reply);
}

static uint8_t sent(void)
{
	return out.len ? client_type(out.message, out.len) : 0;
}

static void get_lease(uint32_t seconds)
{
	start();
	says(OFFER, MINE, SERVER, seconds);
	says(ACK, MINE, SERVER, seconds);
}

static void binds(void)
{
	const uint8_t *m = out.message;
	uint8_t n;

	start();
	ok(sent() == DISCOVER && out.to == 0 && e.state == MIR_DHCP_SELECTING, "asks at once");
	ok(m[0] == 1 && m[1] == 1 && m[2] == 6 && memcmp(m + 28, mac.b, 6) == 0 && m[10] == 0x80 &&
		out.len >= 300,
	    "a BOOTP request with the broadcast flag");
	ok(client_option(m, out.len, 61, &n) && n == 7 && client_option(m, out.len, 55, &n) &&
		client_option(m, out.len, 57, &n) && client_option(m, out.len, 12, &n) && n == 2,
	    "says who, what, how long, and the host's name");
	says(OFFER, MINE, SERVER, 3600);
	ok(sent() == REQUEST && out.to == 0 && client_be32(m, out.len, 50) == MINE &&
		client_be32(m, out.len, 54) == SERVER && mir_be32(m + 12) == 0,
	    "takes the first offer");
	now += MIR_MS(5);
	says(ACK, MINE, SERVER, 3600);
	ok(out.apply && !out.drop && sent() == 0 && e.state == MIR_DHCP_BOUND, "bound");
	ok(e.lease.addr == MINE && e.lease.len == 24 && e.lease.router[0] == 0x0a0000fe &&
		e.lease.server == SERVER,
	    "what the lease says");
	ok(e.next == MIR_SECOND(1000) + MIR_SECOND(1800), "T1 counts from the request");
	says(ACK, MINE, SERVER, 3600);
	ok(!out.apply && e.stats.rx_refused == 1, "a second answer changes nothing");
}

static void backs_off(void)
{
	static const int base[] = { 4, 8, 16, 32, 64, 64 };
	uint32_t xid;

	start();
	xid = e.xid;
	for (unsigned i = 0; i < MIR_COUNT(base); i++) {
		int64_t waited = pass();

		ok(waited >= MIR_SECOND(base[i] - 1) && waited <= MIR_SECOND(base[i] + 1) &&
			sent() == DISCOVER && e.xid == xid,
		    "DISCOVER again after %d s", base[i]);
	}
	ok(mir_be16(out.message + 8) > 180, "secs counts");
	says(OFFER, MINE, SERVER, 60);
	for (unsigned i = 1; i < 4; i++) {
		pass();
		ok(sent() == REQUEST, "REQUEST again");
	}
	pass();
	ok(sent() == DISCOVER && e.xid != xid, "then from the beginning");
}

static void renews(void)
{
	get_lease(3600);
	ok(pass() == MIR_SECOND(1800) && sent() == REQUEST && out.to == SERVER &&
		mir_be32(out.message + 12) == MINE && out.message[10] == 0 &&
		!client_be32(out.message, out.len, 50) && !client_be32(out.message, out.len, 54),
	    "T1: a unicast REQUEST with ciaddr alone");
	ok(pass() == MIR_SECOND(675) && sent() == REQUEST && out.to == SERVER, "half of the rest");
	says(ACK, MINE, SERVER, 3600);
	ok(out.apply && e.state == MIR_DHCP_BOUND && e.next == now + MIR_SECOND(1800), "renewed");
	pass();
	says(ACK, NEXT, SERVER, 3600);
	ok(out.apply && !out.drop && e.lease.addr == NEXT, "with another address");
	pass();
	says(ACK, NEXT, OTHER, 3600);
	ok(!out.apply && e.state == MIR_DHCP_RENEWING, "another server has no say");
	says(NAK, 0, SERVER, 0);
	ok(out.drop && e.state == MIR_DHCP_INIT && e.lease.addr == 0, "NAK: the address goes");
	ok(pass() == MIR_SECOND(1) && sent() == DISCOVER, "and all begins anew");
}

static void rebinds_and_expires(void)
{
	int64_t began = MIR_SECOND(1000);

	get_lease(3600);
	while (e.state != MIR_DHCP_REBINDING)
		pass();
	ok(now == began + MIR_SECOND(3150) && sent() == REQUEST && out.to == 0 &&
		mir_be32(out.message + 12) == MINE,
	    "T2: a broadcast REQUEST");
	ok(pass() == MIR_SECOND(225) && sent() == REQUEST, "half of the rest");
	ok(pass() == MIR_MS(112500) && pass() == MIR_SECOND(60) && pass() <= MIR_SECOND(60),
	    "not within a minute");
	ok(now == began + MIR_SECOND(3600) && out.drop && sent() == DISCOVER &&
		e.stats.expired == 1,
	    "the lease is over");
	get_lease(3600);
	while (e.state != MIR_DHCP_REBINDING)
		pass();
	says(ACK, MINE, OTHER, 3600);
	ok(out.apply && e.lease.server == OTHER, "another server may go on with it");
}

static void other_events(void)
{
	get_lease(3600);
	mir_dhcp_engine_step(&e, MIR_DHCP_TAKEN, NULL, 0, now, &out);
	ok(sent() == DECLINE && out.drop && out.to == 0 &&
		client_be32(out.message, out.len, 50) == MINE &&
		client_be32(out.message, out.len, 54) == SERVER && mir_be32(out.message + 12) == 0,
	    "DECLINE");
	ok(pass() == MIR_SECOND(10) && sent() == DISCOVER, "ten seconds later again");
	get_lease(3600);
	mir_dhcp_engine_step(&e, MIR_DHCP_STOP, NULL, 0, now, &out);
	ok(sent() == RELEASE && out.release && out.drop && out.to == SERVER &&
		mir_be32(out.message + 12) == MINE && e.next == MIR_NEVER,
	    "RELEASE");
	start();
	mir_dhcp_engine_step(&e, MIR_DHCP_STOP, NULL, 0, now, &out);
	ok(sent() == 0 && !out.drop, "nothing to release");
	get_lease(UINT32_MAX);
	ok(e.next == MIR_NEVER && e.state == MIR_DHCP_BOUND, "a lease for ever");
	start();
	says(NAK, 0, SERVER, 0);
	ok(e.state == MIR_DHCP_SELECTING, "a NAK to a DISCOVER means nothing");
	says(OFFER, MINE, SERVER, 60);
	says(NAK, 0, OTHER, 0);
	ok(e.state == MIR_DHCP_REQUESTING, "nor one of another server");
	says(NAK, 0, SERVER, 0);
	ok(e.state == MIR_DHCP_INIT && !out.drop, "NAK of the server");
}

static void times(void)
{
	static const struct {
		uint32_t lease, t1, t2;
		int64_t want1, want2;
	} table[] = { { 800, 100, 200, 100, 200 }, { 800, 0, 0, 400, 700 },
		{ 800, 900, 0, 400, 700 }, { 800, 0, 900, 400, 700 }, { 800, 300, 200, 400, 700 },
		{ 800, 200, 200, 400, 700 }, { 800, 750, 0, 400, 700 } };

	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		get_lease(800);
		pass();
		server_begin(&reply, out.message, ACK, MINE, SERVER);
		server_be32(&reply, 51, table[i].lease);
		server_be32(&reply, 58, table[i].t1);
		server_be32(&reply, 59, table[i].t2);
		server_end(&reply);
		hear(&reply);
		ok(e.t1 == now + MIR_SECOND(table[i].want1) &&
			e.t2 == now + MIR_SECOND(table[i].want2),
		    "T1 %u, T2 %u", table[i].t1, table[i].t2);
	}
}

/* The option that is put at the front of an offer that is right but for it. */
static bool offers(uint8_t code, const void *body, size_t len)
{
	uint8_t client[MIR_DHCP_OUT];

	start();
	memcpy(client, out.message, sizeof(client));
	server_begin(&reply, client, OFFER, MINE, SERVER);
	if (code)
		server_option(&reply, code, body, len);
	server_be32(&reply, 51, 3600);
	server_end(&reply);
	hear(&reply);
	return e.state == MIR_DHCP_REQUESTING;
}

static void options(void)
{
	ok(offers(0, NULL, 0) && e.offer.len == 8 && e.offer.len_guessed, "no mask: class A");
	ok(offers(1, "\377\377\0\0", 4) && e.offer.len == 16 && !e.offer.len_guessed, "mask");
	ok(!offers(1, "\377\0\377\0", 4), "a mask with a hole");
	ok(!offers(1, "\0\0\0\0", 4), "a mask of zero");
	ok(!offers(1, "\377\377\0", 3) && !offers(1, "\377\377\0\0\0", 5), "mask lengths");
	ok(offers(3, "\1\2\3\4\5\6\7\10\1\2\3\4\1\2\3\4\1\2\3\4", 20) && e.offer.nrouters == 4 &&
		e.offer.router[1] == 0x05060708,
	    "routers, as many as fit");
	ok(!offers(3, "", 0) && !offers(3, "\1\2\3\4\5", 5), "router lengths");
	ok(offers(6, "\1\2\3\4", 4) && e.offer.ndns == 1, "DNS servers");
	ok(offers(15, "example.org", 11) && strcmp(e.offer.domain, "example.org") == 0, "domain");
	ok(offers(15, "a\nb", 3) && e.offer.domain[0] == 0, "a domain with a control character");
	ok(offers(26, "\5\0", 2) && e.offer.mtu == 1280, "MTU");
	ok(!offers(26, "\5", 1), "MTU length");
	ok(!offers(54, "\340\0\0\1", 4), "a multicast server");
	ok(!offers(51, "\0\0\1", 3), "lease length");
	ok(!offers(53, "", 0) && !offers(53, "\2\2", 2), "type length");
	ok(offers(200, "anything", 8), "unknown options are skipped");
}

static void overload(void)
{
	uint8_t client[MIR_DHCP_OUT];
	const uint8_t both = 3;

	start();
	memcpy(client, out.message, sizeof(client));
	server_begin(&reply, client, OFFER, MINE, SERVER);
	server_option(&reply, 52, &both, 1);
	server_end(&reply);
	memcpy(reply.b + 108, "\x33\4\0\0\1\0\377", 7);
	memcpy(reply.b + 44, "\1\4\377\377\377\0\377", 7);
	hear(&reply);
	ok(e.state == MIR_DHCP_REQUESTING && e.offer.duration_ns == MIR_SECOND(256) &&
		e.offer.len == 24,
	    "options in file and sname");
	start();
	memcpy(client, out.message, sizeof(client));
	mir_put_be32(reply.b + 4, e.xid);
	memset(reply.b + 44, 7, 64);
	hear(&reply);
	ok(e.stats.rx_malformed == 1, "rubbish there");
}

static void hostile(void)
{
	static const struct {
		const char *what;
		uint16_t at;
		uint8_t value;
	} table[] = { { "a request", 0, 1 }, { "hardware", 1, 6 }, { "hardware length", 2, 16 },
		{ "cookie", 236, 0 }, { "cookie, last", 239, 0 }, { "xid", 7, 0x55 },
		{ "MAC", 33, 0x55 }, { "address 0/8", 16, 0 }, { "address 127/8", 16, 127 },
		{ "address multicast", 16, 230 }, { "address broadcast", 19, 255 },
		{ "address of the network", 19, 0 } };
	uint8_t client[MIR_DHCP_OUT];
	unsigned accepted = 0;

	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		start();
		server_reply(&reply, out.message, OFFER, MINE, SERVER, 60);
		reply.b[table[i].at] = table[i].value;
		hear(&reply);
		ok(e.state == MIR_DHCP_SELECTING, "%s", table[i].what);
	}
	start();
	memcpy(client, out.message, sizeof(client));
	server_reply(&reply, client, OFFER, MINE, SERVER, 60);
	for (size_t n = 0; n < reply.len - 1; n++) {
		start();
		mir_dhcp_engine_step(&e, MIR_DHCP_RECEIVED, reply.b, n, now, &out);
		accepted += e.state != MIR_DHCP_SELECTING;
	}
	ok(accepted == 4, "truncations, but where all that is needed was there: %u", accepted);
	start();
	says(OFFER, MINE, SERVER, 0);
	ok(e.state == MIR_DHCP_SELECTING, "a lease of no time");
	says(ACK, MINE, SERVER, 60);
	ok(e.state == MIR_DHCP_SELECTING && !out.apply, "an ACK to a DISCOVER");
}

int main(void)
{
	RUN_PLAIN(binds);
	RUN_PLAIN(backs_off);
	RUN_PLAIN(renews);
	RUN_PLAIN(rebinds_and_expires);
	RUN_PLAIN(other_events);
	RUN_PLAIN(times);
	RUN_PLAIN(options);
	RUN_PLAIN(overload);
	RUN_PLAIN(hostile);
	return mir_test_end();
}
