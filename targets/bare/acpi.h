/* acpi.h: what the tables of ACPI (6.5) say of a machine, as far as it matters here: interrupt
 * controllers, the timer, how to turn it off and start it again.
 *
 * Pure: memory is seen through `see`, nothing in it is trusted.  Of AML only _S5_ is looked for.
 */
#ifndef MIR_BARE_ACPI_H
#define MIR_BARE_ACPI_H

#include "machine.h"

enum { MIR_ACPI_IOAPICS = 8, MIR_ACPI_ISA = 16 };

/* A register: where there is none, `at` is 0. */
struct mir_acpi_reg {
	uint64_t at;
	bool is_port;
};

struct mir_acpi {
	struct {
		uint32_t at, first_gsi;
	} ioapics[MIR_ACPI_IOAPICS];
	unsigned n_ioapics;

	/* Lines of the ISA bus that are others. */
	struct mir_acpi_line {
		uint32_t gsi;
		bool is_other, low, level;
	} isa[MIR_ACPI_ISA];

	bool reduced; /* only the last three of these are there */
	uint16_t sci; /* an ISA line, or else a global one */
	uint16_t smi_command, events_a, events_b, control_a, control_b, timer; /* ports; 0: none */
	uint8_t enable, events_len;
	bool timer_32;
	struct mir_acpi_reg reset, sleep;
	uint8_t reset_value;

	bool has_s5;
	uint8_t s5_a, s5_b; /* how PM1 control A and B, or `sleep`, call being off */
};

/* rsdp: of the loader; 0: it is looked for where a BIOS leaves it.  MIR_ENOENT: there is none;
 * MIR_EINVAL: something is broken, what was found before it counts. */
int mir_acpi_read(struct mir_acpi *out, uint64_t rsdp, mir_bare_see *see, void *of) MIR_COLD;

#endif
