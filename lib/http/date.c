/* date.c: dates of HTTP (RFC 9110 section 5.6.7): one form out, three forms in. */
#include "internal.h"

static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Days since 1970-01-01 of a date of the Gregorian calendar; the year begins in March. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static void date_of(int64_t since, int *year, unsigned *month, unsigned *day)
{
	int64_t z = since + 719468, era = z / 146097, doe = z % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), m = (5 * doy + 2) / 153;

	*day = (unsigned)(doy - (153 * m + 2) / 5 + 1);
	*month = (unsigned)(m < 10 ? m + 3 : m - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

static void two(char *out, unsigned n)
{
	out[0] = (char)('0' + n / 10 % 10);
	out[1] = (char)('0' + n % 10);
}

const char *mir_http_date_text(int64_t t, char buf[MIR_HTTP_DATE])
{
	int64_t day = t / 86400, s = t % 86400;
	unsigned month, mday;
	int year;

	if (t < 0 || t > INT64_C(253402300799))
		day = s = 0;
	date_of(day, &year, &month, &mday);
	memcpy(buf, days + day % 7 * 3, 3);
	memcpy(buf + 3, ", ", 2);
	two(buf + 5, mday);
	buf[7] = ' ';
	memcpy(buf + 8, months + (month - 1) * 3, 3);
	buf[11] = ' ';
	two(buf + 12, (unsigned)year / 100);
	two(buf + 14, (unsigned)year % 100);
	buf[16] = ' ';
	two(buf + 17, (unsigned)(s / 3600));
	buf[19] = ':';
	two(buf + 20, (unsigned)(s / 60 % 60));
	buf[22] = ':';
	two(buf + 23, (unsigned)(s % 60));
	memcpy(buf + 25, " GMT", 5);
	return buf;
}

struct date {
	int64_t year, day, hour, minute, second;
	unsigned month;
};

/* Eats `n` digits. */
static bool digits(struct mir_str *s, unsigned n, int64_t *out)
{
	if (s->len < n || mir_http_number((struct mir_str){ s->p, n }, out))
		return false;
	s->p += n;
	s->len -= n;
	return true;
}

static bool eat(struct mir_str *s, const char *text)
{
	size_t n = strlen(text);

	if (s->len < n || memcmp(s->p, text, n) != 0)
		return false;
	s->p += n;
	s->len -= n;
	return true;
}

static bool eat_month(struct mir_str *s, unsigned *month)
{
	for (unsigned i = 0; i < 12; i++) {
		if (s->len >= 3 && memcmp(s->p, months + 3 * i, 3) == 0) {
			*month = i + 1;
			s->p += 3;
			s->len -= 3;
			return true;
		}
	}
	return false;
}

static bool eat_time(struct mir_str *s, struct date *d)
{
	return digits(s, 2, &d->hour) && eat(s, ":") && digits(s, 2, &d->minute) && eat(s, ":") &&
	       digits(s, 2, &d->second);
}

/* "06 Nov 1994 08:49:37 GMT" after "Sun, " */
static bool imf(struct mir_str s, struct date *d)
{
	return digits(&s, 2, &d->day) && eat(&s, " ") && eat_month(&s, &d->month) && eat(&s, " ") &&
	       digits(&s, 4, &d->year) && eat(&s, " ") && eat_time(&s, d) && eat(&s, " GMT") &&
	       !s.len;
}

/* "06-Nov-94 08:49:37 GMT" after "Sunday, " */
static bool rfc850(struct mir_str s, struct date *d)
{
	return digits(&s, 2, &d->day) && eat(&s, "-") && eat_month(&s, &d->month) && eat(&s, "-") &&
	       digits(&s, 2, &d->year) && eat(&s, " ") && eat_time(&s, d) && eat(&s, " GMT") &&
	       !s.len;
}

/* "Nov  6 08:49:37 1994" after "Sun " */
static bool asctime_form(struct mir_str s, struct date *d)
{
	if (!eat_month(&s, &d->month) || !eat(&s, " "))
		return false;
	if (!(eat(&s, " ") ? digits(&s, 1, &d->day) : digits(&s, 2, &d->day)))
		return false;
	return eat(&s, " ") && eat_time(&s, d) && eat(&s, " ") && digits(&s, 4, &d->year) && !s.len;
}

static bool in_month(const struct date *d)
{
	static const uint8_t length[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);

	if (d->month == 2 && !leap && d->day > 28)
		return false;
	return d->day >= 1 && d->day <= length[d->month - 1];
}

int mir_http_date_parse(struct mir_str s, int64_t now, int64_t *seconds)
{
	const char *blank = memchr(s.p, ' ', s.len);
	struct mir_str rest;
	struct date d;
	int year;
	unsigned month, day;

	if (!blank || blank - s.p < 3)
		return MIR_EINVAL;
	rest = (struct mir_str){ blank + 1, (size_t)(s.p + s.len - blank - 1) };
	if (blank[-1] != ',') {
		if (!asctime_form(rest, &d))
			return MIR_EINVAL;
	} else if (rfc850(rest, &d)) {
		/* A year that seems over 50 years ahead is the last one with those digits. */
		date_of(MIR_MAX(now, 0) / 86400, &year, &month, &day);
		d.year += year - year % 100;
		if (d.year > year + 50)
			d.year -= 100;
	} else if (!imf(rest, &d)) {
		return MIR_EINVAL;
	}
	if (!in_month(&d) || d.hour > 23 || d.minute > 59 || d.second > 60 || d.year < 1)
		return MIR_EINVAL;
	*seconds = days_of(d.year, d.month, (unsigned)d.day) * 86400 + d.hour * 3600 +
		   d.minute * 60 + d.second;
	return 0;
}
