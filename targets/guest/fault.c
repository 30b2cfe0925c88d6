/* fault.c: reports of faults, and backtraces, without printf: what fails may be anything. */
#include "fault.h"
#include "guest.h"

#include <mir/fiber.h>
#include <mir/panic.h>
#include <mir/target.h>
#include <string.h>

#include "host.h"

enum { PAGE = 4096, FRAMES = 48, REGISTERS_A_LINE = 4, HEX = 16, NAME_MAX = 80 };

/* ---- text ---- */

static struct {
	char text[4096];
	size_t len;
	unsigned depth; /* of reports */
} s;

MIR_COLD MIR_NOINLINE static void say_n(const char *text, size_t len)
{
	len = MIR_MIN(len, sizeof(s.text) - s.len);
	memcpy(s.text + s.len, text, len);
	s.len += len;
}

MIR_COLD MIR_NOINLINE static void say(const char *text)
{
	say_n(text, strlen(text));
}

/* In base 10 or 16, at least `width` digits. */
MIR_COLD MIR_NOINLINE static void say_number(uint64_t v, unsigned base, unsigned width)
{
	char digits[20];
	unsigned n = 0;

	while (n < sizeof(digits) && (v > 0 || n < MIR_MAX(width, 1u))) {
		digits[sizeof(digits) - ++n] = "0123456789abcdef"[v % base];
		v /= base;
	}
	say_n(digits + sizeof(digits) - n, n);
}

MIR_COLD MIR_NOINLINE static void say_address(uintptr_t address)
{
	say("0x");
	say_number(address, 16, 1);
}

static void flush(void)
{
	mir_host_console(s.text, s.len);
	s.len = 0;
}

/* ---- backtraces ---- */

MIR_COLD MIR_NOINLINE static void say_place(unsigned number, uintptr_t pc)
{
	size_t offset = 0;
	const char *name = mir_guest_symbol(pc, &offset);

	say("  #");
	say_number(number, 10, 1);
	say(number < 10 ? "  " : " ");
	say_address(pc);
	if (name) {
		say(" ");
		say_n(name, MIR_MIN(strlen(name), (size_t)NAME_MAX));
		say("+");
		say_number(offset, 10, 1);
	}
	say("\n");
}

/* A frame as x86_64 and aarch64 lay it out. */
struct frame {
	uintptr_t up, pc;
};

static bool is_stack(uintptr_t at)
{
	return at % sizeof(void *) == 0 && at >= (uintptr_t)mir_image_rodata_end &&
	       at < (uintptr_t)mir_guest.mem_end && (uintptr_t)mir_guest.mem_end - at >= PAGE;
}

MIR_COLD MIR_NOINLINE static void say_repeated(unsigned n)
{
	if (n == 0)
		return;
	say("       the same ");
	say_number(n, 10, 1);
	say(n > 1 ? " times more\n" : " time more\n");
}

/* Recursion is told in one line. */
MIR_COLD MIR_NOINLINE static void backtrace(uintptr_t pc, uintptr_t at)
{
	unsigned n = 0, repeated = 0;
	uintptr_t last = 0;

	if (pc)
		say_place(n++, pc);
	while (n < FRAMES && is_stack(at)) {
		const struct frame *f = (const struct frame *)at;

		if (f->pc == 0)
			break;
		if (f->pc == last) {
			repeated++;
		} else {
			say_repeated(repeated);
			repeated = 0;
			say_place(n++, f->pc - 1); /* inside the call, not after it */
		}
		last = f->pc;
		if (f->up <= at)
			break;
		at = f->up;
	}
	say_repeated(repeated);
}

MIR_COLD void mir_target_backtrace(const void *from)
{
	backtrace(0, (uintptr_t)(from ? from : mir_frame()));
	flush();
}

/* ---- faults ---- */

