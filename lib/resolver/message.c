/* message.c: see message.h. */
#include "message.h"

#include <mir/err.h>

enum {
	HEADER = 12,
	LABEL_MAX = 63,
	NAME_MAX_TEXT = 253,
	CLASS_IN = 1,
	OPT = 41,
	RESPONSE = 0x8000,
	OPCODE = 0x7800,
	TRUNCATED = 0x0200,
	RECURSE = 0x0100,
	RECORDS_MAX = 512, /* of a section: no honest answer has more */
};

enum rcode { NO_ERROR = 0, FORMAT_ERROR = 1, NO_NAME = 3, NOT_KNOWN = 4 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_label_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

int mir_dns_name(const char *host, char name[static MIR_DNS_NAME])
{
	size_t n = strnlen(host, NAME_MAX_TEXT + 2), start = 0;
	bool digits = true;

	if (n && host[n - 1] == '.')
		n--;
	if (n == 0 || n > NAME_MAX_TEXT)
		return MIR_EINVAL;
	for (size_t i = 0; i < n; i++) {
		char c = small(host[i]);

		if (c == '.' ? i == start : !is_label_char(c) || i - start == LABEL_MAX)
			return MIR_EINVAL;
		if (c == '.') {
			start = i + 1;
			digits = true;
		} else {
			digits = digits && is_digit(c);
		}
		name[i] = c;
	}
	name[n] = 0;
	return start == n || digits ? MIR_EINVAL : 0;
}

size_t mir_dns_question(uint16_t id, const char *name, enum mir_dns_type type, bool edns,
    uint8_t out[static MIR_DNS_QUESTION])
{
	static const uint8_t opt[] = { 0, 0, OPT, MIR_DNS_UDP >> 8, MIR_DNS_UDP & 0xff, 0, 0, 0, 0,
		0, 0 };
	uint8_t *p = out + HEADER;

	memset(out, 0, HEADER);
	mir_put_be16(out, id);
	mir_put_be16(out + 2, RECURSE);
	mir_put_be16(out + 4, 1);
	mir_put_be16(out + 10, edns);
	while (*name) {
		size_t len = strcspn(name, ".");

		*p++ = (uint8_t)len;
		memcpy(p, name, len);
		p += len;
		name += len + (name[len] == '.');
	}
	*p++ = 0;
	mir_put_be16(p, (uint16_t)type);
	mir_put_be16(p + 2, CLASS_IN);
	p += 4;
	if (edns) {
		memcpy(p, opt, sizeof(opt));
		p += sizeof(opt);
	}
	return (size_t)(p - out);
}

/* A message while it is read. */
struct message {
	const uint8_t *start;
	struct mir_reader r;
};

/* Appends a label in our form.  What has other bytes than text becomes a name that is equal to
 * none of ours: "?" is in no name. */
static bool add_label(const uint8_t *p, size_t len, char *name, size_t *at)
{
	if (*at + len + 1 > NAME_MAX_TEXT + 1)
		return false;
	if (*at)
		name[(*at)++] = '.';
	for (size_t i = 0; i < len; i++) {
		char c = small((char)p[i]);

		name[(*at)++] = is_label_char(c) ? c : '?';
	}
	return *at <= NAME_MAX_TEXT;
}

/* A name at the reader, which goes on behind it.  Pointers lead backwards only, so that no name is
 * endless (RFC 1035 section 4.1.4). */
static bool read_name(struct message *m, char name[static MIR_DNS_NAME])
{
	struct mir_reader r = m->r;
	const uint8_t *lowest = m->r.p;
	bool jumped = false;
	size_t at = 0;

	for (;;) {
		uint8_t len = mir_read_u8(&r);
		const uint8_t *p;

		if (r.bad)
			break;
		if (len == 0) {
			name[at] = 0;
			if (!jumped)
				m->r = r;
			return true;
		}
		if (len >= 0xc0) {
			size_t to = (size_t)(len & 0x3f) << 8 | mir_read_u8(&r);

			if (r.bad || to >= (size_t)(lowest - m->start))
				break;
			if (!jumped)
				m->r = r;
			jumped = true;
			lowest = r.p = m->start + to;
			continue;
		}
		if (len > LABEL_MAX || !(p = mir_read_bytes(&r, len)) ||
		    !add_label(p, len, name, &at))
			break;
	}
	m->r.bad = true;
	return false;
}

struct record {
	char owner[MIR_DNS_NAME];
	uint16_t type, class;
	uint32_t ttl;
	struct message data;
};

static bool read_record(struct message *m, struct record *rec)
{
	const uint8_t *data;
	uint16_t len;

	if (!read_name(m, rec->owner))
		return false;
	rec->type = mir_read_be16(&m->r);
	rec->class = mir_read_be16(&m->r);
	rec->ttl = mir_read_be32(&m->r);
	if (rec->ttl >> 31) /* RFC 2181 section 8 */
		rec->ttl = 0;
	len = mir_read_be16(&m->r);
	if (!(data = mir_read_bytes(&m->r, len)))
		return false;
	/* A name in the data may point in front of it, and ends within it. */
	rec->data = (struct message){ m->start, mir_reader(data, len) };
	return true;
}

static bool same_question(struct message *m, const char *name, enum mir_dns_type type)
{
	char asked[MIR_DNS_NAME];

	return read_name(m, asked) && strcmp(asked, name) == 0 &&
	       mir_read_be16(&m->r) == (uint16_t)type && mir_read_be16(&m->r) == CLASS_IN &&
	       !m->r.bad;
}

static bool read_address(struct record *rec, enum mir_dns_type type, struct mir_ipaddr *out)
{
	size_t len = type == MIR_DNS_A ? 4 : 16;
	const uint8_t *p = mir_read_bytes(&rec->data.r, len);

	if (!p || mir_read_left(&rec->data.r))
		return false;
	if (type == MIR_DNS_A)
		*out = mir_ip4(mir_be32(p));
	else
		memcpy(out->b, p, 16);
	return true;
}

/* Can a host have that address?  Groups, "this network" and what is not assigned cannot. */
static bool usable(const struct mir_ipaddr *a)
{
	if (mir_ipaddr_is4(a))
		return mir_ip4_of(a) >> 24 != 0 && mir_ip4_of(a) >> 28 < 14;
	return !mir_ipaddr_is_any(a) && a->b[0] != 0xff;
}

static void add_address(struct mir_dns_answer *out, const struct mir_ipaddr *a)
{
	for (unsigned i = 0; i < out->n; i++)
		if (mir_ipaddr_eq(&out->address[i], a))
			return;
	if (out->n < MIR_RESOLVER_ADDRESSES && usable(a))
		out->address[out->n++] = *a;
}

/* The records of `name`: addresses, or (true) an alias to go on with.  m is a copy: each alias is
 * looked for from the first record on, since their order is not fixed. */
static bool follow(struct message m, unsigned records, char name[static MIR_DNS_NAME],
    enum mir_dns_type type, struct mir_dns_answer *out)
{
	struct record rec;
	char target[MIR_DNS_NAME];

