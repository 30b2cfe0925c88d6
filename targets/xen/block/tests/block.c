/* The disk driver against a back end in memory, and a model. */
#include "back.h"

#include <mir/test.h>

static uint8_t model[DISK], bytes[DISK / 2], seen[DISK / 2];

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)back_random(256);
}

static void starts(void)
{
	struct mir_iov v = { bytes, 512 };

	ok(begin("512") == 0, "connects");
	ok(d.block.sectors == 2048 && d.block.sector_size == 512 && d.block.writable, "its size");
	ok(back.order == 1 && d.ring.n == 64, "a ring of two pages");
	ok(strcmp(fake_get("device/vbd/0/state"), "4") == 0, "and says so");
	fill(bytes, 512);
	ok(mir_block_write(&d.block, 7, &v, 1) == 0 && !memcmp(back.disk + 7 * 512, bytes, 512),
	    "write");
	v.base = seen;
	ok(mir_block_read(&d.block, 7, &v, 1) == 0 && !memcmp(seen, bytes, 512), "read");
	ok(mir_block_barrier(&d.block) == 0 && back.flushes == 1, "flush");
	back.refuse_flush = true;
	ok(mir_block_barrier(&d.block) == 0 && back.barriers == 1, "or barrier");
	ok(mir_block_barrier(&d.block) == 0 && back.flushes == 2, "from then on");
	ok(mir_block_discard(&d.block, 1, 6) == 0 && back.discards == 0, "less than a piece");
	ok(mir_block_discard(&d.block, 1, 30) == 0 && back.discards == 1 && back.disk[4096] == 0 &&
		!memcmp(back.disk + 7 * 512, bytes, 512),
	    "whole pieces only");
	back.fail = true;
	ok(mir_block_read(&d.block, 7, &v, 1) == MIR_EIO && d.stats.errors == 1, "an error");
	end();
	ok(mir_xen_grant_stats.used == 0, "all grants are back");

	ok(begin("4096") == 0 && d.block.sectors == 256 && d.block.sector_size == 4096, "4096");
	end();
	ok(begin("100") == MIR_EPROTO, "sectors of 100 bytes");
	fake_end();
}

static void large(void)
{
	struct mir_iov v = { bytes, sizeof(bytes) };

	begin("512");
	fill(bytes, sizeof(bytes));
	ok(mir_block_write(&d.block, 3, &v, 1) == 0 && back.indirect == 2 && back.requests == 2,
	    "512 kB in two requests");
	ok(!memcmp(back.disk + 3 * 512, bytes, sizeof(bytes)), "is there");
	v.base = seen;
	ok(mir_block_read(&d.block, 3, &v, 1) == 0 && !memcmp(seen, bytes, sizeof(bytes)), "again");
	end();

	begin("512");
	mir_xen_block_stop(&d);
	fake_offer("vbd", "feature-max-indirect-segments", "0");
	fake_offer("vbd", "max-ring-page-order", "0");
	fake_unset("device/vbd/0/ring-page-order");
	fake_offer("vbd", "state", "2");
	back.requests = back.indirect = 0;
	v.base = bytes;
	ok(mir_xen_block_start(&d, &(struct mir_xen_block_config){ .name = "storage" }) == 0 &&
		d.ring.n == 32,
	    "a back end that can less");
	ok(mir_block_write(&d.block, 3, &v, 1) == 0 && back.indirect == 0 && back.requests == 12,
	    "512 kB in twelve");
	end();
}

/* One fiber's work on a part of the disk of its own. */
static void worker(void *arg)
{
	enum { PART = DISK / 512 / 4 };
	uint64_t base = (uint64_t)(uintptr_t)arg * PART;

	for (unsigned i = 0; i < 60; i++) {
		static uint8_t buf[4][PART * 512];
		uint8_t *own = buf[(uintptr_t)arg];
		struct mir_iov v[8];
		uint64_t sector = back_random(PART - 1), left = PART - sector;
		size_t at = 0;
		unsigned n = 0;
		bool write = back_random(2);

		for (unsigned most = 1 + (unsigned)back_random(8); n < most && left > 0; n++) {
			uint64_t k = 1 + back_random(left < 40 ? left : 40);

			v[n] = (struct mir_iov){ own + at, k * 512 };
			at += k * 512;
			left -= k;
		}
		if (write) {
			fill(own, at);
			memcpy(model + (base + sector) * 512, own, at);
			mir_check(mir_block_write(&d.block, base + sector, v, n) == 0);
		} else {
			mir_check(mir_block_read(&d.block, base + sector, v, n) == 0);
			mir_check(!memcmp(own, model + (base + sector) * 512, at));
		}
		if (back_random(8) == 0)
			mir_check(mir_block_barrier(&d.block) == 0);
	}
}

