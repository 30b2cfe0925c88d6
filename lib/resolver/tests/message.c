/* message.c: names, questions, and answers of every kind, hostile ones among them. */
#include "answers.h"

#include "../internal.h"

#include <stdio.h>

static uint8_t question[MIR_DNS_QUESTION];
static struct dns_reply r;
static struct mir_dns_answer answer;

static void begin(unsigned flags)
{
	mir_dns_question(7, "www.test", MIR_DNS_A, true, question);
	dns_begin(&r, question, flags);
}

static enum mir_dns_verdict verdict(void)
{
	return mir_dns_read(r.b, r.len, 7, "www.test", MIR_DNS_A, true, &answer);
}

static void names(void)
{
	static const struct {
		const char *host, *name;
	} good[] = { { "WWW.Example.COM.", "www.example.com" }, { "a", "a" },
		{ "_x.y-z", "_x.y-z" }, { "3com.test", "3com.test" } };
	static const char *const bad[] = { "", ".", "a..b", ".a", "a b", "a/b", "10.0.0.300", "a.1",
		"1", "\xc3\xa4.test", "a..", "x@y" };
	char name[MIR_DNS_NAME], lengthy[300];

	for (size_t i = 0; i < MIR_COUNT(good); i++)
		ok(mir_dns_name(good[i].host, name) == 0 && strcmp(name, good[i].name) == 0, "%s",
		    good[i].host);
	for (size_t i = 0; i < MIR_COUNT(bad); i++)
		ok(mir_dns_name(bad[i], name) == MIR_EINVAL, "not '%s'", bad[i]);
	memset(lengthy, 'a', sizeof(lengthy));
	lengthy[64] = 0;
	ok(mir_dns_name(lengthy, name) == MIR_EINVAL, "a label of 64");
	lengthy[63] = 0;
	ok(mir_dns_name(lengthy, name) == 0, "one of 63");
	for (size_t i = 0; i < sizeof(lengthy); i++)
		lengthy[i] = i % 50 == 49 ? '.' : 'a';
	lengthy[253] = 0;
	ok(mir_dns_name(lengthy, name) == 0 &&
		mir_dns_question(1, name, MIR_DNS_A, true, question) == 12 + 255 + 4 + 11,
	    "the longest name");
	lengthy[253] = 'a';
	lengthy[254] = 0;
	ok(mir_dns_name(lengthy, name) == MIR_EINVAL, "one that is longer");
}

static void addresses(void)
{
	begin(0);
	dns_a(&r, "*", 300, 0x0a000001);
	dns_a(&r, "WWW.TEST", 60, 0x0a000002);
	dns_a(&r, "*", 60, 0x0a000001);
	dns_a(&r, "other.test", 60, 0x0a000003);
	dns_a(&r, "*", 60, 0xe0000001);
	dns_a(&r, "*", 60, 0x00000000);
	ok(verdict() == MIR_DNS_FOUND && answer.n == 2 && answer.ttl == 60 &&
		mir_ip4_of(&answer.address[0]) == 0x0a000001,
	    "each once, those of others and of groups not");
	begin(0);
	for (unsigned i = 1; i < 100; i++)
		dns_a(&r, "*", 0x80000001, i << 24 | 1);
	ok(verdict() == MIR_DNS_FOUND && answer.n == MIR_RESOLVER_ADDRESSES && answer.ttl == 0,
	    "no more than fit; a lifetime below zero is none");
	for (size_t n = 0; n < r.len; n++) {
		size_t all = r.len;
		enum mir_dns_verdict v;

		r.len = n;
		v = verdict();
		r.len = all;
		if (v != MIR_DNS_OTHER && v != MIR_DNS_FAILED)
			ok(false, "cut at %zu: %d", n, v);
	}
	begin(0);
	dns_record(&r, 0, "*", MIR_DNS_A, 60);
	dns_16(&r, 5);
	dns_bytes(&r, "\x0a\0\0\1\1", 5);
	ok(verdict() == MIR_DNS_NOTHING, "an address of five bytes is none");
}

static void aliases(void)
{
	char name[32];

	begin(0);
	dns_a(&r, "c.test", 50, 0x0a000001);
	dns_cname(&r, "b.test", 40, "c.test");
	dns_cname(&r, "*", 60, "b.test");
	ok(verdict() == MIR_DNS_FOUND && answer.n == 1 && answer.ttl == 40, "in any order");
	begin(0);
	dns_cname(&r, "*", 60, "elsewhere.test");
	ok(verdict() == MIR_DNS_ALIAS && strcmp(answer.alias, "elsewhere.test") == 0 &&
		answer.ttl == 60,
	    "to be asked for");
	begin(0);
	dns_cname(&r, "*", 60, "b.test");
	dns_cname(&r, "b.test", 60, "www.test");
	ok(verdict() == MIR_DNS_FAILED, "a circle");
	begin(0);
	dns_cname(&r, "*", 60, "a b.test");
	ok(verdict() == MIR_DNS_FAILED, "not a name");
	begin(0);
	dns_cname(&r, "*", 60, "");
	ok(verdict() == MIR_DNS_FAILED, "the root");
	begin(0);
	dns_cname(&r, "*", 60, "n0.test");
	for (unsigned i = 0; i < 30; i++) {
		char to[32];

		snprintf(name, sizeof(name), "n%u.test", i);
		snprintf(to, sizeof(to), "n%u.test", i + 1);
		dns_cname(&r, name, 60, to);
	}
	ok(verdict() == MIR_DNS_FAILED, "a chain that is too long");
}