	for (unsigned i = 0; i < records && read_record(&m, &rec); i++) {
		struct mir_ipaddr a;

		if (rec.class != CLASS_IN || strcmp(rec.owner, name) != 0)
			continue;
		if (rec.type == type && read_address(&rec, type, &a)) {
			add_address(out, &a);
			out->ttl = MIR_MIN(out->ttl, rec.ttl);
		} else if (rec.type == MIR_DNS_CNAME && !out->n && read_name(&rec.data, target)) {
			out->ttl = MIR_MIN(out->ttl, rec.ttl);
			memcpy(name, target, sizeof(target));
			return true;
		}
	}
	return false;
}

/* How long "there is none" holds (RFC 2308 section 5): of the zone's SOA; 0: nobody says. */
static uint32_t negative_ttl(struct message *m, unsigned records)
{
	struct record rec;
	char name[MIR_DNS_NAME];
	const uint8_t *p;

	for (unsigned i = 0; i < records && read_record(m, &rec); i++)
		if (rec.type == MIR_DNS_SOA && rec.class == CLASS_IN &&
		    read_name(&rec.data, name) && read_name(&rec.data, name) &&
		    (p = mir_read_bytes(&rec.data.r, 20)))
			return MIR_MIN(rec.ttl, mir_be32(p + 16));
	return 0;
}

/* All of a section can be read; m goes behind it. */
static bool skip(struct message *m, unsigned records, unsigned *extended)
{
	struct record rec;

	for (unsigned i = 0; i < records; i++) {
		if (!read_record(m, &rec))
			return false;
		if (extended && rec.type == OPT)
			*extended = rec.ttl >> 24;
	}
	return true;
}

static enum mir_dns_verdict read_answers(struct message m, const unsigned records[2],
    const char *name, enum mir_dns_type type, struct mir_dns_answer *out)
{
	unsigned hops = 0;

	memcpy(out->alias, name, strlen(name) + 1);
	out->ttl = UINT32_MAX;
	while (follow(m, records[0], out->alias, type, out))
		if (++hops > MIR_DNS_CHAIN)
			return MIR_DNS_FAILED;
	if (out->n)
		return MIR_DNS_FOUND;
	if (hops) {
		char known[MIR_DNS_NAME];

		/* What a server says of nothing must be a name, for it will be asked for. */
		return mir_dns_name(out->alias, known) == 0 ? MIR_DNS_ALIAS : MIR_DNS_FAILED;
	}
	skip(&m, records[0], NULL);
	out->ttl = negative_ttl(&m, records[1]);
	return MIR_DNS_NOTHING;
}

enum mir_dns_verdict mir_dns_read(const uint8_t *p, size_t len, uint16_t id, const char *name,
    enum mir_dns_type type, bool edns, struct mir_dns_answer *out)
{
	struct message m = { p, mir_reader(p, len) }, all;
	uint16_t got = mir_read_be16(&m.r), flags = mir_read_be16(&m.r);
	unsigned questions = mir_read_be16(&m.r), extended = 0, code = flags & 15;
	unsigned records[3];

