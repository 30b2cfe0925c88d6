/* privilege.c: instructions that are not an application's (x86_64). */
#include "attempt.h"

#include <string.h>

/* Of targets/hvt, where that is linked. */
extern uint8_t mir_hvt_stub[] __attribute__((weak));
extern uint8_t mir_hvt_ring0_call_at[] __attribute__((weak));
/* Of targets/bare. */
extern uint8_t mir_bare_ring0_code[] __attribute__((weak));
extern uint8_t mir_bare_ring0_call_at[] __attribute__((weak));
uint64_t mir_bare_ring0_call(uint64_t a, uint64_t b, uint64_t c, unsigned what)
    __attribute__((weak));

struct pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

void halt(void)
{
	__asm__ volatile("hlt");
}

void interrupts_off(void)
{
	__asm__ volatile("cli");
}

void read_port(void)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "d"((uint16_t)0x60));
}

void write_port(void)
{
	__asm__ volatile("outl %0, %1" : : "a"(0), "d"((uint16_t)0xcf8));
}

void write_string_port(void)
{
	static const uint32_t words[4];
	const uint32_t *at = words;
	uint64_t n = 4;

	__asm__ volatile("rep outsl" : "+S"(at), "+c"(n) : "d"((uint16_t)0x80) : "memory");
}

void write_cr3(void)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(0x2000ul) : "memory");
}

void read_cr0(void)
{
	uint64_t v;

	__asm__ volatile("mov %%cr0, %0" : "=r"(v));
}

void load_idt(void)
{
	struct pointer p = { 0, 0 };

	__asm__ volatile("lidt %0" : : "m"(p));
}

/* With UMIP a fault; without, it tells an address. */
void store_gdt(void)
{
	struct pointer p;

	__asm__ volatile("sgdt %0" : "=m"(p));
}

void write_msr(void)
{
	__asm__ volatile("wrmsr" : : "c"(0xc0000080), "a"(0), "d"(0));
}

/* getpid on spt; on hvt there is nobody to call. */
void system_call(void)
{
	uint64_t r = 39;

	__asm__ volatile("syscall" : "+a"(r) : : "rcx", "r11", "memory");
}

void software_interrupt(void)
{
	uint64_t r = 20; /* of the 32-bit table: getpid */

	__asm__ volatile("int $0x80" : "+a"(r) : : "memory");
}

void breakpoint(void)
{
	__asm__ volatile("int3");
}

void undefined(void)
{
	__asm__ volatile("ud2");
}

/* To the segment of ring 0, if there is one. */
void far_call(void)
{
	struct {
		uint32_t offset;
		uint16_t selector;
	} __attribute__((packed)) to = { 0x100000, 8 };

	__asm__ volatile("lcall *%0" : : "m"(to) : "memory");
}

void jump_ring0(void)
{
	void (*code)(void);
	uint8_t *at = mir_hvt_stub          ? mir_hvt_stub
		      : mir_bare_ring0_code ? mir_bare_ring0_code
					    : (uint8_t *)(uintptr_t)0xffffffffff600400;

	memcpy(&code, &at, sizeof(code));
	code();
}

/* The division by which ring 3 calls ring 0, with a call that there is not. */
void divide_ring0(void)
{
	uint8_t *call = mir_hvt_ring0_call_at ? mir_hvt_ring0_call_at : mir_bare_ring0_call_at;
	uint64_t a = 0xffff, b = 0;

	if (!call) {
		divide();
		return;
	}
	__asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; call *%2"
			 : "+a"(a), "+b"(b)
			 : "r"(call), "D"(-1), "S"(-1)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
}

/* What ring 0 did before the devices were all there: ports, registers, page tables. */
void ask_again(void)
{
	enum { FIRST = 6, LAST = 11, PORT = 0x60 };
	uint8_t v;

	for (unsigned what = FIRST; mir_bare_ring0_call && what <= LAST; what++)
		mir_bare_ring0_call(PORT, 1, 0, what);
	__asm__ volatile("inb %1, %0" : "=a"(v) : "d"((uint16_t)PORT));
}

/* The registers of the CPU's interrupt controller are no memory of the heap. */
void protect_apic(void)
{
	volatile uint32_t *at = (volatile uint32_t *)(uintptr_t)0xfee00000;

	if (mir_bare_ring0_call)
		mir_bare_ring0_call((uintptr_t)at / 4096, 1, 2, 0);
	at[0xb0 / 4] = 0;
}

void divide(void)
{
	volatile int zero = 0;
	volatile int r = 1;

	r = r / zero;
}

/* popf does not set IOPL in ring 3; then a port. */
void io_privilege(void)
{
	uint8_t v;

	__asm__ volatile("pushfq; orq $0x3000, (%%rsp); popfq" : : : "memory", "cc");
	__asm__ volatile("inb %1, %0" : "=a"(v) : "d"((uint16_t)0x60));
}

/* A call of the tender with a struct beyond memory; on spt a port is a port. */
void wrong_hypercall(void)
{
	__asm__ volatile("outl %0, %1" : : "a"(0xfffffff0), "d"((uint16_t)0x504));
}

void no_hypercall(void)
{
	__asm__ volatile("outl %0, %1" : : "a"(0x200000), "d"((uint16_t)0x51f));
}
