/* message.c: a log line as a message of RFC 5424: pure. */
#include <mir/syslog.h>

#include <mir/format.h>
#include <string.h>

enum { STAMP = 23, TAG = 3, PREFIX = STAMP + 1 + TAG + 1, SOURCE = 32 };

static const struct {
	char tag[TAG + 1];
	uint8_t severity;
} tags[] = { { "QUI", 6 }, { "APP", 5 }, { "ERR", 3 }, { "WRN", 4 }, { "INF", 6 }, { "DBG", 7 } };

/* The severity of a line that begins as ours do; -1: it does not. */
static int severity(const char *line, size_t len)
{
	static const char form[] = "0000-00-00 00:00:00.000 ";

	if (len < PREFIX)
		return -1;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '0' ? line[i] < '0' || line[i] > '9' : line[i] != form[i])
			return -1;
	for (size_t i = 0; i < MIR_COUNT(tags); i++)
		if (memcmp(line + STAMP + 1, tags[i].tag, TAG) == 0 && line[PREFIX - 1] == ' ')
			return tags[i].severity;
	return -1;
}

/* The names of RFC 5424 are of printable ASCII. */
static void word(const char *p, size_t len, size_t max, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < max; i++)
		out[n++] = p[i] > 0x20 && p[i] < 0x7f ? p[i] : '_';
	if (!n)
		out[n++] = '-';
	out[n] = 0;
}

/* "2026-11-21T14:31:07.123Z" (days to date: Howard Hinnant's civil_from_days). */
static void stamp(int64_t wall_ns, char out[STAMP + 2])
{
	uint64_t ms = (uint64_t)(wall_ns > 0 ? wall_ns : 0) / 1000000;
	uint32_t in_day = (uint32_t)(ms % 86400000), second = in_day / 1000;
	uint32_t z = (uint32_t)(ms / 86400000) + 719468, era = z / 146097, doe = z % 146097;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	uint32_t d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9;

	mir_format(out, STAMP + 2, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
	    (yoe + era * 400 + (m <= 2)) % 10000, m, d, second / 3600, second / 60 % 60,
	    second % 60, in_day % 1000);
}

size_t mir_syslog_message(const char *line, size_t len, int64_t wall_ns, unsigned facility,
    const char *name, char *out, size_t cap)
{
	char when[STAMP + 2], host[64], source[SOURCE + 1] = "-";
	const char *colon;
	int level, n;

	while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	level = severity(line, len);
	if (level < 0) {
		stamp(wall_ns, when);
		level = 6;
	} else {
		mir_format(when, sizeof(when), "%.10sT%.12sZ", line, line + 11);
		line += PREFIX;
		len -= PREFIX;
		colon = memchr(line, ':', len);
		if (colon && colon - line <= SOURCE && (size_t)(colon - line) + 1 < len &&
		    colon[1] == ' ') {
			word(line, (size_t)(colon - line), SOURCE, source);
			len -= (size_t)(colon + 2 - line);
			line = colon + 2;
		}
	}
	word(name, strlen(name), sizeof(host) - 1, host);
	n = mir_format(out, cap, "<%u>1 %s %s mirage - %s - %.*s",
	    facility % 24 * 8 + (unsigned)level, when, host, source, (int)len, line);
	return n < 0 || cap == 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}

static const struct {
	const char *scheme;
	enum mir_syslog_how how;
	uint16_t port;
} schemes[] = { { "udp://", MIR_SYSLOG_UDP, 514 }, { "tcp://", MIR_SYSLOG_TCP, 601 },
	{ "tls://", MIR_SYSLOG_TLS, 6514 } };

int mir_syslog_parse(
    const char *url, enum mir_syslog_how *how, char host[MIR_SYSLOG_HOST], uint16_t *port)
{
	const char *colon;
	uint32_t n = 0;
	size_t len;

	*port = 0;
	for (size_t i = 0; i < MIR_COUNT(schemes); i++) {
		if (strncmp(url, schemes[i].scheme, 6) != 0)
			continue;
		*how = schemes[i].how;
		*port = schemes[i].port;
	}
	if (!*port)
		return MIR_EINVAL;
	url += 6;
	colon = strrchr(url, ':');
	len = colon ? (size_t)(colon - url) : strlen(url);
	if (!len || len >= MIR_SYSLOG_HOST || strpbrk(url, "/ @?#"))
		return MIR_EINVAL;
	memcpy(host, url, len);
	host[len] = 0;
	if (!colon)
		return 0;
	for (url = colon + 1; *url; url++) {
		if (*url < '0' || *url > '9' || (n = n * 10 + (uint32_t)(*url - '0')) > 65535)
			return MIR_EINVAL;
	}
	*port = (uint16_t)n;
	return n ? 0 : MIR_EINVAL;
}
