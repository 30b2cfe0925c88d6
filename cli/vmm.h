/* vmm.h: hypervisors that `mirage run` starts: a row of the table in vmm.c each, and a function
 * that writes its command line.
 */
#ifndef CLI_VMM_H
#define CLI_VMM_H

#include <sys/types.h>

#include "run.h"

/* A machine for one image. */
struct vm {
	const struct manifest *m;
	const char *program; /* of the hypervisor */
	const char *cmdline; /* the image's arguments as one text, quoted */
	const char *machine; /* QEMU's, or "" */
	const char *accel;   /* kvm or tcg, or "" */
	const char *config;  /* xl: its file */
	uint64_t mem_mib;
	struct attachments devices;
	bool own_memory; /* xl: of the command line, not of its file */
	bool own_devices;
	struct list more; /* options of the command line */
	bool shown;       /* the command is for a person: no descriptors in it */
	/* Of the hypervisor; -1: none. */
	int console; /* both ways; its standard input and output unless it has a `monitor` */
	int monitor; /* QMP */
	int gdb;     /* a socket that listens */
	const char *gdb_port; /* or where it shall listen itself, NULL: nowhere */
};

struct vmm {
	const char *name;    /* as --vmm has it */
	const char *program; /* {arch} is the processor */
	const char *package; /* where it is from */
	bool monitor;        /* has QMP, isa-debug-exit and a stub for gdb */
	bool kvm_only;
	bool named_taps;   /* opens a tap by its name, so that nobody else may have it open */
	bool own_networks; /* makes what its networks need itself */
	/* Choose what is still open; false after an error was reported. */
	bool (*prepare)(struct vm *, const struct arguments *);
	/* Add the command line, argv[0] first. */
	void (*command)(const struct vm *, struct list *argv);
	/* Ask the machine to end, or end it; NULL: a signal to the hypervisor does. */
	void (*end)(const struct vm *, bool force);
};

extern const struct vmm vmms[]; /* NULL-ended by name */

/* What helps where kvm_unusable() says so, if anything does. */
void kvm_explain(const char *why);
/* A command line of the image's arguments: mir_args_split gives the words back. */
char *vmm_quote(const struct list *words);

/* Does `run` make taps for it? */
bool vmm_wants_taps(const struct manifest *, const struct arguments *);
/* Start the image under a hypervisor and follow it until it ends; the status of `run`.  Blocks. */
int vmm_run(const struct manifest *, const struct arguments *, const struct list *nets,
    const struct list *boot);

/* ---- vmm_qemu.c, vmm_firecracker.c, vmm_xl.c ---- */

bool qemu_prepare(struct vm *, const struct arguments *);
void qemu_command(const struct vm *, struct list *argv);
void firecracker_command(const struct vm *, struct list *argv);
/* Its configuration, JSON. */
void firecracker_config(const struct vm *, struct text *out);
void cloud_command(const struct vm *, struct list *argv);
bool xl_prepare(struct vm *, const struct arguments *);
void xl_command(const struct vm *, struct list *argv);
void xl_end(const struct vm *, bool force);

/* ---- generate_xl.c: the values of `vif` and `disk` in xl's file; NULL: there are none ---- */

char *xl_networks(const struct attachments *);
char *xl_disks(const struct attachments *);

/* ---- vmm_follow.c ---- */

/* Start argv and follow it: its console is on our standard input and output, signals that end us
 * become the power button, a second one ends it.  Closes the vm's descriptors.  The status of
 * `run`.  Blocks. */
int vmm_follow(const struct vmm *, struct vm *, struct list *argv);

#endif
