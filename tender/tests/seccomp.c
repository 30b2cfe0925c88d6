/* seccomp.c: tests of the filters: programs are run on an interpreter of BPF here, and compared
 * with what the rules say in 64-bit arithmetic.
 */
#include "../tender.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <mir/test.h>
#include <string.h>
#include <sys/syscall.h>

enum { FD = 5, SIZE = 512, CALL = 17, OTHER = 18, TRIES = 200000 };

static struct sock_filter code[FILTER_MAX];
static unsigned code_len, steps;

static uint32_t load(const struct seccomp_data *d, uint32_t at)
{
	uint32_t v = 0;

	if (at % 4 == 0 && at + 4 <= sizeof(*d))
		memcpy(&v, (const uint8_t *)d + at, 4);
	else
		mir_test_ok(false, "load", __FILE__, __LINE__, "loads within the data");
	return v;
}

static bool holds(unsigned op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_JEQ: return a == b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	default: return false;
	}
}

/* What the kernel would do with the program (Linux: net/core/filter.c). */
static uint32_t run(const struct seccomp_data *d)
{
	uint32_t a = 0, x = 0, k;

	for (unsigned pc = 0; pc < code_len; pc++) {
		const struct sock_filter *s = &code[pc];

		steps++;
		k = (s->code & BPF_X) && BPF_CLASS(s->code) != BPF_RET ? x : s->k;
		switch (BPF_CLASS(s->code)) {
		case BPF_LD: a = load(d, s->k); break;
		case BPF_MISC: x = a; break;
		case BPF_RET: return s->k;
		case BPF_ALU:
			a = BPF_OP(s->code) == BPF_AND   ? a & k
			    : BPF_OP(s->code) == BPF_ADD ? a + k
							 : -a;
			break;
		case BPF_JMP:
			if (BPF_OP(s->code) == BPF_JA)
				pc += s->k;
			else
				pc += holds(BPF_OP(s->code), a, k) ? s->jt : s->jf;
			break;
		default: return 1;
		}
	}
	return 2; /* ran off its end */
}

static bool allows_on(uint32_t arch, int call, const uint64_t arg[6])
{
	struct seccomp_data d = { .nr = call, .arch = arch };
	uint32_t verdict;

	memcpy(d.args, arg, sizeof(d.args));
	verdict = run(&d);
	if (verdict != SECCOMP_RET_ALLOW && verdict != SECCOMP_RET_KILL_PROCESS)
		mir_test_ok(false, "verdict", __FILE__, __LINE__, "a verdict of %x", verdict);
	return verdict == SECCOMP_RET_ALLOW;
}

static bool allows(int call, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	return allows_on(arch_audit, call, (uint64_t[]){ a, b, c, d, 0, 0 });
}

static void compile(const struct filter *f)
{
	code_len = filter_compile(f, code);
}

static void looks_up_calls(void)
{
	static struct filter f;

	f.n = 0;
	filter_allow(&f, CALL);
	filter_allow_fd(&f, SYS_write, 1);
	filter_allow_fd(&f, SYS_write, FD);
	filter_allow_fd(&f, SYS_write, 1000000);
	compile(&f);
	ok(allows(CALL, 1, 2, 3, 4), "a call without tests");
	ok(!allows(OTHER, 1, 2, 3, 4), "a call without a rule");
	ok(!allows(CALL + 0x40000000, 1, 2, 3, 4), "x32");
	ok(!allows(-1, 1, 2, 3, 4), "-1");
	ok(!allows_on(arch_audit ^ 0x80000000, CALL, (uint64_t[6]){ 0 }), "a 32-bit call");
	ok(!allows_on(0, CALL, (uint64_t[6]){ 0 }), "another architecture");
	ok(allows(SYS_write, 1, 0, 0, 0), "the first of three descriptors");
	ok(allows(SYS_write, FD, 0, 0, 0) && allows(SYS_write, 1000000, 0, 0, 0), "the others");
	ok(!allows(SYS_write, 2, 0, 0, 0), "another descriptor");
	ok(allows(SYS_write, 1ull << 32 | FD, 0, 0, 0), "an int's high half does not count");
}

/* ---- tests against 64-bit arithmetic, at the edges and at random ---- */

static uint64_t seed = 1;

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Values near edges of 32 and 64 bits and near `v`. */
static uint64_t near(uint64_t v)
{
	static const uint64_t edge[] = { 0, 1ull << 31, 1ull << 32, 1ull << 63, UINT64_MAX };
	uint64_t at = next() % 3 == 0 ? edge[next() % 5] : next() % 2 ? v : next();

	return next() % 4 == 0 ? at ^ (v & 0xffffffff) : at + next() % 5 - 2;
}

