/* graph.c: which device meets which need, and what is said when none or two do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mir/test.h>

#include "../graph.h"

static char *said;
static size_t said_len;
static FILE *stream;

/* A small world: two networks, a stack on either, stores, a clock. */
static const char *const world[] = {
	"device: tap\nprovides: NETWORK\ntype: tap\nobject: net\nheader: h\nwhen: net=direct\n"
	"key-net: string none option=net:{group} \"which tap\"\n",
	"device: ethernet\nprovides: ETHERNET\ntype: eth\nobject: eth\nheader: h\n"
	"need-net: NETWORK\n",
	"device: ipv4\nprovides: IP\ntype: ipv4\nobject: ip\nheader: h\nneed-eth: ETHERNET\n"
	"key-ipv4: cidr none \"address\"\nkey-dhcp: bool no \"ask\"\n"
	"key-ipv4-gateway: ip none \"gateway\"\n",
	"device: udp\nprovides: UDP\ntype: udp\nobject: udp\nheader: h\nneed-ip: IP\n",
	"device: tcp\nprovides: TCP\ntype: tcp\nobject: tcp\nheader: h\nneed-ip: IP\n"
	"need-clock: CLOCK\n",
	"device: direct\nprovides: STACK\ntype: direct\nobject: stack\nheader: h\nneed-tcp: TCP\n"
	"need-udp: UDP\nwhen: net=direct\n",
	"device: sockets\nprovides: STACK\ntype: sockets\nobject: stack\nheader: h\n"
	"when: net=socket\n",
	"device: crunch\nprovides: KV_RO\ntype: crunch\nobject: kv\nheader: h\nembed: index\n"
	"when: kv_ro=crunch\n",
	"device: folder\nprovides: KV_RO\ntype: folder\nobject: kv\nheader: h\n"
	"when: kv_ro=direct\nkey-path: string none option=fs-{group} \"folder\"\n",
	"device: kv-mem\nprovides: KV_RW\ntype: kv_mem\nobject: kv\nheader: h\n"
	"key-size: size 1M \"bytes\"\n",
	"device: kv-log\nprovides: KV_RW\ntype: kv_log\nobject: kv\nheader: h\n"
	"need-block: BLOCK\n",
	"device: xen-block\nprovides: BLOCK\ntype: xb\nobject: block\nheader: h\ntargets: xen\n",
	"device: clock\nprovides: CLOCK\nobject: the_clock\nheader: h\nuses: digest\n",
	"device: server\nprovides: HTTP\ntype: server\nheader: h\nneed-stack: STACK\n"
	"key-http-port: port 8080 \"port\"\n",
	"library: digest\nsources: *.c\n",
};

static struct conf conf;
static struct target target;
static struct list settings;
static struct graph graph;

static void begin(const char *net)
{
	free(said);
	said = NULL;
	stream = open_memstream(&said, &said_len);
	diag_redirect(stream);
	settings = (struct list){ 0 };
	target = (struct target){ .name = mem_str("unix") };
	graph =
	    (struct graph){ .conf = &conf, .target = &target, .net = net, .settings = &settings };
	for (size_t i = 0; i < MIR_COUNT(world); i++)
		descriptor_parse(
		    mem_fmt("w%zu/device.conf", i), world[i], strlen(world[i]), &graph.descriptors);
}

static void add(const char *descriptor)
{
	descriptor_parse("more/device.conf", descriptor, strlen(descriptor), &graph.descriptors);
}

static unsigned resolve(const char *text)
{
	unsigned errors = conf_parse("hello.conf", text, strlen(text), &conf);

	errors += graph_resolve(&graph);
	fflush(stream);
	return errors;
}

static bool says(const char *text)
{
	fflush(stream);
	return strstr(said, text) != NULL;
}

static void end(void)
{
	diag_redirect(NULL);
	fclose(stream);
	mem_release();
}

/* "ethernet_service ipv4_service ...": the order in which they start. */
static const char *order(void)
{
	struct list ids = { 0 };

	for (size_t i = 0; i < graph.n_instances; i++)
		list_add(&ids, graph.instances[i]->id);
	return list_join(&ids, " ");
}

