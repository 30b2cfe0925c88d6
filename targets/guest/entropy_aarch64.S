/* entropy_aarch64.S: RNDR (Arm ARM, FEAT_RNG). */
#ifdef __aarch64__

	.set	TRIES, 1000

	.text

/* bool mir_guest_cpu_random(uint64_t *out) */
	.globl	mir_guest_cpu_random
	.type	mir_guest_cpu_random, %function
mir_guest_cpu_random:
	mrs	x1, id_aa64isar0_el1
	lsr	x1, x1, #60
	cbz	x1, 2f
	mov	w2, #TRIES
1:	mrs	x1, s3_3_c2_c4_0	/* RNDR; Z: none now */
	b.ne	3f
	subs	w2, w2, #1
	b.ne	1b
2:	mov	w0, #0
	ret
3:	str	x1, [x0]
	mov	w0, #1
	ret
	.size	mir_guest_cpu_random, . - mir_guest_cpu_random

#endif
	.section .note.GNU-stack, "", %progbits
