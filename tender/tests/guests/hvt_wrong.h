/* hvt_wrong.h: what the test image hvt.c can do wrong, each of which must end it. */
#ifndef GUEST_HVT_WRONG_H
#define GUEST_HVT_WRONG_H

static void spin(void)
{
	put("spinning\n");
	for (;;)
		;
}

static void puts_at(uint64_t data, uint64_t len)
{
	struct mir_hvt_puts c = { data, len };

	hypercall(MIR_HVT_PUTS, (uintptr_t)&c);
}

static void puts_end(void)
{
	puts_at(boot->mem_size - 4, 4);
}

static void puts_wild(void)
{
	puts_at(0x7fffffffffff, 4);
}

static void puts_long(void)
{
	puts_at(0x100000, UINT64_MAX);
}

static void puts_ring(void)
{
	puts_at(boot->mem_size + 64, 4);
}

static void argument_end(void)
{
	hypercall(MIR_HVT_WALLTIME, boot->mem_size - 4);
}

static void argument_wild(void)
{
	hypercall(MIR_HVT_HALT, 0xfffffff0);
}

static void argument_text(void)
{
	hypercall(MIR_HVT_WALLTIME, 0x100000);
}

static void no_call(void)
{
	hypercall((uint64_t)number, (uintptr_t)frame);
}

static void halt_cookie(void)
{
	struct mir_hvt_halt c = { boot->mem_size - 100, 0, 0 };

	hypercall(MIR_HVT_HALT, (uintptr_t)&c);
}

static void write_text(void)
{
	*(volatile uint8_t *)0x100100 = 0;
}

static void submit_wild(void)
{
	struct mir_hvt_submit c = { boot->mem_size - 31, 1, 0 };

	hypercall(MIR_HVT_SUBMIT, (uintptr_t)&c);
}

static void submit_text(void)
{
	struct mir_hvt_submit c = { 0x100000, 1, 0 };

	hypercall(MIR_HVT_SUBMIT, (uintptr_t)&c);
}

static void submit_257(void)
{
	submit(op, 257);
}

#if defined(__x86_64__)
static void other_port(void)
{
	__asm__ volatile("outl %%eax, %%dx" : : "a"(0), "d"((uint16_t)0x3f8));
}

static void short_port(void)
{
	__asm__ volatile("outb %%al, %%dx" : : "a"(0), "d"((uint16_t)0x501));
}

static void in_port(void)
{
	uint32_t v;

	__asm__ volatile("inl %%dx, %%eax" : "=a"(v) : "d"((uint16_t)0x501));
}

static void stop_cpu(void)
{
	__asm__ volatile("hlt");
}

static void zero_page(void)
{
	*(volatile uint8_t *)8 = 0;
}
#endif

#endif
