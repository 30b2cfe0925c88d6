/* memory.c: memory that is not to be written, run, or is not there. */
#include "attempt.h"

#include <mir/target.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, LOW = 0x100000, RET = 0xc3 };

/* Of the linker script. */
extern uint8_t mir_image_relro_start[];
/* targets/guest/host.h, which an application does not see. */
int mir_host_protect(void *at, size_t len, int kind);

static uint8_t data[PAGE] = { RET };
static const uint8_t constant[4] = { 1, 2, 3, 4 };

static KEEP void put(volatile uint8_t *at, uint8_t value)
{
	*at = value;
}

static KEEP uint8_t get(const volatile uint8_t *at)
{
	return *at;
}

static KEEP void run(const void *at)
{
	void (*code)(void);

	memcpy(&code, &at, sizeof(code));
	code();
}

static volatile uint8_t *text(void)
{
	void (*code)(void) = write_text;
	volatile uint8_t *at;

	memcpy(&at, &code, sizeof(at));
	return at;
}

void write_text(void)
{
	put(text(), RET);
}

void write_constant(void)
{
	volatile uint8_t *at;
	const uint8_t *from = constant;

	memcpy(&at, &from, sizeof(at));
	put(at, 9);
}

void write_relro(void)
{
	put(mir_image_relro_start, 9);
}

/* hvt: what the tender has written. */
void write_boot(void)
{
	put((uint8_t *)(uintptr_t)0x10000, 9);
}

/* hvt: the tender's page tables. */
void write_descriptors(void)
{
	put((uint8_t *)(uintptr_t)0x2000, 9);
}

void read_descriptors(void)
{
	get((uint8_t *)(uintptr_t)0x2000);
}

void execute_data(void)
{
	run(data);
}

void execute_heap(void)
{
	uint8_t *at = malloc(PAGE * 40);

	at[0] = RET;
	run(at);
}

void execute_stack(void)
{
	volatile uint8_t code[16] = { RET };

	run((const void *)(uintptr_t)code);
}

void read_zero(void)
{
	get((uint8_t *)(uintptr_t)16);
}

void write_zero(void)
{
	put((uint8_t *)(uintptr_t)16, 1);
}

void jump_zero(void)
{
	run(NULL);
}

/* 64 GB is beyond the memory of any image of the test. */
void read_beyond(void)
{
	get((uint8_t *)(uintptr_t)(64ull << 30));
}

void protect_text(void)
{
	uint8_t *page = (uint8_t *)((uintptr_t)text() & ~(uintptr_t)(PAGE - 1));

	mir_host_protect(page, PAGE, 2); /* MIR_PROTECT_WRITE */
	put(text(), RET);
}

/* A protection that is none, with every bit: perhaps one makes it executable. */
void protect_executable(void)
{
	uint8_t *at = aligned_alloc(PAGE, PAGE);
	int kind;

	at[0] = RET;
	for (kind = 3; kind < 64; kind++)
		mir_host_protect(at, PAGE, kind);
	mir_host_protect(at, PAGE, -1);
	run(at);
}