static void nothing(void)
{
	begin(3);
	dns_soa(&r, 900, 60);
	ok(verdict() == MIR_DNS_NOTHING && answer.ttl == 60, "no such name, for a minute");
	begin(0);
	dns_soa(&r, 30, 60);
	ok(verdict() == MIR_DNS_NOTHING && answer.ttl == 30, "no such address, for half of that");
	begin(3);
	ok(verdict() == MIR_DNS_NOTHING && answer.ttl == 0, "nobody says how long");
	begin(2);
	ok(verdict() == MIR_DNS_FAILED, "a server that cannot");
	begin(5);
	ok(verdict() == MIR_DNS_FAILED, "one that will not");
	begin(1);
	ok(verdict() == MIR_DNS_OLD, "one that does not know EDNS");
	r.len = 12;
	mir_put_be16(r.b + 4, 0);
	ok(verdict() == MIR_DNS_OLD, "and says nothing else");
	begin(0);
	dns_record(&r, 2, "", 41, 1u << 24);
	dns_16(&r, 0);
	ok(verdict() == MIR_DNS_OLD, "or not this version");
	begin(0x200);
	ok(verdict() == MIR_DNS_TRUNCATED, "more than fits");
}

static void others(void)
{
	begin(0);
	dns_a(&r, "*", 60, 0x0a000001);
	ok(mir_dns_read(r.b, r.len, 8, "www.test", MIR_DNS_A, true, &answer) == MIR_DNS_OTHER,
	    "another number");
	ok(mir_dns_read(r.b, r.len, 7, "ww.test", MIR_DNS_A, true, &answer) == MIR_DNS_OTHER,
	    "another name");
	ok(mir_dns_read(r.b, r.len, 7, "www.test", MIR_DNS_AAAA, true, &answer) == MIR_DNS_OTHER,
	    "another type");
	r.b[2] &= 0x7f;
	ok(verdict() == MIR_DNS_OTHER, "a question");
	r.b[2] |= 0x88;
	ok(verdict() == MIR_DNS_OTHER, "another kind of message");
	begin(0);
	mir_put_be16(r.b + 4, 2);
	ok(verdict() == MIR_DNS_OTHER, "two questions");
}

static void pointers(void)
{
	static const unsigned to[] = { 0, 2, 12, 30, 31, 100, 0x3fff };

	for (size_t i = 0; i < MIR_COUNT(to); i++) {
		begin(0);
		mir_put_be16(r.b + 6, 1);
		dns_16(&r, 0xc000 | to[i]);
		dns_16(&r, MIR_DNS_A);
		dns_16(&r, 1);
		dns_32(&r, 60);
		dns_16(&r, 4);
		dns_32(&r, 0x0a000001);
		ok(verdict() == (to[i] == 12                   ? MIR_DNS_FOUND
				    : to[i] == 0 || to[i] == 2 ? verdict()
							       : MIR_DNS_FAILED),
		    "a pointer to %u", to[i]);
	}
	begin(0);
	mir_put_be16(r.b + 6, 1);
	r.b[r.len++] = 1;
	r.b[r.len++] = 'a';
	dns_16(&r, 0xc000 | (unsigned)(r.len - 2));
	ok(verdict() == MIR_DNS_FAILED, "a name that is endless");
	begin(0);
	mir_put_be16(r.b + 6, 1);
	r.b[r.len++] = 0x40;
	ok(verdict() == MIR_DNS_FAILED, "a label of no kind");
}

static void keys(void)
{
	struct mir_endpoint server[MIR_DNS_SERVERS];
	struct mir_dns_host *hosts;
	struct mir_ipaddr a[4];
	static const char *const bad[] = { "10.0.0.1", "x y", "10.0.0.1 a b, , c", "10.0.0.1 a..b",
		"10.0.0.1 a, 10.0.0.2" };

	ok(mir_dns_servers_parse("10.0.0.1, 10.0.0.2:5353,10.0.0.3 ", server) == 3 &&
		server[0].port == 53 && server[1].port == 5353,
	    "servers");
	ok(mir_dns_servers_parse("", server) == 0, "none");
	ok(mir_dns_servers_parse("10.0.0.1:", server) == MIR_EINVAL &&
		mir_dns_servers_parse("10.0.0.1:70000", server) == MIR_EINVAL &&
		mir_dns_servers_parse("ns.test", server) == MIR_EINVAL &&
		mir_dns_servers_parse("1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1", server) ==
		    MIR_EINVAL,
	    "none of these");
	ok(mir_dns_hosts_parse("10.0.0.1 A.test b\n, 10.0.0.2 a.test", &hosts) == 0, "hosts");
	ok(mir_dns_known(hosts, "a.test", a, 4) == 2 && mir_ip4_of(&a[1]) == 0x0a000002 &&
		mir_dns_known(hosts, "b", a, 4) == 1 && mir_dns_known(hosts, "c", a, 4) == 0,
	    "are known");
	ok(mir_dns_known(hosts, "localhost", a, 4) == 1 &&
		mir_dns_known(hosts, "x.localhost", a, 4) == 1 && mir_ip4_of(&a[0]) == 0x7f000001 &&
		mir_dns_known(hosts, "xlocalhost", a, 4) == 0 &&
		mir_dns_known(hosts, "x.invalid", a, 4) == MIR_ENOENT,
	    "and names that mean the same everywhere");
	mir_dns_hosts_free(hosts);
	for (size_t i = 0; i < MIR_COUNT(bad); i++) {
		ok(mir_dns_hosts_parse(bad[i], &hosts) < 0, "not '%s'", bad[i]);
		mir_dns_hosts_free(hosts);
	}
}

int main(void)
{
	RUN_PLAIN(names);
	RUN_PLAIN(addresses);
	RUN_PLAIN(aliases);
	RUN_PLAIN(nothing);
	RUN_PLAIN(others);
	RUN_PLAIN(pointers);
	RUN_PLAIN(keys);
	return mir_test_end();
}
