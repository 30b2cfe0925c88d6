/* quantity.c: numbers with units.  Fractions are decimal and exact: no floating point. */
#include <mir/quantity.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t of; /* of how many of the smallest it consists */
};

#define CERTAIN ((int64_t)1 << 32)

static const struct unit times[] = { { "", 1000000000 }, { "ns", 1 }, { "us", 1000 },
	{ "ms", 1000000 }, { "s", 1000000000 }, { "m", (int64_t)60 * 1000000000 },
	{ "h", (int64_t)3600 * 1000000000 }, { NULL, 0 } };
static const struct unit rates[] = { { "", 1 }, { "bit", 1 }, { "kbit", 1000 }, { "Mbit", 1000000 },
	{ "Gbit", 1000000000 }, { NULL, 0 } };
static const struct unit sizes[] = { { "", 1 }, { "k", 1024 }, { "M", 1 << 20 }, { "G", 1 << 30 },
	{ NULL, 0 } };
static const struct unit counts[] = { { "", 1 }, { NULL, 0 } };
/* How many of these a whole is. */
static const struct unit shares[] = { { "", 1 }, { "%", 100 }, { "ppm", 1000000 }, { NULL, 0 } };

static const struct unit *const units[] = { times, shares, rates, sizes, counts };
static const char *const expected[] = {
	"a time, as 20ms or 1s, or a range, as 1ms..20ms",
	"a share, as 1% or 50ppm, or a range, as 0..5%",
	"a rate, as 10Mbit, or a range, as 1Mbit..10Mbit",
	"a number of bytes, as 64k, or a range",
	"a whole number, or a range, as 1..9",
};

const char *mir_quantity_expected(enum mir_quantity q)
{
	return expected[q];
}

static const struct unit *find_unit(enum mir_quantity q, const char *text, size_t len)
{
	for (const struct unit *u = units[q]; u->name; u++)
		if (strlen(u->name) == len && memcmp(u->name, text, len) == 0)
			return u;
	return NULL;
}

/* The digits as a whole number and a count of decimals; how many characters, 0: none. */
static size_t digits(const char *text, size_t len, int64_t *mantissa, int64_t *divisor)
{
	bool point = false;
	size_t i, n = 0;

	*mantissa = 0;
	*divisor = 1;
	for (i = 0; i < len; i++) {
		if (text[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			break;
		if (++n > 15)
			return 0;
		*mantissa = *mantissa * 10 + (text[i] - '0');
		*divisor *= point ? 10 : 1;
	}
	return n ? i : 0;
}

/* m / d of wholes, hundredths or millionths; what is below 10^-9 is not needed. */
static int share(int64_t m, int64_t d, int64_t of, int64_t *out)
{
	for (; d > 1000000000 / of; d /= 10)
		m /= 10;
	if (m > d * of)
		return MIR_EINVAL;
	*out = m * CERTAIN / (d * of);
	return 0;
}

static int one(enum mir_quantity q, const char *text, size_t len, int64_t *out)
{
	const int64_t most = (int64_t)1 << 53;
	const struct unit *u;
	int64_t m, d, whole;
	size_t n = digits(text, len, &m, &d);

	if (n == 0 || !(u = find_unit(q, text + n, len - n)))
		return MIR_EINVAL;
	if (q == MIR_QUANTITY_SHARE)
		return share(m, d, u->of, out);
	if (q == MIR_QUANTITY_COUNT && d > 1)
		return MIR_EINVAL;
	whole = m / d;
	if (whole > most / u->of)
		return MIR_EINVAL;
	/* what is below a millionth of a unit is not needed */
	for (m %= d; d > 1000000; d /= 10)
		m /= 10;
	*out = whole * u->of + (u->of >= d ? u->of / d * m + u->of % d * m / d : u->of * m / d);
	return 0;
}

int mir_quantity(enum mir_quantity q, const char *text, size_t len, uint64_t draw, int64_t *out)
{
	int64_t low, high;
	size_t i = 0;

	while (i + 1 < len && (text[i] != '.' || text[i + 1] != '.'))
		i++;
	if (i + 1 >= len)
		return one(q, text, len, out);
	if (one(q, text + i + 2, len - i - 2, &high) < 0)
		return MIR_EINVAL;
	if (one(q, text, i, &low) < 0)
		return MIR_EINVAL;
	if (low > high)
		return MIR_EINVAL;
	*out = low + (int64_t)(draw % ((uint64_t)(high - low) + 1));
	return 0;
}
