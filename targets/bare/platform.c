/* platform.c */
#include <string.h>

#include "apic.h"
#include "clock.h"
#include "pit.h"
#include "platform.h"

enum {
	LEAF_FIRST = 0x40000000,
	LEAF_LAST = 0x40010000,
	LEAF_STEP = 0x100,
	LEAF1_HYPERVISOR = 1u << 31, /* ECX */
	NAME = 12,

	KVM_CLOCK = 1 << 3, /* of its features */
	KVM_WALL = 0x4b564d00,
	KVM_SYSTEM = 0x4b564d01,
	KVM_ON = 1,

	IOAPIC_1 = 0xfec00000,
	IOAPIC_2 = 0xfec10000, /* microvm's */
	IOAPIC_LINES = 24,

	KEYBOARD = 0x64,
	KEYBOARD_RESET = 0xfe,
};

static struct mir_bare_pvclock kvm_clock MIR_ALIGNED(64);
static struct mir_bare_wallclock kvm_wall MIR_ALIGNED(64);

uint32_t mir_bare_hypervisor(const char name[NAME])
{
	if (!(mir_bare_cpu.leaf1_ecx & LEAF1_HYPERVISOR))
		return 0;
	for (uint32_t leaf = LEAF_FIRST; leaf < LEAF_LAST; leaf += LEAF_STEP) {
		struct mir_bare_regs r = mir_bare_cpuid(leaf, 0);

		if (memcmp(&r.b, name, NAME) == 0)
			return leaf;
		if (r.a < leaf)
			return 0;
	}
	return 0;
}

static void look_for_kvm(void)
{
	uint32_t leaf = mir_bare_hypervisor("KVMKVMKVM\0\0");

	mir_bare_cpu.hypervisor = leaf ? leaf : mir_bare_hypervisor("TCGTCGTCGTCG");
	if (!leaf || !(mir_bare_cpuid(leaf + 1, 0).a & KVM_CLOCK))
		return;
	mir_bare_write_msr(KVM_SYSTEM, mir_bare_address(&kvm_clock) | KVM_ON);
	mir_bare_write_msr(KVM_WALL, mir_bare_address(&kvm_wall));
	mir_bare_poke(RING0_WALL, mir_bare_address(&kvm_wall));
	if (kvm_clock.factor == 0)
		return;
	mir_bare_clock_use(&kvm_clock);
	mir_bare_wall_use(&kvm_wall);
}

void mir_bare_platform_begin(void)
{
	look_for_kvm();
	mir_bare_clock_reference(mir_bare_pit());
	mir_bare_ioapic_add(IOAPIC_1, 0);
	mir_bare_ioapic_add(IOAPIC_2, IOAPIC_LINES);
	mir_bare_ports(KEYBOARD, 1);
}

void mir_bare_power_off(void)
{
}

void mir_bare_reset(void)
{
	mir_bare_out8(KEYBOARD, KEYBOARD_RESET);
	for (;;)
		mir_bare_ring0_call(0, 0, 0, CALL_RESET);
}
