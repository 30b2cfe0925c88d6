/* scenario.c: any bytes as a scenario; what is good is drawn from, too. */
#include <stdint.h>
#include <stdio.h>

#include "../sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct sim_scenario s;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	diag_redirect(nowhere);
	if (sim_scenario_parse("fuzz.scenario", (const char *)data, size, &s)) {
		for (size_t i = 0; i < s.n_links; i++) {
			struct mir_path path = { .mtu = 0 };

			for (size_t k = 0; k < s.links[i].options.n; k++)
				sim_option_path(
				    &path, &s.links[i].options.v[k], sim_draw(1, "fuzz", k));
		}
		for (size_t i = 0; i < s.n_actions; i++)
			sim_quantity(MIR_QUANTITY_TIME, s.actions[i].when, sim_draw(1, "fuzz", i));
	}
	mem_release();
	return 0;
}