static void random_work(void)
{
	struct mir_fiber *f[4];

	begin("512");
	memset(model, 0, sizeof(model));
	for (uintptr_t i = 0; i < 4; i++)
		f[i] = mir_spawn_joinable("worker", worker, (void *)i);
	for (unsigned i = 0; i < 4; i++)
		mir_join(f[i]);
	ok(!memcmp(model, back.disk, DISK), "four fibers, and the disk is as the model");
	end();
	ok(mir_xen_grant_stats.used == 0, "all grants are back");
}

static int left;
static void leaver(void *arg)
{
	struct mir_iov v = { bytes, 8192 };

	(void)arg;
	mir_deadline_set(mir_now() + MIR_MS(1));
	left = mir_block_read(&d.block, 0, &v, 1);
}

static void leaves(void)
{
	struct mir_fiber *f;
	struct mir_iov v = { bytes, 512 };

	begin("512");
	back.keep = true;
	f = mir_spawn_joinable("leaver", leaver, NULL);
	mir_join(f);
	ok(left == MIR_ETIMEDOUT && d.io[0].used, "a request that its fiber has left");
	back.keep = false;
	mir_post(&back.work);
	mir_sleep(MIR_MS(1));
	ok(!d.io[0].used, "gives its pages back when it is done");
	ok(mir_block_read(&d.block, 0, &v, 1) == 0, "and others go on");
	end();
}

static void away(void)
{
	fake_set("device/vbd/0/backend-id", "7");
	fake_offer("vbd", "state", "2");
}

static int during;
static void writer(void *arg)
{
	struct mir_iov v = { bytes, sizeof(bytes) };

	(void)arg;
	during = mir_block_write(&d.block, 16, &v, 1);
}

static void suspends(void)
{
	struct mir_fiber *f;

	begin("512");
	mir_xen_control_start();
	mir_sleep(MIR_MS(10));
	fill(bytes, sizeof(bytes));
	back.keep = true;
	during = 1;
	f = mir_spawn_joinable("writer", writer, NULL);
	mir_sleep(MIR_MS(1));
	fake.on_suspend = away;
	fake_set("control/shutdown", "suspend");
	mir_sleep(MIR_MS(20));
	ok(during == 1 && d.stats.retried == 1, "what was under way is sent again");
	back.keep = false;
	mir_post(&back.work);
	mir_join(f);
	ok(during == 0 && !memcmp(back.disk + 16 * 512, bytes, sizeof(bytes)), "and done");
	mir_xen_control_stop();
	end();
	ok(mir_xen_grant_stats.used == 0, "all grants are back");
}

static void broken(void)
{
	static const uint64_t ids[] = { 0, 5, 64, UINT64_MAX };
	struct mir_iov v = { bytes, 512 };

	for (unsigned i = 0; i <= MIR_COUNT(ids); i++) {
		begin("512");
		if (i < MIR_COUNT(ids))
			back_answer(ids[i], 0, 0);
		back.ring->rsp_prod = i < MIR_COUNT(ids) ? 1 : 1000;
		fake_raise(back.port);
		mir_sleep(MIR_MS(1));
		ok(d.gone && mir_block_read(&d.block, 0, &v, 1) == MIR_EDISCONN, "given up: way %u",
		    i);
		end();
	}
}

int main(void)
{
	RUN(starts);
	RUN(large);
	RUN(random_work);
	RUN(leaves);
	RUN(suspends);
	RUN(broken);
	return mir_test_end();
}