static const struct instance *find(const char *id)
{
	for (size_t i = 0; i < graph.n_instances; i++)
		if (str_eq(graph.instances[i]->id, id))
			return graph.instances[i];
	return NULL;
}

static const char *value(const char *id, const char *option)
{
	const struct instance *in = find(id);

	for (size_t i = 0; in && i < in->device->n_keys; i++)
		if (str_eq(in->keys[i].option, option))
			return in->keys[i].value;
	return "";
}

static void sharing(void)
{
	begin("direct");
	ok(resolve("main-ip: a.b\n") == 0, "a stack of our own");
	ok(str_eq(order(),
	       "tap_service ethernet_service ipv4_service clock tcp_service udp_service "
	       "direct_service"),
	    "%s", order());
	ok(find("tcp_service")->needs[0] == find("udp_service")->needs[0], "one IP for both");
	ok(str_eq(value("tap_service", "net:service"), "none"), "an option with the group in it");
	ok(graph.n_libraries == 8, "what a device uses is compiled in, too: %zu",
	    graph.n_libraries);
	end();
	begin("direct");
	ok(resolve("main-ip: a.b\nneeds: clock\nnet-lan: 10.0.7.2/24 gateway 10.0.7.1\n") == 0,
	    "two networks");
	ok(find("ipv4_lan") && find("ipv4_service") && find("clock"), "each has its own");
	ok(find("tcp_lan")->needs[1] == find("tcp_service")->needs[1], "the clock is for all");
	ok(str_eq(value("ipv4_lan", "lan-ipv4"), "10.0.7.2/24"), "its address");
	ok(str_eq(value("ipv4_lan", "lan-ipv4-gateway"), "10.0.7.1"), "its gateway");
	ok(str_eq(value("ipv4_service", "ipv4"), "none"), "the other has none");
	ok(graph.n_roots == 4 && str_eq(graph.roots[2].member, "stack_lan") &&
		str_eq(graph.roots[3].member, "net_lan"),
	    "what the program is handed");
	end();
	begin("socket");
	ok(resolve("main-ip: a.b\nnet-lan: dhcp\n") == 0, "host sockets");
	ok(str_eq(order(), "sockets_service sockets_lan"), "%s", order());
	ok(graph.roots[2].instance == NULL, "the interface is not there");
	end();
	begin("socket");
	ok(resolve("main-noip: a.b\n") == 0 && graph.n_instances == 0,
	    "nothing that is not asked for");
	end();
}

static void choices(void)
{
	static const char two[] = "main-noip: a.b\nfs-a: x\nfs-b: y\nb-kv_ro: direct\n";

	begin("socket");
	ok(resolve(two) == 0, "a choice for one group");
	ok(str_eq(order(), "crunch_a folder_b"), "%s", order());
	ok(str_eq(value("folder_b", "fs-b"), "y"), "the folder is its key");
	ok(str_eq(find("crunch_a")->why, "the KV_RO for kv_ro=crunch; folder is for "
					 "kv_ro=direct, and kv_ro is crunch"),
	    "%s", find("crunch_a")->why);
	end();
	begin("socket");
	list_add(&settings, "kv_ro=direct");
	ok(resolve("main-noip: a.b\nfs-a: x\n") == 0 && find("folder_a"), "on the command line");
	end();
	begin("socket");
	ok(resolve("main-noip: a.b\nfs-a: x\nkv_ro: drect\n") > 0, "not a choice");
	ok(says("crunch or direct") || says("kv_ro is drect"), "what there is");
	end();
	begin("socket");
	ok(resolve("main-noip: a.b\nkv-s: mem\n") == 0 && find("kv_mem_s"), "a device by its name");
	ok(str_eq(value("kv_mem_s", "s-size"), "1M"), "its key has the group in front");
	end();
	begin("socket");
	ok(resolve("main-noip: a.b\nkv-s: default\n") > 0, "two would do");
	ok(says("two devices provide KV_RW") && says("kv-mem") && says("kv-log"), "both are named");
	end();
}

