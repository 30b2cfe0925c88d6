/* switch.h: contexts, as fiber.c makes and leaves them (switch_CPU.S). */
#ifndef MIR_SWITCH_H
#define MIR_SWITCH_H

/* Saves the callee-saved registers on the stack, the stack pointer in *save, and goes on where the
 * context `to` was saved. */
void mir_switch(void **save, void *to);

/* A context on a fresh stack that ends at `top` (aligned to 16 bytes) and begins with entry(). */
void *mir_switch_prepare(void *top, void (*entry)(void));

/* The same, where libc/posix/ has functions of the two names above, which do more: it switches the
 * storage of threads. */
void mir_switch_plain(void **save, void *to);
void *mir_switch_prepare_plain(void *top, void (*entry)(void));

/* The frame pointer in a saved context. */
const void *mir_switch_frame(const void *saved);

#endif
