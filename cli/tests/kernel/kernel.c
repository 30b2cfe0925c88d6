/* kernel.c: a kernel for tests of what starts kernels: prints its command line on the first serial
 * port and does what its words say, then ends with the status 0 by isa-debug-exit.
 *
 *	status=N	ends with N
 *	wait		until the power button is pressed; the status is 5 then
 *	wait-for-ever	without a look at it
 *	echo		the next line that comes, with a '>' before it
 *	reset		a triple fault
 *
 * 32 bits, started by PVH or, with -DMULTIBOOT, by Multiboot.
 */
#include <stdint.h>

enum { SERIAL = 0x3f8, EXIT = 0x501, PM1 = 0x600, GED = 0xfea00000, PWRBTN = 0x100 };

static void out8(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static void out16(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static uint16_t in16(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static void print(const char *s)
{
	for (; *s; s++) {
		while (!(in8(SERIAL + 5) & 0x20))
			continue;
		out8(SERIAL, (uint8_t)*s);
	}
}

/* The word in the command line, and what follows its name. */
static const char *find(const char *line, const char *word)
{
	for (; *line; line++) {
		const char *a = line, *b = word;

		while (*b && *a == *b)
			a++, b++;
		if (!*b)
			return a;
	}
	return 0;
}

/* ACPI's fixed button on pc, the event device on microvm. */
static void wait_for_button(int microvm)
{
	volatile uint32_t *events = (volatile uint32_t *)GED;

	if (!microvm)
		out16(PM1 + 2, PWRBTN);
	print("waiting\n");
	while (microvm ? !*events : !(in16(PM1) & PWRBTN))
		continue;
	print("button\n");
}

static void echo(void)
{
	char c = 0;

	print("waiting\n>");
	while (c != '\n') {
		while (!(in8(SERIAL + 5) & 1))
			continue;
		c = (char)in8(SERIAL);
		print((char[]){ c, 0 });
	}
}

static void reset(void)
{
	struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) none = { 0, 0 };

	__asm__ volatile("lidt %0; ud2" : : "m"(none));
}

void kernel_main(uint32_t magic, const uint32_t *info);

void kernel_main(uint32_t magic, const uint32_t *info)
{
	/* hvm_start_info.cmdline_paddr, or the Multiboot information's cmdline */
	const char *line = (const char *)(uintptr_t)(info[0] == 0x336ec578 ? info[6] : info[4]);
	const char *value;
	uint32_t status = 0;

	(void)magic;
	print("[");
	print(line);
	print("]\n");
	if (find(line, "reset"))
		reset();
	if (find(line, "echo"))
		echo();
	if (find(line, "wait-for-ever")) {
		print("waiting\n");
		for (;;)
			continue;
	}
	if (find(line, "wait")) {
		wait_for_button(find(line, "microvm") != 0);
		status = 5;
	}
	if ((value = find(line, "status=")))
		for (; *value >= '0' && *value <= '9'; value++)
			status = status * 10 + (uint32_t)(*value - '0');
	__asm__ volatile("outw %w0, %1" : : "a"(status), "Nd"((uint16_t)EXIT));
	for (;;)
		__asm__ volatile("hlt");
}

__asm__(".section .first, \"a\"\n"
#ifdef MULTIBOOT
	".balign 4; .long 0x1badb002, 3, -(0x1badb002 + 3)\n"
#endif
	".section .note.Xen, \"a\", @note\n"
	".balign 4; .long 4, 4, 18; .asciz \"Xen\"; .long start\n"
	".text\n"
	".globl start\n"
	"start: cli; cld; mov $stack_end, %esp; push %ebx; push %eax; call kernel_main\n"
	".bss\n"
	".balign 16; stack: .skip 4096; stack_end:\n"
	".section .note.GNU-stack, \"\", @progbits\n"
	".text\n");