/* A value that is a list. */
static void lists(void)
{
	static const char *const pack[] = {
		"device: pack\nprovides: PACK\ntype: p\nobject: o\nheader: h\nwhen: pack=one, two\n"
		"need-one: ONE optional\nneed-two: TWO optional\nkey-pack: string \"\" \"which\"\n",
		"device: one\nprovides: ONE\nobject: o\nheader: h\nwhen: pack=one\nshared: yes\n",
		"device: two\nprovides: TWO\nobject: o\nheader: h\nwhen: pack=two\nshared: yes\n",
		"device: packed\nprovides: RANDOM\ntype: r\nobject: o\nheader: h\n"
		"need-p: PACK optional\n",
	};
	static const char *const values[] = { "", "pack: one\n", "pack: two\n", "pack: two, one\n",
		"pack: one,two\n" };

	for (size_t i = 0; i < MIR_COUNT(values); i++) {
		const char *text = values[i];

		begin("socket");
		for (size_t k = 0; k < MIR_COUNT(pack); k++)
			add(pack[k]);
		ok(resolve(mem_fmt("main-noip: a.b\nneeds: random\n%s", text)) == 0, "%s", text);
		ok(!find("one") == !strstr(text, "one") && !find("two") == !strstr(text, "two") &&
			!find("pack_service") == !*text,
		    "%s", order());
		end();
	}
	begin("socket");
	add(pack[1]);
	add(pack[2]);
	ok(resolve("main-noip: a.b\npack: one, three\n") > 0 && says("one or two"),
	    "a list with what is none");
	end();
}

static void failures(void)
{
	begin("socket");
	ok(resolve("main-noip: a.b\nkv-s: log\n") > 0, "a need further down");
	ok(says("w10/device.conf:6:1: error: nothing provides BLOCK for 'kv_log_s'"), "where");
	ok(says("xen-block: is for the target xen, not for unix"), "why not");
	end();
	begin("socket");
	ok(resolve("main-noip: a.b\nkv-s: disk\n") > 0, "no such store");
	ok(says("kv-mem: is not the 'disk' that was asked for"), "which there are");
	end();
	begin("other");
	ok(resolve("main-http: a.b\n") > 0, "no stack");
	ok(says("direct: is for net=direct, and net is other"), "why each is out");
	ok(strstr(strstr(said, "nothing provides") + 1, "nothing provides") == NULL, "said once");
	end();
	begin("socket");
	add("device: a\nprovides: A\ntype: a\nobject: o\nheader: h\nneed-b: B\n");
	add("device: b\nprovides: B\ntype: b\nobject: o\nheader: h\nneed-c: C\n");
	add("device: c\nprovides: C\ntype: c\nobject: o\nheader: h\nneed-a: A\n");
	add("device: kv-c\nprovides: KV_RW\ntype: k\nobject: o\nheader: h\nneed-a: A\n");
	ok(resolve("main-noip: a.b\nkv-s: c\n") > 0, "a circle");
	ok(says("need each other in a circle") && says("a_s <- c_s <- b_s <- a_s"), "which");
	end();
	begin("socket");
	add("device: r\nprovides: RANDOM\ntype: r\nobject: o\nheader: h\nneed-x: X optional\n");
	ok(resolve("main-noip: a.b\nneeds: random\n") == 0, "an optional need");
	ok(find("r") && find("r")->needs[0] == NULL, "is empty");
	end();
	begin("socket");
	add("device: sockets\nprovides: STACK\ntype: s\nobject: o\nheader: h\n");
	ok(says("a second device or library named 'sockets'") && says("w6/device.conf"), "a twin");
	end();
	begin("socket");
	ok(resolve("main-noip: a.b\nuses: digset\n") > 0 && says("did you mean 'digest'?"),
	    "a library that is not there");
	end();
}

