/* hello.c: the shortest image of hvt that says something: one line, then status 0. */
#include "hvt.h"

#define DEVICES ""
#include "notes.h"

void guest_main(void);

__asm__(".pushsection .text.start, \"ax\"\n"
	".globl _start\n"
	"_start:\n"
#if defined(__x86_64__)
	"	jmp guest_main\n"
#else
	"	b guest_main\n"
#endif
	".popsection\n");

void guest_main(void)
{
	static const char text[] = "hello\n";
	static const struct mir_hvt_puts line = { (uintptr_t)text, sizeof(text) - 1 };
	static const struct mir_hvt_halt end = { 0, 0, 0 };

	hypercall(MIR_HVT_PUTS, (uintptr_t)&line);
	hypercall(MIR_HVT_HALT, (uintptr_t)&end);
}
