/* conf.c: what a .conf means, and what is said about one that is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mir/test.h>

#include "../conf.h"

static char *said; /* the reports of the last parse */
static size_t said_len;

static unsigned parse_n(const char *data, size_t len, struct conf *c)
{
	FILE *f;
	unsigned errors;

	free(said);
	said = NULL;
	f = open_memstream(&said, &said_len);
	diag_redirect(f);
	errors = conf_parse("hello.conf", data, len, c);
	fclose(f);
	diag_redirect(NULL);
	return errors;
}

static unsigned parse(const char *text, struct conf *c)
{
	return parse_n(text, strlen(text), c);
}

static bool says(const char *text)
{
	return strstr(said, text) != NULL;
}

/* The text is wrong, and the report has all of these lines. */
static void wrong(const char *text, const char *first, const char *second, const char *third)
{
	struct conf c;

	ok(parse(text, &c) > 0, "an error: %s", first);
	ok(says(first), "%s", first);
	ok(says(second), "%s", second);
	ok(!third || says(third), "%s", third ? third : "");
	mem_release();
}

static void twice(void)
{
	struct conf c;

	wrong("main-ip: a.b\nipv4: 10.1.1.1/24\nip-address: 10.1.1.2\n",
	    "hello.conf:3:1: error: 'ipv4' is given a second time",
	    "the first is in line 2: ipv4: 10.1.1.1/24", NULL);
	wrong("main-ip: a.b\nlan-ipv4: 10.1.1.1/24\nnet-lan: 10.1.1.2/24\n",
	    "hello.conf:3:1: error: 'lan-ipv4' is given a second time", "expected: one of them",
	    NULL);
	wrong("main-ip: a.b\nkey-if: int 1 \"x\"\n", "hello.conf:2:1: error: 'if' is a word of C",
	    "another name", NULL);
	wrong("main-ip: while\n", "hello.conf:1:10: error: not a function", "'while'", NULL);
	ok(parse("main-ip: do.while\n", &c) == 0, "do_while() is a function");
	mem_release();
}

static const char *setting(const struct conf *c, const char *option)
{
	const struct conf_setting *s = conf_setting(c, option);

	return s ? s->value : "";
}

static void mains(void)
{
	struct conf c;

	ok(parse("main-noip: hello.main\n", &c) == 0, "noip");
	ok(c.main == MAIN_NOIP && str_eq(c.function, "hello_main"), "the function");
	ok(str_eq(c.function_file, "hello.c") && str_eq(c.name, "hello"), "its file");
	ok(parse("main-http: Dispatch.main", &c) == 0, "as old files have it");
	ok(c.main == MAIN_HTTP && str_eq(c.function, "dispatch_main"), "a small letter");
	ok(parse("Main-ip: start", &c) == 0, "a plain function");
	ok(c.main == MAIN_IP && str_eq(c.function, "start") && !c.function_file, "anywhere");
	ok(parse("main-ip: a-b.go", &c) == 0 && str_eq(c.function, "a_b_go"), "a file with '-'");
	mem_release();
	wrong("name: x\n", "hello.conf: error: no main", "main-noip: x.main", NULL);
	wrong("main-ip: a.b\nmain-noip: c.d\n", "hello.conf:2:1: error: a second main", "line 1",
	    NULL);
	wrong("main-htpt: a.b", "1:1: error: unknown kind of main", "did you mean 'main-http'?",
	    NULL);
	wrong("main-ip: a.b.c-d", "1:10: error: not a function", "found:    'a.b.c-d'", NULL);
	wrong("main-ip:\n", "'main-ip' has no value", "FILE.FUNCTION", NULL);
}

