/* A hostile back end of a disk: any answers, indices, events and states. */
#include "../tests/back.h"

#include <mir/log.h>
#include <mir/test.h>

static const uint8_t *data;
static size_t size;
static uint8_t bytes[4][300 * 1024];

static uint8_t next(void)
{
	return size > 0 ? size--, *data++ : 0;
}

static void worker(void *arg)
{
	struct mir_iov v = { bytes[(uintptr_t)arg], sizeof(bytes[0]) };
	int rc = 0;

	mir_deadline_set(mir_time_add(mir_now(), MIR_SECOND(5)));
	while (rc != MIR_EDISCONN && rc != MIR_ECANCELED && rc != MIR_ETIMEDOUT) {
		rc = next() & 1 ? mir_block_read(&d.block, next(), &v, 1)
				: mir_block_write(&d.block, next(), &v, 1);
		if (next() & 1)
			rc = mir_block_barrier(&d.block);
		if (next() & 1)
			rc = mir_block_discard(&d.block, next(), next());
		if (size == 0)
			return;
	}
}

static void step(void)
{
	static const char *const states[] = { "1", "2", "4", "5", "6", "x" };

	switch (next() % 12) {
	case 0: back.ring->rsp_prod += next(); break;
	case 1: back.ring->req_event = next(); break;
	case 2: fake_mapped(8 + next() % 100u, next() & 1); break;
	case 3: fake_offer("vbd", "state", states[next() % MIR_COUNT(states)]); break;
	case 4:
	case 5:
	case 6: back_answer(next() % 65, next(), (int16_t)(next() % 4 - 2)); break;
	default: mir_post(&back.work); break;
	}
	fake_raise(back.port);
	mir_yield();
	mir_yield();
}

static void run(void)
{
	struct mir_fiber *f[4];

	if (begin("512") != 0) {
		fake_end();
		return;
	}
	back.hostile = true;
	mir_xen_control_start();
	for (uintptr_t i = 0; i < 4; i++)
		f[i] = mir_spawn_joinable("worker", worker, (void *)i);
	while (size > 0 && !d.gone)
		step();
	for (uintptr_t i = 0; i < 4; i++) {
		mir_cancel(f[i]);
		mir_join(f[i]);
	}
	mir_xen_control_stop();
	for (uint32_t ref = 8; ref < 512; ref++)
		fake_mapped(ref, false);
	mir_xen_block_stop(&d);
	mir_sleep(MIR_SECOND(1));
	mir_check(mir_xen_grant_stats.used == 0);
	mir_unpost(&back.work);
	fake_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	data = p;
	size = MIR_MIN(n, (size_t)400);
	mir_log_levels("quiet", NULL);
	mir_test_fuzz(run);
	return 0;
}
