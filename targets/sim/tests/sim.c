/* The simulated machine: its clock, its disk, its neighbour. */
#include "../sim.h"

#include <mir/fiber.h>
#include <mir/mem.h>
#include <mir/sim_block.h>
#include <mir/sim_net.h>
#include <mir/target.h>
#include <mir/test.h>
#include <string.h>

static void clock_drifts(void)
{
	int64_t mono = mir_target_monotonic(), wall = mir_target_wall();
	struct mir_sim_clock jump = { .jump_ns = MIR_SECOND(3600) };

	mir_sim_clock_change(&jump);
	ok(mir_target_wall() - wall == MIR_SECOND(3600) && mir_target_monotonic() == mono,
	    "the wall clock jumps, the other does not");
	for (int64_t ppb = -100000000; ppb <= 100000000; ppb += 50000000) {
		struct mir_sim_clock drift = { .drift_ppb = ppb, .set_drift = 1 };
		int64_t from = mir_sim_now(), before;

		mir_sim_clock_change(&drift);
		before = mir_target_monotonic();
		mir_sleep(MIR_SECOND(10));
		ok(mir_target_monotonic() - before >= MIR_SECOND(10) &&
			mir_target_monotonic() - before < MIR_MS(10001),
		    "10 s by its own clock");
		ok((double)(mir_sim_now() - from) > 10e9 / (1 + (double)ppb / 1e9) - 1e6 &&
			(double)(mir_sim_now() - from) < 10e9 / (1 + (double)ppb / 1e9) + 1e6,
		    "of the world's time %lld ns", (long long)(mir_sim_now() - from));
	}
}

static void memory_runs_out(void)
{
	struct mir_sim_memory some = { .limit = 100000 }, none = { .limit = 0 };
	struct mir_mem *held[100];
	uint8_t *p;
	unsigned n = 0;

	mir_sim_memory_change(&some);
	while (n < 100 && (held[n] = mir_mem_new(10000, &p)) != NULL)
		n++;
	ok(n >= 8 && n <= 10, "10 pieces of 10 kB in 100 kB: %u", n);
	mir_sim_memory_change(&none);
	while (n > 0)
		mir_mem_unref(held[--n]);
}

static int write_at(struct mir_sim_block *d, uint64_t sector, int c, size_t len)
{
	static uint8_t bytes[8 * MIR_SIM_SECTOR];
	struct mir_iov iov = { bytes, len };

	memset(bytes, c, len);
	return mir_block_write(&d->block, sector, &iov, 1);
}

static int byte_at(struct mir_sim_block *d, uint64_t sector)
{
	static uint8_t bytes[MIR_SIM_SECTOR];
	struct mir_iov iov = { bytes, sizeof(bytes) };
	int rc = mir_block_read(&d->block, sector, &iov, 1);

	for (size_t i = 1; i < sizeof(bytes); i++)
		rc = bytes[i] != bytes[0] ? -1 : rc;
	return rc < 0 ? rc : bytes[0];
}

static void disk(void)
{
	struct mir_sim_block d;
	int64_t from = mir_now();
	unsigned kept = 0;

	ok(mir_sim_block_start(&d,
	       &(struct mir_sim_block_config){
		   .name = "disk", .size = 65536, .faults = "latency=2ms" }) == 0,
	    "starts");
	ok(d.block.sectors == 128 && byte_at(&d, 127) == 0, "all zero");
	ok(mir_now() - from >= MIR_MS(2), "a request takes its time");
	ok(byte_at(&d, 128) == MIR_EINVAL && write_at(&d, 121, 1, 8 * MIR_SIM_SECTOR) == MIR_EINVAL,
	    "bounds");
	ok(write_at(&d, 0, 'a', 8 * MIR_SIM_SECTOR) == 0 && byte_at(&d, 7) == 'a',
	    "what was written");
	ok(mir_block_barrier(&d.block) == 0, "a barrier");
	ok(write_at(&d, 0, 'b', 8 * MIR_SIM_SECTOR) == 0, "and once more");
	d.store.end(&d.store, true);
	for (unsigned i = 0; i < 8; i++) {
		uint8_t c = d.durable[i * MIR_SIM_SECTOR];

		ok(c == 'a' || c == 'b', "sector %u is old or new", i);
		kept += c == 'b';
	}
	ok(kept > 0 && kept < 8, "%u of 8 are new", kept);
	mir_sim_block_stop(&d);
	ok(mir_sim_block_start(&d,
	       &(struct mir_sim_block_config){
		   .name = "disk", .size = 65536, .faults = "error=50%" }) == 0,
	    "one that fails");
	kept = 0;
	for (unsigned i = 0; i < 100; i++)
		kept += byte_at(&d, i) >= 0;
	ok(kept > 30 && kept < 70, "half of the requests fail: %u do not", kept);
	mir_sim_block_stop(&d);
	ok(mir_sim_block_start(&d,
	       &(struct mir_sim_block_config){
		   .name = "disk", .size = 65536, .faults = "eror=1%" }) == MIR_EINVAL,
	    "an unknown fault");
}

static unsigned count;
static uint8_t last[200];

static void input(void *arg, struct mir_packet *const frames[], unsigned n)
{
	(void)arg;
	for (unsigned i = 0; i < n; i++) {
		mir_packet_copy(
		    frames[i], 0, last, MIR_MIN(frames[i]->total, (uint32_t)sizeof(last)));
		mir_packet_unref(frames[i]);
		count++;
	}
}

static void send_bytes(struct mir_sim_net *n, const uint8_t *bytes, size_t len)
{
	struct mir_packet *p = mir_packet_new();

	memcpy(mir_packet_put(p, len), bytes, len);
	mir_net_send(&n->net, &p, 1);
}

static void neighbour(void)
{
	static const uint8_t ask[42] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1,
		8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1 };
	struct mir_sim_net n;
	int64_t from = mir_now();

	ok(mir_sim_net_start(&n, &(struct mir_sim_net_config){ .name = "service",
				     .attached = "echo,delay=5ms" }) == 0,
	    "starts");
	mir_net_listen(&n.net, input, NULL);
	count = 0;
	send_bytes(&n, ask, sizeof(ask));
	mir_sleep(MIR_MS(9));
	ok(count == 0, "nothing comes at once");
	mir_sleep(MIR_MS(2));
	ok(count == 1 && mir_now() - from >= MIR_MS(10) && last[21] == 2 &&
		memcmp(last + 28, ask + 38, 4) == 0,
	    "the neighbour has the address");
	mir_sim_net_stop(&n);
	ok(mir_sim_net_start(&n, &(struct mir_sim_net_config){ .name = "service",
				     .attached = "loop,loss=100%" }) == 0,
	    "another cable");
	mir_net_listen(&n.net, input, NULL);
	send_bytes(&n, ask, sizeof(ask));
	mir_sleep(MIR_MS(2));
	ok(count == 1, "that loses everything");
	mir_sim_net_stop(&n);
	ok(mir_sim_net_start(&n, &(struct mir_sim_net_config){ .name = "service",
				     .attached = "echo,dely=5ms" }) == MIR_EINVAL,
	    "an unknown property");
}

int main(void)
{
	RUN(clock_drifts);
	RUN(memory_runs_out);
	RUN(disk);
	RUN(neighbour);
	return mir_test_end();
}
