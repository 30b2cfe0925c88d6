/* platform.c */
#include <string.h>

#include "acpi.h"
#include "apic.h"
#include "clock.h"
#include "pit.h"
#include "platform.h"
#include "power.h"

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

	TIMER_HZ = 3579545,
};

static struct mir_acpi acpi MIR_RELRO;
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

static uint32_t read_timer(void)
{
	return mir_bare_in32(acpi.timer);
}

static void look_for_timer(void)
{
	static struct mir_bare_reference timer = { read_timer, TIMER_HZ, 24 };

	if (!acpi.timer) {
		mir_bare_clock_reference(mir_bare_pit());
		return;
	}
	mir_bare_ports(acpi.timer, 4);
	timer.bits = acpi.timer_32 ? 32 : 24;
	mir_bare_clock_reference(&timer);
}

static void look_for_lines(void)
{
	for (unsigned i = 0; i < acpi.n_ioapics; i++)
		mir_bare_ioapic_add(acpi.ioapics[i].at, acpi.ioapics[i].first_gsi);
	if (acpi.n_ioapics == 0) {
		mir_bare_ioapic_add(IOAPIC_1, 0);
		mir_bare_ioapic_add(IOAPIC_2, IOAPIC_LINES);
	}
	for (unsigned i = 0; i < MIR_ACPI_ISA; i++) {
		const struct mir_acpi_line *l = &acpi.isa[i];

		if (l->is_other)
			mir_bare_isa_line(i, l->gsi, l->low, l->level);
	}
}

void mir_bare_platform_begin(void)
{
	look_for_kvm();
	mir_acpi_read(&acpi, mir_bare.rsdp, mir_bare_see_low, NULL);
	look_for_timer();
	look_for_lines();
	mir_bare_power_begin(&acpi);
}
