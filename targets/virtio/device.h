/* device.h: virtio devices (virtio 1.2, and what came before 1.0, "legacy"), whatever they are
 * reached through.
 *
 * A device is found once and lives for ever.  Its driver negotiates, sets up queues, and from then
 * on tells it of buffers.  What a device says is checked; one that breaks the rules is reset, and
 * says so in the log.
 */
#ifndef MIR_VIRTIO_DEVICE_H
#define MIR_VIRTIO_DEVICE_H

#include "queue.h"

enum {
	MIR_VIRTIO_DEVICES = 32, /* found at most; of more the log tells */
	MIR_VIRTIO_QUEUES = 4,   /* of one device that are used */
	MIR_VIRTIO_ADDRESS = 24, /* bytes of an address as text */
};

enum mir_virtio_type {
	MIR_VIRTIO_NET = 1,
	MIR_VIRTIO_BLOCK = 2,
	MIR_VIRTIO_CONSOLE = 3,
	MIR_VIRTIO_RNG = 4,
};

/* Features that are not of one type of device (section 6). */
#define MIR_VIRTIO_ANY_LAYOUT      (1ull << 27)
#define MIR_VIRTIO_INDIRECT        (1ull << 28)
#define MIR_VIRTIO_EVENT_IDX       (1ull << 29)
#define MIR_VIRTIO_VERSION_1       (1ull << 32)
#define MIR_VIRTIO_ACCESS_PLATFORM (1ull << 33)

/* Bits of the status. */
enum {
	MIR_VIRTIO_ACKNOWLEDGED = 1,
	MIR_VIRTIO_DRIVER = 2,
	MIR_VIRTIO_DRIVER_OK = 4,
	MIR_VIRTIO_FEATURES_OK = 8,
	MIR_VIRTIO_NEEDS_RESET = 64,
	MIR_VIRTIO_FAILED = 128,
};

struct mir_virtio;

/* How a device is reached. */
struct mir_virtio_ops {
	const char *name;

	uint64_t (*features)(struct mir_virtio *);
	void (*accept)(struct mir_virtio *, uint64_t features);
	uint8_t (*status)(struct mir_virtio *);
	void (*set_status)(struct mir_virtio *, uint8_t); /* 0: resets */

	/* 1, 2 or 4 bytes of the type's own configuration, at a multiple of that; and a number that
	 * changes when it changes (0 where there is none). */
	uint32_t (*config)(struct mir_virtio *, unsigned offset, unsigned size);
	uint32_t (*generation)(struct mir_virtio *);

	/* Entries of that queue at most; 0: there is none. */
	unsigned (*queue_max)(struct mir_virtio *, unsigned queue);
	/* The rings are there; `interrupts`: it may want to wake the image.  Whether it took
	 * them. */
	bool (*queue_set)(
	    struct mir_virtio *, unsigned queue, const struct mir_vq *, bool interrupts);
	void (*notify)(struct mir_virtio *, unsigned queue);

	/* Connects interrupts: 0, or an error with a line in the log. */
	int (*connect)(struct mir_virtio *);
	/* Where they are a line: it is told that they were seen.  True: its configuration has
	 * changed. */
	bool (*acknowledge)(struct mir_virtio *);
};

struct mir_virtio {
	const struct mir_virtio_ops *ops;
	uint16_t type;                    /* enum mir_virtio_type, or another */
	char address[MIR_VIRTIO_ADDRESS]; /* "pci:00:03.0", "mmio:0xfeb02e00" */
	bool legacy;                      /* before virtio 1.0 */
	bool line;                        /* its interrupts stay until acknowledged */
	bool claimed;                     /* a driver has it */
	const char *who;                  /* the name of what its driver is for */

	uint64_t features; /* agreed */
	const char *broke; /* why it was given up; NULL: it works */
	int64_t looked;    /* when its status was read last */

