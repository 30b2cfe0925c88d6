/* debug_aarch64.c: registers for gdb (gdb/features/aarch64-core.xml: their order). */
#include "debug.h"

#include <elf.h>
#include <string.h>

const uint16_t debug_machine = EM_AARCH64;
const unsigned debug_fp_size = sizeof(struct user_fpsimd_struct);
const char debug_xml[] = "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
			 "<target><architecture>aarch64</architecture></target>";
const uint8_t debug_break[] = { 0x00, 0x00, 0x20, 0xd4 }; /* brk #0 */
const unsigned debug_break_len = sizeof(debug_break);
const unsigned debug_break_past = 0;

enum { WIDE = 33 * 8 }; /* x0 to x30, sp, pc; then 4 bytes of state */

uint64_t debug_pc(const struct debug_regs *d)
{
	return d->r.pc;
}

void debug_set_pc(struct debug_regs *d, uint64_t pc)
{
	d->r.pc = pc;
}

size_t debug_pack(const struct debug_regs *d, uint8_t *out)
{
	memcpy(out, &d->r, WIDE + 4);
	return WIDE + 4;
}

void debug_unpack(struct debug_regs *d, const uint8_t *in, size_t len)
{
	if (len >= WIDE + 4)
		memcpy(&d->r, in, WIDE + 4);
}
