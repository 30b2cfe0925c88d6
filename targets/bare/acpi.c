/* acpi.c */
#include <mir/bytes.h>
#include <mir/err.h>

#include "acpi.h"

enum {
	RSDP_1 = 20,
	RSDP_2 = 36,
	HEADER = 36, /* of a table */
	TABLE_MAX = 1 << 20,
	TABLES = 128, /* looked at */

	EBDA = 0x40e, /* its segment */
	EBDA_LEN = 1024,
	BIOS = 0xe0000,
	BIOS_LEN = 0x20000,

	MADT_FIRST = 44,
	MADT_IOAPIC = 1,
	MADT_OTHER = 2,

	FADT_LEAST = 116,
	FADT_TIMER_32 = 1 << 8,
	FADT_HAS_RESET = 1 << 10,
	FADT_REDUCED = 1 << 20,
	GAS = 12,
	SPACE_MEMORY = 0,
	SPACE_IO = 1,

	AML_NAME = 0x08,
	AML_ROOT = 0x5c,
	AML_BYTE = 0x0a,
	AML_PACKAGE = 0x12,
	AML_ZERO = 0,
	AML_ONE = 1,
	S5_MAX = 7, /* three bits */
};

struct view {
	mir_bare_see *see;
	void *of;
};

#ifdef MIR_ACPI_NO_SUMS /* fuzzers get nowhere with them */
#define SUM(sum) 0
#else
#define SUM(sum) (sum)
#endif

static bool sums_up(const uint8_t *p, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	return SUM(sum) == 0;
}

/* ---- the root ---- */

static bool is_rsdp(const uint8_t *p)
{
	return memcmp(p, "RSD PTR ", 8) == 0 && sums_up(p, RSDP_1);
}

static uint64_t search(const struct view *v, uint64_t at, size_t len)
{
	const uint8_t *p = v->see(v->of, at, len);

	for (size_t i = 0; p && i + RSDP_1 <= len; i += 16) {
		if (is_rsdp(p + i))
			return at + i;
	}
	return 0;
}

static uint64_t find(const struct view *v)
{
	const uint8_t *p = v->see(v->of, EBDA, 2);
	uint64_t at = p ? search(v, (uint64_t)mir_le16(p) << 4, EBDA_LEN) : 0;

	return at ? at : search(v, BIOS, BIOS_LEN);
}

/* The whole table, or NULL. */
static const uint8_t *table(const struct view *v, uint64_t at, uint32_t *len)
{
	const uint8_t *p = v->see(v->of, at, HEADER);

	*len = p ? mir_le32(p + 4) : 0;
	if (*len < HEADER || *len > TABLE_MAX)
		return NULL;
	p = v->see(v->of, at, *len);
	return p && sums_up(p, *len) ? p : NULL;
}

/* ---- interrupt controllers ---- */

static void take_other(struct mir_acpi *out, const uint8_t *p)
{
	enum { ACTIVE_LOW = 3, LEVEL = 3 };
	unsigned irq = p[3], flags = mir_le16(p + 8);

	if (p[2] != 0 || irq >= MIR_ACPI_ISA)
		return;
	out->isa[irq] = (struct mir_acpi_line){ .gsi = mir_le32(p + 4),
		.is_other = true,
		.low = (flags & 3) == ACTIVE_LOW,
		.level = (flags >> 2 & 3) == LEVEL };
}

static int take_madt(struct mir_acpi *out, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = MADT_FIRST; i + 2 <= len; i += p[i + 1]) {
		const uint8_t *e = p + i;

		if (e[1] < 2 || e[1] > len - i)
			return MIR_EINVAL;
		if (e[0] == MADT_OTHER && e[1] >= 10)
			take_other(out, e);
		if (e[0] == MADT_IOAPIC && e[1] >= 12 && out->n_ioapics < MIR_ACPI_IOAPICS) {
			out->ioapics[out->n_ioapics].at = mir_le32(e + 4);
			out->ioapics[out->n_ioapics++].first_gsi = mir_le32(e + 8);
		}
	}
	return 0;
}

/* ---- the end ---- */

/* Of a package, the number at *p, which moves behind it. */
static bool number(const uint8_t **p, const uint8_t *end, uint8_t *out)
{
	if (*p < end && (**p == AML_ZERO || **p == AML_ONE)) {
		*out = *(*p)++;
		return true;
	}
	if (end - *p < 2 || **p != AML_BYTE)
		return false;
	*out = (*p)[1];
	*p += 2;
	return true;
}

/* Name (_S5_, Package () { a, b, ... }): p is behind the name. */
static bool take_s5(struct mir_acpi *out, const uint8_t *p, const uint8_t *end)
{
	uint8_t a, b;

	if (end - p < 2 || *p++ != AML_PACKAGE)
		return false;
	if (end - p < 2 + (*p >> 6))
		return false;
	p += 2 + (*p >> 6); /* its length, of one to four bytes, and how many */
	if (!number(&p, end, &a) || !number(&p, end, &b) || a > S5_MAX || b > S5_MAX)
		return false;
	out->has_s5 = true;
	out->s5_a = a;
	out->s5_b = b;
	return true;
}

