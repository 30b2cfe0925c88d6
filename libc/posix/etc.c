/* etc.c: the files of /etc that programs look for, where no store has them. */
#include <mir/format.h>
#include <mir/kv.h>
#include <mir/stack.h>
#include <string.h>

#include "tree.h"

static const struct etc {
	const char *key, *text;
} files[] = {
	{ "/group", "root:x:0:\n" },
	{ "/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n" },
	{ "/passwd", "root:x:0:0:root:/:/bin/sh\n" },
	{ "/protocols", "ip\t0\tIP\nicmp\t1\tICMP\ntcp\t6\tTCP\nudp\t17\tUDP\n" },
	{ "/resolv.conf", NULL },
	{ "/services", "ftp\t21/tcp\nssh\t22/tcp\nsmtp\t25/tcp\ndomain\t53/tcp\ndomain\t53/udp\n"
		       "http\t80/tcp\nntp\t123/udp\nhttps\t443/tcp\nsyslog\t514/udp\n" },
};

enum { SERVERS = 3, RESOLV = 256 }; /* musl asks no more of them */

static struct mir_stack *stack;
static const char *servers = "";

void mir_posix_name_servers(struct mir_stack *s, const char *named)
{
	stack = s;
	servers = named ? named : "";
}

static size_t add_server(char *out, size_t len, const char *address, size_t n)
{
	int more = mir_format(out + len, RESOLV - len, "nameserver %.*s\n", (int)n, address);

	return more < 0 || (size_t)more >= RESOLV - len ? len : len + (size_t)more;
}

/* The servers of the key, "ADDRESS, ADDRESS", else those of the network at present. */
static const char *resolv_conf(void)
{
	static char text[RESOLV];
	struct mir_ipaddr found[SERVERS];
	char address[MIR_IPADDR_TEXT];
	size_t len = 0;
	unsigned n = 0;

	for (const char *p = servers + strspn(servers, ", "); *p; p += strspn(p, ", ")) {
		size_t word = strcspn(p, ", "), address_len = word;

		/* A port behind an address has no place there. */
		if (memchr(p, '.', word))
			address_len = strcspn(p, ":, ");
		len = add_server(text, len, p, address_len);
		p += word;
	}
	if (!*servers && stack && stack->name_servers)
		n = stack->name_servers(stack, found, SERVERS);
	for (unsigned i = 0; i < n; i++) {
		mir_ipaddr_text(&found[i], address);
		len = add_server(text, len, address, strlen(address));
	}
	text[len] = '\0';
	return text;
}

static const struct etc *find(struct mir_str key)
{
	for (unsigned i = 0; i < MIR_COUNT(files); i++)
		if (strlen(files[i].key) == key.len && memcmp(files[i].key, key.p, key.len) == 0)
			return &files[i];
	return NULL;
}

static const char *text_of(const struct etc *e)
{
	return e->text ? e->text : resolv_conf();
}

static int etc_stat(struct mir_kv *kv, struct mir_str key, struct mir_kv_stat *out)
{
	const struct etc *e = find(key);

	(void)kv;
	*out = (struct mir_kv_stat){ .kind = MIR_KV_DICT, .size = MIR_COUNT(files) };
	if (e)
		*out = (struct mir_kv_stat){ .kind = MIR_KV_VALUE, .size = strlen(text_of(e)) };
	return e || key.len == 1 ? 0 : MIR_ENOENT;
}

static int etc_list(struct mir_kv *kv, struct mir_str key, mir_kv_visit *visit, void *arg)
{
	int rc = 0;

	(void)kv;
	if (key.len != 1)
		return find(key) ? MIR_ENOTDIR : MIR_ENOENT;
	for (unsigned i = 0; rc == 0 && i < MIR_COUNT(files); i++)
		rc = visit(arg, mir_str(files[i].key), MIR_KV_VALUE);
	return rc;
}

static int etc_digest(struct mir_kv *kv, struct mir_str key, uint8_t out[static MIR_KV_DIGEST])
{
	(void)kv;
	(void)key;
	(void)out;
	return MIR_ENODIGEST;
}

static int64_t etc_view(
    struct mir_kv *kv, struct mir_str key, uint64_t off, size_t max, struct mir_slice *out)
{
	const struct etc *e = find(key);
	const char *text = e ? text_of(e) : "";
	size_t len = strlen(text);

	(void)kv;
	*out = mir_slice_static(NULL, 0);
	if (!e)
		return key.len == 1 ? MIR_EISDIR : MIR_ENOENT;
	if (off >= len)
		return 0;
	*out = mir_slice_static(text + off, MIR_MIN(len - (size_t)off, max));
	return (int64_t)out->len;
}

static const struct mir_kv_ops etc_ops = {
	.name = "etc", .stat = etc_stat, .list = etc_list, .digest = etc_digest, .view = etc_view
};

struct mir_kv mir_posix_etc = { .ops = &etc_ops, .name = "etc" };
