/* What the tables of ACPI say of a machine. */
#include "../acpi.c"

#include <mir/test.h>

#include "space.h"

enum { RSDP = 0x9000, RSDT = 0x9100, MADT = 0x9200, FADT = 0x9400, DSDT = 0x9600, XSDT = 0x9800 };

static struct mir_acpi a;

/* The byte at `at + where` makes the sum of all 0. */
static void sum(uint64_t at, size_t len, unsigned where)
{
	uint8_t *p = space + (at - SPACE_AT), n = 0;

	p[where] = 0;
	for (size_t i = 0; i < len; i++)
		n = (uint8_t)(n + p[i]);
	p[where] = (uint8_t)-n;
}

static void head(uint64_t at, const char *name, uint32_t len)
{
	memcpy(space + (at - SPACE_AT), name, 4);
	space_put(at + 4, len, 4);
	sum(at, len, 9);
}

static void make_madt(void)
{
	uint64_t at = MADT + MADT_FIRST;

	space_put(at, 0x0c01, 2); /* an I/O APIC */
	space_put(at + 4, 0xfec00000, 4);
	space_put(at + 12, 0x0a02, 2); /* IRQ 0 is line 2 */
	space_put(at + 16, 2, 4);
	space_put(at + 22, 0x0a02, 2); /* IRQ 9: level, high */
	space_put(at + 25, 9, 1);
	space_put(at + 26, 9, 4);
	space_put(at + 30, 0xd, 2);
	head(MADT, "APIC", MADT_FIRST + 32);
}

static void make_fadt(uint32_t flags)
{
	space_put(FADT + 40, DSDT, 4);
	space_put(FADT + 46, 9, 2);
	space_put(FADT + 48, 0xb2, 4);
	space_put(FADT + 52, 0xf1, 1);
	space_put(FADT + 56, 0x600, 4);
	space_put(FADT + 64, 0x604, 4);
	space_put(FADT + 76, 0x608, 4);
	space_put(FADT + 88, 4, 1);
	space_put(FADT + 112, flags, 4);
	space_put(FADT + 116, 0x0801, 2);
	space_put(FADT + 120, 0xcf9, 8);
	space_put(FADT + 128, 0xf, 1);
	space_put(FADT + 244, 0x0800, 2);
	space_put(FADT + 248, 0xfea00200, 8);
	head(FADT, "FACP", 268);
}

static void make_dsdt(void)
{
	static const uint8_t aml[] = { 0x10, '_', 'S', '5', '_', 0x08, '_', 'S', '5', '_', 0x12,
		0x06, 0x04, 0x0a, 0x05, 0x01, 0x00, 0x00 };

	memcpy(space + (DSDT + 40 - SPACE_AT), aml, sizeof(aml));
	head(DSDT, "DSDT", 40 + sizeof(aml));
}

static void make(uint32_t flags)
{
	memset(space, 0, sizeof(space));
	make_madt();
	make_fadt(flags);
	make_dsdt();
	space_put(RSDT + 36, MADT, 4);
	space_put(RSDT + 40, FADT, 4);
	head(RSDT, "RSDT", 44);
	space_text(RSDP, "RSD PTR ");
	space_put(RSDP + 16, RSDT, 4);
	sum(RSDP, RSDP_1, 8);
}

static int take(void)
{
	return mir_acpi_read(&a, RSDP, space_see, NULL);
}

static void test_tables(void)
{
	make(FADT_HAS_RESET | FADT_TIMER_32);
	ok(take() == 0, "all is read");
	ok(a.n_ioapics == 1 && a.ioapics[0].at == 0xfec00000, "the I/O APIC");
	ok(a.isa[0].is_other && a.isa[0].gsi == 2 && !a.isa[0].level, "the PIT's line");
	ok(a.isa[9].level && !a.isa[9].low && !a.isa[1].is_other, "that of the SCI");
	ok(a.events_a == 0x600 && a.control_a == 0x604 && a.events_len == 4, "PM1");
	ok(a.timer == 0x608 && a.timer_32 && a.sci == 9, "the timer");
	ok(a.reset.is_port && a.reset.at == 0xcf9 && a.reset_value == 0xf, "reset");
	ok(!a.sleep.at && a.has_s5 && a.s5_a == 5 && a.s5_b == 1, "off");
	make(FADT_REDUCED);
	ok(take() == 0 && a.reduced && !a.control_a && !a.timer && !a.reset.at, "reduced: no PM1");
	ok(a.sleep.at == 0xfea00200 && !a.sleep.is_port, "but a register to sleep");

	space_put(RSDP + 15, 2, 1);
	sum(RSDP, RSDP_1, 8);
	space_put(RSDP + 24, XSDT, 8);
	space_put(XSDT + 36, FADT, 8);
	head(XSDT, "XSDT", 44);
	ok(take() == 0 && a.has_s5 && a.n_ioapics == 0, "the XSDT counts for more");
}

static void test_broken(void)
{
	make(0);
	space_put(RSDP + 10, 1, 1);
	ok(take() == MIR_ENOENT, "a root whose sum is wrong is none");
	make(0);
	space_put(FADT + 200, 1, 1);
	ok(take() == MIR_EINVAL && a.n_ioapics == 1 && !a.events_a,
	    "a table whose sum is wrong is left out");
	make(0);
	space_put(MADT + MADT_FIRST + 1, 0, 1);
	head(MADT, "APIC", MADT_FIRST + 32);
	ok(take() == MIR_EINVAL, "an entry of no length: refused");
	make(0);
	space_put(RSDT + 4, 0xffffffff, 4);
	ok(take() == MIR_EINVAL, "a table that is too long: refused");
	make(0);
	space_put(RSDT + 40, 0x10, 4);
	head(RSDT, "RSDT", 44);
	ok(take() == MIR_EINVAL && a.n_ioapics == 1, "one that is nowhere: left out");
	make(0);
	head(DSDT, "DSDT", 40 + 14);
	ok(take() == 0 && !a.has_s5, "_S5_ that ends too soon: not known");
}

int main(void)
{
	RUN_PLAIN(test_tables);
	RUN_PLAIN(test_broken);
	return mir_test_end();
}