	/* Of the transport. */
	volatile uint8_t *common, *isr, *device, *table;
	volatile uint8_t *notify[MIR_VIRTIO_QUEUES];
	volatile uint8_t *notify_base;
	uint32_t notify_len, notify_step, device_len;
	uint16_t where; /* PCI: bus, device and function */
	uint16_t port;  /* legacy PCI: the first I/O port */
	uint8_t msix;   /* PCI: where its capability is; 0: it has none */
	bool vectors;   /* interrupts are messages */
	unsigned irq;
};

/* ---- finding (find.c) ---- */

/* All devices there are, in the order in which they were found: along the buses of PCI, then as the
 * command line (virtio_mmio.device=SIZE@ADDRESS:IRQ) has them.  Looks once. */
unsigned mir_virtio_devices(struct mir_virtio **first);

/* ---- matching (match.c) ---- */

/* The image has a device of that type by that name, and what its boot argument says of which one it
 * is ("": nothing).  All are announced before the first is claimed.  `is`: whether a device is
 * the one that a specification of the type's own means (mac:, serial:); may be NULL. */
void mir_virtio_announce(enum mir_virtio_type, const char *name, const char *spec,
    bool (*is)(struct mir_virtio *, const char *spec));

/* Nothing is announced any more; for tests. */
void mir_virtio_forget(void);

/* The device for that name: as its argument says; those without one are the k-th for the k-th,
 * where there are as many.  0, or MIR_ENODEV or MIR_EINVAL with lines in the log: what was
 * found, and what to do. */
int mir_virtio_claim(enum mir_virtio_type, const char *name, struct mir_virtio **out);

/* The first device of a type that nobody has, for what needs no name; NULL: none. */
struct mir_virtio *mir_virtio_any(enum mir_virtio_type);

/* ---- drivers (device.c) ---- */

/* Resets the device and agrees on those of the features that it offers; `needed` ones must be among
 * them.  MIR_EPROTO, MIR_ENODEV: told. */
int mir_virtio_begin(struct mir_virtio *, const char *who, uint64_t wanted, uint64_t needed);

/* Makes the queue in memory of its own, with room for `table` segments in indirect tables where
 * those were agreed on.  Returns 0; MIR_EPROTO, MIR_ENOMEM: told. */
int mir_virtio_queue(
    struct mir_virtio *, unsigned i, struct mir_vq *, unsigned table, bool interrupts);
/* The same in the caller's memory: `room` bytes at a multiple of MIR_VQ_ALIGN. */
int mir_virtio_queue_in(struct mir_virtio *, unsigned i, struct mir_vq *, unsigned table,
    bool interrupts, void *memory, size_t room);
void mir_virtio_queue_free(struct mir_vq *);

/* The device works from now on. */
void mir_virtio_ready(struct mir_virtio *);

/* Bytes of its configuration, all of one moment. */
int mir_virtio_config(struct mir_virtio *, unsigned offset, void *out, size_t len);

/* Gives it up: a line in the log, a reset. */
void mir_virtio_broke(struct mir_virtio *, const char *what);

/* To be called in each turn: `armed`, it was to interrupt.  True: its configuration has changed, or
 * may have. */
bool mir_virtio_turn(struct mir_virtio *, bool armed);

/* Resets it: it touches no memory any more. */
void mir_virtio_end(struct mir_virtio *);

static inline void mir_virtio_publish(struct mir_virtio *d, unsigned queue, struct mir_vq *q)
{
	if (mir_vq_publish(q))
		d->ops->notify(d, queue);
}

/* ---- transports, for find.c ---- */

/* pci.c: all of them, where there is PCI; how many, at most `room`. */
unsigned mir_virtio_pci(struct mir_virtio out[], unsigned room);
/* pci_legacy.c, pci_modern.c: takes a function that has been found; false: it is none of those. */
bool mir_virtio_pci_legacy(struct mir_virtio *);
bool mir_virtio_pci_modern(struct mir_virtio *);
/* mmio.c: those of the command line; `guess`: those at the places where QEMU's microvm has them. */
unsigned mir_virtio_mmio(struct mir_virtio out[], unsigned room, const char *cmdline, bool guess);

#endif