static void addresses(void)
{
	struct conf c;

	parse("main-ip: a.b\nip-address: 10.1.0.7\nip-netmask: 255.255.0.0\nip-gateway: 10.1.0.1",
	    &c);
	ok(str_eq(setting(&c, "ipv4"), "10.1.0.7/16"), "%s", setting(&c, "ipv4"));
	ok(str_eq(setting(&c, "ipv4-gateway"), "10.1.0.1"), "gateway");
	parse("main-ip: a.b\nip-use-dhcp: true\n", &c);
	ok(str_eq(setting(&c, "dhcp"), "true") && !conf_setting(&c, "ipv4"), "DHCP alone");
	parse("main-ip: a.b\nip-use-dhcp: true\nip-address: 10.0.0.9\n", &c);
	ok(says("warning") && str_eq(setting(&c, "ipv4"), "10.0.0.9/24"), "the address wins");
	parse("main-ip: a.b\nip-netmask: 255.255.255.128\n", &c);
	ok(str_eq(setting(&c, "ipv4"), "10.0.0.2/25"), "the address that was always the default");
	parse("main-ip: a.b\nnet-lan: 10.0.5.2/24 gateway 10.0.5.1\nnet-wan: dhcp\n"
	      "net-service: default\n",
	    &c);
	ok(str_eq(setting(&c, "lan-ipv4"), "10.0.5.2/24"), "an interface");
	ok(str_eq(setting(&c, "lan-ipv4-gateway"), "10.0.5.1"), "its gateway");
	ok(str_eq(setting(&c, "wan-dhcp"), "true") && c.n_devices == 3, "three interfaces");
	mem_release();
	wrong("main-ip: a.b\nip-netmask: 255.0.255.0\n", "2:13: error: not a netmask",
	    "found:    '255.0.255.0'", NULL);
	wrong("main-ip: a.b\nip-address: 10.0.0.256\n", "wrong value for 'ip-address'", "2:13",
	    "found:    '10.0.0.256'");
	wrong("main-ip: a.b\nnet-lan: 10.0.0.1/24 over 10.0.0.2\n", "2:22", "'over'", NULL);
	wrong("main-noip: a.b\nnet-lan: dhcp\n", "2:1: error: a network interface",
	    "expected: main-ip or main-http", NULL);
	wrong("main-noip: a.b\nneeds: clock, stack\n", "2:15: error: a need of the network",
	    "main-noip: a.b", NULL);
}

static void families(void)
{
	struct conf c;

	ok(parse("main-http: d.main\nfs-static: site/\nfs-t: ../t\nkv-store: mem\n"
		 "block-storage: disk.img\nhttp-port: 80\nhttp-address: *\n",
	       &c) == 0,
	    "several devices");
	ok(c.n_devices == 4 && str_eq(c.devices[0].value, "site"), "a slash at the end is dropped");
	ok(str_eq(setting(&c, "fs-static"), "site"), "the folder is an option too");
	ok(str_eq(setting(&c, "http-port"), "80") && conf_setting(&c, "http-port")->known, "port");
	ok(parse("main-ip: a.b\nxl-memory: 512\nxl-vif: ['bridge=xenbr0']\nxl-vif: [\"b\"]", &c) ==
		0,
	    "Xen");
	ok(c.xl.n == 3 && str_eq(c.xl.v[1], "vif = ['bridge=xenbr0']"), "verbatim");
	ok(parse("main-ip: a.b\ndepends: zlib, x\ndepends: y\npackages: zlib1g-dev\n", &c) == 0,
	    "lists may be repeated");
	ok(c.modules.n == 3 && str_eq(c.modules.v[2].s, "y") && c.packages.n == 1, "lists");
	ok(parse("main-ip: a.b\ncompiler: gcc-12+mirage-xen\n", &c) == 0, "compiler");
	ok(str_eq(c.compiler, "gcc-12") && str_eq(c.target, "xen"), "and target");
	ok(parse("main-ip: a.b\ncompiler: clang\n", &c) == 0 && !c.target, "compiler alone");
	mem_release();
	wrong("main-ip: a.b\nfs-s: a\nfs-s: b\n", "3:1: error: 'fs-s' is given a second time",
	    "line 2: fs-s: a", NULL);
	wrong("main-ip: a.b\nfs-a-b: a\nfs-a_b: b\n", "3:1: error: two devices", "line 2", NULL);
	wrong("main-ip: a.b\nfs-1x: a\n", "2:4: error: not a name", "found:    '1x'", NULL);
	wrong("main-ip: a.b\nhttp-port: eighty\n", "2:12: error: wrong value for 'http-port'",
	    "found:    'eighty'", "expected: a port number");
	wrong("main-ip: a.b\nneeds: radnom\n", "2:8: error: unknown need", "did you mean 'random'?",
	    NULL);
	wrong("main-ip: a.b\ncompiler: gcc+xen\n", "not a target behind", "found:    'xen'", NULL);
	wrong("main-ip: a.b\nhttp-port: 80\nhttp-port: 81\n", "second time", "line 2", NULL);
}

