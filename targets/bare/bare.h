/* bare.h: what targets/bare gives to targets whose images are kernels of their own, with no tender
 * beneath: virtio and xen.  They start in ring 0, by PVH or Multiboot, and run in ring 3 for good;
 * this is all that is left of a kernel.
 *
 * Memory is mapped where it is: an address of the image or its heap is the physical one.
 * Interrupts are open only inside mir_bare_wait, and do nothing but end it: drivers look at
 * their rings themselves.
 */
#ifndef MIR_BARE_H
#define MIR_BARE_H

#include <mir/cc.h>

enum { MIR_BARE_RANGES = 32, MIR_BARE_CMDLINE_MAX = 8192 };

enum mir_bare_entry { MIR_BARE_PVH, MIR_BARE_MULTIBOOT };

/* What the loader said, checked.  Lives for ever. */
struct mir_bare {
	enum mir_bare_entry entry;
	const char *cmdline; /* without the kernel's own name; ends with NUL */
	uint64_t rsdp;       /* of ACPI, physical; 0: the loader does not say */
	struct mir_bare_range {
		uint64_t at, len;
	} memory[MIR_BARE_RANGES]; /* usable, ascending, disjoint */
	unsigned n_memory;
	int64_t entered; /* the counter (rdtsc) at the entry */
};
extern struct mir_bare mir_bare;

/* ---- until sealed: what drivers need of the machine, taken when they connect ---- */

enum mir_bare_cache { MIR_BARE_UNCACHED, MIR_BARE_CACHED };

/* Physical [at, at + len), that is no part of memory, becomes readable and writable; whole pages
 * around it.  Returns where it is, or NULL: it is memory, too far up, sealed, or too much is
 * mapped. MIR_BARE_UNCACHED: registers of devices. */
void *mir_bare_map(uint64_t at, size_t len, enum mir_bare_cache);

/* I/O ports first .. first + n - 1 may be used from ring 3.  0, or MIR_EPERM: sealed. */
int mir_bare_ports(uint16_t first, unsigned n);

/* Where a device writes to wake the image (MSI and MSI-X): one for all devices. */
struct mir_bare_msi {
	uint64_t address;
	uint32_t data;
};
int mir_bare_msi(struct mir_bare_msi *out);

/* The line of an interrupt controller (global system interrupt) wakes the image; `level`: it stays
 * until the device is told.  0, or MIR_ENODEV: there is no such line. */
int mir_bare_line(unsigned gsi, bool level);

/* No more of that: called once when all devices are connected, before the application starts. */
void mir_bare_seal(void);

/* ---- always ---- */

/* Sleeps until an interrupt comes or the monotonic clock shows `deadline`; at once if one came
 * since the last call, or the deadline has passed.  May return early. */
void mir_bare_wait(int64_t deadline);

/* A port is looked at each turn of the loop, before it sleeps. */
struct mir_bare_port {
	struct mir_bare_port *next;
	bool (*poll)(
	    struct mir_bare_port *); /* delivers what has come; true: there was something */
};
void mir_bare_port_add(struct mir_bare_port *);
void mir_bare_port_remove(struct mir_bare_port *);

/* What a device is given for the address of a byte of the image or of its heap. */
static inline uint64_t mir_bare_address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static inline uint8_t mir_bare_in8(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint16_t mir_bare_in16(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint32_t mir_bare_in32(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void mir_bare_out8(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void mir_bare_out16(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline void mir_bare_out32(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

#endif
