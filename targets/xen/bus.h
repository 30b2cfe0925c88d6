/* bus.h: devices of xenstore: our half, the front end, of a device whose back end is another
 * domain's.
 */
#ifndef MIR_XEN_BUS_H
#define MIR_XEN_BUS_H

#include "store.h"

struct mir_xen_device;

struct mir_xen_device_ops {
	/* The back end's state has changed after mir_xen_device_add.  On the fiber of control.c:
	 * may block. */
	void (*changed)(struct mir_xen_device *, enum mir_xenbus_state);

	/* The domain was suspended, and goes on elsewhere: grants and events of before are gone.
	 * The device is connected anew.  May block. */
	void (*resume)(struct mir_xen_device *);
};

struct mir_xen_device {
	const struct mir_xen_device_ops *ops;
	const char *name, *kind; /* "service", "vif" */
	struct mir_xen_device *next;
	uint32_t id;
	uint16_t domain;   /* of the back end */
	char node[64];     /* "device/vif/0" */
	char backend[128]; /* "/local/domain/0/backend/vif/3/0" */
	struct mir_xen_watch watch;
	bool dirty; /* its state is to be looked at */
};

/* start.c: xenstore and grants are there, or are made ready.  0, or a negative error. */
int mir_xen_ready(void);

/* Finds the device: `which` is its number ("0", "51712"), the address of a network, the name of a
 * disk ("xvda"), or "": the first that no other has.  Says what is wrong.  Blocks.  MIR_ENODEV. */
int mir_xen_device_find(struct mir_xen_device *, const char *which);

/* Learns who the back end is and watches its state; again after a suspension.  Blocks. */
int mir_xen_device_attach(struct mir_xen_device *);

/* Tells the back end our state.  Blocks. */
int mir_xen_device_state(struct mir_xen_device *, uint32_t tx, enum mir_xenbus_state);

/* Waits until the back end is in a state from `from` to `to`, at most ten seconds.  Blocks.
 * MIR_EDISCONN: it closes.  MIR_ETIMEDOUT. */
int mir_xen_device_wait(
    struct mir_xen_device *, enum mir_xenbus_state from, enum mir_xenbus_state to);

/* A number that the back end offers, or `missing`.  Blocks.  MIR_EPROTO: not a number, or above
 * max. */
int mir_xen_device_offer(
    struct mir_xen_device *, const char *key, uint64_t max, uint64_t missing, uint64_t *value);

/* Text of ours or (`back`) of the back end's.  Blocks. */
int mir_xen_device_text(struct mir_xen_device *, bool back, const char *key, char *buf, size_t cap);

/* Writes a key of ours.  Blocks. */
int mir_xen_device_write(
    struct mir_xen_device *, uint32_t tx, const char *key, const char *fmt, ...) MIR_PRINTF(4, 5);

/* From now on it is told of changes and suspensions; no more. */
void mir_xen_device_add(struct mir_xen_device *);
void mir_xen_device_remove(struct mir_xen_device *);

/* By control.c. */
extern struct mir_xen_device *mir_xen_devices;
extern struct mir_waitq mir_xen_devices_dirty;
void mir_xen_devices_look(void);

#endif
