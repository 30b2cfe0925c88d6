/* seccomp.c: an assembler for the filters that confine the tenders (Linux:
 * Documentation/userspace-api/seccomp_filter.rst).
 *
 * A program is a tree of calls, each a chain of rules, each a chain of tests; a test that fails
 * jumps to the next rule, the last one's kills.  Registers of the machine have 32 bits, arguments
 * 64.
 *
 * What it costs at the start is the kernel's reading: about 0.3 us for each instruction, and the
 * way to each of its 450 calls, which it goes to find those that are always allowed: hence short
 * code, and a tree (a chain is some instructions shorter, and 15 us slower).
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

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

	filter_test(r, 0, RULE_INT_EQ, (uint64_t)fd, 0);
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
	if (value >> 32) {
		jump(p, BPF_JGT, (uint32_t)(value >> 32), FAIL, 0);
		jump(p, BPF_JEQ, (uint32_t)(value >> 32), 0, 2);
	} else {
		jump(p, BPF_JEQ, 0, 0, FAIL);
	}
	load_low(p, index);
	jump(p, BPF_JGT, (uint32_t)value, FAIL, 0);
}

static void test_at_least(struct program *p, unsigned index, uint64_t value)
{
	load_high(p, index);
	if (value >> 32)
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

/* The same where a's low half, which is all of it, is in the register. */
static void end_32(struct program *p, unsigned b, uint32_t value)
{
	subtract_from(p, value);
	emit(p, BPF_MISC | BPF_TAX, 0, 0, 0);
	load_high(p, b);
	jump(p, BPF_JEQ, 0, 0, FAIL);
	load_low(p, b);
	emit(p, BPF_JMP | BPF_JGT | BPF_X, FAIL, 0, 0);
}

/* a <= value, then b <= value - a, whose high half borrows where a's low half is the greater. */
static void test_end(struct program *p, unsigned a, unsigned b, uint64_t value)
{
	uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);

	test_at_most(p, a, value);
	if (high == 0) {
		end_32(p, b, low);
		return;
	}
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
	case RULE_INT_EQ: test_equal(p, a->index, a->value, UINT32_MAX); break;
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

/* What was compiled since `start` is to be jumped over by the instruction before it, where its
 * condition fails: by itself over at most 255 instructions, else by a jump of its own. */
static void jump_over(struct program *p, unsigned start)
{
	unsigned len = p->n - start;

	if (len <= UINT8_MAX) {
		p->code[start - 1].jf = (uint8_t)len;
		return;
	}
	emit(p, 0, 0, 0, 0);
	memmove(p->code + start + 1, p->code + start, len * sizeof(*p->code));
	p->code[start] = (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0, len };
	p->code[start - 1].jt = 1;
}

/* The calls below the middle, then the others. */
static void compile_tree(struct program *p, const struct filter *f, const int call[], unsigned n)
{
	unsigned middle = n / 2, start;

	if (n > 1) {
		jump(p, BPF_JGE, (uint32_t)call[middle], 0, 0);
		start = p->n;
		compile_tree(p, f, call + middle, n - middle);
		jump_over(p, start);
		compile_tree(p, f, call, middle);
		return;
	}
	jump(p, BPF_JEQ, (uint32_t)call[0], 0, 0);
	start = p->n;
	for (unsigned i = 0; i < f->n; i++)
		if (f->rule[i].call == call[0])
			compile_rule(p, &f->rule[i]);
	jump_over(p, start);
	emit(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
}

/* Every call once, ascending. */
static unsigned sorted_calls(const struct filter *f, int call[RULES])
{
	unsigned n = 0, at;

	for (unsigned i = 0; i < f->n; i++) {
		for (at = n; at > 0 && call[at - 1] > f->rule[i].call; at--)
			;
		if (at > 0 && call[at - 1] == f->rule[i].call)
			continue;
		memmove(call + at + 1, call + at, (n - at) * sizeof(*call));
		call[at] = f->rule[i].call;
		n++;
	}
	return n;
}

unsigned filter_compile(const struct filter *f, struct sock_filter *out)
{
	struct program p = { out, 0 };
	int call[RULES];
	unsigned n = sorted_calls(f, call);

	emit(&p, LOAD, 0, 0, offsetof(struct seccomp_data, arch));
	jump(&p, BPF_JEQ, arch_audit, 1, 0);
	emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	emit(&p, LOAD, 0, 0, offsetof(struct seccomp_data, nr));
	if (n > 0)
		compile_tree(&p, f, call, n);
	else
		emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	return p.n;
}