static void settings_checked(void)
{
	begin("direct");
	ok(resolve("main-ip: a.b\nip-address: 10.0.9.9\n") == 0, "the old name of a key");
	ok(str_eq(value("ipv4_service", "ipv4"), "10.0.9.9/24"), "is its default");
	end();
	begin("direct");
	list_add(&settings, "ipv4=10.0.8.8/16");
	ok(resolve("main-ip: a.b\nipv4: 10.0.9.9/24\n") == 0, "both");
	ok(str_eq(value("ipv4_service", "ipv4"), "10.0.8.8/16"), "the command line wins");
	end();
	begin("direct");
	ok(resolve("main-ip: a.b\nipv4: 10.0.9.9\n") > 0, "a wrong value");
	ok(says("hello.conf:2:7: error: wrong value for 'ipv4'"), "where");
	ok(says("found:    '10.0.9.9'") && says("length of its prefix"), "what");
	end();
	begin("socket");
	ok(resolve("main-ip: a.b\nipv4: 10.0.9.9/24\nhttp-port: 80\n") == 0,
	    "keys of devices that are not in this graph are fine");
	end();
	begin("socket");
	ok(resolve("main-ip: a.b\nipv5: 10.0.9.9/24\n") > 0, "a key of no device");
	ok(says("2:1: error: unknown key 'ipv5'") && says("did you mean 'ipv4'?"), "what is near");
	end();
	begin("socket");
	list_add(&settings, "ipv4=10.0.8.8/16");
	ok(resolve("main-ip: a.b\n") == 0 && says("'--ipv4' has no effect"), "a warning");
	end();
	begin("socket");
	ok(resolve("main-ip: a.b\nkey-name: string x \"n\"\n") > 0, "a key that every image has");
	end();
	begin("socket");
	graph.name = "shop";
	ok(resolve("main-noip: a.b\nlogs: info,tcp:debug\n") == 0 &&
		str_eq(graph.common[KEY_LOGS].value, "info,tcp:debug") &&
		str_eq(graph.common[KEY_DELAY].value, "0s"),
	    "the keys of every image have defaults");
	end();
	begin("socket");
	list_add(&settings, "logs=debug");
	list_add(&settings, "delay=2s");
	list_add(&settings, "name=one");
	ok(resolve("main-noip: a.b\nlogs: info\ndelay: 1s\n") == 0 &&
		str_eq(graph.common[KEY_LOGS].value, "debug") &&
		str_eq(graph.common[KEY_DELAY].value, "2s") &&
		str_eq(graph.common[KEY_NAME].value, "one"),
	    "which the command line changes");
	end();
	begin("socket");
	ok(resolve("main-noip: a.b\nlogs: tcp:loud\n") > 0 &&
		says("hello.conf:2:7: error: wrong value for 'logs'") && says("[SOURCE:]LEVEL"),
	    "a level that is none");
	end();
	begin("direct");
	ok(resolve("main-noip: a.b\nfs-x: .\nx-kv_ro: crunhc\n") > 0 &&
		says("hello.conf:3:10: error: wrong value for 'x-kv_ro'") &&
		says("did you mean 'crunch'?"),
	    "a choice for one device that is none");
	end();
	begin("socket");
	list_add(&settings, "log=debug");
	ok(resolve("main-noip: a.b\n") > 0 && says("did you mean 'logs'?"), "what is near");
	end();
	begin("socket");
	list_add(&settings, "greeting=hi");
	ok(resolve("main-ip: a.b\nkey-greeting: string x \"n\"\n") == 0 &&
		str_eq(graph.keys[0].value, "hi"),
	    "a key of the application");
	end();
	begin("socket");
	ok(resolve("main-http: a.b\nkey-http-port: int 1 \"n\"\n") > 0 &&
		says("the option 'http-port' is taken"),
	    "one option, two types");
	end();
}

int main(void)
{
	RUN_PLAIN(sharing);
	RUN_PLAIN(choices);
	RUN_PLAIN(lists);
	RUN_PLAIN(failures);
	RUN_PLAIN(settings_checked);
	free(said);
	return mir_test_end();
}