static void take_dsdt(struct mir_acpi *out, const struct view *v, uint64_t at)
{
	enum { NAME = 4 };
	uint32_t len;
	const uint8_t *p = table(v, at, &len);

	if (!p || memcmp(p, "DSDT", 4) != 0)
		return;
	for (uint32_t i = HEADER + 2; i + NAME <= len; i++) {
		if (p[i] != '_' || memcmp(p + i, "_S5_", NAME) != 0)
			continue;
		if (p[i - 1] != AML_NAME && (p[i - 1] != AML_ROOT || p[i - 2] != AML_NAME))
			continue;
		if (take_s5(out, p + i + NAME, p + len))
			return;
	}
}

/* A port, or 0. */
static uint16_t port(const uint8_t *p)
{
	uint32_t v = mir_le32(p);

	return v <= UINT16_MAX ? (uint16_t)v : 0;
}

static void take_reg(struct mir_acpi_reg *out, const uint8_t *p)
{
	uint64_t at = mir_le64(p + 4);

	if (p[0] == SPACE_MEMORY || (p[0] == SPACE_IO && at <= UINT16_MAX))
		*out = (struct mir_acpi_reg){ at, p[0] == SPACE_IO };
}

static int take_fadt(struct mir_acpi *out, const uint8_t *p, uint32_t len, uint64_t *dsdt)
{
	enum { RESET = 116, RESET_VALUE = 128, X_DSDT = 140, SLEEP = 244 };
	uint32_t flags;

	if (len < FADT_LEAST)
		return MIR_EINVAL;
	flags = mir_le32(p + 112);
	*dsdt = mir_le32(p + 40);
	out->reduced = flags & FADT_REDUCED;
	out->sci = mir_le16(p + 46);
	if (!out->reduced) {
		out->smi_command = port(p + 48);
		out->enable = p[52];
		out->events_a = port(p + 56);
		out->events_b = port(p + 60);
		out->control_a = port(p + 64);
		out->control_b = port(p + 68);
		out->timer = port(p + 76);
		out->events_len = p[88];
		out->timer_32 = flags & FADT_TIMER_32;
	}
	if (flags & FADT_HAS_RESET && len > RESET_VALUE) {
		take_reg(&out->reset, p + RESET);
		out->reset_value = p[RESET_VALUE];
	}
	if (len >= X_DSDT + 8 && mir_le64(p + X_DSDT))
		*dsdt = mir_le64(p + X_DSDT);
	if (out->reduced && len >= SLEEP + GAS)
		take_reg(&out->sleep, p + SLEEP);
	return 0;
}

/* ---- all of them ---- */

static int take_table(struct mir_acpi *out, const struct view *v, uint64_t at)
{
	const uint8_t *p = v->see(v->of, at, HEADER);
	bool madt = p && memcmp(p, "APIC", 4) == 0, fadt = p && memcmp(p, "FACP", 4) == 0;
	uint64_t dsdt = 0;
	uint32_t len;
	int rc = 0;

	if (!madt && !fadt)
		return p ? 0 : MIR_EINVAL;
	p = table(v, at, &len);
	if (!p)
		return MIR_EINVAL;
	if (madt)
		return take_madt(out, p, len);
	rc = take_fadt(out, p, len, &dsdt);
	if (rc == 0)
		take_dsdt(out, v, dsdt);
	return rc;
}

/* Where the list of tables is, 0: nowhere; how many bytes each of it has. */
static uint64_t root(const struct view *v, uint64_t rsdp, unsigned *width)
{
	const uint8_t *p = rsdp ? v->see(v->of, rsdp, RSDP_1) : NULL;
	uint64_t at;

	if (!p || !is_rsdp(p))
		return 0;
	at = mir_le32(p + 16);
	*width = 4;
	p = p[15] >= 2 ? v->see(v->of, rsdp, RSDP_2) : NULL;
	if (!p || !mir_le64(p + 24))
		return at;
	*width = 8;
	return mir_le64(p + 24);
}

int mir_acpi_read(struct mir_acpi *out, uint64_t rsdp, mir_bare_see *see, void *of)
{
	struct view v = { see, of };
	unsigned width = 0;
	uint64_t at = root(&v, rsdp ? rsdp : find(&v), &width);
	const uint8_t *p;
	uint32_t len;
	int rc = 0;

	*out = (struct mir_acpi){ 0 };
	if (!at)
		return MIR_ENOENT;
	p = table(&v, at, &len);
	if (!p || memcmp(p, width == 8 ? "XSDT" : "RSDT", 4) != 0)
		return MIR_EINVAL;
	for (uint32_t i = HEADER, n = 0; i + width <= len && n < TABLES; i += width, n++) {
		uint64_t each = width == 8 ? mir_le64(p + i) : mir_le32(p + i);
		int one = take_table(out, &v, each);

		rc = one < 0 ? one : rc;
	}
	return rc;
}
