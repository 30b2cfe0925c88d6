/* names.c: names that are known without asking, and the texts of keys. */
#include "internal.h"

#include <stdlib.h>

enum { WORD = MIR_DNS_NAME + 1, DNS_PORT = 53, LOOPBACK = 0x7f000001 };

/* The next word of a list: blanks and newlines separate, a comma is a word of its own. False: the
 * end, or (word is "") one that is too long. */
static bool next_word(const char **text, char word[static WORD])
{
	const char *p = *text + strspn(*text, " \t\r\n");
	size_t len = *p == ',' ? 1 : strcspn(p, " \t\r\n,");

	*text = p + len;
	word[0] = 0;
	if (!len || len >= WORD)
		return false;
	memcpy(word, p, len);
	word[len] = 0;
	return true;
}

static int add_host(struct mir_dns_host ***end, struct mir_ipaddr address, const char *word)
{
	char name[MIR_DNS_NAME];
	struct mir_dns_host *h;
	int rc = mir_dns_name(word, name);

	if (rc < 0)
		return rc;
	if (!(h = malloc(sizeof(*h) + strlen(name) + 1)))
		return MIR_ENOMEM;
	h->next = NULL;
	h->address = address;
	memcpy(h->name, name, strlen(name) + 1);
	**end = h;
	*end = &h->next;
	return 0;
}

int mir_dns_hosts_parse(const char *text, struct mir_dns_host **out)
{
	struct mir_ipaddr address = MIR_IPADDR_ANY;
	bool have = false, named = false;
	char word[WORD];
	int rc = 0;

	*out = NULL;
	while (rc == 0 && next_word(&text, word)) {
		if (strcmp(word, ",") == 0) {
			rc = have && !named ? MIR_EINVAL : 0;
			have = named = false;
		} else if (!have) {
			rc = mir_ipaddr_parse(word, &address);
			have = true;
		} else {
			rc = add_host(&out, address, word);
			named = true;
		}
	}
	return rc < 0 ? rc : *text || (have && !named) ? MIR_EINVAL : 0;
}

void mir_dns_hosts_free(struct mir_dns_host *h)
{
	struct mir_dns_host *next;

	for (; h; h = next) {
		next = h->next;
		free(h);
	}
}

/* "10.0.0.1", or with ":5353" behind it. */
static int server_parse(char *word, struct mir_endpoint *out)
{
	char *colon = strchr(word, ':');
	unsigned port = DNS_PORT;

	if (colon && !strchr(colon + 1, ':')) {
		*colon++ = 0;
		port = 0;
		for (; *colon >= '0' && *colon <= '9' && port <= 65535; colon++)
			port = port * 10 + (unsigned)(*colon - '0');
		if (*colon || port == 0 || port > 65535)
			return MIR_EINVAL;
	}
	out->port = (uint16_t)port;
	return mir_ipaddr_parse(word, &out->addr);
}

int mir_dns_servers_parse(const char *text, struct mir_endpoint out[MIR_DNS_SERVERS])
{
	char word[WORD];
	int n = 0;

	while (next_word(&text, word)) {
		if (strcmp(word, ",") == 0)
			continue;
		if (n == MIR_DNS_SERVERS || server_parse(word, &out[n++]) < 0)
			return MIR_EINVAL;
	}
	return *text ? MIR_EINVAL : n;
}

/* Is name the domain, or below it? */
static bool within(const char *name, const char *domain)
{
	size_t n = strlen(name), d = strlen(domain);

	return n >= d && strcmp(name + n - d, domain) == 0 && (n == d || name[n - d - 1] == '.');
}

int mir_dns_known(
    const struct mir_dns_host *h, const char *name, struct mir_ipaddr *out, unsigned max)
{
	unsigned n = 0;

	for (; h && n < max; h = h->next)
		if (strcmp(h->name, name) == 0)
			out[n++] = h->address;
	if (n)
		return (int)n;
	if (within(name, "localhost")) {
		out[0] = mir_ip4(LOOPBACK);
		return 1;
	}
	return within(name, "invalid") || within(name, "onion") ? MIR_ENOENT : 0;
}