	*out = (struct mir_dns_answer){ .n = 0 };
	for (unsigned i = 0; i < 3; i++)
		records[i] = mir_read_be16(&m.r);
	if (m.r.bad || got != id || !(flags & RESPONSE) || flags & OPCODE)
		return MIR_DNS_OTHER;
	/* Servers that do not understand a question may leave it out. */
	if (questions == 0 && (code == FORMAT_ERROR || code == NOT_KNOWN))
		return edns ? MIR_DNS_OLD : MIR_DNS_FAILED;
	if (questions != 1 || !same_question(&m, name, type))
		return MIR_DNS_OTHER;
	if (flags & TRUNCATED)
		return MIR_DNS_TRUNCATED;
	all = m;
	if (records[0] > RECORDS_MAX || records[1] > RECORDS_MAX || records[2] > RECORDS_MAX ||
	    !skip(&all, records[0], NULL) || !skip(&all, records[1], NULL) ||
	    !skip(&all, records[2], &extended))
		return code == FORMAT_ERROR && edns ? MIR_DNS_OLD : MIR_DNS_FAILED;
	if (edns && (extended || code == FORMAT_ERROR || code == NOT_KNOWN))
		return MIR_DNS_OLD;
	if (code == NO_ERROR)
		return read_answers(m, records, name, type, out);
	if (code != NO_NAME)
		return MIR_DNS_FAILED;
	skip(&m, records[0], NULL);
	out->ttl = negative_ttl(&m, records[1]);
	return MIR_DNS_NOTHING;
}
