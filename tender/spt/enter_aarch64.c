/* enter_aarch64.c: from the tender into the guest. */
#include "spt.h"

enum { BELOW_END = 16 }; /* the stack pointer is aligned to it */

void enter_guest(uint64_t entry, uint64_t mem, uint64_t boot)
{
	register uint64_t x0 __asm__("x0") = boot;
	register uint64_t x16 __asm__("x16") = entry;
	register uint64_t x17 __asm__("x17") = mem - BELOW_END;

	__asm__ volatile("mov sp, x17\n\t"
			 "mov x17, xzr\n\t"
			 "mov x29, xzr\n\t"
			 "mov x30, xzr\n\t"
			 "br x16"
			 :
			 : "r"(x0), "r"(x16), "r"(x17)
			 : "memory");
	__builtin_unreachable();
}
