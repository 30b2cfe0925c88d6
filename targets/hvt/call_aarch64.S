/* call_aarch64.S: what C has no words for. */
#ifdef __aarch64__

	.text

/* void mir_hvt_call(enum mir_hvt_call, const void *arg) */
	.globl	mir_hvt_call
	.type	mir_hvt_call, %function
mir_hvt_call:
	mov	x2, #0x100000000		/* MIR_HVT_MMIO */
	dsb	st
	str	x1, [x2, w0, uxtw #3]
	ret
	.size	mir_hvt_call, . - mir_hvt_call

/* uint64_t mir_hvt_counter(void) */
	.globl	mir_hvt_counter
	.type	mir_hvt_counter, %function
mir_hvt_counter:
	isb
	mrs	x0, cntvct_el0
	ret
	.size	mir_hvt_counter, . - mir_hvt_counter

/* int mir_hvt_protect(uint64_t first, uint64_t n, unsigned kind) */
	.globl	mir_hvt_protect
	.type	mir_hvt_protect, %function
mir_hvt_protect:
	mov	w2, w2
	svc	#0
	ret
	.size	mir_hvt_protect, . - mir_hvt_protect

/* void mir_hvt_set_tls(uint64_t base, bool in_ring0) */
	.globl	mir_hvt_set_tls
	.type	mir_hvt_set_tls, %function
mir_hvt_set_tls:
	msr	tpidr_el0, x0
	ret
	.size	mir_hvt_set_tls, . - mir_hvt_set_tls

#endif
	.section .note.GNU-stack, "", %progbits
