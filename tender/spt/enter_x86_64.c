/* enter_x86_64.c: from the tender into the guest. */
#include "spt.h"

enum { RETURN_ADDRESS = 8 }; /* the stack is as after a call */

/* Nothing of the tender's is left in registers: the guest begins as on a bare CPU. */
void enter_guest(uint64_t entry, uint64_t mem, uint64_t boot)
{
	register uint64_t to __asm__("r11") = entry;

	__asm__ volatile("mov %%rax, %%rsp\n\t"
			 "xor %%eax, %%eax\n\t"
			 "xor %%ebx, %%ebx\n\t"
			 "xor %%ecx, %%ecx\n\t"
			 "xor %%edx, %%edx\n\t"
			 "xor %%esi, %%esi\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "xor %%r8d, %%r8d\n\t"
			 "xor %%r9d, %%r9d\n\t"
			 "xor %%r10d, %%r10d\n\t"
			 "xor %%r12d, %%r12d\n\t"
			 "xor %%r13d, %%r13d\n\t"
			 "xor %%r14d, %%r14d\n\t"
			 "xor %%r15d, %%r15d\n\t"
			 "cld\n\t"
			 "jmp *%%r11"
			 :
			 : "D"(boot), "a"(mem - RETURN_ADDRESS), "r"(to)
			 : "memory");
	__builtin_unreachable();
}