static void keys(void)
{
	struct conf c;

	ok(parse("main-ip: a.b\nkey-greeting: string \"hello, # \\\"you\\\"\" \"what\"\n"
		 "key-n: int -5 n\nkey-mood: choice(calm|wild) wild \"how\"\n",
	       &c) == 0,
	    "keys");
	ok(c.n_keys == 3 && str_eq(c.keys[0].def, "hello, # \"you\""), "quotes");
	ok(str_eq(c.keys[2].type, "choice(calm|wild)"), "choice");
	mem_release();
	wrong("main-ip: a.b\nkey-n: number 5 \"n\"\n", "2:8: error: not a type",
	    "found:    'number'", "types: bool");
	wrong("main-ip: a.b\nkey-n: int five \"n\"\n", "2:12: error: a default that is no int",
	    "found:    'five'", "a whole number");
	wrong("main-ip: a.b\nkey-n: int 5\n", "a help text is missing", "TYPE DEFAULT", NULL);
	wrong("main-ip: a.b\nkey-m: choice(a|b) c \"m\"\n", "a default that is no",
	    "expected: one of a, b", NULL);
}

static void syntax(void)
{
	static char line[STATEMENT_LINE_MAX + 100];
	struct conf c;

	ok(parse("\xef\xbb\xbfmain-noip: a.b\r\n\r\n  # note\r\n\tname: x # why\r\n", &c) == 0,
	    "a byte order mark, CRLF, blanks and comments");
	ok(str_eq(c.name, "x"), "a comment behind a value");
	ok(parse("main-noip: a.b\nsomething: http://x/#y\n", &c) == 0 &&
		str_eq(setting(&c, "something"), "http://x/#y"),
	    "'#' inside a word is no comment");
	ok(parse("main-noip: a.b", &c) == 0, "no newline at the end");
	mem_release();
	wrong("main-noip: a.b\nwhat is this\n", "2:1: error: a line without ':'",
	    "found:    'what is this'", "    2 | what is this");
	wrong("main-noip: a.b\n: x\n", "2:1: error: nothing before ':'", "KEY: VALUE", NULL);
	wrong("main-noip: a.b\nmy key: x\n", "2:3: error: a blank inside a key", "my key", NULL);
	wrong(
	    "main-noip: a.b\nname: \"x\n", "2:7: error: a quote that is not closed", "\\\"", NULL);
	wrong("\xff\xfem\n", "UTF-16", "UTF-8", NULL);
	ok(parse_n("main-noip: a.b\nname: a\0b\n", 25, &c) > 0 && says("2:8") && says("byte 0x00"),
	    "a zero byte");
	memset(line, 'a', sizeof line - 1);
	ok(parse(line, &c) > 0 && says("a line of more than"), "a very long line");
	ok(parse_n(line, STATEMENT_LINE_MAX, &c) > 0 && says("without ':'"), "a long line");
	mem_release();
}

