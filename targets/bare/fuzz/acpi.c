/* Tables of ACPI, whatever they are; sums are not looked at, so that what is behind them is. */
#define MIR_ACPI_NO_SUMS
#include "../acpi.c"

#include <mir/panic.h>

#include "../tests/space.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct mir_acpi a;

	memset(space, 0, sizeof(space));
	memcpy(space, data, MIR_MIN(len, sizeof(space)));
	mir_acpi_read(&a, SPACE_AT, space_see, NULL);
	mir_check(a.n_ioapics <= MIR_ACPI_IOAPICS && a.s5_a <= S5_MAX && a.s5_b <= S5_MAX);
	return 0;
}
