/* debug_x86_64.c: registers for gdb (gdb/features/i386/64bit-core.xml, 64bit-sse.xml: their
 * order).
 */
#include "debug.h"

#include <elf.h>
#include <string.h>

const uint16_t debug_machine = EM_X86_64;
const unsigned debug_fp_size = sizeof(struct user_fpregs_struct);
const char debug_xml[] = "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
			 "<target><architecture>i386:x86-64</architecture></target>";
const uint8_t debug_break[] = { 0xcc };
const unsigned debug_break_len = sizeof(debug_break);
const unsigned debug_break_past = 1;

#define REG(name) offsetof(struct user_regs_struct, name)

/* 17 of 8 bytes, then 7 of 4. */
static const size_t order[] = { REG(rax), REG(rbx), REG(rcx), REG(rdx), REG(rsi), REG(rdi),
	REG(rbp), REG(rsp), REG(r8), REG(r9), REG(r10), REG(r11), REG(r12), REG(r13), REG(r14),
	REG(r15), REG(rip), REG(eflags), REG(cs), REG(ss), REG(ds), REG(es), REG(fs), REG(gs) };

enum {
	ORDER = sizeof(order) / sizeof(order[0]),
	WIDE = 17,
	ST = 10,      /* bytes of a floating-point register */
	ST_ROOM = 16, /* in the state that the CPU saves */
	XMM = 256,    /* bytes of all of them */
	FP_WORDS = 8,
};

uint64_t debug_pc(const struct debug_regs *d)
{
	return d->r.rip;
}

void debug_set_pc(struct debug_regs *d, uint64_t pc)
{
	d->r.rip = pc;
}

size_t debug_pack(const struct debug_regs *d, uint8_t *out)
{
	const struct user_fpregs_struct *fp = (const void *)d->fp;
	const uint32_t words[FP_WORDS] = { fp->cwd, fp->swd, fp->ftw ? 0 : 0xffff, 0,
		(uint32_t)fp->rip, 0, (uint32_t)fp->rdp, fp->fop };
	uint8_t *p = out;

	for (int i = 0; i < ORDER; i++) {
		size_t len = i < WIDE ? 8 : 4;

		memcpy(p, (const uint8_t *)&d->r + order[i], len);
		p += len;
	}
	for (int i = 0; i < 8; i++, p += ST)
		memcpy(p, (const uint8_t *)fp->st_space + i * ST_ROOM, ST);
	memcpy(p, words, sizeof(words));
	memcpy(p + sizeof(words), fp->xmm_space, XMM);
	memcpy(p + sizeof(words) + XMM, &fp->mxcsr, 4);
	return (size_t)(p - out) + sizeof(words) + XMM + 4;
}

/* The registers of integers, and xmm where they are there; the rest of the state stays. */
void debug_unpack(struct debug_regs *d, const uint8_t *in, size_t len)
{
	struct user_fpregs_struct *fp = (void *)d->fp;
	const uint8_t *p = in, *end = in + len;

	for (int i = 0; i < ORDER; i++) {
		size_t size = i < WIDE ? 8 : 4;

		if ((size_t)(end - p) < size)
			return;
		memcpy((uint8_t *)&d->r + order[i], p, size);
		p += size;
	}
	if (end - p < 8 * ST + FP_WORDS * 4 + XMM + 4)
		return;
	for (int i = 0; i < 8; i++, p += ST)
		memcpy((uint8_t *)fp->st_space + i * ST_ROOM, p, ST);
	p += FP_WORDS * 4;
	memcpy(fp->xmm_space, p, XMM);
	memcpy(&fp->mxcsr, p + XMM, 4);
}