static void sites(void)
{
	struct conf c;

	ok(parse("main-site: a\nfs-a: a\nkv-b: mem\nvhost-a: A.org, *.a.org\nvhost-b: b.org\n"
		 "vhost-c.main: c.org\nredirect: www.a.org/ https://a.org/\n"
		 "redirect: /x /y 307\n",
	       &c) == 0,
	    "a site");
	ok(c.main == MAIN_SITE && !c.function && str_eq(c.job, "a"), "without a function");
	ok(c.n_vhosts == 4 && str_eq(c.vhosts[0].host, "a.org") && str_eq(c.vhosts[0].store, "a") &&
		str_eq(c.vhosts[3].function, "c_main") && !c.vhosts[3].store,
	    "hosts");
	ok(c.n_redirects == 2 && str_eq(c.redirects[0].host, "www.a.org") &&
		c.redirects[0].status == 301 && !c.redirects[1].host &&
		c.redirects[1].status == 307,
	    "redirects");
	ok(parse("main-site: none\nfs-a: a\nvhost-a: a.org\n", &c) == 0, "no main site");
	mem_release();
	wrong("main-site: b\nfs-a: a\n", "hello.conf:1:1: error: there is no store 'b'",
	    "expected: a", NULL);
	wrong("main-site: a\n", "there is no store 'a'", "a line as 'fs-a: FOLDER'", NULL);
	wrong("main-site: pages\nfs-pages: a\nvhost-pagse: x.org\n",
	    "hello.conf:3:7: error: there is no store 'pagse'", "did you mean 'pages'?", NULL);
	wrong("main-site: a\nfs-a: a\nvhost-a: x.org, X.org\n",
	    "hello.conf:3:17: error: the host 'x.org' is given a second time",
	    "the first is in line 3", NULL);
	wrong("main-site: a\nfs-a: a\nvhost-a: x.org:80\n",
	    "hello.conf:3:10: error: not the name of a host", "'x.org:80'", "ports do not count");
	wrong(
	    "main-site: a\nfs-a: a\nvhost-a: -x.org\n", "not the name of a host", "'-x.org'", NULL);
	wrong(
	    "main-site: a\nfs-a: a\nvhost-a: x..org\n", "not the name of a host", "'x..org'", NULL);
	wrong("main-site: a\nfs-a: a\nvhost-a: www.*.org\n", "not the name of a host",
	    "'www.*.org'", NULL);
	wrong("main-ip: a.b\nfs-a: a\nvhost-a: x.org\n", "the main has no server", "main-ip: a.b",
	    "main-site or main-http");
	wrong("main-http: a.b\nredirect: /a\n", "hello.conf:2:11: error: a redirect to nowhere",
	    "'/a'", NULL);
	wrong("main-http: a.b\nredirect: a /b\n", "hello.conf:2:11: error: no path", "'a'", NULL);
	wrong("main-http: a.b\nredirect: /a /b 200\n",
	    "hello.conf:2:17: error: not a status of redirects", "'200'", NULL);
	wrong("main-http: a.b\nredirect: /a/ /b\n",
	    "hello.conf:2:15: error: a whole folder goes to one page", "'/b/'", NULL);
	wrong("main-http: a.b\nredirect: / /b/\n", "a redirect into itself", "'/b/'", NULL);
	wrong(
	    "main-http: a.b\nredirect: /a //b.org/\n", "not a place to go to", "'//b.org/'", NULL);
	wrong("main-http: a.b\nredirect: /a ftp://b.org/\n", "not a place to go to",
	    "'ftp://b.org/'", NULL);
	wrong("main-http: a.b\nredirect: /a%20b /c\n", "a path that no request has", "'/a%20b'",
	    NULL);
	wrong("main-http: a.b\nredirect: /a?b /c\n", "a path that no request has", "'/a?b'", NULL);
}

int main(void)
{
	RUN_PLAIN(mains);
	RUN_PLAIN(sites);
	RUN_PLAIN(twice);
	RUN_PLAIN(addresses);
	RUN_PLAIN(families);
	RUN_PLAIN(keys);
	RUN_PLAIN(syntax);
	free(said);
	return mir_test_end();
}
