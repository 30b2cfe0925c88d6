/* sim_trace.c: what happened, as text, as a number and as pcap files (pcap with nanoseconds,
 * draft-ietf-opsawg-pcap). */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "sim_run.h"

enum { LINE = 512, BILLION = 1000000000, PCAP_ETHERNET = 1, PCAP_SNAPLEN = 1 << 18 };

static const uint32_t PCAP_MAGIC = 0xa1b23c4d; /* in the byte order of the machine that writes */

const char *sim_time(int64_t ns, char out[static 32])
{
	snprintf(
	    out, 32, "%lld.%06lld", (long long)(ns / BILLION), (long long)(ns % BILLION / 1000));
	return out;
}

bool sim_trace_open(struct sim_world *w)
{
	const char *file = w->settings->trace;

	w->hash = UINT64_C(0xcbf29ce484222325);
	if (!file)
		return true;
	w->trace = fopen(file, "we");
	if (!w->trace)
		diag_error(NULL, "cannot write '%s': %s", file, strerror(errno));
	return w->trace != NULL;
}

void sim_trace_close(struct sim_world *w)
{
	if (w->trace && fclose(w->trace) != 0)
		sim_fail(w, NULL, "cannot write '%s': %s", w->settings->trace, strerror(errno));
	w->trace = NULL;
}

/* FNV-1a over 8 bytes at once: the same bytes give the same number, no more is asked of it. */
static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t v;

	for (; len >= sizeof v; p += sizeof v, len -= sizeof v) {
		memcpy(&v, p, sizeof v);
		h = (h ^ v) * UINT64_C(0x100000001b3);
		h ^= h >> 29;
	}
	for (; len; len--)
		h = (h ^ *p++) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

static void put(struct sim_world *w, const char *line, size_t len)
{
	char when[64];
	int n = snprintf(when, sizeof when, "%lld.%09lld ", (long long)(w->now / BILLION),
	    (long long)(w->now % BILLION));

	w->hash = hash(hash(w->hash, when, (size_t)n), line, len);
	if (w->trace)
		fprintf(w->trace, "%s%.*s\n", when, (int)len, line);
}

void sim_trace(struct sim_world *w, const char *fmt, ...)
{
	char line[LINE];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	put(w, line, MIR_MIN((size_t)n, sizeof line - 1));
}

void sim_trace_frame(struct sim_world *w, const struct sim_cable *c, const struct sim_way *way,
    const uint8_t *frame, size_t len, const char *fate)
{
	const struct sim_member *m = c->link->member;
	char what[LINE / 2] = "";

	w->hash = hash(w->hash, frame, len);
	if (w->trace)
		sim_decode(frame, len, what, sizeof what);
	sim_trace(w, "%s %s>%s %zu%s%s", c->link->name,
	    w->scenario->images[m[way->from].image].name,
	    w->scenario->images[m[way->to].image].name, len, what, fate);
}

FILE *sim_pcap_open(const char *file)
{
	uint32_t header[6] = { PCAP_MAGIC, 0, 0, 0, PCAP_SNAPLEN, PCAP_ETHERNET };
	uint16_t version[2] = { 2, 4 };
	FILE *f = fopen(file, "we");

	memcpy(&header[1], version, sizeof version);
	if (f)
		fwrite(header, sizeof header, 1, f);
	return f;
}

void sim_pcap_frame(FILE *f, int64_t at, const uint8_t *frame, size_t len)
{
	uint32_t record[4] = { (uint32_t)(at / BILLION), (uint32_t)(at % BILLION), (uint32_t)len,
		(uint32_t)len };

	fwrite(record, sizeof record, 1, f);
	fwrite(frame, len, 1, f);
}
