/* seccomp.c: an assembler for the filters that confine the tenders (Linux:
 * Documentation/userspace-api/seccomp_filter.rst).
 *
 * A program is a chain of calls, each a chain of rules, each a chain of tests; a test that fails
 * jumps to the next rule, the last one's kills.  Registers of the machine have 32 bits, arguments
 * 64.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "tender.h"

enum {
	FAIL = 0xff, /* a jump to where the rule ends: set when that is known */
	LOAD = BPF_LD | BPF_W | BPF_ABS,
};

struct program {
	struct sock_filter *code;
	unsigned n;
};

struct rule *filter_rule(struct filter *f, int call)
{
	struct rule *r;

	if (f->n == RULES)
		die("this image needs more than %d rules of its sandbox: use fewer devices", RULES);
	r = &f->rule[f->n++];
	*r = (struct rule){ .call = call };
	return r;
}

void filter_test(struct rule *r, unsigned index, enum rule_test test, uint64_t value, uint64_t mask)
{
	r->arg[r->n++] = (struct rule_arg){ index, test, value, mask };
}

void filter_allow(struct filter *f, int call)
{
	filter_rule(f, call);
}

struct rule *filter_allow_fd(struct filter *f, int call, int fd)
{
	struct rule *r = filter_rule(f, call);

	filter_test(r, 0, RULE_EQ, (uint64_t)fd, 0);
	return r;
}

static void emit(struct program *p, unsigned code, unsigned jt, unsigned jf, uint32_t k)
{
	if (p->n == FILTER_MAX)
		die("the sandbox of this image is too large: use fewer devices");
	p->code[p->n++] = (struct sock_filter){ (uint16_t)code, (uint8_t)jt, (uint8_t)jf, k };
}

static void jump(struct program *p, unsigned op, uint32_t k, unsigned jt, unsigned jf)
{
	emit(p, BPF_JMP | op | BPF_K, jt, jf, k);
}

/* Little-endian: the low half is first. */
static void load_low(struct program *p, unsigned index)
{
	emit(p, LOAD, 0, 0, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * index));
}

static void load_high(struct program *p, unsigned index)
{
	emit(p, LOAD, 0, 0, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * index + 4));
}

static void test_equal(struct program *p, unsigned index, uint64_t value, uint64_t mask)
{
	if ((uint32_t)mask) {
		load_low(p, index);
		if ((uint32_t)mask != UINT32_MAX)
			emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, (uint32_t)mask);
		jump(p, BPF_JEQ, (uint32_t)value, 0, FAIL);
	}
	if (mask >> 32) {
		load_high(p, index);
		if (mask >> 32 != UINT32_MAX)
			emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, (uint32_t)(mask >> 32));
		jump(p, BPF_JEQ, (uint32_t)(value >> 32), 0, FAIL);
	}
}

/* Leaves at the end either way: the high half decides unless it is equal. */
static void test_at_most(struct program *p, unsigned index, uint64_t value)
{
	load_high(p, index);
	jump(p, BPF_JGT, (uint32_t)(value >> 32), FAIL, 0);
	jump(p, BPF_JEQ, (uint32_t)(value >> 32), 0, 2);
	load_low(p, index);
	jump(p, BPF_JGT, (uint32_t)value, FAIL, 0);
}

static void test_at_least(struct program *p, unsigned index, uint64_t value)
{
	load_high(p, index);
	jump(p, BPF_JGE, (uint32_t)(value >> 32), 0, FAIL);
	jump(p, BPF_JEQ, (uint32_t)(value >> 32), 0, 2);
	load_low(p, index);
	jump(p, BPF_JGE, (uint32_t)value, 0, FAIL);
}

/* A = value - A, in 32 bits. */
static void subtract_from(struct program *p, uint32_t value)
{
	emit(p, BPF_ALU | BPF_NEG, 0, 0, 0);
	emit(p, BPF_ALU | BPF_ADD | BPF_K, 0, 0, value);
}

/* a <= value, then b <= value - a, whose high half borrows where a's low half is the greater. */
static void test_end(struct program *p, unsigned a, unsigned b, uint64_t value)
{
	uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);

	test_at_most(p, a, value);
	load_low(p, a);
	jump(p, BPF_JGT, low, 4, 0);
	load_high(p, a);
	subtract_from(p, high);
	emit(p, BPF_JMP | BPF_JA, 0, 0, 3);
	load_high(p, a);
	subtract_from(p, high - 1);
	emit(p, BPF_MISC | BPF_TAX, 0, 0, 0);
	load_high(p, b);
	emit(p, BPF_JMP | BPF_JGT | BPF_X, FAIL, 0, 0);
	emit(p, BPF_JMP | BPF_JEQ | BPF_X, 0, 6, 0);
	load_low(p, a);
	subtract_from(p, low);
	emit(p, BPF_MISC | BPF_TAX, 0, 0, 0);
	load_low(p, b);
	emit(p, BPF_JMP | BPF_JGT | BPF_X, FAIL, 0, 0);
}

static void compile_test(struct program *p, const struct rule_arg *a)
{
	switch (a->test) {
	case RULE_EQ: test_equal(p, a->index, a->value, UINT64_MAX); break;
	case RULE_LE: test_at_most(p, a->index, a->value); break;
	case RULE_GE: test_at_least(p, a->index, a->value); break;
	case RULE_MASKED_EQ: test_equal(p, a->index, a->value, a->mask); break;
	case RULE_END_LE: test_end(p, a->index, (unsigned)a->mask, a->value); break;
	}
}

static void compile_rule(struct program *p, const struct rule *r)
{
	unsigned start = p->n;

	for (unsigned i = 0; i < r->n; i++)
		compile_test(p, &r->arg[i]);
	emit(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	for (unsigned i = start; i < p->n; i++) {
		struct sock_filter *s = &p->code[i];

		if (BPF_CLASS(s->code) != BPF_JMP)
			continue;
		if (s->jt == FAIL)
			s->jt = (uint8_t)(p->n - i - 1);
		if (s->jf == FAIL)
			s->jf = (uint8_t)(p->n - i - 1);
	}
}

/* All rules of a call, after a comparison whose far jump is set at the end. */
static void compile_call(struct program *p, const struct filter *f, unsigned first)
{
	int call = f->rule[first].call;
	unsigned skip;

	jump(p, BPF_JEQ, (uint32_t)call, 1, 0);
	skip = p->n;
	emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
	for (unsigned i = first; i < f->n; i++)
		if (f->rule[i].call == call)
			compile_rule(p, &f->rule[i]);
	emit(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	p->code[skip].k = p->n - skip - 1;
}

static bool seen_before(const struct filter *f, unsigned i)
{
	for (unsigned j = 0; j < i; j++)
		if (f->rule[j].call == f->rule[i].call)
			return true;
	return false;
}

unsigned filter_compile(const struct filter *f, struct sock_filter *out)
{
	struct program p = { out, 0 };

	emit(&p, LOAD, 0, 0, offsetof(struct seccomp_data, arch));
	jump(&p, BPF_JEQ, arch_audit, 1, 0);
	emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	emit(&p, LOAD, 0, 0, offsetof(struct seccomp_data, nr));
	for (unsigned i = 0; i < f->n; i++)
		if (!seen_before(f, i))
			compile_call(&p, f, i);
	emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	return p.n;
}