static const char *what(enum mir_fault_kind kind)
{
	static const char *const texts[] = {
		[MIR_FAULT_READ] = "read",
		[MIR_FAULT_WRITE] = "write",
		[MIR_FAULT_EXECUTE] = "jump",
		[MIR_FAULT_MEMORY] = "access",
		[MIR_FAULT_ILLEGAL] = "no such instruction",
		[MIR_FAULT_PRIVILEGED] = "an instruction that only ring 0 may use, or no address",
		[MIR_FAULT_ARITHMETIC] = "division by zero or overflow",
		[MIR_FAULT_BREAKPOINT] = "breakpoint",
		[MIR_FAULT_FORBIDDEN] = "a system call that the tender forbids",
		[MIR_FAULT_OTHER] = "trap",
	};

	return (unsigned)kind < MIR_COUNT(texts) ? texts[kind] : "trap";
}

static bool within(uintptr_t at, const uint8_t *from, const uint8_t *to)
{
	return at >= (uintptr_t)from && at < (uintptr_t)to;
}

/* Code and constants, in either order. */
static const char *where_in_image(uintptr_t at)
{
	uintptr_t text = (uintptr_t)mir_image_text_end, rodata = (uintptr_t)mir_image_rodata_end;

	if (at >= MIR_MAX(text, rodata))
		return "the image's data";
	return (at < MIR_MIN(text, rodata)) == (text < rodata) ? "the image's code"
							       : "the image's constants";
}

static const char *where(uintptr_t at)
{
	if (at < PAGE)
		return "page 0: a NULL pointer";
	if (within(at, mir_image_relro_start, mir_image_relro_end))
		return "data that is read-only after the start";
	if (within(at, mir_image_start, mir_image_end))
		return where_in_image(at);
	if (within(at, mir_guest.mem_start, mir_guest.mem_end))
		return "the heap or a stack";
	return "no memory of the image";
}

MIR_COLD MIR_NOINLINE static void say_fault(const struct mir_fault *f)
{
	const struct mir_fiber_reports *fibers = mir_fiber_reports;
	const struct mir_fiber *self = fibers ? fibers->self() : NULL, *over = NULL;

	say("\ncrash: ");
	say(f->name);
	say(": ");
	say(what(f->kind));
	if (f->kind <= MIR_FAULT_MEMORY) {
		say(" at address ");
		say_address(f->address);
		if (fibers)
			over = fibers->of_guard((const void *)f->address, MIR_GUEST_GUARD);
	}
	say(" in ");
	say(self ? "fiber " : fibers ? "the event loop" : "the program");
	say(self ? mir_fiber_name(self) : "");
	if (over) {
		say("\nstack overflow of fiber ");
		say(mir_fiber_name(over));
	} else if (f->kind <= MIR_FAULT_MEMORY) {
		say("\nthat is ");
		say(where(f->address));
	}
	say("\n");
}

MIR_COLD MIR_NOINLINE static void say_register(const char *name, uint64_t value, unsigned n)
{
	say(n % REGISTERS_A_LINE == 0 ? "  " : " ");
	for (size_t i = strlen(name); i < 5; i++)
		say(" ");
	say(name);
	say(" ");
	say_number(value, 16, HEX);
	if (n % REGISTERS_A_LINE == REGISTERS_A_LINE - 1)
		say("\n");
}

MIR_COLD MIR_NOINLINE static void say_registers(const struct mir_fault *f)
{
	unsigned n = 0;

	say_register("pc", f->pc, n++);
	say_register("sp", f->sp, n++);
	say_register("code", f->code, n++);
	for (unsigned i = 0; f->reg_names[i]; i++)
		say_register(f->reg_names[i], f->regs[i], n++);
	if (n % REGISTERS_A_LINE != 0)
		say("\n");
}

MIR_COLD void mir_fault_report(const struct mir_fault *f)
{
	if (s.depth++ > 0) {
		say("  (and then memory that cannot be read)\n");
		if (s.depth == 2)
			flush();
		return;
	}
	say_fault(f);
	say_registers(f);
	backtrace(f->pc, f->fp);
	flush();
}

/* ---- canaries ---- */

/* What the compiler calls when a function's canary is not what it was; the linker gives it this
 * name (target.conf). */
MIR_NORETURN void mir_stack_smashed(void);

void mir_stack_smashed(void)
{
	mir_panic("a function wrote beyond its variables on the stack");
}