static bool expected(const struct rule_arg *r, const uint64_t arg[6])
{
	uint64_t a = arg[r->index];

	switch (r->test) {
	case RULE_EQ: return a == r->value;
	case RULE_INT_EQ: return (uint32_t)a == (uint32_t)r->value;
	case RULE_LE: return a <= r->value;
	case RULE_GE: return a >= r->value;
	case RULE_MASKED_EQ: return (a & r->mask) == r->value;
	case RULE_END_LE: return a <= r->value && arg[r->mask] <= r->value - a;
	}
	return false;
}

static void compare(const char *name, enum rule_test test)
{
	static struct filter f;
	unsigned wrong = 0, allowed = 0;

	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t value = near(next() % 2 ? 0x12345678 : 0x1200005678),
			 arg[6] = { near(value), 0, 0, near(0), 0, 0 };
		uint64_t mask = test == RULE_MASKED_EQ ? near(0xff) : 3;

		if (test == RULE_MASKED_EQ)
			value &= mask;
		if (next() % 2)
			arg[3] = value - arg[0] + next() % 3 - 1;
		f.n = 0;
		filter_test(filter_rule(&f, CALL), 0, test, value, mask);
		compile(&f);
		wrong += expected(&f.rule[0].arg[0], arg) != allows_on(arch_audit, CALL, arg);
		allowed += expected(&f.rule[0].arg[0], arg);
	}
	ok(wrong == 0, "%s: %u of %u are as in 64 bits", name, TRIES - wrong, TRIES);
	ok(allowed > TRIES / 100 && allowed < TRIES, "%s: both kinds are tried (%u)", name,
	    allowed);
}

static void compares_64_bits(void)
{
	compare("equal", RULE_EQ);
	compare("equal, of 32 bits", RULE_INT_EQ);
	compare("at most", RULE_LE);
	compare("at least", RULE_GE);
	compare("masked", RULE_MASKED_EQ);
	compare("the end at most", RULE_END_LE);
}

/* ---- as the tenders use it ---- */

static void holds_a_disk(void)
{
	const uint64_t capacity = (1ull << 32) + SIZE;
	static struct filter f;
	struct rule *r;

	f.n = 0;
	r = filter_allow_fd(&f, SYS_pwrite64, FD);
	filter_test(r, 3, RULE_END_LE, capacity, 2);
	compile(&f);
	ok(allows(SYS_pwrite64, FD, 0, SIZE, 0), "the first block");
	ok(allows(SYS_pwrite64, FD, 0, SIZE, 1ull << 32), "the last block");
	ok(allows(SYS_pwrite64, FD, 0, capacity, 0), "all of it");
	ok(!allows(SYS_pwrite64, FD, 0, capacity + 1, 0), "a byte more than all of it");
	ok(!allows(SYS_pwrite64, FD, 0, SIZE + 1, 1ull << 32), "a byte over its end");
	ok(allows(SYS_pwrite64, FD, 0, 2, 0xffffffff), "across 4 GiB");
	ok(!allows(SYS_pwrite64, FD, 0, SIZE, (uint64_t)-SIZE), "a negative offset");
	ok(!allows(SYS_pwrite64, FD, 0, (uint64_t)-1, 1), "a length that overflows");
	ok(!allows(SYS_pwrite64, FD + 1, 0, SIZE, 0), "another descriptor");
}

static void fits_all_devices(void)
{
	static struct filter f;

	f.n = 0;
	for (int fd = 3; fd < 3 + TENDER_DEVICES; fd++) {
		filter_allow_fd(&f, SYS_pread64, fd);
		filter_test(filter_allow_fd(&f, SYS_pwrite64, fd), 3, RULE_END_LE, 1 << 20, 2);
		filter_allow_fd(&f, SYS_preadv, fd);
		filter_allow_fd(&f, SYS_fdatasync, fd);
		filter_test(filter_allow_fd(&f, SYS_fallocate, fd), 1, RULE_EQ, 3, 0);
	}
	filter_allow(&f, SYS_exit_group);
	compile(&f);
	ok(code_len <= BPF_MAXINSNS, "63 disks: %u instructions", code_len);
	ok(allows(SYS_pwrite64, 2 + TENDER_DEVICES, 0, 1 << 20, 0), "the last disk");
	ok(!allows(SYS_pwrite64, 2 + TENDER_DEVICES, 0, (1 << 20) + 1, 0), "not beyond it");
	ok(allows(SYS_fallocate, 30, 3, 0, 0) && !allows(SYS_fallocate, 30, 0, 0, 0), "discard");
	ok(allows(SYS_exit_group, 0, 0, 0, 0), "what comes last");
	steps = 0;
	allows(SYS_pread64, 3, 0, 0, 0);
	ok(steps <= 20, "a call is found in %u steps", steps);
}

int main(void)
{
	RUN_PLAIN(looks_up_calls);
	RUN_PLAIN(compares_64_bits);
	RUN_PLAIN(holds_a_disk);
	RUN_PLAIN(fits_all_devices);
	return mir_test_end();
}
