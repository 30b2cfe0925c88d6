/* hello.c: the shortest image that says something: one line, then status 0.  For hvt and spt. */
#define DEVICES ""
#include "notes.h"

static const char text[] = "hello\n";

#if TARGET == 2

#include CPU

void start(void);

void start(void)
{
	call6(SYS_WRITE, 1, (long)text, sizeof(text) - 1, 0, 0, 0);
	call6(SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0);
}

#else

#include "hvt.h"

void guest_main(void);

__asm__(".pushsection .text.start, \"ax\"\n"
	".globl _start\n"
#if defined(__x86_64__)
	"_start: jmp guest_main\n"
#else
	"_start: b guest_main\n"
#endif
	".popsection\n");

void guest_main(void)
{
	static const struct mir_hvt_puts line = { (uintptr_t)text, sizeof(text) - 1 };
	static const struct mir_hvt_halt end = { 0, 0, 0 };

	hypercall(MIR_HVT_PUTS, (uintptr_t)&line);
	hypercall(MIR_HVT_HALT, (uintptr_t)&end);
}

#endif
