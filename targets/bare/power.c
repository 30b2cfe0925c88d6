/* power.c: ACPI's fixed registers (ACPI 6.5, 4.8.3), or those of machines without them. */
#include <mir/loop.h>
#include <mir/target.h>
#include <mir/time.h>
#include <string.h>

#include "apic.h"
#include "power.h"

enum {
	CONTROL_ON = 1, /* ACPI is in charge */
	CONTROL_TYPE = 10,
	CONTROL_TYPES = 7 << 10,
	CONTROL_SLEEP = 1 << 13,
	SLEEP_TYPE = 2, /* of a machine without PM1 */
	SLEEP_NOW = 1 << 5,
	BUTTON = 1 << 8,

	/* QEMU's microvm: beside the register that turns it off is the one that says what happened;
	 * no fixed field of ACPI does. */
	QEMU_SLEEP = 0xfea00200,
	QEMU_EVENTS = 0xfea00000,
	QEMU_BUTTON = 2,
	QEMU_LINE = 9,

	KEYBOARD = 0x64,
	KEYBOARD_RESET = 0xfe,
	PATIENCE = 1000000, /* looks; being off may take a moment */
	ASKED = 130,        /* status of an image without a loop that is asked to end */
};
#define LOOK_AFTER 1000000000ll /* ns: an image that never sleeps is asked too */

static struct mir_acpi acpi MIR_RELRO;

/* Where they are registers in memory. */
static volatile uint8_t *sleep_at, *reset_at;
static volatile uint32_t *events;

/* ---- the button ---- */

static bool pressed(void)
{
	static int64_t looked;
	unsigned woken = mir_bare_woken();

	if (woken != WOKEN_POWER && woken != WOKEN_LEVEL && mir_now() - looked < LOOK_AFTER)
		return false;
	looked = mir_now();
	if (events)
		return *events & QEMU_BUTTON;
	if (!(mir_bare_in16(acpi.events_a) & BUTTON))
		return false;
	mir_bare_out16(acpi.events_a, BUTTON);
	return true;
}

static bool poll(struct mir_bare_port *port)
{
	(void)port;
	if (!pressed())
		return false;
	if (!mir_shutdown_hook)
		mir_target_exit(ASKED);
	mir_shutdown_hook("the power button");
	return true;
}

static void look_for_button(void)
{
	static struct mir_bare_port port = { .poll = poll };
	bool low, level;
	unsigned gsi;

	if (events) {
		if (mir_bare_power_line(QEMU_LINE, false, false) == 0)
			mir_bare_port_add(&port);
		return;
	}
	if (!acpi.events_a || acpi.events_len < 4)
		return;
	if (!(mir_bare_in16(acpi.control_a) & CONTROL_ON) && acpi.smi_command && acpi.enable)
		mir_bare_out8(acpi.smi_command, acpi.enable);
	mir_bare_out16(acpi.events_a, BUTTON);
	mir_bare_out16((uint16_t)(acpi.events_a + acpi.events_len / 2), BUTTON);
	mir_bare_isa_of(acpi.sci, &gsi, &low, &level);
	if (mir_bare_power_line(gsi, low, level) == 0)
		mir_bare_port_add(&port);
}

/* ---- the end ---- */

static volatile uint8_t *map(const struct mir_acpi_reg *reg)
{
	if (!reg->at)
		return NULL;
	if (reg->is_port) {
		mir_bare_ports((uint16_t)reg->at, 1);
		return NULL;
	}
	return mir_bare_map(reg->at, 1, MIR_BARE_UNCACHED);
}

void mir_bare_power_begin(const struct mir_acpi *a)
{
	acpi = *a;
	mir_bare_ports(KEYBOARD, 1);
	mir_bare_ports(acpi.events_a, acpi.events_a ? acpi.events_len : 0);
	mir_bare_ports(acpi.control_a, acpi.control_a ? 2 : 0);
	mir_bare_ports(acpi.control_b, acpi.control_b ? 2 : 0);
	mir_bare_ports(acpi.smi_command, acpi.smi_command ? 1 : 0);
	sleep_at = map(&acpi.sleep);
	reset_at = map(&acpi.reset);
	if (acpi.reduced && acpi.sleep.at == QEMU_SLEEP)
		events = mir_bare_map(QEMU_EVENTS, 4, MIR_BARE_UNCACHED);
	mir_bare_before_seal = look_for_button;
}

static void sleep(uint16_t control, uint8_t type)
{
	uint16_t v;

	if (!control)
		return;
	v = (uint16_t)(mir_bare_in16(control) & ~(CONTROL_TYPES | CONTROL_SLEEP));
	mir_bare_out16(control, (uint16_t)(v | type << CONTROL_TYPE | CONTROL_SLEEP));
}

void mir_bare_power_off(void)
{
	uint8_t v = (uint8_t)(acpi.s5_a << SLEEP_TYPE | SLEEP_NOW);

	if (!acpi.has_s5)
		return;
	if (sleep_at)
		*sleep_at = v;
	else if (acpi.sleep.at)
		mir_bare_out8((uint16_t)acpi.sleep.at, v);
	sleep(acpi.control_a, acpi.s5_a);
	sleep(acpi.control_b, acpi.s5_b);
	for (volatile unsigned i = 0; i < PATIENCE; i++)
		;
}

void mir_bare_reset(void)
{
	if (reset_at)
		*reset_at = acpi.reset_value;
	else if (acpi.reset.at && acpi.reset.is_port)
		mir_bare_out8((uint16_t)acpi.reset.at, acpi.reset_value);
	mir_bare_out8(KEYBOARD, KEYBOARD_RESET);
	for (;;)
		mir_bare_ring0_call(0, 0, 0, CALL_RESET);
}
