/* space.h: a machine with a configuration space and registers in memory, for tests and fuzzers of
 * what finds devices. */
#ifndef MIR_VIRTIO_SPACE_H
#define MIR_VIRTIO_SPACE_H

#include "../../bare/bare.h"

#include <mir/err.h>
#include <mir/panic.h>
#include <stdlib.h>
#include <string.h>

#include "../device.h"
#include "../pci.h"

enum { SPACE = 256, SPACE_BUSES = 3, SPACE_MAPS = 4096, SPACE_PORTS = 0x10000 };

static struct {
	bool pci;
	uint8_t config[SPACE_BUSES][32][SPACE]; /* of function 0 of each device */
	unsigned reads;
	/* What lies at physical addresses: copied into what is mapped. */
	uint64_t base;
	const uint8_t *bytes;
	size_t len;
	uint8_t *maps[SPACE_MAPS];
	uint64_t map_at[SPACE_MAPS];
	unsigned n_maps;
	uint8_t ports[SPACE_PORTS];
	unsigned line; /* the last that was connected */
} space;

bool mir_pci_begin(void)
{
	return space.pci;
}

uint32_t mir_pci_read32(uint16_t where, unsigned at)
{
	uint32_t v = 0xffffffff;

	if (++space.reads > 1000000)
		mir_panic("reads for ever");
	mir_check(at + 4 <= SPACE + 3);
	if (where >> 8 < SPACE_BUSES && where % 8 == 0)
		memcpy(&v, &space.config[where >> 8][where >> 3 & 31][at & 0xfc], 4);
	return v;
}

uint16_t mir_pci_read16(uint16_t where, unsigned at)
{
	return (uint16_t)(mir_pci_read32(where, at) >> 8 * (at & 2));
}

uint8_t mir_pci_read8(uint16_t where, unsigned at)
{
	return (uint8_t)(mir_pci_read32(where, at) >> 8 * (at & 3));
}

void mir_pci_write16(uint16_t where, unsigned at, uint16_t v)
{
	mir_check(where >> 8 < SPACE_BUSES && where % 8 == 0 && at + 2 <= SPACE);
	memcpy(&space.config[where >> 8][where >> 3 & 31][at], &v, 2);
}

int mir_bare_ports(uint16_t first, unsigned n)
{
	mir_check(first + n <= SPACE_PORTS);
	return 0;
}

int mir_bare_msi(struct mir_bare_msi *out)
{
	*out = (struct mir_bare_msi){ 0xfee00000, 33 };
	return 0;
}

int mir_bare_line(unsigned gsi, bool level)
{
	mir_check(level);
	space.line = gsi;
	return gsi < 48 ? 0 : MIR_ENODEV;
}

/* Memory of that length exactly, so that the sanitizer sees what goes beyond. */
void *mir_bare_map(uint64_t at, size_t len, enum mir_bare_cache cache)
{
	uint8_t *p;

	(void)cache;
	mir_check(len > 0 && at <= UINT64_MAX - len);
	if (space.n_maps == SPACE_MAPS)
		return NULL;
	p = calloc(1, len);
	mir_check(p);
	for (size_t i = 0; i < len; i++) {
		if (at + i >= space.base && at + i - space.base < space.len)
			p[i] = space.bytes[at + i - space.base];
	}
	space.map_at[space.n_maps] = at;
	space.maps[space.n_maps++] = p;
	return p;
}

static inline void space_end(void)
{
	while (space.n_maps > 0)
		free(space.maps[--space.n_maps]);
	memset(space.config, 0xff, sizeof(space.config));
	space.reads = 0;
	space.pci = true;
	space.len = 0;
}

void mir_bare_wait(int64_t deadline)
{
	(void)deadline;
}

struct mir_bare mir_bare;

/* ---- pci_legacy.c, on ports in memory ---- */

static inline uint8_t space_in8(uint16_t port)
{
	return space.ports[port];
}

static inline uint16_t space_in16(uint16_t port)
{
	return (uint16_t)(space_in8(port) | space_in8((uint16_t)(port + 1)) << 8);
}

static inline uint32_t space_in32(uint16_t port)
{
	return space_in16(port) | (uint32_t)space_in16((uint16_t)(port + 2)) << 16;
}

static inline void space_out8(uint16_t port, uint8_t v)
{
	space.ports[port] = v;
}

static inline void space_out16(uint16_t port, uint16_t v)
{
	memcpy(&space.ports[port], &v, 2);
}

static inline void space_out32(uint16_t port, uint32_t v)
{
	memcpy(&space.ports[port], &v, 4);
}

#define mir_bare_in8   space_in8
#define mir_bare_in16  space_in16
#define mir_bare_in32  space_in32
#define mir_bare_out8  space_out8
#define mir_bare_out16 space_out16
#define mir_bare_out32 space_out32
#include "../pci_legacy.c"

#endif
