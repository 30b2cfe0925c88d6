/* Addresses as text. */
#include <mir/addr.h>
#include <mir/err.h>
#include <mir/test.h>

static void round_trip(const char *text, const char *want)
{
	struct mir_ipaddr a;
	char buf[MIR_IPADDR_TEXT] = "";
	int rc = mir_ipaddr_parse(text, &a);

	if (rc == 0)
		mir_ipaddr_text(&a, buf);
	ok(rc == 0 && strcmp(buf, want) == 0, "%s is %s: %s", text, want, buf);
}

static void good(void)
{
	static const char *const pairs[][2] = {
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "10.0.0.2", "10.0.0.2" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
		{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
		{ "::ffff:1.2.3.4", "1.2.3.4" },
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};

	for (unsigned i = 0; i < MIR_COUNT(pairs); i++)
		round_trip(pairs[i][0], pairs[i][1]);
}

static void bad(void)
{
	static const char *const texts[] = { "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04",
		"1.2.3.4 ", " 1.2.3.4", "1..2.3", ".1.2.3.4", "1.2.3.", "-1.2.3.4", "1.2.3.4x", ":",
		":::", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
		"12345::", "::g", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:1.2.3.4",
		"::1.2.3", "::1.2.3.4:5", "fe80::1%eth0",
		"1:2:3:4:5:6:7:8:", "99999999999999999999.1.1.1" };
	struct mir_ipaddr a;

	for (unsigned i = 0; i < MIR_COUNT(texts); i++)
		ok(mir_ipaddr_parse(texts[i], &a) == MIR_EINVAL, "'%s' is not an address",
		    texts[i]);
}

static void cidrs(void)
{
	static const char *const texts[] = { "10.0.0.2", "10.0.0.2/", "10.0.0.2/33", "10.0.0.2/-1",
		"10.0.0.2/24x", "10.0.0.2/024", "::/129", "/8", "10.0.0/8" };
	struct mir_cidr c;

	ok(mir_cidr_parse("10.0.0.2/24", &c) == 0 && c.len == 24 &&
		mir_ip4_of(&c.addr) == 0x0a000002,
	    "IPv4, host bits kept");
	ok(mir_cidr_parse("0.0.0.0/0", &c) == 0 && c.len == 0 && mir_ipaddr_is4(&c.addr),
	    "default");
	ok(mir_cidr_parse("2001:db8::/128", &c) == 0 && c.len == 128, "IPv6");
	for (unsigned i = 0; i < MIR_COUNT(texts); i++)
		ok(mir_cidr_parse(texts[i], &c) == MIR_EINVAL, "'%s' is none", texts[i]);
	ok(mir_mask4(0) == 0 && mir_mask4(1) == 0x80000000 && mir_mask4(32) == 0xffffffff, "masks");
}

static void others(void)
{
	static const char *const texts[] = { "", "02:00:00:00:00", "02:00:00:00:00:01:02",
		"02:00:00:00:00:1", "02:00:00:00:00:0g", "02:00-00:00:00:01", "020000000001",
		"02:00:00:00:00:01 " };
	struct mir_mac m;
	char mac[MIR_MAC_TEXT], end[MIR_ENDPOINT_TEXT];
	struct mir_endpoint e = { mir_ip4(0x7f000001), 80 };

	ok(mir_mac_parse("02:aB:00:00:00:ff", &m) == 0 &&
		strcmp(mir_mac_text(&m, mac), "02:ab:00:00:00:ff") == 0,
	    "hardware address");
	ok(mir_mac_parse("02-00-00-00-00-01", &m) == 0 && m.b[5] == 1, "with dashes");
	for (unsigned i = 0; i < MIR_COUNT(texts); i++)
		ok(mir_mac_parse(texts[i], &m) == MIR_EINVAL, "'%s' is none", texts[i]);
	ok(strcmp(mir_endpoint_text(&e, end), "127.0.0.1:80") == 0, "%s", end);
	e.addr = MIR_IPADDR_ANY;
	ok(strcmp(mir_endpoint_text(&e, end), "*:80") == 0, "%s", end);
	mir_ipaddr_parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &e.addr);
	e.port = 65535;
	ok(strlen(mir_endpoint_text(&e, end)) == 47, "%s", end);
}

int main(void)
{
	RUN_PLAIN(good);
	RUN_PLAIN(bad);
	RUN_PLAIN(cidrs);
	RUN_PLAIN(others);
	return mir_test_end();
}
